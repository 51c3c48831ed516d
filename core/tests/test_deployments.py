"""Deployments: from a model's URI and a target's name to what the target is asked, with a target that keeps notes."""

from pathlib import Path

import attrs
import pytest

from hookline.entities import Deployment, DeploymentStatus, ModelFolder
from hookline.errors import (
    ConfigError,
    DigestMismatch,
    InvalidValue,
    NotFound,
    UnknownProvider,
)
from hookline.interfaces import DeploymentTarget, Flavor
from hookline.providers import FlavorProvider, Provider, hookimpl
from hookline.testing import memory_workspace


class Word:
    """A model: a text."""

    def __init__(self, text):
        self.text = text


class WordFlavor(Flavor):
    name = "word"

    def save(self, model, folder, options):
        (folder / "word.txt").write_text(model.text, encoding="utf-8")
        return {"data": "word.txt"}

    def load(self, folder, block, pickles):
        return Word((Path(folder) / block["data"]).read_text(encoding="utf-8"))

    def predict(self, model, data, params):
        return model.text


@attrs.frozen
class Options:
    """Where the place is."""

    region: str = "here"


class Place(DeploymentTarget):
    """A target that keeps what it was asked, and the files as they were at that moment."""

    made = 0

    def __init__(self, folder, options):
        self.folder, self.options, self.asked = folder, options, []
        type(self).made += 1

    def _note(self, verb, name, model, config):
        files = None if model is None else sorted(path.name for path in model.path.iterdir())
        self.asked.append((verb, name, model, dict(config), files))
        return Deployment(name, "place", model.uri if model else "", DeploymentStatus.RUNNING)

    def create(self, name, model, config):
        return self._note("create", name, model, config)

    def update(self, name, model, config):
        return self._note("update", name, model, config)

    def delete(self, name):
        self.asked.append(("delete", name))

    def list(self):
        return [Deployment("one", "place", "", DeploymentStatus.RUNNING)]

    def get(self, name):
        raise NotFound(f"There is no {name}.")

    def predict(self, name, inputs):
        return {"predictions": inputs}


class Plugin:
    @hookimpl
    def flavors(self):
        return [FlavorProvider("word", WordFlavor, "For tests", handles=(f"{__name__}.Word",))]

    @hookimpl
    def deployment_targets(self):
        return [Provider("place", Place, "For tests", Options)]


@pytest.fixture
def workspace(tmp_path):
    with memory_workspace(tmp_path / "home", Plugin(), targets={"place": {"region": "there"}}) as found:
        yield found


@pytest.fixture
def saved(workspace, tmp_path):
    workspace.save_model(Word("hello"), tmp_path / "model", flavor="word")
    return tmp_path / "model"


def test_a_target_is_made_once_with_its_folder_and_its_options(workspace, tmp_path):
    before = Place.made
    place = workspace.deployments.target("place")
    assert workspace.deployments.target("place") is place
    assert Place.made == before + 1
    assert place.folder == tmp_path / "home" / "deployments" / "place"
    assert place.options == Options(region="there")
    assert not place.folder.exists()


def test_a_model_is_handed_over_with_its_files_and_digest(workspace, saved):
    made = workspace.deployments.create("place", "one", saved, {"size": "2"})
    assert made.status is DeploymentStatus.RUNNING
    ((verb, name, model, config, files),) = workspace.deployments.target("place").asked
    assert (verb, name, config) == ("create", "one", {"size": "2"})
    assert isinstance(model, ModelFolder)
    assert (model.uri, model.trusted, model.vouched) == (str(saved), True, True)
    assert model.digest.startswith("sha256:")
    assert {"MLmodel", "word.txt", "manifest.json"} <= set(files)


def test_a_model_that_nobody_vouches_for_is_trusted_only_when_it_is_allowed(saved, tmp_path):
    with memory_workspace(tmp_path / "elsewhere", Plugin()) as stranger:
        stranger.deployments.create("place", "one", saved)
        stranger.deployments.create("place", "two", saved, allow_pickle=True)
        stranger.deployments.update("place", "two", saved)
        trusted = [each[2].trusted for each in stranger.deployments.target("place").asked]
    assert trusted == [False, True, False]


def test_an_update_may_keep_the_model(workspace, saved):
    workspace.deployments.update("place", "one", config={"size": "3"})
    workspace.deployments.update("place", "one", saved)
    first, second = workspace.deployments.target("place").asked
    assert first[:4] == ("update", "one", None, {"size": "3"})
    assert second[2].uri == str(saved)
    assert second[3] == {}


def test_everything_else_is_the_targets_answer(workspace):
    assert [each.name for each in workspace.deployments.list("place")] == ["one"]
    assert workspace.deployments.predict("place", "one", [1]) == {"predictions": [1]}
    workspace.deployments.delete("place", "one")
    assert workspace.deployments.target("place").asked == [("delete", "one")]
    with pytest.raises(NotFound, match="no one"):
        workspace.deployments.get("place", "one")


@pytest.mark.parametrize("name", ["sky", "../place", ""])
def test_an_unknown_target_is_refused_with_what_is_installed(workspace, saved, name):
    with pytest.raises(UnknownProvider, match="Installed: place"):
        workspace.deployments.create(name, "one", saved)


def test_the_local_target_is_named_with_what_to_install(workspace):
    with pytest.raises(UnknownProvider, match="pip install hookline-deploy-local"):
        workspace.deployments.list("local")


def test_a_wrong_option_of_a_target_is_refused(tmp_path):
    with (
        memory_workspace(tmp_path, Plugin(), targets={"place": {"regoin": "x"}}) as found,
        pytest.raises(ConfigError, match=r"unknown key 'regoin' \(did you mean 'region'\?\)"),
    ):
        found.deployments.list("place")


def test_a_model_that_is_missing_or_changed_never_reaches_the_target(workspace, saved, tmp_path):
    with pytest.raises(NotFound):
        workspace.deployments.create("place", "one", tmp_path / "none")
    (saved / "word.txt").write_text("tampered", encoding="utf-8")
    with pytest.raises(DigestMismatch, match=r"word\.txt"):
        workspace.deployments.create("place", "one", saved)
    with pytest.raises(InvalidValue):
        workspace.deployments.create("place", "one", "models:/")
    assert workspace.deployments.target("place").asked == []
