"""The laws of a model flavor, and a workspace in memory to hold one to them."""

import contextlib
import json
import os
import pickle
import re
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from math import isclose, isnan
from pathlib import Path
from typing import Any, ClassVar

import pytest

from hookline.documents import parse_yaml, write_yaml
from hookline.errors import DigestMismatch, InvalidValue, PickleRefused
from hookline.interfaces import Flavor
from hookline.models.document import ModelDocument
from hookline.models.manifest import Manifest
from hookline.models.pickles import PickleGate
from hookline.plugins import Plugins
from hookline.providers import FlavorProvider, hookimpl, resolve
from hookline.system import run_process
from hookline.testing.memory_plugin import memory_workspace
from hookline.testing.suite import Suite
from hookline.workspace import Workspace


class FlavorSuite(Suite):
    """Laws of one flavor. A subclass names it and gives two fixtures: `model` and `data`.

    Attributes:
        flavor_name: the flavor's key in `MLmodel`, as its installed plugin offers it.
        save_options: options to save with; subclass once more to test others than the defaults.
    """

    kind = "model flavor"
    version = 3

    flavor_name: ClassVar[str] = ""
    save_options: ClassVar[Mapping[str, Any]] = {}

    # What a subclass gives -------------------------------------------------------------------------------------------

    @pytest.fixture
    def model(self) -> Any:
        """A model that is ready to predict."""
        raise NotImplementedError("Give the fixture `model`: an object that the flavor saves, ready to predict.")

    @pytest.fixture
    def data(self) -> Any:
        """A few rows that the model predicts from; they serve as its input example."""
        raise NotImplementedError("Give the fixture `data`: a few rows that the model predicts from.")

    @pytest.fixture
    def expected(self, flavor: Flavor, model: Any, data: Any) -> Any:
        """What the model predicts from `data`; default: what it says before it is saved."""
        return flavor.predict(model, data, {})

    def plain(self, predictions: Any) -> Any:
        """Return predictions as lists, dicts and numbers; replace it where they are something unheard of."""
        return plain(predictions)

    # What follows from that ------------------------------------------------------------------------------------------

    @pytest.fixture
    def provider(self) -> FlavorProvider:
        """The flavor's provider, from the installed plugins."""
        return Plugins.discover().find_flavor(self.flavor_name)

    @pytest.fixture
    def flavor(self, provider: FlavorProvider) -> Flavor:
        """The flavor."""
        made: Flavor = resolve(provider.target)()
        return made

    @pytest.fixture
    def workspace(self, provider: FlavorProvider, tmp_path: Path) -> Workspace:
        """A workspace in memory that knows this flavor and no other."""
        return flavor_workspace(provider, tmp_path / "home")

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        """An empty folder to save into."""
        folder = tmp_path / "somewhere" / "model"
        folder.mkdir(parents=True)
        return folder

    @pytest.fixture
    def saved(self, workspace: Workspace, model: Any, data: Any, tmp_path: Path) -> Path:
        """A whole model, saved by the flow with `data` as its example."""
        path = tmp_path / "saved"
        workspace.models.save(model, path, input_example=data, **self.save_options)
        return path

    def written(self, flavor: Flavor, model: Any, folder: Path, data: Any) -> dict[str, Any]:
        """Write the flavor's own files as the flow does where `data` is the model's example; return the block."""
        return flavor.save_with_example(model, folder, dict(self.save_options), data)

    def same(self, found: Any, expected: Any) -> None:
        """Assert that predictions are equal, up to the last bits of a floating-point number."""
        assert_same(self.plain(found), self.plain(expected))

    # Choosing --------------------------------------------------------------------------------------------------------

    def test_the_names_agree(self, provider: FlavorProvider, flavor: Flavor) -> None:
        """The provider, the class and `MLmodel` know the flavor by one name."""
        assert isinstance(flavor, Flavor)
        assert flavor.name == provider.name

    def test_it_is_chosen_by_the_models_type(
        self, provider: FlavorProvider, workspace: Workspace, model: Any, tmp_path: Path
    ) -> None:
        """A class that the model's class derives from is among `handles`, and `save` picks the flavor by it."""
        names = {f"{each.__module__}.{each.__qualname__}" for each in type(model).__mro__}
        assert names.intersection(provider.handles), f"{provider.handles} names none of {sorted(names)}"
        document = workspace.models.save(model, tmp_path / "chosen", **self.save_options)
        assert provider.name in document.flavors

    def test_mlflow_finds_its_loader(self, flavor: Flavor) -> None:
        """A `loader_module` that is installed here has the function that `mlflow.pyfunc` calls."""
        package = flavor.loader_module.partition(".")[0]
        if package and find_spec(package) is not None:
            assert callable(resolve(f"{flavor.loader_module}:_load_pyfunc"))

    # Saving and loading ----------------------------------------------------------------------------------------------

    def test_what_was_saved_predicts_the_same(
        self, flavor: Flavor, folder: Path, model: Any, data: Any, expected: Any
    ) -> None:
        """Save, load, predict: the answer is the model's own. The saved model itself is not changed by it."""
        block = self.written(flavor, model, folder, data)
        self.same(flavor.predict(flavor.load(folder, block, gate(folder, opens=True)), data, {}), expected)
        self.same(flavor.predict(model, data, {}), expected)

    def test_the_block_is_plain_yaml(self, flavor: Flavor, folder: Path, model: Any, data: Any) -> None:
        """What `save` returns survives being written to `MLmodel` and read again."""
        block = self.written(flavor, model, folder, data)
        assert parse_yaml(write_yaml(block).encode(), folder / "MLmodel").value == block

    def test_paths_are_relative(
        self, flavor: Flavor, folder: Path, model: Any, data: Any, expected: Any, tmp_path: Path
    ) -> None:
        """The block names the data by a relative path, and the folder may be moved."""
        block = self.written(flavor, model, folder, data)
        assert (folder / block["data"]).exists(), "the key `data` must name the model's file or folder"
        assert str(folder) not in json.dumps(block)
        moved = folder.rename(tmp_path / "moved")
        self.same(flavor.predict(flavor.load(moved, block, gate(moved, opens=True)), data, {}), expected)

    def test_nothing_is_written_elsewhere(
        self, flavor: Flavor, folder: Path, model: Any, data: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """`save` writes below its folder only, plain files and no links, and none that the flow writes itself."""
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        monkeypatch.chdir(elsewhere)
        block = self.written(flavor, model, folder, data)
        flavor.load(folder, block, gate(folder, opens=True))
        assert list(elsewhere.iterdir()) == []
        assert list(folder.parent.iterdir()) == [folder]
        assert [each.name for each in folder.rglob("*") if each.is_symlink()] == []
        own = {"MLmodel", "manifest.json", "requirements.txt", "conda.yaml", "python_env.yaml", "input_example.json"}
        assert own.isdisjoint(each.name for each in folder.iterdir())

    def test_rows_apart_are_predicted_as_together(self, flavor: Flavor, model: Any, data: Any, expected: Any) -> None:
        """Where the flavor says that it predicts by row, what another row holds does not matter."""
        if flavor.predicts_by_row:
            rows = data.iloc if hasattr(data, "iloc") else data
            for number in range(len(data)):
                found = flavor.predict(model, rows[number : number + 1], {})
                answers = expected.iloc if hasattr(expected, "iloc") else expected
                self.same(found, answers[number : number + 1])

    def test_one_instance_serves_all_threads(
        self, flavor: Flavor, model: Any, data: Any, expected: Any, tmp_path: Path
    ) -> None:
        """Threads save, load and predict at once with one instance, which remembers no folder of another model."""

        def round_trip(number: int) -> Any:
            folder = tmp_path / f"thread-{number}"
            folder.mkdir()
            block = self.written(flavor, model, folder, data)
            return flavor.predict(flavor.load(folder, block, gate(folder, opens=True)), data, {})

        with ThreadPoolExecutor(4) as pool:
            for found in pool.map(round_trip, range(4)):
                self.same(found, expected)
        for number in range(4):
            shutil.rmtree(tmp_path / f"thread-{number}")
        self.same(round_trip(4), expected)

    def test_it_loads_in_a_fresh_process(self, provider: FlavorProvider, workspace: Workspace, saved: Path) -> None:
        """Another process, which has imported nothing, loads the model and predicts the same from its example."""
        assert isinstance(provider.target, str), "the provider's target is a string, so that it can be imported"
        arguments = [provider.name, provider.target, json.dumps(provider.handles), str(saved)]
        there = json.loads(run_process([sys.executable, "-m", __name__, *arguments]).splitlines()[-1])
        here = _predictions_from_example(workspace, saved)
        assert_same(there, json.loads(json.dumps(self.plain(here), default=str)))

    # Options ---------------------------------------------------------------------------------------------------------

    def test_no_options_are_needed(self, flavor: Flavor, folder: Path, model: Any) -> None:
        """`save` takes an empty mapping; where the defaults cannot hold this model, it says so as `InvalidValue`."""
        try:
            assert flavor.save(model, folder, {})
        except InvalidValue:
            assert self.save_options, "without options of the suite's own, the defaults must do"

    def test_an_unknown_option_is_refused(self, flavor: Flavor, folder: Path, model: Any) -> None:
        """A misspelt option is `InvalidValue`, not ignored, and nothing is written."""
        with pytest.raises(InvalidValue, match="no_such_option"):
            flavor.save(model, folder, {**self.save_options, "no_such_option": 1})
        assert list(folder.iterdir()) == []

    # Safety ----------------------------------------------------------------------------------------------------------

    def test_a_closed_gate_is_respected(
        self, flavor: Flavor, folder: Path, model: Any, data: Any, expected: Any
    ) -> None:
        """Where pickles may not be opened, an honest model loads without any, or is refused."""
        block = self.written(flavor, model, folder, data)
        try:
            loaded = flavor.load(folder, block, gate(folder, opens=False))
        except PickleRefused:
            return
        self.same(flavor.predict(loaded, data, {}), expected)

    def test_a_closed_gate_executes_nothing(
        self, flavor: Flavor, folder: Path, model: Any, data: Any, tmp_path: Path
    ) -> None:
        """A pickle in the place of any file, or of any member of an archive, is never opened behind the gate's back."""
        block = self.written(flavor, model, folder, data)
        closed = gate(folder, opens=False)
        _never_opens_a_pickle(folder, tmp_path / "executed", lambda: flavor.load(folder, block, closed))

    def test_a_changed_file_is_refused(self, workspace: Workspace, saved: Path, provider: FlavorProvider) -> None:
        """The flow checks digests before the flavor sees a file: one byte more is `DigestMismatch`."""
        block = workspace.models.inspect(str(saved)).document.flavors[provider.name]
        data = saved / block["data"]
        for path in [each for each in (data.rglob("*") if data.is_dir() else [data]) if each.is_file()]:
            honest = path.read_bytes()
            path.write_bytes(honest + b"\0")
            with pytest.raises(DigestMismatch, match=re.escape(path.name)):
                workspace.models.load(str(saved), allow_pickle=True)
            path.write_bytes(honest)
        workspace.models.load(str(saved), allow_pickle=True)

    # Inspecting ------------------------------------------------------------------------------------------------------

    def test_its_inspector_tells_plain_values(
        self,
        provider: FlavorProvider,
        flavor: Flavor,
        workspace: Workspace,
        saved: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """What it tells of a saved model without loading it is plain, and what `models inspect` shows."""
        if provider.inspector is None:
            return
        assert isinstance(provider.inspector, str), "the inspector is a string, so that only who asks imports it"
        before = Manifest.of(saved)
        for verb in ("load", "predict"):
            monkeypatch.setattr(type(flavor), verb, _not_asked)
        document = ModelDocument.read(saved)
        facts = resolve(provider.inspector)(saved, document.flavors[provider.name])
        assert json.loads(json.dumps(facts)) == facts, "plain values by name, such as JSON has"
        shown = {each.name: dict(each.facts) for each in workspace.models.inspect(str(saved)).flavors}
        assert shown[provider.name] == facts
        assert "problem" not in facts
        assert Manifest.of(saved) == before, "nothing in the model's folder is changed"

    def test_its_inspector_executes_nothing(
        self, provider: FlavorProvider, flavor: Flavor, folder: Path, model: Any, data: Any, tmp_path: Path
    ) -> None:
        """A pickle in the place of any file, or of any member of an archive, is not opened to tell of the model."""
        if provider.inspector is None:
            return
        inspector = resolve(provider.inspector)
        block = self.written(flavor, model, folder, data)
        _never_opens_a_pickle(folder, tmp_path / "executed", lambda: inspector(folder, block))

    # With the flow ---------------------------------------------------------------------------------------------------

    def test_requirements_are_installed_distributions(self, flavor: Flavor, model: Any) -> None:
        """What the flavor wants pinned is installed here, since its version is looked up."""
        for requirement in flavor.requirements(model):
            name = re.split(r"[^\w.\-]", requirement, maxsplit=1)[0]
            try:
                version(name)
            except PackageNotFoundError:
                pytest.fail(f"{requirement!r} is no installed distribution; name it as `pip install` does")

    def test_signature_and_example_come_back(self, workspace: Workspace, saved: Path, data: Any, expected: Any) -> None:
        """The signature is inferred from the example, kept in `MLmodel`, and lets the example itself through."""
        loaded = workspace.models.load(str(saved))
        assert loaded.signature is not None
        assert loaded.signature.inputs is not None
        assert loaded.signature.outputs is not None
        assert loaded.document.saved_input_example_info
        self.same(loaded.predict(data), expected)


def gate(folder: Path, *, opens: bool) -> PickleGate:
    """Return a gate for the models of a folder that opens all of their pickles, or none."""
    return PickleGate(folder, "model", "allow" if opens else "deny")


def flavor_workspace(provider: FlavorProvider, home: Path) -> Workspace:
    """Return a workspace in memory that knows one flavor."""

    class OneFlavor:
        @hookimpl
        def flavors(self) -> list[FlavorProvider]:
            return [provider]

    return memory_workspace(home, OneFlavor())


class _Canary:
    def __init__(self, marker: Path) -> None:
        self._marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self._marker),)


def canary(marker: Path) -> bytes:
    """Return a pickle that makes the folder `marker` when it is opened."""
    return pickle.dumps(_Canary(marker))


def _poisoned(path: Path, evil: bytes) -> list[bytes]:
    """Return a file's content replaced by a pickle, and where it is an archive, each of its members so replaced."""
    found = [evil]
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        found += [_archive({**members, name: evil}) for name in members]
    return found


def _archive(members: Mapping[str, bytes]) -> bytes:
    with tempfile.SpooledTemporaryFile() as stream:
        with zipfile.ZipFile(stream, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        stream.seek(0)
        return stream.read()


def _never_opens_a_pickle(folder: Path, marker: Path, read: Callable[[], object]) -> None:
    """Assert that reading a model's folder executes no pickle that stands in the place of one of its files."""
    for path in [each for each in folder.rglob("*") if each.is_file()]:
        honest = path.read_bytes()
        for evil in _poisoned(path, canary(marker)):
            path.write_bytes(evil)
            with contextlib.suppress(Exception):  # any error will do, as long as nothing is executed
                read()
            assert not marker.exists(), f"a pickle was executed in {path.name}"
        path.write_bytes(honest)


def _not_asked(*_arguments: object) -> None:
    raise AssertionError("an inspector reads files, and neither loads the model nor predicts with it")


def plain(value: Any) -> Any:
    """Return predictions as lists, dicts and single values, whichever library's arrays they are."""
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if hasattr(value, "columns") and hasattr(value, "__getitem__"):
        return {str(name): plain(value[name]) for name in value.columns}
    if hasattr(value, "toarray"):
        return value.toarray().tolist()
    for method in ("tolist", "to_list"):
        if hasattr(value, method):
            return getattr(value, method)()
    return [plain(each) for each in value] if isinstance(value, list | tuple) else value


def assert_same(found: Any, expected: Any, place: str = "the predictions") -> None:
    """Assert that plain values are equal, numbers up to a relative difference of 1e-9, NaN with NaN."""
    if isinstance(expected, float) and isinstance(found, float | int):
        both_nan = isnan(expected) and isnan(found)
        assert both_nan or isclose(found, expected, rel_tol=1e-9, abs_tol=1e-12), f"{place}: {found} != {expected}"
    elif isinstance(expected, dict) and isinstance(found, dict):
        assert found.keys() == expected.keys(), f"{place}: other keys"
        for key in expected:
            assert_same(found[key], expected[key], f"{place}[{key!r}]")
    elif isinstance(expected, list) and isinstance(found, list):
        assert len(found) == len(expected), f"{place}: {len(found)} values instead of {len(expected)}"
        for index, (one, other) in enumerate(zip(found, expected, strict=True)):
            assert_same(one, other, f"{place}[{index}]")
    else:
        assert found == expected, f"{place}: {found!r} != {expected!r}"


def _predictions_from_example(workspace: Workspace, path: Path) -> Any:
    loaded = workspace.models.load(str(path), allow_pickle=True)
    return loaded.predict(loaded.input_example)


def _main(name: str, target: str, handles: str, path: str) -> None:
    """Load a model in this process and print what it predicts from its example, as JSON."""
    provider = FlavorProvider(name, target, handles=json.loads(handles))
    with tempfile.TemporaryDirectory() as home:
        predictions = _predictions_from_example(flavor_workspace(provider, Path(home)), Path(path))
    print(json.dumps(plain(predictions), default=str))


if __name__ == "__main__":
    _main(*sys.argv[1:])
