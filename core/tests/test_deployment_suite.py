"""The suite of deployment targets: a target in memory passes it, and targets that break a law do not."""

import json
from threading import Lock

import pytest
from attrs import evolve

from hookline.entities import Deployment, DeploymentStatus, ModelFolder, now_ms
from hookline.errors import AlreadyExists, InvalidValue, NotFound, Unavailable
from hookline.interfaces import DeploymentTarget
from hookline.testing import DeploymentTargetSuite


class MemoryTarget(DeploymentTarget):
    """Keeps deployments in a dict that several objects may share; a model's folder holds its answer as JSON."""

    def __init__(self, place):
        self.place, self.lock = place, Lock()

    def create(self, name, model, config):
        self.check(name, config)
        if name in self.place:
            raise AlreadyExists(f"There is a deployment {name!r}.")
        made = Deployment(name, "memory", model.uri, DeploymentStatus.RUNNING, "memory:x", creation_time=now_ms())
        if self.answer(model) is None:
            made = evolve(made, status=DeploymentStatus.FAILED, endpoint=None, message="The model cannot be loaded.")
        self.place[name] = (made, self.answer(model))
        return made

    def update(self, name, model, config):
        made = self.get(name)
        self.check(name, config)
        if model is None:
            return made
        if self.answer(model) is None:
            return evolve(made, message="The model cannot be loaded; the old one goes on.")
        changed = evolve(made, model_uri=model.uri, status=DeploymentStatus.RUNNING, message="")
        self.place[name] = (changed, self.answer(model))
        return changed

    def delete(self, name):
        self.place.pop(name, None)

    def list(self):
        return [self.place[name][0] for name in sorted(self.place)]

    def get(self, name):
        if name not in self.place:
            raise NotFound(f"There is no deployment {name!r}.")
        return self.place[name][0]

    def predict(self, name, inputs):
        if self.get(name).status is not DeploymentStatus.RUNNING:
            raise Unavailable(self.get(name).message)
        if not isinstance(inputs, dict) or "inputs" not in inputs:
            raise InvalidValue("Expected 'inputs'.")
        return {"predictions": [self.place[name][1] * each for each in inputs["inputs"]]}

    @staticmethod
    def check(name, config):
        if not name.isalnum():
            raise InvalidValue(f"Invalid name {name!r}.")
        if config:
            raise InvalidValue(f"Unknown keys {list(config)}.")

    @staticmethod
    def answer(model):
        return json.loads((model.path / "answer.json").read_text())


def folder(path, name, answer):
    (path / name).mkdir()
    (path / name / "answer.json").write_text(json.dumps(answer))
    return ModelFolder(f"models:/{name}/1", path / name)


class TestMemoryTarget(DeploymentTargetSuite):
    @pytest.fixture
    def place(self):
        return {}

    @pytest.fixture
    def target(self, place):
        return MemoryTarget(place)

    @pytest.fixture
    def same_target(self, place):
        return MemoryTarget(place)

    @pytest.fixture
    def model(self, tmp_path):
        return folder(tmp_path, "model", 2)

    @pytest.fixture
    def other_model(self, tmp_path):
        return folder(tmp_path, "other", 3)

    @pytest.fixture
    def broken_model(self, tmp_path):
        return folder(tmp_path, "broken", None)

    @pytest.fixture
    def inputs(self):
        return {"inputs": [1, 2]}

    @pytest.fixture
    def expected(self):
        return {"predictions": [2, 4]}


# Targets that break a law ---------------------------------------------------------------------------------------------


class TakesTakenNames(MemoryTarget):
    def create(self, name, model, config):
        self.place.pop(name, None)
        return super().create(name, model, config)


class TakesAnyName(MemoryTarget):
    @staticmethod
    def check(name, config):
        return None


class SaysItRuns(MemoryTarget):
    def create(self, name, model, config):
        made = evolve(super().create(name, model, config), status=DeploymentStatus.RUNNING)
        self.place[name] = (made, 1)
        return made


class UpdatesBlindly(MemoryTarget):
    def update(self, name, model, config):
        made = self.get(name)
        if model is not None:
            self.delete(name)
            return self.create(name, model, config)
        return made


class KeepsTheOldModel(MemoryTarget):
    def update(self, name, model, config):
        changed = super().update(name, model, config)
        self.place[name] = (changed, 2)
        return changed


class Remembers(MemoryTarget):
    def __init__(self, place):
        super().__init__(dict(place))


class ListsAsTheyCame(MemoryTarget):
    def list(self):
        return [made for made, _answer in self.place.values()][::-1]


class LeavesItRunning(MemoryTarget):
    def delete(self, name):
        if name not in self.place:
            raise NotFound(name)
        super().delete(name)


class BreaksOnNonsense(MemoryTarget):
    def predict(self, name, inputs):
        return {"predictions": [self.place[name][1] * each for each in inputs["inputs"]]}


MUTANTS = {
    TakesTakenNames: "test_a_taken_name_is_refused",
    TakesAnyName: "test_a_name_that_no_place_can_use_is_refused",
    SaysItRuns: "test_a_model_that_does_not_come_up_fails_with_its_reason",
    UpdatesBlindly: "test_an_update_that_fails_leaves_the_old_one_answering",
    KeepsTheOldModel: "test_an_update_replaces_the_model",
    Remembers: "test_another_object_sees_the_same",
    ListsAsTheyCame: "test_a_deleted_deployment_is_gone",
    LeavesItRunning: "test_what_is_not_there_is_not_found",
    BreaksOnNonsense: "test_an_input_that_the_model_refuses_is_the_callers_mistake",
}


@pytest.mark.parametrize(("mutant", "law"), MUTANTS.items(), ids=lambda each: getattr(each, "__name__", ""))
def test_a_broken_law_is_noticed(mutant, law, tmp_path):
    place = {}
    given = {
        "target": mutant(place),
        "same_target": mutant(place),
        "model": folder(tmp_path, "model", 2),
        "other_model": folder(tmp_path, "other", 3),
        "broken_model": folder(tmp_path, "broken", None),
        "inputs": {"inputs": [1, 2]},
        "expected": {"predictions": [2, 4]},
        "name": "../x",
        "nonsense": {"no_such_form": [1]},
    }
    test = getattr(DeploymentTargetSuite, law)
    names = test.__code__.co_varnames[1 : test.__code__.co_argcount]
    with pytest.raises((AssertionError, Exception, pytest.fail.Exception)):
        test(DeploymentTargetSuite(), **{name: given[name] for name in names})
