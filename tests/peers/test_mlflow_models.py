"""Models cross over both ways with the real mlflow, which runs in an environment of its own.

`HOOKLINE_PEER_MLFLOW` names that environment's interpreter; `tox -e peers` makes one, with our flavors beside mlflow.
"""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from hookline import Config, Workspace, infer_signature
from hookline.errors import PickleRefused, SignatureError

PEER = os.environ.get("HOOKLINE_PEER_MLFLOW", "")
pytestmark = pytest.mark.skipif(
    not PEER, reason="HOOKLINE_PEER_MLFLOW names no interpreter that has mlflow; `tox -e peers` makes one"
)

FORMATS = ["skops", "cloudpickle", "pickle"]
DIABETES, PROGRESS = load_diabetes(return_X_y=True, as_frame=True)
IRIS, KIND = load_iris(return_X_y=True)
MODELS = {
    "ridge on columns": (lambda: Ridge(alpha=0.05).fit(DIABETES, PROGRESS), DIABETES[:5]),
    "pipeline on an array": (
        lambda: make_pipeline(StandardScaler(), LogisticRegression(max_iter=300)).fit(IRIS, KIND),
        IRIS[::30],
    ),
    "forest": (lambda: RandomForestClassifier(3, random_state=0).fit(IRIS, KIND), IRIS[::30]),
}


def mlflow(program: str, folder: Path, *arguments: str) -> Any:
    """Run a program in mlflow's environment, in a folder; it prints its answer as one line of JSON."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "HOOKLINE_", "PYTHON"))
    }
    variables = {"MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db", "MLFLOW_DISABLE_TELEMETRY": "true"}
    done = subprocess.run(
        [PEER, "-c", PRELUDE + program, *arguments],
        cwd=folder,
        env={**kept, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


PRELUDE = """
import json, sys, warnings
warnings.filterwarnings("ignore")
import mlflow, numpy, pandas
def rows(file):
    content = json.load(open(file))
    return pandas.DataFrame(**content) if isinstance(content, dict) else numpy.array(content)
"""

LOAD = """
file, *paths = sys.argv[1:]
data, found = rows(file), {}
for path in paths:
    function = mlflow.pyfunc.load_model(path)
    document = mlflow.models.Model.load(path)
    try:
        function.predict(data.iloc[:, 1:] if hasattr(data, "iloc") else data[:, 1:])
        refused = ""
    except Exception as error:
        refused = str(error)
    found[path] = {
        "native": mlflow.sklearn.load_model(path).predict(data).tolist(),
        "function": numpy.asarray(function.predict(data)).tolist(),
        "example": numpy.asarray(document.load_input_example(path)).tolist(),
        "signature": document.signature.to_dict(),
        "refused": refused,
        "requirements": open(mlflow.pyfunc.get_model_dependencies(path)).read(),
    }
print(json.dumps(found))
"""

SAVE = """
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
X, y = load_iris(return_X_y=True, as_frame=True)
model, found = LogisticRegression(max_iter=300).fit(X, y), {}
for form in ("skops", "cloudpickle", "pickle"):
    for method in ("predict", "predict_proba"):
        path = f"{form}-{method}"
        signature = infer_signature(X[::30], getattr(model, method)(X[::30]))
        mlflow.sklearn.save_model(model, path, serialization_format=form, pyfunc_predict_fn=method,
                                  input_example=X[::30], signature=signature, pip_requirements=["scikit-learn"])
        answer = mlflow.pyfunc.load_model(path).predict(X[::30])
        found[path] = {"answer": numpy.asarray(answer).tolist(), "signature": signature.to_dict()}
print(json.dumps(found))
"""

PYTHON_MODEL = """
from mlflow.models import infer_signature
class Sum(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        self.factor = float(open(context.artifacts["factor"]).read())
    def predict(self, context, model_input, params=None):
        return model_input.sum(axis=1) * self.factor + (params or {}).get("offset", 0.0)
open("factor.txt", "w").write("2.0")
data = pandas.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
signature = infer_signature(data, data.sum(axis=1), params={"offset": 0.0})
mlflow.pyfunc.save_model("model", python_model=Sum(), artifacts={"factor": "factor.txt"}, signature=signature,
                         pip_requirements=["pandas"])
from pathlib import Path
import hookline_flavor_python
from hookline.errors import PickleRefused
from hookline.testing.memory_plugin import memory_workspace
with memory_workspace(Path("home"), hookline_flavor_python) as workspace:
    try:
        workspace.load_model("model")
        refused = False
    except PickleRefused:
        refused = True
    loaded = workspace.load_model("model", allow_pickle=True)
    print(json.dumps({
        "refused": refused,
        "ours": numpy.asarray(loaded.predict(data, {"offset": 1.0})).tolist(),
        "theirs": numpy.asarray(mlflow.pyfunc.load_model("model").predict(data, {"offset": 1.0})).tolist(),
        "columns": json.loads(loaded.signature.to_dict()["inputs"]),
    }))
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Any:
    with Workspace(Config.from_mapping({}, home=tmp_path / "home")) as made:
        yield made


def _written(data: Any, folder: Path) -> str:
    content = {"data": data.to_numpy().tolist(), "columns": list(data)} if hasattr(data, "iloc") else data.tolist()
    file = folder / "rows.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    return str(file)


@pytest.mark.parametrize("name", MODELS)
def test_mlflow_loads_what_we_save(workspace: Workspace, tmp_path: Path, name: str) -> None:
    fit, data = MODELS[name]
    model = fit()
    documents = {
        str(tmp_path / chosen): workspace.save_model(
            model, tmp_path / chosen, input_example=data, serialization_format=chosen
        )
        for chosen in FORMATS
    }
    there = mlflow(LOAD, tmp_path, _written(data, tmp_path), *documents)
    for path, document in documents.items():
        found, ours = there[path], document.signature.to_dict()
        assert found["native"] == pytest.approx(model.predict(data).tolist())
        assert found["function"] == pytest.approx(model.predict(data).tolist())
        assert numpy.allclose(found["example"], data)
        for part in ("inputs", "outputs"):
            assert json.loads(found["signature"][part]) == json.loads(ours[part])
        assert "scikit-learn==" in found["requirements"]
        assert "Failed to enforce schema" in found["refused"]


@pytest.fixture(scope="module")
def saved_there(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """Models that mlflow saved, in each format and with each method, and what mlflow says of them."""
    folder = tmp_path_factory.mktemp("saved-there")
    return folder, mlflow(SAVE, folder)


@pytest.mark.parametrize("method", ["predict", "predict_proba"])
@pytest.mark.parametrize("chosen", FORMATS)
def test_we_load_what_mlflow_saves(
    workspace: Workspace, saved_there: tuple[Path, Any], chosen: str, method: str
) -> None:
    path, theirs = saved_there[0] / f"{chosen}-{method}", saved_there[1][f"{chosen}-{method}"]
    data = pandas.DataFrame(**json.loads((path / "input_example.json").read_text()))
    if chosen == "skops":
        loaded = workspace.load_model(path)
    else:
        with pytest.raises(PickleRefused, match=r"sklearn\.linear_model\._logistic"):
            workspace.load_model(path)
        loaded = workspace.load_model(path, allow_pickle=True)
    assert type(loaded.native) is LogisticRegression
    assert numpy.allclose(loaded.predict(data), theirs["answer"])
    ours = loaded.signature.to_dict()
    for part in ("inputs", "outputs"):
        assert json.loads(ours[part]) == json.loads(theirs["signature"][part])
    assert json.loads(ours["inputs"]) == json.loads(infer_signature(data).to_dict()["inputs"])
    assert numpy.allclose(loaded.input_example, data)
    with pytest.raises(SignatureError, match="sepal length"):
        loaded.predict(data.drop(columns="sepal length (cm)"))


def test_we_load_a_python_model_of_mlflow_where_mlflow_is(tmp_path: Path) -> None:
    ours_is_there = subprocess.run([PEER, "-c", "import hookline_flavor_python"], capture_output=True, check=False)
    if ours_is_there.returncode:
        pytest.skip("our flavor `python_function` is not installed beside mlflow; `tox -e peers` does that")
    found = mlflow(PYTHON_MODEL, tmp_path)
    assert found["refused"]
    assert found["ours"] == found["theirs"] == [9.0, 13.0]
    assert [each["name"] for each in found["columns"]] == ["a", "b"]
