"""Saving, logging, loading, inspecting and registering, around a flavor that needs no library."""

import json
import logging
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

import hookline
from hookline import search
from hookline.entities import ModelStatus
from hookline.errors import (
    AlreadyExists,
    DigestMismatch,
    HooklineError,
    InvalidState,
    InvalidValue,
    NotFound,
    NotSupported,
    SignatureError,
    UnknownProvider,
)
from hookline.interfaces import Flavor
from hookline.models import Manifest, Models, Signature, infer_signature
from hookline.models.schema import Column, Scalar, Schema
from hookline.providers import FlavorProvider, StoreProvider, hookimpl
from hookline.testing import MemoryArtifactStore, memory_workspace


class Times:
    """A model: multiplies by a number."""

    def __init__(self, factor=2):
        self.factor = factor


class MoreTimes(Times):
    pass


class TimesFlavor(Flavor):
    name = "times"
    loader_module = "times.pyfunc"

    def save(self, model, folder, options):
        if unknown := options.keys() - {"note"}:
            raise InvalidValue(f"unknown option {min(unknown)!r}")
        (folder / "sub").mkdir()
        (folder / "sub" / "factor.json").write_text(json.dumps(model.factor))
        return {"data": "sub/factor.json", **options}

    def load(self, folder, block, pickles):
        return Times(json.loads((folder / block["data"]).read_text()))

    def predict(self, model, data, params):
        return [row["x"] * model.factor + params.get("offset", 0) for row in data]

    def requirements(self, model):
        return ["attrs", "some-tool>=1"]


class Other(TimesFlavor):
    name = "other"
    loader_module = ""


class Events:
    """A plugin that offers flavors and writes down what happened."""

    def __init__(self, *providers):
        self.providers = providers or (FlavorProvider("times", TimesFlavor, handles=(f"{__name__}.Times",)),)
        self.logged, self.versions = [], []

    @hookimpl
    def flavors(self):
        return self.providers

    @hookimpl
    def model_logged(self, model):
        self.logged.append(model)

    @hookimpl
    def version_created(self, version):
        self.versions.append(version)


@pytest.fixture
def events():
    return Events()


@pytest.fixture
def workspace(tmp_path, events):
    with memory_workspace(tmp_path / "home", events) as made:
        yield made
        made.runs.end_open("FINISHED")


ROWS = [{"x": 1}, {"x": 2}]

# Saving --------------------------------------------------------------------------------------------------------------


def test_a_saved_model_is_a_whole_mlflow_model(workspace, tmp_path):
    document = workspace.save_model(Times(), tmp_path / "m", input_example=ROWS, metadata={"by": "me"}, note="n")
    files = {path.relative_to(tmp_path / "m").as_posix() for path in (tmp_path / "m").rglob("*") if path.is_file()}
    assert files == {
        *("MLmodel", "manifest.json", "requirements.txt", "python_env.yaml", "conda.yaml", "sub/factor.json"),
        *("input_example.json", "serving_input_example.json"),
    }
    plain = yaml.safe_load((tmp_path / "m" / "MLmodel").read_text())
    assert plain["flavors"]["times"] == {"data": "sub/factor.json", "note": "n"}
    function = plain["flavors"]["python_function"]
    assert function["loader_module"] == "times.pyfunc"
    assert function["data"] == "sub/factor.json"
    assert function["env"] == {"conda": "conda.yaml", "virtualenv": "python_env.yaml"}
    assert plain["signature"]["inputs"] == '[{"type": "long", "name": "x", "required": true}]'
    assert plain["signature"]["outputs"] == '[{"type": "long", "required": true}]'
    assert plain["metadata"] == {"by": "me"}
    own = {"MLmodel", "manifest.json"}
    assert document.model_size_bytes == sum((tmp_path / "m" / name).stat().st_size for name in files - own)
    assert list(tmp_path.iterdir()) == [tmp_path / "m"], "nothing is left beside it"


def test_a_flavor_that_is_no_function_has_no_block_for_one(tmp_path):
    events = Events(FlavorProvider("other", Other, handles=("builtins.object",)))
    document = memory_workspace(tmp_path / "home", events).save_model(Times(), tmp_path / "m")
    assert list(document.flavors) == ["other"]
    assert document.signature is None


class SaysItself(TimesFlavor):
    """A flavor whose models say what they take, and of some what they return; its loader gets the whole folder."""

    loader_takes_folder = True

    def signature(self, model, folder, block):
        assert (folder / block["data"]).is_file()
        outputs = Schema((Column(Scalar.DOUBLE),)) if model.factor == 2 else None
        return Signature(Schema((Column(Scalar.LONG, "x"),)), outputs)


@pytest.mark.parametrize(
    ("factor", "options", "inputs", "outputs"),
    [
        (2, {}, [Column(Scalar.LONG, "x")], Scalar.DOUBLE),
        (2, {"input_example": ROWS}, [Column(Scalar.LONG, "x")], Scalar.DOUBLE),
        (3, {}, [Column(Scalar.LONG, "x")], None),
        (3, {"input_example": ROWS}, [Column(Scalar.LONG, "x")], Scalar.LONG),
        (2, {"input_example": [{"x": 1.5}]}, [Column(Scalar.DOUBLE, "x")], Scalar.DOUBLE),  # it does not fit
        (2, {"signature": infer_signature(["a"])}, [Column(Scalar.STRING)], None),
    ],
)
def test_a_models_own_signature_is_completed_by_its_example(tmp_path, factor, options, inputs, outputs):
    events = Events(FlavorProvider("times", SaysItself, handles=(f"{__name__}.Times",)))
    with memory_workspace(tmp_path / "home", events) as workspace:
        document = workspace.save_model(Times(factor), tmp_path / "m", **options)
    assert list(document.signature.inputs.columns) == inputs
    assert (document.signature.outputs.columns[0].type if document.signature.outputs else None) == outputs


def test_params_of_the_example_join_a_models_own_signature(tmp_path):
    events = Events(FlavorProvider("times", SaysItself, handles=(f"{__name__}.Times",)))
    with memory_workspace(tmp_path / "home", events) as workspace:
        document = workspace.save_model(Times(), tmp_path / "m", input_example=(ROWS, {"offset": 1}))
    assert [each.name for each in document.signature.params] == ["offset"]


def test_a_loader_that_takes_the_whole_folder_is_told_of_no_data(tmp_path):
    events = Events(FlavorProvider("times", SaysItself, handles=(f"{__name__}.Times",)))
    with memory_workspace(tmp_path / "home", events) as workspace:
        document = workspace.save_model(Times(), tmp_path / "m")
    assert document.flavors["times"]["data"] == "sub/factor.json"
    assert "data" not in document.function


def test_the_environment_is_written_for_every_tool(workspace, tmp_path):
    workspace.save_model(Times(), tmp_path / "m", requirements=["numpy==1.0"])
    assert (tmp_path / "m" / "requirements.txt").read_text() == "numpy==1.0\n"
    python_env = yaml.safe_load((tmp_path / "m" / "python_env.yaml").read_text())
    python = ".".join(map(str, sys.version_info[:3]))
    assert (python_env["python"], python_env["dependencies"]) == (python, ["-r requirements.txt"])
    conda = yaml.safe_load((tmp_path / "m" / "conda.yaml").read_text())
    assert f"python={python}" in conda["dependencies"]
    assert conda["dependencies"][-1] == {"pip": ["numpy==1.0"]}


def test_requirements_name_what_the_flavor_asks_for_pinned_where_it_can_be(workspace, tmp_path):
    workspace.save_model(Times(), tmp_path / "m")
    lines = (tmp_path / "m" / "requirements.txt").read_text().splitlines()
    assert [line.partition("==")[0] for line in lines] == ["attrs", "some-tool>=1"]


@pytest.mark.parametrize("requirements", ["numpy", [1], ["a\nb"]])
def test_requirements_that_are_no_lines_are_refused(workspace, tmp_path, requirements):
    with pytest.raises(InvalidValue, match="requirements"):
        workspace.save_model(Times(), tmp_path / "m", requirements=requirements)
    assert list(tmp_path.iterdir()) == []


def _occupied(path):
    path.mkdir()
    (path / "mine").write_text("x")


@pytest.mark.parametrize(
    ("prepare", "refused"),
    [
        (lambda path: None, False),
        (lambda path: path.mkdir(), False),
        (_occupied, True),
        (lambda path: path.write_text("x"), True),
    ],
)
def test_only_a_new_or_empty_folder_is_written(workspace, tmp_path, prepare, refused):
    prepare(tmp_path / "m")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    if refused:
        with pytest.raises(AlreadyExists, match="new one"):
            workspace.save_model(Times(), tmp_path / "m")
        assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    else:
        workspace.save_model(Times(), tmp_path / "m")
        assert (tmp_path / "m" / "MLmodel").is_file()


def test_a_folder_that_cannot_be_made_is_a_clear_error(workspace, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(HooklineError, match=r"(?s)local folder .*file/inner'"):
        workspace.save_model(sum, tmp_path / "file" / "inner" / "model")


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"no_such_option": 1}, "no_such_option"),
        ({"registered_model_name": "x"}, "'registered_model_name' is MLflow's word; here it is 'registered_name'"),
        ({"pip_requirements": ["x"]}, "here it is 'requirements'"),
        ({"signature": 5}, "infer_signature"),
        ({"metadata": {"x": object()}}, "plain values"),
        ({"input_example": [object()]}, "input example"),
        ({"flavor": "tims"}, "did you mean 'times'"),
    ],
)
def test_a_failure_leaves_nothing_behind(workspace, tmp_path, options, error):
    with pytest.raises(HooklineError, match=error):
        workspace.save_model(Times(), tmp_path / "deep" / "m", **options)
    assert [path for path in tmp_path.rglob("*") if path.is_file() or path.name.endswith(".partial")] == []


def test_an_error_of_the_flavors_library_becomes_one_line(workspace, tmp_path):
    with pytest.raises(InvalidValue, match=r"'times' cannot save this Times: TypeError: .*not JSON serializable"):
        workspace.save_model(Times(object()), tmp_path / "m")


@pytest.mark.parametrize("given", [infer_signature(ROWS), infer_signature(ROWS).to_dict()])
def test_a_signature_may_be_given(workspace, tmp_path, given):
    document = workspace.save_model(Times(), tmp_path / "m", signature=given)
    assert document.signature == infer_signature(ROWS)
    foreign = SimpleNamespace(to_dict=lambda: infer_signature(ROWS).to_dict())  # as MLflow's has it
    assert workspace.save_model(Times(), tmp_path / "n", signature=foreign).signature == document.signature


def test_a_model_that_fails_on_its_example_is_saved_with_a_warning(workspace, tmp_path, caplog):
    with caplog.at_level(logging.WARNING, "hookline"):
        document = workspace.save_model(Times(), tmp_path / "m", input_example=[{"y": 1}])
    assert document.signature.outputs is None
    assert "KeyError" in caplog.text


def test_params_beside_the_example_are_declared(workspace, tmp_path):
    workspace.save_model(Times(), tmp_path / "m", input_example=(ROWS, {"offset": 10}))
    loaded = workspace.load_model(tmp_path / "m")
    assert loaded.predict(ROWS) == [12, 14]
    assert loaded.predict(ROWS, {"offset": 0}) == [2, 4]
    assert (loaded.example.data, loaded.example.params) == (ROWS, {"offset": 10})


# Choosing a flavor ---------------------------------------------------------------------------------------------------


def test_the_flavor_of_the_closest_class_is_chosen(tmp_path):
    flavors = {"object": "builtins.object", "times": f"{__name__}.Times", "more": f"{__name__}.MoreTimes"}
    providers = [
        FlavorProvider(name, type("F", (TimesFlavor,), {"name": name}), handles=(handled,))
        for name, handled in flavors.items()
    ]
    workspace = memory_workspace(tmp_path / "home", Events(*providers))
    for number, (model, expected) in enumerate([(MoreTimes(), "more"), (Times(), "times")]):
        assert next(iter(workspace.save_model(model, tmp_path / str(number)).flavors)) == expected


def test_two_flavors_for_one_class_are_a_choice_of_the_user(tmp_path):
    providers = [FlavorProvider(name, TimesFlavor, handles=(f"{__name__}.Times",)) for name in ("a", "b")]
    workspace = memory_workspace(tmp_path / "home", Events(*providers))
    with pytest.raises(InvalidValue, match=r"a, b.*flavor=NAME"):
        workspace.save_model(Times(), tmp_path / "m")


def test_a_model_that_no_flavor_handles_says_what_to_install(workspace, tmp_path):
    with pytest.raises(UnknownProvider, match=r"builtins\.dict") as caught:
        workspace.save_model({}, tmp_path / "m")
    assert "pip install hookline-flavor-python" in str(caught.value)


def test_a_class_is_no_model(workspace, tmp_path):
    with pytest.raises(InvalidValue, match=r"pass Times\(...\)"):
        workspace.save_model(Times, tmp_path / "m")


def test_a_model_is_loaded_with_a_native_flavor_before_the_function(workspace, tmp_path):
    workspace.save_model(Times(), tmp_path / "m")
    loaded = workspace.load_model(tmp_path / "m")
    assert (loaded.flavor, type(loaded.native)) == ("times", Times)
    with pytest.raises(InvalidValue, match="no flavor 'sklearn'; it has: times, python_function"):
        workspace.load_model(tmp_path / "m", flavor="sklearn")
    with pytest.raises(UnknownProvider, match="pip install hookline-flavor-python"):
        workspace.load_model(tmp_path / "m", flavor="python_function")


def test_a_model_whose_flavors_are_not_installed_says_what_to_install(workspace, tmp_path):
    workspace.save_model(Times(), tmp_path / "m")
    with pytest.raises(UnknownProvider) as caught:
        memory_workspace(tmp_path / "bare").load_model(tmp_path / "m")
    assert "flavors times, python_function" in str(caught.value)
    assert "python_function: pip install hookline-flavor-python" in str(caught.value)


# Loading -------------------------------------------------------------------------------------------------------------


def test_predictions_are_checked_against_the_signature(workspace, tmp_path):
    workspace.save_model(Times(), tmp_path / "m", input_example=ROWS)
    loaded = workspace.load_model(tmp_path / "m")
    assert loaded.predict([{"z": 0, "x": 5}]) == [10]
    with pytest.raises(SignatureError, match="row 1, column 'x'"):
        loaded.predict([{"x": 1}, {"x": "a"}])


def test_without_a_signature_data_goes_through_as_it_is(workspace, tmp_path):
    workspace.save_model(Times(), tmp_path / "m")
    loaded = workspace.load_model(tmp_path / "m")
    assert (loaded.signature, loaded.input_example) == (None, None)
    assert loaded.predict(iter(ROWS), {"offset": 1}) == [3, 5]


def test_an_error_of_the_flavors_library_while_loading_becomes_one_line(workspace, tmp_path):
    workspace.save_model(Times(), tmp_path / "m")
    (tmp_path / "m" / "sub" / "factor.json").write_text("{")
    (tmp_path / "m" / "manifest.json").unlink()
    with pytest.raises(InvalidState, match="cannot be loaded: JSONDecodeError"):
        workspace.load_model(tmp_path / "m")


def test_a_private_copy_lives_as_long_as_the_loaded_model(workspace):
    with workspace.start_run() as run:
        run.log_model(Times(), input_example=ROWS)
    loaded = workspace.load_model(f"runs:/{run.run_id}/model")
    path = loaded.path
    assert loaded.input_example == ROWS
    loaded.close()
    assert not path.exists()
    loaded.close()
    again = workspace.load_model(f"runs:/{run.run_id}/model")
    path = again.path
    del again
    assert not path.exists()


def test_a_private_copy_is_gone_when_loading_fails(workspace, tmp_path, monkeypatch):
    with workspace.start_run() as run:
        model = run.log_model(Times())
    workspace.artifacts.locate(model.artifact_uri).store.delete(f"0/models/{model.model_id}/artifacts/MLmodel")
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    with pytest.raises(NotFound, match="no file 'MLmodel'"):
        workspace.load_model(f"models:/{model.model_id}")
    assert list((tmp_path / "temporary").iterdir()) == []


# Logging -------------------------------------------------------------------------------------------------------------


def test_a_logged_model_is_on_record(workspace, events):
    with workspace.start_run() as run:
        model = run.log_model(Times(3), "tables/three", step=7, input_example=ROWS)
    stored = workspace.logged_models.get_logged_model(model.model_id)
    assert stored == model == events.logged[0]
    assert (model.status, model.name, model.source_run_id) == (ModelStatus.READY, "tables/three", run.run_id)
    outputs = workspace.tracking.get_run(run.run_id).outputs.models
    assert [(each.model_id, each.step) for each in outputs] == [(model.model_id, 7)]
    with workspace.models.fetch(f"runs:/{run.run_id}/tables/three") as folder:
        document = yaml.safe_load((folder.path / "MLmodel").read_text())
        assert folder.digest == model.tags["hookline.manifest"]
        assert folder.trusted
    assert document["model_id"] == document["model_uuid"] == model.model_id
    assert (document["run_id"], document["artifact_path"]) == (run.run_id, "tables/three")


class BrokenStore(MemoryArtifactStore):
    def put(self, key, source):
        if key.endswith("manifest.json"):
            raise OSError("the disk is full")
        super().put(key, source)


class BrokenDisk(Events):
    def __init__(self):
        super().__init__()
        self.store = BrokenStore()

    @hookimpl
    def artifact_stores(self):
        return [StoreProvider("broken", lambda uri, options: self.store)]


def test_files_that_cannot_be_stored_leave_a_failed_model_and_no_files(tmp_path):
    events = BrokenDisk()
    workspace = memory_workspace(tmp_path / "home", events, artifacts={"uri": "broken:"})
    with workspace.start_run() as run, pytest.raises(OSError, match="disk is full"):
        run.log_model(Times())
    (model,) = workspace.logged_models.search_logged_models(["0"], _everything()).items
    assert (model.status, model.status_message) == (ModelStatus.UPLOAD_FAILED, "OSError: the disk is full")
    assert list(events.store.list()) == []
    assert events.logged == []
    with pytest.raises(InvalidState, match="disk is full"):
        workspace.load_model(f"runs:/{run.run_id}/model")
    with pytest.raises(InvalidState, match="disk is full"):
        workspace.load_model(f"models:/{model.model_id}")


def _everything():
    return search.parse(search.LOGGED_MODELS, None)


def test_a_model_that_cannot_be_saved_leaves_no_record(workspace):
    with workspace.start_run() as run, pytest.raises(InvalidValue):
        run.log_model(Times(object()))
    assert not workspace.logged_models.search_logged_models(["0"], _everything()).items


@pytest.mark.parametrize("name", ["", "../x", "/x", "a\\b"])
def test_a_name_that_cannot_be_a_folder_is_refused(workspace, name):
    with workspace.start_run() as run, pytest.raises(InvalidValue):
        run.log_model(Times(), name)


def test_a_store_without_logged_models_says_what_to_do_instead(workspace):
    models = Models(
        plugins=workspace.plugins,
        artifacts=workspace.artifacts,
        tracking=object,
        registry=lambda: workspace.model_registry,
        policy="trusted",
    )
    with workspace.start_run() as run, pytest.raises(NotSupported, match="log_artifacts"):
        models.log(run.info, Times())


# Registering ---------------------------------------------------------------------------------------------------------


def test_registering_keeps_where_a_version_came_from(workspace, events, tmp_path):
    with workspace.start_run() as run:
        model = run.log_model(Times(), registered_name="times")
    (version,) = events.versions
    assert (version.name, version.version, version.run_id) == ("times", 1, run.run_id)
    assert (version.model_id, version.source) == (model.model_id, f"models:/{model.model_id}")
    assert version.tags == {"hookline.manifest": model.tags["hookline.manifest"]}
    second = workspace.models.register("models:/times/1", "times", description="again", tags={"k": "v"})
    assert (second.version, second.source, second.description) == (2, version.source, "again")
    assert second.tags == {"k": "v", **version.tags}
    workspace.save_model(Times(5), tmp_path / "m")
    third = workspace.models.register(tmp_path / "m", "times")
    assert third.source == (tmp_path / "m").as_uri()
    assert workspace.load_model("models:/times/3").native.factor == 5


@pytest.mark.parametrize("uri", ["no/such/folder", "models:/nothing/1", "runs:/0123/model"])
def test_registering_what_is_not_there_makes_no_registered_model(workspace, uri):
    with pytest.raises(NotFound):
        workspace.models.register(uri, "ghost")
    with pytest.raises(NotFound):
        workspace.model_registry.get_model("ghost")


def test_bytes_that_changed_after_registering_are_refused(workspace, tmp_path):
    workspace.save_model(Times(), tmp_path / "m")
    workspace.models.register(tmp_path / "m", "times")
    data = tmp_path / "m" / "sub" / "factor.json"
    data.write_text("3")
    with pytest.raises(DigestMismatch, match="factor"):
        workspace.load_model("models:/times/1")
    (tmp_path / "m" / "manifest.json").unlink()
    with pytest.raises(DigestMismatch, match="on record"):
        workspace.load_model("models:/times/1")
    Manifest.of(tmp_path / "m").write(tmp_path / "m")
    with pytest.raises(DigestMismatch, match="on record"):
        workspace.load_model("models:/times/1")
    data.write_text("2")
    (tmp_path / "m" / "manifest.json").unlink()
    assert workspace.load_model("models:/times/1").native.factor == 2


def test_bytes_that_changed_in_the_artifact_store_are_refused(workspace, tmp_path):
    with workspace.start_run() as run:
        model = run.log_model(Times())
    location = workspace.artifacts.locate(model.artifact_uri)
    (tmp_path / "evil").write_text("99")
    location.store.put(f"{location.key}/sub/factor.json", tmp_path / "evil")
    for uri in (f"runs:/{run.run_id}/model", model.artifact_uri):
        with pytest.raises(DigestMismatch, match="factor"):
            workspace.load_model(uri)


def test_a_file_that_is_missing_or_added_is_refused(workspace, tmp_path):
    for name, change in (("gone", lambda f: (f / "conda.yaml").unlink()), ("more", lambda f: (f / "x.py").touch())):
        workspace.save_model(Times(), tmp_path / name)
        change(tmp_path / name)
        with pytest.raises(DigestMismatch, match=r"conda\.yaml|x\.py"):
            workspace.load_model(tmp_path / name)


# Inspecting ----------------------------------------------------------------------------------------------------------


def test_inspecting_tells_all_and_loads_nothing(workspace, tmp_path, monkeypatch):
    with workspace.start_run() as run:
        model = run.log_model(Times(), input_example=ROWS, metadata={"by": "me"})
    monkeypatch.setattr(TimesFlavor, "load", None)
    found = workspace.models.inspect(f"models:/{model.model_id}")
    assert (found.manifest, found.problems, found.trusted) == ("verified", (), True)
    assert found.digest == found.recorded == model.tags["hookline.manifest"]
    assert [(each.name, each.format, each.installed, each.advice) for each in found.flavors] == [
        ("times", ".json", True, ""),
        ("python_function", ".json", False, "pip install hookline-flavor-python"),
    ]
    assert found.pickles == ()
    plain = json.loads(json.dumps(found.to_dict()))
    assert plain["signature"]["inputs"] == [{"type": "long", "name": "x", "required": True}]
    assert plain["requirements"][0].startswith("attrs==")
    assert (plain["run_id"], plain["metadata"]) == (run.run_id, {"by": "me"})


def told(folder, block):
    if block["data"] != "sub/factor.json":
        raise ValueError("no such block")
    return {"factor": json.loads((folder / block["data"]).read_text())}


@pytest.mark.parametrize(
    ("inspector", "facts"),
    [
        (None, {}),
        (told, {"factor": 2}),
        (lambda _folder, _block: 1 / 0, {"problem": "ZeroDivisionError: division by zero"}),
        ("no_such_module:facts", {"problem": "ModuleNotFoundError: No module named 'no_such_module'"}),
    ],
)
def test_inspecting_tells_what_a_flavors_inspector_finds(tmp_path, inspector, facts):
    """What goes wrong in it is told as well, and hides nothing else."""
    handles = (f"{__name__}.Times",)
    events = Events(FlavorProvider("times", TimesFlavor, handles=handles, inspector=inspector))
    with memory_workspace(tmp_path / "home", events) as workspace:
        workspace.save_model(Times(), tmp_path / "m")
        found = workspace.models.inspect(tmp_path / "m")
    assert [dict(each.facts) for each in found.flavors] == [facts, {}]
    assert found.to_dict()["flavors"][0]["facts"] == facts
    assert found.manifest == "verified"


def test_inspecting_reports_what_was_changed(workspace, tmp_path):
    workspace.save_model(Times(), tmp_path / "m")
    workspace.models.register(tmp_path / "m", "times")
    (tmp_path / "m" / "sub" / "factor.json").write_text("3")
    found = workspace.models.inspect("models:/times/1")
    assert (found.manifest, found.trusted) == ("differs", False)
    assert found.problems[0] == "'sub/factor.json' was changed"
    assert "record" in found.problems[1]
    (tmp_path / "m" / "manifest.json").unlink()
    assert workspace.models.inspect(tmp_path / "m").manifest == "none"


def test_what_is_no_model_cannot_be_inspected(workspace, tmp_path):
    with pytest.raises(NotFound, match="MLmodel"):
        workspace.models.inspect(tmp_path)


# The whole -----------------------------------------------------------------------------------------------------------


def test_two_workspaces_share_nothing(workspace, tmp_path):
    other = memory_workspace(tmp_path / "other", Events())
    with workspace.start_run() as run:
        model = run.log_model(Times())
    with pytest.raises(NotFound):
        other.load_model(f"models:/{model.model_id}")
    assert workspace.models._records.vouch_for(model.tags["hookline.manifest"])
    assert not other.models._records.vouch_for(model.tags["hookline.manifest"])


def test_a_store_that_cannot_be_asked_vouches_for_nothing(tmp_path, workspace):
    def unreachable():
        raise HooklineError("no store")

    workspace.save_model(Times(), tmp_path / "m")
    models = Models(
        plugins=workspace.plugins,
        artifacts=workspace.artifacts,
        tracking=unreachable,
        registry=unreachable,
        policy="trusted",
    )
    assert models.load(tmp_path / "m").native.factor == 2
    with models.fetch(tmp_path / "m") as folder:
        assert not folder.trusted


def test_a_model_without_pickles_is_loaded_without_a_store(tmp_path, workspace):
    asked = []
    workspace.save_model(Times(), tmp_path / "m")
    models = Models(
        plugins=workspace.plugins,
        artifacts=workspace.artifacts,
        tracking=lambda: asked.append("tracking"),
        registry=lambda: asked.append("registry"),
        policy="trusted",
    )
    assert models.load(tmp_path / "m").native.factor == 2
    assert asked == []


def test_signatures_of_the_public_face_are_these():
    assert hookline.infer_signature is infer_signature
    assert isinstance(hookline.infer_signature([1]), Signature)
    assert isinstance(Path(hookline.models.__file__), Path)
