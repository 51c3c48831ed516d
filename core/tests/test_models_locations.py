"""Every form of a model's URI, and what is said where it leads nowhere."""

import json

import pytest

from hookline.config import Config
from hookline.entities import LoggedModelChange, ModelStatus, NewLoggedModel, NewModelVersion, VersionChange
from hookline.errors import HooklineError, InvalidState, InvalidValue, NotFound, Unavailable, UnknownProvider
from hookline.interfaces import Flavor
from hookline.models.document import ModelDocument
from hookline.providers import FlavorProvider, hookimpl
from hookline.testing import memory_workspace
from hookline.workspace import Workspace


class Number(Flavor):
    """A model that is a number, kept in a file."""

    name = "number"

    def save(self, model, folder, options):
        (folder / "number.json").write_text(json.dumps(model))
        return {"data": "number.json"}

    def load(self, folder, block, pickles):
        return json.loads((folder / block["data"]).read_text())

    def predict(self, model, data, params):
        return model


class Plugin:
    @hookimpl
    def flavors(self):
        return [FlavorProvider("number", Number, handles=("builtins.int",))]


@pytest.fixture
def workspace(tmp_path):
    with memory_workspace(tmp_path / "home", Plugin()) as made:
        yield made
        made.runs.end_open("FINISHED")


@pytest.fixture
def logged(workspace):
    """A run that logged 1 and then 2 as `model`, both registered as `reg`, and 3 as `other/name`."""
    with workspace.start_run() as run:
        first = run.log_model(1, registered_name="reg")
        second = run.log_model(2, registered_name="reg")
        run.log_model(3, "other/name")
    registry = workspace.model_registry
    registry.set_alias("reg", "champion", 1)
    registry.update_version("reg", 1, VersionChange(current_stage="Production"))
    return {"run": run.run_id, "first": first.model_id, "second": second.model_id}


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("runs:/{run}/model", 2),
        ("runs:/{run}/model/", 2),
        ("runs:/{run}/other/name", 3),
        ("models:/reg/1", 1),
        ("models:/reg/2", 2),
        ("models:/reg@champion", 1),
        ("models:/reg/latest", 2),
        ("models:/reg/LATEST", 2),
        ("models:/reg/Production", 1),
        ("models:/reg/production", 1),
        ("models:/reg/None", 2),
        ("models:/{first}", 1),
        ("models:/{second}", 2),
        ("MODELS:/reg/1", 1),
        ("artifacts:/0/models/{first}/artifacts", 1),
    ],
)
def test_every_form_leads_to_its_model(workspace, logged, form, expected):
    uri = form.format(**logged)
    assert workspace.load_model(uri).native == expected
    with workspace.models.fetch(uri) as folder:
        assert (folder.uri, folder.trusted) == (uri, True)
        assert ModelDocument.read(folder.path).flavors["number"]


def test_folders_are_named_by_paths_and_file_uris(workspace, tmp_path, monkeypatch):
    workspace.save_model(5, tmp_path / "my model")
    monkeypatch.chdir(tmp_path)
    for uri in (
        "my model",
        "./my model",
        str(tmp_path / "my model"),
        (tmp_path / "my model").as_uri(),
        tmp_path / "my model",
    ):
        assert workspace.load_model(uri).native == 5


def test_a_run_whose_model_is_a_folder_of_its_artifacts(workspace, tmp_path):
    workspace.save_model(7, tmp_path / "m")
    with workspace.start_run() as run:
        run.log_artifacts(tmp_path / "m", "deep/model")
    loaded = workspace.load_model(f"runs:/{run.run_id}/deep/model")
    assert loaded.native == 7
    version = workspace.models.register(f"runs:/{run.run_id}/deep/model", "old")
    assert (version.run_id, version.model_id) == (run.run_id, None)
    assert version.source == f"{run.info.artifact_uri}/deep/model"
    assert workspace.load_model("models:/old/1").native == 7


@pytest.mark.parametrize("source", ["runs:/{run}/model", "models:/reg/1", "models:/{first}"])
def test_versions_may_name_their_source_by_any_uri(workspace, logged, source):
    registry = workspace.model_registry
    registry.create_model("by mlflow")
    registry.create_version(NewModelVersion("by mlflow", source.format(**logged)))
    assert workspace.load_model("models:/by mlflow/1").native in (1, 2)


def test_sources_that_lead_in_a_circle_are_refused(workspace):
    registry = workspace.model_registry
    registry.create_model("ring")
    registry.create_version(NewModelVersion("ring", "models:/ring/1"))
    with pytest.raises(InvalidValue, match="circle"):
        workspace.load_model("models:/ring/1")


def test_what_the_version_records_counts_for_more_than_its_source(workspace, logged):
    registry = workspace.model_registry
    registry.update_version("reg", 1, VersionChange(tags={"hookline.manifest": "sha256:" + "0" * 64}))
    with pytest.raises(HooklineError, match="on record is sha256:000"):
        workspace.load_model("models:/reg/1")
    assert workspace.load_model(f"models:/{logged['first']}").native == 1


@pytest.mark.parametrize(
    ("form", "error", "problem"),
    [
        ("no/such/folder", NotFound, "no model at 'no/such/folder'"),
        ("file:///no/such/folder", NotFound, "no model"),
        ("file://elsewhere/x", InvalidValue, "host"),
        ("runs:/{run}", InvalidValue, "write runs:/{run}/model or runs:/{run}/other/name"),
        ("runs:/" + "0" * 32, InvalidValue, "runs:/RUN_ID/NAME"),
        ("runs:/{run}/nothing", NotFound, "no model at 'runs:/.*/nothing'. The run logged runs:/{run}/model or"),
        ("runs:/" + "0" * 32 + "/model", NotFound, "0000"),
        ("runs:/{run}/../../x", InvalidValue, "Invalid path"),
        ("models:/reg", InvalidValue, "write models:/reg/2 or models:/reg@champion"),
        ("models:/nothing", InvalidValue, "models:/NAME/VERSION"),
        ("models:/", InvalidValue, "models:/NAME/VERSION"),
        ("models:/reg/9", NotFound, "version=9.*There is models:/reg/2 or models:/reg@champion"),
        ("models:/reg/newest", InvalidValue, "'newest' is no number and no stage"),
        ("models:/reg/Staging", NotFound, "no version in Staging"),
        ("models:/reg@nobody", NotFound, "nobody.*models:/reg@champion"),
        ("models:/nothing/1", NotFound, "nothing.*There are: 'reg'"),
        ("models:/rge/latest", NotFound, "rge.*Did you mean 'reg'"),
        ("models:/m-" + "0" * 32, NotFound, "m-000"),
        ("artifacts:/0/nothing", NotFound, "no model"),
        ("gopher://x/y", UnknownProvider, "gopher"),
        ("run:/x/y", UnknownProvider, "as runs:/RUN_ID/NAME"),
    ],
)
def test_what_leads_nowhere_says_so_in_one_line(workspace, logged, form, error, problem):
    for use in (workspace.load_model, workspace.models.inspect):
        with pytest.raises(error, match=problem.format(**logged)) as caught:
            use(form.format(**logged))
        assert error is UnknownProvider or "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("reg", "a registered model 'reg': write models:/reg/2 or models:/reg@champion."),
        ("reg/", "write models:/reg/2 or models:/reg@champion."),
        ("reg/2", "write models:/reg/2."),
        ("reg/7", "write models:/reg/2 or models:/reg@champion."),
        ("reg@champion", "write models:/reg@champion."),
        ("reg@nobody", "write models:/reg/2 or models:/reg@champion."),
        ("rge/1", "Did you mean models:/reg/2 or models:/reg@champion?"),
        ("empty", "a registered model 'empty': it has no versions yet."),
        ("{run}", "That is a run: write runs:/{run}/model or runs:/{run}/other/name."),
        ("{start}", "That is a run: write runs:/{run}/model or runs:/{run}/other/name."),
        ("{run}/other/name", "is a run: write runs:/{run}/other/name."),
        ("{bare}", "That is a run, which logged no model."),
        ("0" * 32, "To name a model of a run write runs:/RUN_ID/NAME."),
        ("{first}", "To name a logged model write models:/{first}."),
        ("other/name", "There is a logged model 'other/name': write runs:/{run}/other/name."),
        ("no/such", "A model is named by its folder, as runs:/RUN_ID/NAME, or as models:/NAME/VERSION"),
    ],
)
def test_what_was_left_out_of_a_uri_is_suggested(workspace, logged, given, meant):
    with workspace.start_run() as bare:
        workspace.registry.create("empty")
    known = {**logged, "start": logged["run"][:8], "bare": bare.run_id}
    for use in (workspace.load_model, workspace.models.inspect):
        with pytest.raises(NotFound) as caught:
            use(given.format(**known))
        assert meant.format(**known) in str(caught.value)


def test_a_folder_without_a_model_may_be_the_name_of_one(workspace, logged, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reg").mkdir()
    with pytest.raises(NotFound, match=r"the folder has no file 'MLmodel'\. There is a registered model 'reg': write"):
        workspace.load_model("reg")


def test_no_store_is_made_to_find_out_what_was_meant(tmp_path):
    home = tmp_path / "home"
    with Workspace(Config.from_mapping({}, home=home)) as workspace:
        assert not workspace.has_store
        with pytest.raises(NotFound, match="A model is named by its folder"):
            workspace.load_model(str(tmp_path / "wine"))
        assert "model_registry" not in vars(workspace)
    assert not home.exists()


def test_a_store_that_fails_hides_no_missing_model(workspace, monkeypatch):
    def broken(name):
        raise Unavailable("away")

    monkeypatch.setattr(workspace.model_registry, "get_model", broken)
    with pytest.raises(NotFound, match=r"no model at 'reg'\. A model is named by"):
        workspace.load_model("reg")


@pytest.mark.parametrize(
    "ask",
    [
        lambda registry: registry.get("rge"),
        lambda registry: registry.versions("rge"),
        lambda registry: registry.get_version("rge", "latest"),
        lambda registry: registry.delete("rge"),
    ],
)
def test_the_registry_says_which_name_was_meant(workspace, logged, ask):
    with pytest.raises(NotFound) as caught:
        ask(workspace.registry)
    assert str(caught.value) == "Registered Model with name=rge not found. Did you mean 'reg'?"


def test_models_whose_files_are_on_their_way_are_passed_over(workspace, logged):
    run = workspace.tracking.get_run(logged["run"])
    store = workspace.logged_models
    pending = store.create_logged_model(NewLoggedModel(run.info.experiment_id, "model", source_run_id=logged["run"]))
    alone = store.create_logged_model(NewLoggedModel(run.info.experiment_id, "alone", source_run_id=logged["run"]))
    assert workspace.load_model(f"runs:/{logged['run']}/model").native == 2
    for uri in (f"models:/{pending.model_id}", f"runs:/{logged['run']}/alone"):
        with pytest.raises(InvalidState, match="not stored yet"):
            workspace.load_model(uri)
    store.update_logged_model(
        alone.model_id, LoggedModelChange(status=ModelStatus.UPLOAD_FAILED, status_message="no space")
    )
    with pytest.raises(InvalidState, match="no space"):
        workspace.load_model(f"runs:/{logged['run']}/alone")


def test_an_empty_registered_model_has_no_latest_version(workspace):
    workspace.model_registry.create_model("empty")
    with pytest.raises(NotFound, match="has no version"):
        workspace.load_model("models:/empty/latest")


def test_a_folder_that_is_a_link_is_followed_as_the_user_named_it(workspace, tmp_path):
    workspace.save_model(5, tmp_path / "m")
    (tmp_path / "link").symlink_to(tmp_path / "m")
    assert workspace.load_model(tmp_path / "link").native == 5
