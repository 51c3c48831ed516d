"""The conformance suite of `DeploymentTarget`."""

import time
from collections.abc import Callable, Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from hookline.entities import Deployment, DeploymentStatus, ModelFolder
from hookline.errors import AlreadyExists, HooklineError, InvalidValue, NotFound, NotSupported, Unavailable
from hookline.interfaces import DeploymentTarget
from hookline.models.manifest import Manifest
from hookline.plugins import Plugins
from hookline.testing.flavor_suite import flavor_workspace
from hookline.testing.store_suite import at_once
from hookline.testing.suite import Suite

HOSTILE_NAMES = ("", ".", "..", "../x", "a/b", "/tmp/x", "a\nb", "a\0b", "x; touch y", "$(touch y)", "--name")
"""Names that no place can use as they are: to be refused before anything is made."""


class DeploymentTargetSuite(Suite):
    """The laws of a deployment target: those of `hookline.interfaces.deployments`, each as a test.

    A subclass gives these fixtures:

    - `target`: the target, with no deployments in it; what a test leaves there is deleted after it.
    - `same_target`, which may be left out: another object for the same place, as another process would make it.

    The models are Python functions, saved by the installed flavor `python_function`. A target that takes other models
    gives these as well:

    - `model`, `other_model`: `ModelFolder`s of two models with different URIs. Both take `inputs`, and their answers
      differ.
    - `broken_model`: a `ModelFolder` with which a deployment is accepted and then cannot come up.
    - `inputs`: a JSON value in MLflow's scoring protocol, such as `{"dataframe_split": {...}}`.
    - `expected`: what `predict` returns for `inputs` with `model`, such as `{"predictions": [...]}`.
    """

    kind = "deployment target"
    version = 1

    @pytest.fixture
    def target(self) -> DeploymentTarget:
        """A target without deployments."""
        raise NotImplementedError("a subclass of DeploymentTargetSuite gives the fixture `target`")

    @pytest.fixture
    def save(self, tmp_path: Path) -> Callable[[str, Any], ModelFolder]:
        """A function that saves a Python function under a name, as a model whose pickle may be opened."""
        provider = Plugins.discover().find_flavor("python_function")

        def save(name: str, function: Any) -> ModelFolder:
            folder = tmp_path / "models" / name
            flavor_workspace(provider, tmp_path / "home").models.save(function, folder)
            return ModelFolder(f"models:/{name}/1", folder, Manifest.of(folder).digest, trusted=True)

        return save

    @pytest.fixture
    def model(self, save: Callable[[str, Any], ModelFolder]) -> ModelFolder:
        """A model that answers `expected` to `inputs`."""
        return save("double", lambda rows: [2 * row for row in rows])

    @pytest.fixture
    def other_model(self, save: Callable[[str, Any], ModelFolder]) -> ModelFolder:
        """A model that answers something else to `inputs`."""
        return save("triple", lambda rows: [3 * row for row in rows])

    @pytest.fixture
    def broken_model(self, save: Callable[[str, Any], ModelFolder]) -> ModelFolder:
        """A model with which no deployment comes up."""
        return save("broken", _never_loads())

    @pytest.fixture
    def inputs(self) -> Any:
        """What the models are asked."""
        return {"instances": [1, 2]}

    @pytest.fixture
    def expected(self) -> Any:
        """What `model` answers."""
        return {"predictions": [2, 4]}

    @pytest.fixture
    def same_target(self) -> DeploymentTarget:
        """Another object for the same place."""
        pytest.skip("the target gives no second object for the same place")

    @pytest.fixture(autouse=True)
    def _nothing_is_left(self, target: DeploymentTarget) -> Iterator[None]:
        yield
        for each in target.list():
            target.delete(each.name)

    # Creating --------------------------------------------------------------------------------------------------------

    def test_a_created_deployment_answers(
        self, target: DeploymentTarget, model: ModelFolder, inputs: Any, expected: Any
    ) -> None:
        """When `create` returns, the deployment is RUNNING and answers; what is said of it is the same everywhere."""
        before = time.time_ns() // 1_000_000 - 1000
        made = target.create("one", model, {})
        assert target.predict("one", inputs) == expected
        assert (made.name, made.model_uri, made.status) == ("one", model.uri, DeploymentStatus.RUNNING)
        assert made.target
        assert before <= made.creation_time <= time.time_ns() // 1_000_000
        assert target.get("one") == made
        assert list(target.list()) == [made]

    def test_a_taken_name_is_refused(
        self, target: DeploymentTarget, model: ModelFolder, other_model: ModelFolder, inputs: Any, expected: Any
    ) -> None:
        """And the deployment that has it goes on as it is."""
        made = target.create("one", model, {})
        with pytest.raises(AlreadyExists, match="one"):
            target.create("one", other_model, {})
        assert target.predict("one", inputs) == expected
        assert list(target.list()) == [made]

    def test_an_unknown_config_key_is_refused(self, target: DeploymentTarget, model: ModelFolder) -> None:
        """Before anything is made; the text names the key."""
        with pytest.raises(InvalidValue, match="no_such_key"):
            target.create("one", model, {"no_such_key": "1"})
        assert list(target.list()) == []

    @pytest.mark.parametrize("name", HOSTILE_NAMES, ids=ascii)
    def test_a_name_that_no_place_can_use_is_refused(
        self, target: DeploymentTarget, model: ModelFolder, name: str
    ) -> None:
        """Before anything is made; asking for it finds nothing."""
        with pytest.raises(InvalidValue):
            target.create(name, model, {})
        with pytest.raises((NotFound, InvalidValue)):
            target.get(name)
        assert list(target.list()) == []

    def test_a_model_that_does_not_come_up_fails_with_its_reason(
        self, target: DeploymentTarget, model: ModelFolder, broken_model: ModelFolder, inputs: Any, expected: Any
    ) -> None:
        """`create` returns FAILED and why, asking it is `Unavailable`, and it can be deleted and made anew."""
        made = target.create("one", broken_model, {})
        assert made.status is DeploymentStatus.FAILED
        assert made.message
        assert made.endpoint is None
        assert target.get("one").status is DeploymentStatus.FAILED
        with pytest.raises(Unavailable):
            target.predict("one", inputs)
        target.delete("one")
        assert list(target.list()) == []
        target.create("one", model, {})
        assert target.predict("one", inputs) == expected

    # Asking ----------------------------------------------------------------------------------------------------------

    def test_several_may_ask_at_once(
        self, target: DeploymentTarget, model: ModelFolder, inputs: Any, expected: Any
    ) -> None:
        """Every caller gets the answer to its own question."""
        target.create("one", model, {})
        assert at_once(*([lambda: target.predict("one", inputs)] * 4)) == [expected] * 4

    @pytest.mark.parametrize("nonsense", [{"no_such_form": [1]}, [], "text", None, {}], ids=repr)
    def test_an_input_that_the_model_refuses_is_the_callers_mistake(
        self, target: DeploymentTarget, model: ModelFolder, inputs: Any, expected: Any, nonsense: Any
    ) -> None:
        """`InvalidValue`, and the deployment goes on answering."""
        target.create("one", model, {})
        with pytest.raises(InvalidValue):
            target.predict("one", nonsense)
        assert target.predict("one", inputs) == expected

    @pytest.mark.parametrize("media_type", ["text/csv", "application/x-nonsense"])
    def test_a_body_that_is_not_taken_is_refused(
        self, target: DeploymentTarget, model: ModelFolder, inputs: Any, expected: Any, media_type: str
    ) -> None:
        """`InvalidValue`, or `NotSupported` where the target takes JSON only; the deployment goes on answering."""
        target.create("one", model, {})
        with pytest.raises((InvalidValue, NotSupported)):
            target.predict_body("one", b"\xff\xfe\x00", media_type)
        assert target.predict("one", inputs) == expected

    def test_what_is_not_there_is_not_found(self, target: DeploymentTarget, model: ModelFolder, inputs: Any) -> None:
        """`get`, `predict` and `update` raise `NotFound`; `list` is empty; `delete` has nothing to do."""
        assert list(target.list()) == []
        for ask in (
            lambda: target.get("one"),
            lambda: target.predict("one", inputs),
            lambda: target.update("one", model, {}),
            lambda: target.update("one", None, {}),
        ):
            with pytest.raises(NotFound, match="one"):
                ask()
        target.delete("one")
        assert list(target.list()) == []

    # Updating --------------------------------------------------------------------------------------------------------

    def test_an_update_replaces_the_model(
        self, target: DeploymentTarget, model: ModelFolder, other_model: ModelFolder, inputs: Any, expected: Any
    ) -> None:
        """When `update` returns, the new one answers under the old name, made when the old one was."""
        made = target.create("one", model, {})
        changed = target.update("one", other_model, {})
        assert target.predict("one", inputs) != expected
        assert (changed.model_uri, changed.status) == (other_model.uri, DeploymentStatus.RUNNING)
        assert (changed.name, changed.creation_time) == ("one", made.creation_time)
        assert [target.get("one"), *target.list()] == [changed, changed]

    def test_an_update_without_a_model_keeps_it(
        self, target: DeploymentTarget, model: ModelFolder, inputs: Any, expected: Any
    ) -> None:
        """The deployment answers as before."""
        target.create("one", model, {})
        changed = target.update("one", None, {})
        assert (changed.model_uri, changed.status) == (model.uri, DeploymentStatus.RUNNING)
        assert target.predict("one", inputs) == expected

    def test_an_update_that_fails_leaves_the_old_one_answering(
        self, target: DeploymentTarget, model: ModelFolder, broken_model: ModelFolder, inputs: Any, expected: Any
    ) -> None:
        """Whether `update` raises or tells it in `message`: what answered goes on answering."""
        target.create("one", model, {})
        for change in (
            lambda: target.update("one", broken_model, {}),
            lambda: target.update("one", None, {"no_such_key": "1"}),
        ):
            assert _reason(change)
            assert target.predict("one", inputs) == expected
            found = target.get("one")
            assert (found.model_uri, found.status) == (model.uri, DeploymentStatus.RUNNING)

    # Deleting --------------------------------------------------------------------------------------------------------

    def test_a_deleted_deployment_is_gone(
        self, target: DeploymentTarget, model: ModelFolder, other_model: ModelFolder, inputs: Any, expected: Any
    ) -> None:
        """Nothing answers where it did, its name is free, and the others go on."""
        target.create("a", model, {})
        made = target.create("b", other_model, {})
        assert [each.name for each in target.list()] == ["a", "b"]
        target.delete("b")
        assert not _answers(made)
        with pytest.raises(NotFound):
            target.predict("b", inputs)
        assert [each.name for each in target.list()] == ["a"]
        assert target.predict("a", inputs) == expected
        target.delete("b")
        target.create("b", model, {})
        assert target.predict("b", inputs) == expected

    # Looking it up ---------------------------------------------------------------------------------------------------

    def test_another_object_sees_the_same(
        self, target: DeploymentTarget, same_target: DeploymentTarget, model: ModelFolder, inputs: Any, expected: Any
    ) -> None:
        """What `list` and `get` say is looked up, not remembered: by each object for the place."""
        made = target.create("one", model, {})
        assert list(same_target.list()) == [made]
        assert same_target.predict("one", inputs) == expected
        with pytest.raises(AlreadyExists):
            same_target.create("one", model, {})
        same_target.delete("one")
        assert list(target.list()) == []
        with pytest.raises(NotFound):
            target.get("one")


def _never_loads() -> Any:
    """Return a model that is saved and cannot be loaded; its code is in its pickle, since it is made in here."""

    def fail() -> None:
        raise RuntimeError("this model is not to be loaded")

    class NeverLoads:
        def predict(self, rows: Any) -> Any:
            return rows

        def __reduce__(self) -> Any:
            return fail, ()

    return NeverLoads()


def _reason(change: Any) -> str:
    """Return why a change failed: what it raised, or the message of what it returned."""
    try:
        changed: Deployment = change()
    except HooklineError as error:
        return str(error)
    return changed.message


def _answers(deployment: Deployment) -> bool:
    """Return whether a server of the scoring protocol still answers where a deployment was."""
    if deployment.endpoint is None or not deployment.endpoint.startswith("http"):
        return False
    try:
        with urlopen(f"{deployment.endpoint}/ping", timeout=10) as response:
            return bool(response.status == 200)
    except (OSError, HTTPException):  # an HTTP error is an OSError as well
        return False
