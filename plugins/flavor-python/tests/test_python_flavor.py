"""What is a model, how it is called, and what is saved beside it."""

import functools
import importlib.util
import logging
import math
import pickle
import sys
import threading
from pathlib import Path

import pytest

import hookline_flavor_python
from hookline.errors import InvalidState, InvalidValue, NotFound, PickleRefused, Refused, SignatureError
from hookline.models.pickles import PickleGate
from hookline.testing import memory_workspace
from hookline_flavor_python.calling import predict
from hookline_flavor_python.flavor import PythonFlavor
from hookline_flavor_python.foreign import as_table
from hookline_flavor_python.pyfunc import _load_pyfunc


@pytest.fixture
def workspace(tmp_path):
    with memory_workspace(tmp_path / "home", hookline_flavor_python) as made:
        yield made
        made.runs.end_open("FINISHED")


def double(rows):
    return [row * 2 for row in rows]


def scaled(rows, scale=1, *, offset=0):
    return [row * scale + offset for row in rows]


def with_params(rows, params):
    return sorted(params.items())


class Predicts:
    def predict(self, rows):
        return double(rows)


class PredictsWithParams:
    def predict(self, rows, params=None):
        return params


class Callable:
    def __call__(self, rows):
        return double(rows)


class WithContext:
    def predict(self, context, model_input, params=None):
        return [context.artifacts, context.model_config, model_input, params]


class OnlyContext:
    def predict(self, context):
        return context


# Calling -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "params", "expected"),
    [
        (double, {}, [2, 4]),
        (lambda rows: sum(rows), {}, 3),
        (sum, {}, 3),
        (functools.partial(scaled, scale=3), {}, [3, 6]),
        (functools.partial(scaled, scale=3), {"offset": 1}, [4, 7]),
        (scaled, {"scale": 2, "offset": 1}, [3, 5]),
        (lambda rows, **rest: rest, {"anything": 1}, {"anything": 1}),
        (with_params, {}, []),
        (with_params, {"b": 1, "a": 2}, [("a", 2), ("b", 1)]),
        (Predicts(), {}, [2, 4]),
        (Predicts().predict, {}, [2, 4]),
        (PredictsWithParams(), {"t": 1}, {"t": 1}),
        (PredictsWithParams(), {}, {}),
        (Callable(), {}, [2, 4]),
        (WithContext(), {"t": 1}, [{}, {}, [1, 2], {"t": 1}]),
        (OnlyContext(), {}, [1, 2]),
    ],
)
def test_how_models_are_called(model, params, expected):
    assert predict(model, [1, 2], params) == expected


@pytest.mark.parametrize(
    ("model", "params", "known"),
    [(double, {"t": 1}, "none"), (scaled, {"t": 1}, "scale, offset"), (Predicts(), {"t": 1}, "none")],
)
def test_params_that_the_model_does_not_take_are_named(model, params, known):
    with pytest.raises(InvalidValue, match=f"'t'.* It takes: {known}"):
        predict(model, [1], params)


def test_errors_of_the_model_itself_are_its_own():
    with pytest.raises(ZeroDivisionError):
        predict(lambda rows: 1 / 0, [1], {})
    with pytest.raises(TypeError, match="unsupported"):
        predict(lambda rows, scale=1: rows + scale, None, {"scale": "x"})


def test_functions_of_c_that_do_not_say_what_they_take():
    assert predict(math.hypot, 3.0, {}) == 3.0


@pytest.mark.parametrize("model", [5, "text", {"a": 1}, object()])
def test_what_cannot_predict_is_refused(workspace, tmp_path, model):
    with pytest.raises(InvalidValue, match="no method 'predict' and cannot be called"):
        workspace.save_model(model, tmp_path / "m")
    assert not (tmp_path / "m").exists()


# Saving and loading --------------------------------------------------------------------------------------------------


def test_a_lambda_is_a_model(workspace, tmp_path):
    factor = 3
    document = workspace.save_model(
        lambda rows: [row["x"] * factor for row in rows], tmp_path / "m", input_example=[{"x": 1}]
    )
    block = document.flavors["python_function"]
    assert list(document.flavors) == ["python_function"]
    assert (block["loader_module"], block["data"]) == ("hookline_flavor_python.pyfunc", "model.pkl")
    loaded = workspace.load_model(tmp_path / "m")
    assert loaded.predict([{"x": 5, "y": 1}]) == [15]
    with pytest.raises(SignatureError, match="row 0, column 'x'"):
        loaded.predict([{"x": "a"}])


def test_a_lambda_is_logged_registered_and_found(workspace):
    with workspace.start_run() as run:
        run.log_model(lambda rows: rows, "same", registered_name="same")
    assert workspace.load_model("models:/same/latest").predict([1]) == [1]
    assert workspace.load_model(f"runs:/{run.run_id}/same").predict([2]) == [2]


def test_what_cloudpickle_cannot_hold_says_so(workspace, tmp_path):
    lock = threading.Lock()
    with pytest.raises(InvalidValue, match=r"'python_function' cannot save this function: TypeError: .*lock"):
        workspace.save_model(lambda rows: lock, tmp_path / "m")
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize(("policy", "refused"), [("trusted", True), ("deny", True), ("allow", False)])
def test_a_strangers_function_runs_only_where_the_policy_says_so(tmp_path, policy, refused):
    marker = tmp_path / "executed"

    class Evil:
        def __reduce__(self):
            return marker.mkdir, ()

        def predict(self, rows):
            return rows

    with memory_workspace(tmp_path / "other", hookline_flavor_python) as other:
        other.save_model(Evil(), tmp_path / "m")
    with memory_workspace(tmp_path / "home", hookline_flavor_python, models={"pickle": policy}) as workspace:
        if refused:
            with pytest.raises(PickleRefused, match=r"pathlib\."):
                workspace.load_model(tmp_path / "m")
        else:
            workspace.load_model(tmp_path / "m")
    assert marker.exists() is not refused


# Beside the function -------------------------------------------------------------------------------------------------


@pytest.fixture
def helpers(tmp_path, monkeypatch):
    """A module of the user's own, imported as a program would."""
    (tmp_path / "lib" / "own_package").mkdir(parents=True)
    (tmp_path / "lib" / "own_package" / "__init__.py").write_text("FACTOR = 7\n")
    (tmp_path / "lib" / "own_module.py").write_text(
        "from own_package import FACTOR\ndef times(rows):\n    return [row * FACTOR for row in rows]\n"
    )
    monkeypatch.setattr(sys, "path", [str(tmp_path / "lib"), *sys.path])
    yield tmp_path / "lib"
    for name in ("own_module", "own_package"):
        sys.modules.pop(name, None)


def test_modules_of_ones_own_go_with_the_model(workspace, tmp_path, helpers, monkeypatch, caplog):
    import own_module

    paths = [helpers / "own_module.py", str(helpers / "own_package")]
    with caplog.at_level(logging.WARNING, "hookline"):
        document = workspace.save_model(own_module.times, tmp_path / "m", code_paths=paths)
    assert "'own_module'" in caplog.text
    assert document.flavors["python_function"]["code"] == "code"
    assert (tmp_path / "m" / "code" / "own_package" / "__init__.py").is_file()
    assert not list((tmp_path / "m").rglob("__pycache__"))
    del sys.modules["own_module"], sys.modules["own_package"]
    monkeypatch.setattr(sys, "path", [each for each in sys.path if each != str(helpers)])
    loaded = workspace.load_model(tmp_path / "m")
    assert loaded.predict([1, 2]) == [7, 14]
    assert sys.modules["own_module"].__file__ == str(tmp_path / "m" / "code" / "own_module.py")


def test_modules_that_are_not_there_say_so(workspace, tmp_path, helpers, monkeypatch):
    import own_module

    workspace.save_model(own_module.times, tmp_path / "m")
    del sys.modules["own_module"]
    monkeypatch.setattr(sys, "path", [each for each in sys.path if each != str(helpers)])
    with pytest.raises(InvalidState, match="'own_module', which is not installed"):
        workspace.load_model(tmp_path / "m")


def test_a_strangers_modules_are_not_put_on_the_path(workspace, tmp_path):
    gate = PickleGate(tmp_path, "m", "deny")
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "evil.py").write_text("raise SystemExit\n")
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(1))
    before = list(sys.path)
    with pytest.raises(PickleRefused, match=r"evil\.py"):
        PythonFlavor().load(tmp_path, {"data": "model.pkl", "code": "code"}, gate)
    assert sys.path == before
    for outside in ("../x", "/etc"):
        with pytest.raises((InvalidValue, Refused)):
            PythonFlavor().load(tmp_path, {"data": "model.pkl", "code": outside}, PickleGate(tmp_path, "m", "allow"))


def test_artifacts_and_config_reach_the_model_through_its_context(workspace, tmp_path):
    (tmp_path / "factor.txt").write_text("2.5")

    class Model:
        def load_context(self, context):
            self.factor = float(Path(context.artifacts["factor"]).read_text())

        def predict(self, context, model_input):
            return [row * self.factor + context.model_config["offset"] for row in model_input]

    workspace.save_model(
        Model(), tmp_path / "m", artifacts={"factor": tmp_path / "factor.txt"}, model_config={"offset": 1}
    )
    (tmp_path / "factor.txt").unlink()
    moved = (tmp_path / "m").rename(tmp_path / "elsewhere")
    loaded = workspace.load_model(moved)
    assert type(loaded.native.model).__name__ == "Model"
    assert loaded.predict([2]) == [6.0]
    assert _load_pyfunc(str(moved / "model.pkl")).predict([2]) == [6.0]
    assert _load_pyfunc(str(moved / "model.pkl"), {"offset": 2}).predict([2]) == [7.0]


@pytest.mark.parametrize(
    ("options", "error", "problem"),
    [
        ({"code_paths": ["nowhere.py"]}, NotFound, "nowhere.py"),
        ({"artifacts": {"a": "nowhere"}}, InvalidValue, "context"),
        ({"model_config": {"a": 1}}, InvalidValue, "context"),
        ({"code_path": []}, InvalidValue, "did you mean 'code_paths'"),
    ],
)
def test_options_that_cannot_be_are_refused_before_anything_is_written(workspace, tmp_path, options, error, problem):
    with pytest.raises(error, match=problem):
        workspace.save_model(double, tmp_path / "m", **options)
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize("name", ["../x", "/x", ""])
def test_a_name_of_an_artifact_cannot_leave_the_folder(workspace, tmp_path, name):
    (tmp_path / "f").touch()
    with pytest.raises(InvalidValue, match="Invalid path"):
        workspace.save_model(WithContext(), tmp_path / "m", artifacts={name: tmp_path / "f"})


# Models of other loaders ---------------------------------------------------------------------------------------------


def foreign(folder, loader, **block):
    folder.mkdir()
    (folder / "weights.json").write_text("[3]")
    extra = "".join(f"    {key}: {value}\n" for key, value in block.items())
    (folder / "MLmodel").write_text(f"flavors:\n  python_function:\n    loader_module: {loader}\n{extra}")
    return folder


def test_a_model_of_mlflow_says_what_is_missing(workspace, tmp_path):
    assert "mlflow" not in sys.modules
    if importlib.util.find_spec("mlflow"):
        pytest.skip("mlflow is installed here")
    path = foreign(tmp_path / "m", "mlflow.pyfunc.model")
    with pytest.raises(PickleRefused, match=r"mlflow\.pyfunc\.model"):
        workspace.load_model(path)
    with pytest.raises(InvalidState, match=r"'mlflow'; that is not installed here\. To get it: pip install mlflow"):
        workspace.load_model(path, allow_pickle=True)


LOADER = """
import json
class Model:
    def __init__(self, path, config):
        with open(path) as stream:
            self.factor, self.config = json.load(stream)[0], config
    def predict(self, rows, params=None):
        return [row * self.factor for row in rows]
    def other(self, rows):
        return self.config
def _load_pyfunc(path, config=None):
    return Model(path, config)
"""


def test_any_loader_module_that_comes_with_the_model(workspace, tmp_path):
    path = foreign(tmp_path / "m", "own_loader", data="weights.json", code="code")
    (path / "code").mkdir()
    (path / "code" / "own_loader.py").write_text(LOADER)
    with pytest.raises(PickleRefused, match=r"own_loader\.py"):
        workspace.load_model(path)
    assert workspace.load_model(path, allow_pickle=True).predict([1, 2]) == [3, 6]
    sys.modules.pop("own_loader")
    path = foreign(tmp_path / "n", "own_loader", data="weights.json", predict_fn="other", config="{a: 1}")
    assert workspace.load_model(path, allow_pickle=True).predict([1]) == {"a": 1}
    sys.modules.pop("own_loader")


@pytest.mark.parametrize(
    ("loader", "block", "error", "problem"),
    [
        ("json", {}, InvalidState, "no function _load_pyfunc"),
        ("no_such_loader", {}, InvalidState, "'no_such_loader'; that is not installed"),
        ("json", {"data": "nothing.bin"}, NotFound, "nothing.bin"),
        ("json", {"data": "../../x"}, InvalidValue, "Invalid path"),
    ],
)
def test_a_loader_that_is_none_says_so(workspace, tmp_path, loader, block, error, problem):
    with pytest.raises(error, match=problem):
        workspace.load_model(foreign(tmp_path / "m", loader, **block), allow_pickle=True)


@pytest.mark.parametrize(
    ("data", "is_record", "columns", "rows"),
    [
        ([{"a": 1}, {"a": 2}], False, ["a"], [[1], [2]]),
        ({"a": [1, 2]}, False, ["a"], [[1], [2]]),
        ({"a": [1, 2]}, True, ["a"], [[[1, 2]]]),
        ({"a": 1, "b": "x"}, False, ["a", "b"], [[1, "x"]]),
        ([1, 2], False, [0], [[1], [2]]),
        ("x", False, [0], [["x"]]),
    ],
)
def test_tables_are_made_as_mlflow_makes_them(data, is_record, columns, rows):
    pandas = pytest.importorskip("pandas")
    frame = as_table(data, is_record)
    assert isinstance(frame, pandas.DataFrame)
    assert (frame.columns.tolist(), frame.to_numpy().tolist()) == (columns, rows)
    assert as_table(frame) is frame
