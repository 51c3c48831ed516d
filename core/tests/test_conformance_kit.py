"""The kit itself: standard tests stay standard, and each law of a flavor catches the flavor that breaks it."""

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from hookline.errors import ConfigError, InvalidValue
from hookline.interfaces import Flavor, Unpickler
from hookline.providers import FlavorProvider, Provider, Target
from hookline.testing import FlavorSuite, PluginSuite
from hookline.testing.flavor_suite import assert_same, flavor_workspace, gate, plain

SUITE = """
import pytest
from hookline.testing import Suite

class Laws(Suite):
    def test_law(self):
        assert self.kept

    @pytest.mark.parametrize("number", [1, 2])
    def test_numbers(self, number):
        assert number == 1 or self.kept
"""


def _run(tests: str, folder: Path) -> str:
    (folder / "test_it.py").write_text(SUITE.replace("class Laws", "class _Laws") + tests.replace("Laws", "_Laws"))
    command = [sys.executable, "-m", "pytest", "-q", "-rxX", "-p", "no:cacheprovider", "test_it.py"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120).stdout


@pytest.mark.parametrize(
    ("tests", "said"),
    [
        ("class TestIt(Laws):\n    kept = True\n", "3 passed"),
        ("class TestIt(Laws):\n    kept = False\n", "2 failed, 1 passed"),
        ("class TestIt(Laws):\n    kept = False\n    xfail = {'test_law': 'waits'}\n", "1 failed, 1 passed, 1 xfailed"),
        ("class TestIt(Laws):\n    kept = True\n    xfail = {'test_law': 'waits'}\n", "1 failed, 2 passed"),
        ("class TestIt(Laws):\n    def test_law(self): pass\n", "overrides the standard test 'test_law'"),
        ("class Mid(Laws):\n    kept = True\nclass TestIt(Mid):\n    test_law = None\n", "overrides the standard test"),
        ("class TestIt(Laws):\n    xfail = {'test_lore': 'waits'}\n", "names 'test_lore', which is no standard test"),
        ("class TestIt(Laws):\n    xfail = {'test_law': ' '}\n", "gives no reason for 'test_law'"),
        ("class TestIt(Laws):\n    kept = True\n    def test_more(self): pass\n", "4 passed"),
    ],
)
def test_standard_tests_are_inherited_and_not_replaced(tmp_path: Path, tests: str, said: str) -> None:
    assert said in _run(tests, tmp_path)


class Number:
    def __init__(self, value: float) -> None:
        self.value = value


class Honest(Flavor):
    """A flavor that keeps every law: the others below each break one."""

    name = "number"

    def save(self, model: Any, folder: Path, options: Mapping[str, Any]) -> dict[str, Any]:
        if options:
            raise InvalidValue(f"no option {', '.join(options)}")
        (folder / "number.json").write_text(json.dumps(model.value))
        return {"data": "number.json"}

    def load(self, folder: Path, block: Mapping[str, Any], pickles: Unpickler) -> Any:
        return Number(json.loads((folder / block["data"]).read_text()))

    def predict(self, model: Any, data: Any, params: Mapping[str, Any]) -> Any:
        return [model.value * each for each in data]


class UnpicklesByItself(Honest):
    def save(self, model: Any, folder: Path, options: Mapping[str, Any]) -> dict[str, Any]:
        (folder / "number.pkl").write_bytes(pickle.dumps(model))
        return {"data": "number.pkl"}

    def load(self, folder: Path, block: Mapping[str, Any], pickles: Unpickler) -> Any:
        return pickle.loads((folder / block["data"]).read_bytes())


class ReturnsAnObject(Honest):
    def save(self, model: Any, folder: Path, options: Mapping[str, Any]) -> dict[str, Any]:
        return {**super().save(model, folder, options), "shape": (1, 2)}


class WritesElsewhere(Honest):
    def save(self, model: Any, folder: Path, options: Mapping[str, Any]) -> dict[str, Any]:
        Path("debris.txt").write_text("left behind")
        return super().save(model, folder, options)


class WritesBesideItsFolder(Honest):
    def save(self, model: Any, folder: Path, options: Mapping[str, Any]) -> dict[str, Any]:
        (folder.parent / "debris.txt").write_text("left behind")
        return super().save(model, folder, options)


class LeavesALink(Honest):
    def save(self, model: Any, folder: Path, options: Mapping[str, Any]) -> dict[str, Any]:
        (folder / "link").symlink_to(os.devnull)
        return super().save(model, folder, options)


class NamesNothing(Honest):
    def save(self, model: Any, folder: Path, options: Mapping[str, Any]) -> dict[str, Any]:
        return {**super().save(model, folder, options), "data": "other.json"}


class ChangesItsModel(Honest):
    def save(self, model: Any, folder: Path, options: Mapping[str, Any]) -> dict[str, Any]:
        block = super().save(model, folder, options)
        model.value += 1
        return block


class RemembersTheLastFolder(Honest):
    def load(self, folder: Path, block: Mapping[str, Any], pickles: Unpickler) -> Any:
        self.folder = getattr(self, "folder", folder)
        return super().load(self.folder, block, pickles)


class IgnoresOptions(Honest):
    def save(self, model: Any, folder: Path, options: Mapping[str, Any]) -> dict[str, Any]:
        return super().save(model, folder, {})


class WritesBeforeItChecks(Honest):
    def save(self, model: Any, folder: Path, options: Mapping[str, Any]) -> dict[str, Any]:
        super().save(model, folder, {})
        return super().save(model, folder, options)


class NeedsWhatIsNotThere(Honest):
    def requirements(self, model: Any) -> list[str]:
        return ["no-such-distribution-of-anybody"]


class NamesAModuleThatLoadsNothing(Honest):
    loader_module = "json"


class Misnamed(Honest):
    name = "nombre"


def tells(folder: Path, block: Mapping[str, Any]) -> dict[str, Any]:
    """An inspector that keeps every law: those below each break one."""
    return {"number": json.loads((folder / block["data"]).read_text())}


def tells_an_object(folder: Path, block: Mapping[str, Any]) -> dict[str, Any]:
    return {"shape": (1, 2)}


def loads_the_model(folder: Path, block: Mapping[str, Any]) -> dict[str, Any]:
    return {"number": Honest().load(folder, block, gate(folder, opens=False)).value}


def writes_into_the_folder(folder: Path, block: Mapping[str, Any]) -> dict[str, Any]:
    (folder / block["data"]).write_text("3.0")
    return {}


def unpickles(folder: Path, block: Mapping[str, Any]) -> dict[str, Any]:
    pickle.loads((folder / block["data"]).read_bytes())
    return {}


def finds_a_problem(folder: Path, block: Mapping[str, Any]) -> dict[str, Any]:
    return {"problem": "it is damaged"}


class HoldsThisFlavor(FlavorSuite):
    """The suite, given its fixtures by hand."""

    __test__ = False


def _law(
    name: str,
    kind: type[Flavor],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    inspector: Target | None = f"{__name__}:tells",
) -> None:
    flavor, model, data = kind(), Number(2.0), [1.0, 2.5]
    provider = FlavorProvider("number", kind, handles=(f"{__name__}.Number",), inspector=inspector)
    folder = tmp_path / "somewhere" / "model"
    folder.mkdir(parents=True)
    given = {
        "provider": provider,
        "flavor": flavor,
        "model": model,
        "data": data,
        "expected": [2.0, 5.0],
        "folder": folder,
        "tmp_path": tmp_path,
        "monkeypatch": monkeypatch,
    }
    law = getattr(HoldsThisFlavor, name)
    wanted = law.__code__.co_varnames[1 : law.__code__.co_argcount]
    if {"workspace", "saved"}.intersection(wanted):
        given["workspace"] = flavor_workspace(provider, tmp_path / "home")
        given["saved"] = tmp_path / "saved"
        given["workspace"].models.save(model, given["saved"], input_example=data)
    law(HoldsThisFlavor(), **{each: given[each] for each in wanted})


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (UnpicklesByItself, "test_a_closed_gate_executes_nothing"),
        (ReturnsAnObject, "test_the_block_is_plain_yaml"),
        (WritesElsewhere, "test_nothing_is_written_elsewhere"),
        (WritesBesideItsFolder, "test_nothing_is_written_elsewhere"),
        (LeavesALink, "test_nothing_is_written_elsewhere"),
        (NamesNothing, "test_paths_are_relative"),
        (ChangesItsModel, "test_what_was_saved_predicts_the_same"),
        (RemembersTheLastFolder, "test_one_instance_serves_all_threads"),
        (IgnoresOptions, "test_an_unknown_option_is_refused"),
        (WritesBeforeItChecks, "test_an_unknown_option_is_refused"),
        (NeedsWhatIsNotThere, "test_requirements_are_installed_distributions"),
        (Misnamed, "test_the_names_agree"),
        (NamesAModuleThatLoadsNothing, "test_mlflow_finds_its_loader"),
    ],
)
def test_each_law_catches_the_flavor_that_breaks_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[Flavor], name: str
) -> None:
    for folder in ("honest", "broken"):
        (tmp_path / folder).mkdir()
    _law(name, Honest, tmp_path / "honest", monkeypatch)
    with pytest.raises((AssertionError, AttributeError, FileNotFoundError, pytest.fail.Exception)):
        _law(name, kind, tmp_path / "broken", monkeypatch)


@pytest.mark.parametrize("name", ["test_its_inspector_tells_plain_values", "test_its_inspector_executes_nothing"])
def test_a_flavor_needs_no_inspector(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    _law(name, Honest, tmp_path, monkeypatch, inspector=None)


@pytest.mark.parametrize(
    ("inspector", "name"),
    [
        (tells, "test_its_inspector_tells_plain_values"),
        (f"{__name__}:not_there", "test_its_inspector_tells_plain_values"),
        (f"{__name__}:tells_an_object", "test_its_inspector_tells_plain_values"),
        (f"{__name__}:loads_the_model", "test_its_inspector_tells_plain_values"),
        (f"{__name__}:writes_into_the_folder", "test_its_inspector_tells_plain_values"),
        (f"{__name__}:finds_a_problem", "test_its_inspector_tells_plain_values"),
        (f"{__name__}:unpickles", "test_its_inspector_executes_nothing"),
    ],
)
def test_each_law_catches_the_inspector_that_breaks_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inspector: Target, name: str
) -> None:
    for folder in ("honest", "broken"):
        (tmp_path / folder).mkdir()
    with monkeypatch.context() as honest:
        _law(name, Honest, tmp_path / "honest", honest)
    with pytest.raises((AssertionError, AttributeError)):
        _law(name, Honest, tmp_path / "broken", monkeypatch, inspector)


@pytest.mark.parametrize(
    ("found", "expected"),
    [([1.0], [1.0 + 1e-15]), ({"a": [float("nan")]}, {"a": [float("nan")]}), ([1, "x", None], (1, "x", None))],
)
def test_equal_predictions_are_the_same(found: Any, expected: Any) -> None:
    assert_same(plain(found), plain(expected))


@pytest.mark.parametrize(
    ("found", "expected"),
    [([1.0], [1.001]), ([1.0], [1.0, 2.0]), ({"a": 1}, {"b": 1}), ([0.0], [float("nan")]), (["x"], ["y"]), ([], {})],
)
def test_different_predictions_are_not_the_same(found: Any, expected: Any) -> None:
    with pytest.raises(AssertionError):
        assert_same(plain(found), plain(expected))


@frozen
class Structured:
    """Options that plain values fill."""

    size: int = 1


@frozen
class Unstructured:
    """Options whose default no plain value stands for."""

    size: int = "a text"  # type: ignore[assignment]


def _nothing() -> None:
    """A target that can be called."""


@pytest.mark.parametrize(
    ("providers", "law"),
    [
        ([Provider("a", f"{__name__}:_nothing")], "test_every_provider_has_a_summary"),
        ([Provider("a", f"{__name__}:_nothing", "two\nlines")], "test_every_provider_has_a_summary"),
        ([Provider("a", _nothing, "one line")], "test_every_target_resolves"),
        ([Provider("a", f"{__name__}:not_there", "one line")], "test_every_target_resolves"),
        ([Provider("a", f"{__name__}:SUITE", "one line")], "test_every_target_resolves"),
        ([FlavorProvider("a", f"{__name__}:_nothing", autolog="no_such_module:f")], "test_every_target_resolves"),
        ([Provider("a", "", options=dict)], "test_every_options_class_structures"),
        ([Provider("a", "", options=f"{__name__}:Unstructured")], "test_every_options_class_structures"),
    ],
)
def test_each_law_catches_the_plugin_that_breaks_it(providers: list[Provider], law: str) -> None:
    getattr(PluginSuite, law)(PluginSuite(), [Provider("a", f"{__name__}:_nothing", "one line", Structured)])
    with pytest.raises((AssertionError, AttributeError, ImportError, ConfigError)):
        getattr(PluginSuite, law)(PluginSuite(), providers)
