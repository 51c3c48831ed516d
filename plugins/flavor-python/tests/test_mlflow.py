"""Models cross over both ways with the real mlflow, which runs in an environment of its own beside this plugin.

`HOOKLINE_PEER_MLFLOW` names that environment's interpreter; `tox -e peers` makes one.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

import hookline_flavor_python
from hookline.testing import memory_workspace

PEER = os.environ.get("HOOKLINE_PEER_MLFLOW", "")
pytestmark = pytest.mark.skipif(
    not PEER, reason="HOOKLINE_PEER_MLFLOW names no interpreter that has mlflow; `tox -e peers` makes one"
)

PRELUDE = """
import json, sys, warnings
warnings.filterwarnings("ignore")
import mlflow, numpy, pandas
"""


def there(program, folder, *arguments, **variables):
    """Run a program beside mlflow; it prints its answer as the last line, in JSON."""
    kept = {name: each for name, each in os.environ.items() if not name.startswith(("MLFLOW_", "HOOKLINE_", "PYTHON"))}
    settings = {"MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db", "MLFLOW_DISABLE_TELEMETRY": "true"}
    done = subprocess.run(
        [PEER, "-c", PRELUDE + program, *map(str, arguments)],
        cwd=folder,
        env={**kept, **settings, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert "No module named 'hookline" not in done.stderr, "install ./core and ./plugins/flavor-python beside mlflow"
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture
def workspace(tmp_path):
    with memory_workspace(tmp_path / "home", hookline_flavor_python) as made:
        yield made


# Ours, loaded by mlflow ----------------------------------------------------------------------------------------------

LOAD = """
found = {}
for case in json.loads(sys.argv[1]):
    model = mlflow.pyfunc.load_model(case["path"])
    data = case["data"]
    if case["kind"] == "frame":
        data = pandas.DataFrame(data)
    if case["kind"] == "array":
        data = numpy.array(data)
    answer = model.predict(data, params=case["params"])
    example = model.input_example
    found[case["name"]] = {
        "answer": answer.tolist() if hasattr(answer, "tolist") else list(answer),
        "has_example": example is not None,
        "signature": model.metadata.signature.to_dict(),
    }
print(json.dumps(found, default=float))
"""


def test_mlflow_loads_what_we_save(workspace, tmp_path):
    numpy, pandas = pytest.importorskip("numpy"), pytest.importorskip("pandas")
    (tmp_path / "factor.txt").write_text("2.5")
    (tmp_path / "own_times.py").write_text("def times(rows):\n    return [row * 5 for row in rows]\n")

    class Context:
        def load_context(self, context):
            self.factor = float(Path(context.artifacts["factor"]).read_text())

        def predict(self, context, model_input, params=None):
            return [row["x"] * getattr(self, "factor", 1.0) for row in model_input]

    def late(rows):
        import own_times

        return own_times.times(rows)

    frame = pandas.DataFrame({"x": [1.0, 2.0]})
    cases = {
        "records": (lambda rows: [row["x"] * 2 for row in rows], [{"x": 1.5}], "plain", None, {}),
        "list": (lambda rows: [row * 2 for row in rows], [1, 2], "plain", None, {}),
        "one record": (lambda row: [row["x"] * 2], {"x": 1}, "plain", None, {}),
        "frame": (lambda table: table["x"] * 2, frame, "frame", None, {}),
        "array": (lambda rows: rows @ numpy.ones(2), numpy.ones((3, 2)), "array", None, {}),
        "params": (
            lambda rows, scale=1: [row["x"] * scale for row in rows],
            ([{"x": 1}], {"scale": 1}),
            "plain",
            {"scale": 4},
            {},
        ),
        "context": (Context(), [{"x": 2.0}], "plain", None, {"artifacts": {"factor": tmp_path / "factor.txt"}}),
        "code": (late, [1, 2], "plain", None, {"code_paths": [tmp_path / "own_times.py"]}),
    }
    asked, expected = [], {}
    for name, (model, example, kind, params, options) in cases.items():
        workspace.save_model(model, tmp_path / name, input_example=example, requirements=["cloudpickle"], **options)
        loaded = workspace.load_model(tmp_path / name)
        data = example[0] if isinstance(example, tuple) else example
        expected[name] = [float(each) for each in loaded.predict(data, params)]
        plain = data.to_dict("list") if kind == "frame" else data.tolist() if kind == "array" else data
        asked.append({"path": str(tmp_path / name), "name": name, "kind": kind, "data": plain, "params": params})
        signature = loaded.signature.to_dict()
        expected[name] = (expected[name], signature)
    found = there(LOAD, tmp_path, json.dumps(asked))
    for name, (answer, signature) in expected.items():
        assert found[name]["answer"] == answer, name
        assert found[name]["has_example"]
        assert found[name]["signature"] == signature
    assert expected["context"][0] == [5.0]
    assert expected["params"][0] == [4.0]


REFUSED = """
try:
    mlflow.pyfunc.load_model(sys.argv[1])
    print(json.dumps(""))
except Exception as error:
    print(json.dumps(str(error)))
"""


def test_mlflows_switch_against_pickles_is_obeyed(workspace, tmp_path):
    workspace.save_model(lambda rows: rows, tmp_path / "m", requirements=["cloudpickle"])
    text = there(REFUSED, tmp_path, tmp_path / "m", MLFLOW_ALLOW_PICKLE_DESERIALIZATION="false")
    assert "MLFLOW_ALLOW_PICKLE_DESERIALIZATION" in text
    assert there(REFUSED, tmp_path, tmp_path / "m") == ""


# mlflow's, loaded by ours ---------------------------------------------------------------------------------------------

OURS = """
from pathlib import Path
from hookline.errors import PickleRefused
from hookline.testing import memory_workspace
import hookline_flavor_python
workspace = memory_workspace(Path("home"), hookline_flavor_python)
def both(path, data, params=None):
    try:
        workspace.load_model(path)
        raise SystemExit("it was not refused")
    except PickleRefused:
        pass
    theirs = mlflow.pyfunc.load_model(path).predict(data, params=params)
    loaded = workspace.load_model(path, allow_pickle=True)
    ours = loaded.predict(data, params)
    as_list = lambda each: each.tolist() if hasattr(each, "tolist") else list(each)
    same = loaded.signature is None or loaded.signature.to_dict() == mlflow.models.Model.load(path).signature.to_dict()
    return [as_list(theirs), as_list(ours), same]
"""

SAVE = (
    OURS
    + """
from mlflow.models import infer_signature
found = {}

class Sum(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        self.factor = float(open(context.artifacts["factor"]).read())
    def predict(self, context, model_input, params=None):
        return model_input.sum(axis=1) * self.factor + (params or {}).get("offset", 0.0)
open("factor.txt", "w").write("2.0")
data = pandas.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
signature = infer_signature(data, data.sum(axis=1), params={"offset": 0.0})
mlflow.pyfunc.save_model("class", python_model=Sum(), artifacts={"factor": "factor.txt"}, signature=signature,
                         pip_requirements=["pandas"])
found["class"] = both("class", data, {"offset": 1.0})
found["class by records"] = both("class", [{"b": 3.0, "a": 1.0}])

class Typed(mlflow.pyfunc.PythonModel):
    def predict(self, model_input: list[str], params=None) -> list[str]:
        return [each.upper() for each in model_input]
mlflow.pyfunc.save_model("typed", python_model=Typed(), pip_requirements=["mlflow"])
found["typed"] = both("typed", ["a", "b"])

def function(model_input):
    return [each * 2 for each in model_input]
mlflow.pyfunc.save_model("function", python_model=function, pip_requirements=["mlflow"])
found["function"] = both("function", [1, 2])

open("script.py", "w").write(\"\"\"
import mlflow
class Scripted(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return [len(model_input)]
mlflow.models.set_model(Scripted())
\"\"\")
mlflow.pyfunc.save_model("script", python_model="script.py", pip_requirements=["mlflow"])
found["script"] = both("script", [1, 2, 3])

open("own_loader.py", "w").write(\"\"\"
import json
class Model:
    def __init__(self, factor): self.factor = factor
    def predict(self, table): return table["a"] * self.factor
def _load_pyfunc(path):
    return Model(json.load(open(path)))
\"\"\")
json.dump(4, open("weights.json", "w"))
mlflow.pyfunc.save_model("loader", loader_module="own_loader", data_path="weights.json", code_paths=["own_loader.py"],
                         pip_requirements=["pandas"], signature=infer_signature(data))
found["loader"] = both("loader", data)

from sklearn.linear_model import LinearRegression
mlflow.sklearn.save_model(LinearRegression().fit(data, [1.0, 2.0]), "sklearn", signature=infer_signature(data),
                          pip_requirements=["scikit-learn"])
found["sklearn without its flavor"] = both("sklearn", data)
print(json.dumps(found))
"""
)


def test_we_load_what_mlflow_saves_where_mlflow_is(tmp_path):
    found = there(SAVE, tmp_path)
    for name, (theirs, ours, same_signature) in found.items():
        assert ours == pytest.approx(theirs) if name != "typed" else ours == theirs, name
        assert same_signature, name
    assert found["class"][1] == [9.0, 13.0]
    assert found["typed"][1] == ["A", "B"]
    assert found["script"][1] == [3]
