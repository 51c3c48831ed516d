"""Runs, files and models that are logged while the stores are away, and stored once they are back."""

from collections import Counter

import pytest

from hookline.config import Config
from hookline.entities import ModelStatus
from hookline.errors import HooklineError, NotFound, Unavailable
from hookline.interfaces import Flavor
from hookline.plugins import Plugins
from hookline.providers import FlavorProvider, StoreProvider, hookimpl
from hookline.testing import MemoryArtifactStore, MemoryModelRegistry, MemoryTrackingStore
from hookline.workspace import Workspace


class Away:
    """A store that answers nothing while `away` is set."""

    def __init__(self, store):
        self.store, self.away, self.asked = store, False, Counter()

    def __getattr__(self, name):
        found = getattr(self.store, name)
        if not callable(found) or name == "close":
            return found

        def call(*args, **options):
            self.asked[name] += 1
            if self.away:
                raise Unavailable("the store is away")
            return found(*args, **options)

        return call


class AwayTracking(MemoryTrackingStore):
    """The reference, which can be away as a whole."""

    away = False

    def __getattribute__(self, name):
        ours = not name.startswith("_") and name not in ("away", "close", "uri", "capabilities")
        if ours and object.__getattribute__(self, "away"):
            raise Unavailable("the tracking store is away")
        return object.__getattribute__(self, name)


class Stores:
    def __init__(self):
        self.tracking, self.artifacts = AwayTracking(), Away(MemoryArtifactStore())
        self.registry = MemoryModelRegistry()

    def leave(self, *, tracking=True, artifacts=True):
        self.tracking.away, self.artifacts.away = tracking, artifacts

    @hookimpl
    def tracking_stores(self):
        return [StoreProvider("memory", lambda _uri, _options: self.tracking, default_uri="memory:")]

    @hookimpl
    def model_registries(self):
        return [StoreProvider("memory", lambda _uri, _options: self.registry)]

    @hookimpl
    def artifact_stores(self):
        return [StoreProvider("memory", lambda _uri, _options: self.artifacts, default_uri="memory:")]

    @hookimpl
    def flavors(self):
        return [FlavorProvider("text", TextFlavor, handles=("builtins.str",))]


class TextFlavor(Flavor):
    """A text is a model."""

    name = "text"

    def save(self, model, folder, options):
        (folder / "model.txt").write_text(model)
        return {"data": "model.txt"}

    def load(self, folder, block, pickles):
        return (folder / "model.txt").read_text()

    def predict(self, model, data, params):
        return [model for _ in data]


@pytest.fixture
def stores():
    return Stores()


@pytest.fixture
def workspace(stores, tmp_path):
    plugins = Plugins()
    plugins.register(stores, "stores")
    config = Config.from_mapping(
        {"journal": {"folder": str(tmp_path / "journals"), "ship_seconds": 3000}}, home=tmp_path
    )
    with Workspace(config, plugins=plugins) as made:
        yield made


def left(workspace):
    return sorted(path.relative_to(workspace.journals.root).parts[1:] for path in workspace.journals.root.rglob("*"))


def test_a_run_that_starts_while_everything_is_away_is_stored_whole(workspace, stores, tmp_path):
    stores.leave()
    (tmp_path / "folder" / "deep").mkdir(parents=True)
    (tmp_path / "folder" / "deep" / "file.txt").write_text("deep")
    with workspace.start_run(experiment_name="new", run_name="offline", tags={"t": "1"}) as run:
        run.log_metric("m", 1.5, 3)
        run.log_params({"p": 1})
        run.log_text("text", "notes/a.txt")
        run.log_artifact(tmp_path / "folder")
        logged = run.log_model("hello", "model")
        with pytest.raises(Unavailable):
            run.flush()
    assert (logged.status, logged.artifact_uri) == (ModelStatus.PENDING, "")
    stores.leave(tracking=False, artifacts=False)
    found = workspace.runs.get(run.run_id)
    assert (found.info.run_name, found.info.status) == ("offline", "FINISHED")
    assert workspace.experiments.get(found.info.experiment_id).name == "new"
    assert (found.data.metrics, found.data.params, found.data.tags["t"]) == ({"m": 1.5}, {"p": "1"}, "1")
    assert [each.path for each in workspace.runs.list_artifacts(run.run_id)] == ["folder", "model", "notes"]
    got = workspace.runs.download_artifacts(run.run_id, None, tmp_path / "got")
    assert (got / "folder" / "deep" / "file.txt").read_text() == "deep"
    assert workspace.load_model(f"runs:/{run.run_id}/model").native == "hello"
    assert [each.model_id for each in found.outputs.models] == [logged.model_id]
    workspace.journals.close()
    assert left(workspace) == []


@pytest.mark.parametrize("moment", ["before", "between"])
def test_files_wait_while_only_their_store_is_away(workspace, stores, moment):
    with workspace.start_run() as run:
        run.log_text("first", "first.txt")
        stores.leave(tracking=False)
        run.log_text("second", "second.txt")
        logged = run.log_model("hello", "model")
        run.log_metric("m", 1.0)
        run.flush()
        assert workspace.runs.get(run.run_id).data.metrics == {"m": 1.0}, "nothing else waits for them"
        if moment == "before":
            stores.leave(tracking=False, artifacts=False)
    stores.leave(tracking=False, artifacts=False)
    workspace.journals._away.clear()
    workspace.runs.get(run.run_id)
    assert {each.path for each in workspace.runs.list_artifacts(run.run_id)} == {"first.txt", "second.txt", "model"}
    assert workspace.tracking.get_logged_model(logged.model_id).status is ModelStatus.READY


def test_a_staged_file_that_was_changed_is_not_stored(workspace, stores, caplog):
    run = workspace.start_run()
    stores.leave(tracking=False)
    run.log_text("as it was", "a.txt")
    (content,) = workspace.journals.root.rglob("content")
    content.write_text("changed")
    stores.leave(tracking=False, artifacts=False)
    run.end()
    workspace.runs.get(run.run_id)
    assert "is not what was logged" in caplog.text
    assert workspace.runs.list_artifacts(run.run_id) == []
    assert content.is_file(), "and is kept"


def test_a_model_to_be_registered_cannot_wait(workspace, stores):
    with workspace.start_run() as run:
        stores.leave(tracking=False)
        with pytest.raises(Unavailable):
            run.log_model("hello", "model", registered_name="words")
        stores.leave(tracking=False, artifacts=False)


def test_what_cannot_be_kept_raises(workspace, stores, monkeypatch, tmp_path):
    run = workspace.start_run()
    run.flush()
    stores.leave(tracking=False)
    monkeypatch.setattr("shutil.copyfile", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(Unavailable, match="No space left on device"):
        run.log_text("x", "x.txt")
    assert not list(workspace.journals.root.rglob("staged/*"))
    stores.leave(tracking=False, artifacts=False)
    run.end()


@pytest.mark.parametrize("path", ["not/there", "not-there.txt"])
def test_a_file_that_is_not_there_does_not_wait(workspace, stores, tmp_path, path):
    stores.leave()
    with workspace.start_run() as run, pytest.raises(NotFound):
        run.log_artifact(tmp_path / path)
    stores.leave(tracking=False, artifacts=False)
    with pytest.raises(HooklineError):
        workspace.runs.get("not-there")
