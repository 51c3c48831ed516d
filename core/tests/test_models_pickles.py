"""The gate: which pickles open under which policy, and that a closed one executes nothing."""

import contextlib
import os
import pickle
import threading
from functools import cache
from pathlib import Path

import pytest

from hookline.errors import DigestMismatch, HooklineError, InvalidState, PickleRefused, Refused
from hookline.interfaces import Flavor
from hookline.models.pickles import MLFLOW_SWITCH, PickleGate, load_unchecked
from hookline.providers import FlavorProvider, hookimpl
from hookline.testing import memory_workspace


class Canary:
    """A model that makes a folder when it is unpickled."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.makedirs, (str(self.marker), 0o777, True)


class Pickled(Flavor):
    """Saves with pickle and loads through the gate."""

    name = "pickled"

    def save(self, model, folder, options):
        (folder / "model.pkl").write_bytes(pickle.dumps(model))
        return {"data": "model.pkl"}

    def load(self, folder, block, pickles):
        return pickles.load(folder / block["data"])

    def predict(self, model, data, params):
        return data


class Sneaky(Pickled):
    """Opens its pickle behind the gate's back, as a library might that it calls."""

    name = "sneaky"

    def load(self, folder, block, pickles):
        with (folder / block["data"]).open("rb") as stream:
            unpickler = pickle._Unpickler if block.get("pure") else pickle.Unpickler
            return unpickler(stream).load()


class Swallowing(Sneaky):
    """Opens it behind the gate's back and hides the error."""

    name = "swallowing"

    def load(self, folder, block, pickles):
        with contextlib.suppress(Exception):
            return super().load(folder, block, pickles)
        return "nothing"


class OneFlavor:
    def __init__(self, flavor):
        self.flavor = flavor

    @hookimpl
    def flavors(self):
        return [FlavorProvider(self.flavor.name, self.flavor, handles=("builtins.object",))]


def workspace_with(home, flavor=Pickled, policy="trusted"):
    return memory_workspace(home, OneFlavor(flavor), models={"pickle": policy})


@pytest.fixture
def marker(tmp_path):
    return tmp_path / "executed"


@pytest.fixture
def foreign(tmp_path, marker):
    """A model with a canary that another workspace saved."""
    workspace_with(tmp_path / "other").save_model(Canary(marker), tmp_path / "model")
    marker.rmdir() if marker.exists() else None
    return tmp_path / "model"


def is_executed(load, marker):
    """Return whether loading executed the canary; a refusal is no execution."""
    with contextlib.suppress(PickleRefused):
        load()
    return marker.exists()


@pytest.mark.parametrize(
    ("policy", "allowed", "opens"),
    [
        ("trusted", False, False),
        ("trusted", True, True),
        ("allow", False, True),
        ("allow", True, True),
        ("deny", False, False),
        ("deny", True, False),
    ],
)
def test_a_model_of_nobody(tmp_path, foreign, marker, policy, allowed, opens):
    workspace = workspace_with(tmp_path / "home", policy=policy)
    assert is_executed(lambda: workspace.load_model(foreign, allow_pickle=allowed), marker) is opens
    marker.rmdir() if marker.exists() else None
    with workspace.models.fetch(foreign, allow_pickle=allowed) as folder:
        assert folder.trusted is opens
    assert not marker.exists()


@pytest.mark.parametrize(("policy", "opens"), [("trusted", True), ("allow", True), ("deny", False)])
def test_a_model_that_was_saved_here(tmp_path, marker, policy, opens):
    workspace = workspace_with(tmp_path / "home", policy=policy)
    workspace.save_model(Canary(marker), tmp_path / "model")
    assert is_executed(lambda: workspace.load_model(tmp_path / "model"), marker) is opens


@pytest.mark.parametrize(("policy", "opens"), [("trusted", True), ("allow", True), ("deny", False)])
def test_a_model_on_record(tmp_path, marker, policy, opens):
    workspace = workspace_with(tmp_path / "home", policy=policy)
    with workspace.start_run() as run:
        model = run.log_model(Canary(marker))
        version = workspace.models.register(f"models:/{model.model_id}", "canary")
    assert version.tags["hookline.manifest"] == model.tags["hookline.manifest"]
    workspace.models._records._saved.clear()  # as another process sees it
    for uri in (f"runs:/{run.run_id}/model", f"models:/{model.model_id}", "models:/canary/1"):
        assert is_executed(lambda uri=uri: workspace.load_model(uri), marker) is opens
        marker.rmdir() if marker.exists() else None


def test_a_copy_of_a_model_on_record_is_recognised_by_its_digest(tmp_path, marker):
    workspace = workspace_with(tmp_path / "home")
    with workspace.start_run() as run:
        model = run.log_model(Canary(marker))
    workspace.models._records._saved.clear()
    copy = workspace.artifacts.download(workspace.artifacts.locate(model.artifact_uri), tmp_path / "copy")
    assert is_executed(lambda: workspace.load_model(copy), marker)


def test_a_copy_that_was_changed_is_not(tmp_path, marker):
    workspace = workspace_with(tmp_path / "home")
    workspace.save_model("harmless", tmp_path / "model")
    (tmp_path / "model" / "model.pkl").write_bytes(pickle.dumps(Canary(marker)))
    with pytest.raises(DigestMismatch, match=r"model\.pkl"):
        workspace.load_model(tmp_path / "model", allow_pickle=True)
    (tmp_path / "model" / "manifest.json").unlink()
    with pytest.raises(PickleRefused):
        workspace.load_model(tmp_path / "model")
    assert not marker.exists()


def test_registering_a_strangers_model_does_not_make_it_trusted(tmp_path, foreign, marker):
    workspace = workspace_with(tmp_path / "home")
    version = workspace.models.register(foreign, "strange")
    assert "hookline.manifest" not in version.tags
    with pytest.raises(PickleRefused):
        workspace.load_model("models:/strange/1")
    assert not marker.exists()
    vouched = workspace.models.register(foreign, "strange", allow_pickle=True)
    assert is_executed(lambda: workspace.load_model(f"models:/strange/{vouched.version}"), marker)


def test_the_refusal_says_what_it_would_import_and_what_to_do(tmp_path, foreign):
    with pytest.raises(PickleRefused) as caught:
        workspace_with(tmp_path / "home").load_model(foreign)
    assert caught.value.imports == ("os.makedirs",)
    for part in ("os.makedirs", "--allow-pickle", "models.pickle: allow", "model.pkl", str(foreign)):
        assert part in str(caught.value)
    with pytest.raises(PickleRefused) as caught:
        workspace_with(tmp_path / "home", policy="deny").load_model(foreign)
    assert "'deny'" in str(caught.value)
    assert "--allow-pickle" not in str(caught.value)


@pytest.mark.parametrize("flavor", [Sneaky, Swallowing])
@pytest.mark.parametrize("pure", [False, True])
def test_unpickling_behind_the_gates_back_is_stopped(tmp_path, marker, flavor, pure):
    workspace_with(tmp_path / "other", flavor).save_model(Canary(marker), tmp_path / "model")
    document = tmp_path / "model" / "MLmodel"
    document.write_text(document.read_text().replace("data: model.pkl", f"data: model.pkl\n    pure: {pure}"))
    (tmp_path / "model" / "manifest.json").unlink()
    for policy in ("trusted", "deny"):
        workspace = workspace_with(tmp_path / "home", flavor, policy)
        assert not is_executed(lambda workspace=workspace: workspace.load_model(tmp_path / "model"), marker)
    allowed = workspace_with(tmp_path / "home", flavor)
    assert is_executed(lambda: allowed.load_model(tmp_path / "model", allow_pickle=True), marker)


def test_other_threads_go_on_unpickling_meanwhile(tmp_path):
    gate = PickleGate(tmp_path, "m", "deny")
    found = []
    with gate.watch():
        thread = threading.Thread(target=lambda: found.append(pickle.loads(pickle.dumps(Path("x")))))
        thread.start()
        thread.join()
        with pytest.raises(PickleRefused, match="pathlib"):
            pickle.loads(pickle.dumps(Path("x")))
    assert found == [Path("x")]
    assert pickle.loads(pickle.dumps(Path("y"))) == Path("y")


@pytest.mark.parametrize(
    ("policy", "allowed", "vouched", "asked", "opens"),
    [
        ("trusted", False, True, 1, True),
        ("trusted", False, False, 1, False),
        ("trusted", True, False, 0, True),
        ("allow", False, False, 0, True),
        ("deny", True, True, 0, False),
    ],
)
def test_records_are_asked_when_something_is_unpickled_and_not_before(tmp_path, policy, allowed, vouched, asked, opens):
    asking = []

    @cache
    def ask():
        asking.append(pickle.loads(pickle.dumps(Path("x"))))  # a store may unpickle what is its own
        return vouched

    gate = PickleGate(tmp_path, "m", policy, allowed, ask)
    with gate.watch():
        assert pickle.loads(pickle.dumps([1, "text"])) == [1, "text"]  # names nothing to import
        assert asking == []
        for _ in range(2):
            with contextlib.nullcontext() if opens else pytest.raises(PickleRefused, match="pathlib"):
                pickle.loads(pickle.dumps(Path("x")))
    assert asking == [Path("x")] * asked


def test_the_gate_opens_nothing_outside_of_the_models_folder(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "secret.pkl").write_bytes(pickle.dumps(1))
    (tmp_path / "model" / "link.pkl").symlink_to(tmp_path / "secret.pkl")
    gate = PickleGate(tmp_path / "model", "m", "allow")
    for path in (tmp_path / "secret.pkl", tmp_path / "model" / ".." / "secret.pkl", tmp_path / "model" / "link.pkl"):
        with pytest.raises(Refused, match="outside"):
            gate.load(path)
        with pytest.raises(Refused, match="outside"):
            gate.permit(path, [])


@pytest.mark.parametrize(
    ("policy", "allowed", "vouched", "foreign_passes", "own_passes"),
    [
        ("trusted", False, False, False, False),
        ("trusted", False, True, True, True),
        ("trusted", True, False, True, True),
        ("allow", False, False, True, True),
        ("deny", True, False, False, False),
        ("deny", False, True, False, True),
    ],
)
def test_what_files_that_are_no_pickles_may_import(tmp_path, policy, allowed, vouched, foreign_passes, own_passes):
    gate = PickleGate(tmp_path, "m", policy, allowed, lambda: vouched)
    for own, passes in ((False, foreign_passes), (True, own_passes)):
        with contextlib.nullcontext() if passes else pytest.raises(PickleRefused, match=r"library\.Thing"):
            gate.permit(tmp_path / "model.skops", ["library.Thing"], own=own)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"cno_such_module\nThing\n.", "'no_such_module', which is not installed"),
        (b"cos\nno_such_name\n.", "cannot be unpickled: AttributeError"),
        (b"", "cannot be unpickled: EOFError"),
        (b"rubbish", "cannot be unpickled"),
        (b"cbuiltins\nint\n(S'x'\ntR.", "cannot be unpickled: ValueError"),
        (None, "no file 'model.pkl'"),
    ],
)
def test_a_pickle_that_cannot_be_opened_says_why(tmp_path, content, problem):
    path = tmp_path / "model.pkl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InvalidState, match=problem):
        PickleGate(tmp_path, "m", "allow").load(path)


def test_what_mlflow_opens_obeys_its_own_switch(tmp_path, monkeypatch):
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(Path("x")))
    assert load_unchecked(tmp_path / "model.pkl") == Path("x")
    monkeypatch.setenv(MLFLOW_SWITCH, "False")
    with pytest.raises(HooklineError, match=MLFLOW_SWITCH):
        load_unchecked(tmp_path / "model.pkl")
