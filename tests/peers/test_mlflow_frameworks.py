"""Models of frameworks cross over both ways with the real mlflow, which runs in an environment of its own.

`HOOKLINE_PEER_FRAMEWORKS` names that environment's interpreter; `tox -e frameworks` makes one.
"""

import os
import sys
from pathlib import Path
from typing import Any

import numpy
import pytest

from hookline import Config, Workspace
from hookline.errors import PickleRefused

sys.path.insert(0, str(Path(__file__).parent))
from peer_programs import answer_of

PEER = os.environ.get("HOOKLINE_PEER_FRAMEWORKS", "")
pytestmark = pytest.mark.skipif(
    not PEER,
    reason="HOOKLINE_PEER_FRAMEWORKS names no interpreter with mlflow and frameworks; `tox -e frameworks` makes one",
)

MODELS = """
import json, sys, warnings
warnings.filterwarnings("ignore")
import numpy
DATA = numpy.linspace(0, 1, 60).reshape(20, 3).astype("float32")
TARGET = (DATA[:, 0] > 0.5).astype(int)
def xgboost_booster():
    import xgboost
    return xgboost.train({"max_depth": 2}, xgboost.DMatrix(DATA, TARGET), 3)
def xgboost_classifier():
    import xgboost
    return xgboost.XGBClassifier(n_estimators=3, max_depth=2).fit(DATA, TARGET)
def lightgbm_booster():
    import lightgbm
    return lightgbm.train({"verbose": -1, "min_data_in_leaf": 1}, lightgbm.Dataset(DATA, TARGET), 3)
def lightgbm_classifier():
    import lightgbm
    return lightgbm.LGBMClassifier(n_estimators=3, verbose=-1, min_child_samples=1).fit(DATA, TARGET)
def onnx_graph():
    from onnx import TensorProto, helper
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 3]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Exp", ["x"], ["y"])], "exp", ends[:1], ends[1:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
def plain(found):
    if isinstance(found, dict):
        found = found["y"]
    return numpy.asarray(found).tolist()
"""
NAMES = ["xgboost_booster", "xgboost_classifier", "lightgbm_booster", "lightgbm_classifier", "onnx_graph"]

LOAD = """
import mlflow
name, path = sys.argv[1:]
flavor = name.partition("_")[0]
native = getattr(__import__("mlflow." + flavor), flavor).load_model(path)
print(json.dumps({
    "class": type(native).__name__,
    "function": plain(mlflow.pyfunc.load_model(path).predict(DATA)),
    "example": mlflow.models.Model.load(path).load_input_example(path).tolist(),
}))
"""
SAVE = """
import mlflow
from mlflow.models import infer_signature
name, path = sys.argv[1:]
flavor = name.partition("_")[0]
module = getattr(__import__("mlflow." + flavor), flavor)
module.save_model(globals()[name](), path, signature=infer_signature(DATA), pip_requirements=[flavor])
print(json.dumps(plain(mlflow.pyfunc.load_model(path).predict(DATA))))
"""


def mlflow(program: str, folder: Any, *arguments: str) -> Any:
    return answer_of(PEER, MODELS + program, folder, *arguments)


@pytest.fixture
def here() -> dict[str, Any]:
    """The same models and data, made in this process."""
    found: dict[str, Any] = {}
    exec(MODELS, found)
    return found


@pytest.fixture
def workspace(tmp_path: Any) -> Any:
    with Workspace(Config.from_mapping({}, home=tmp_path / "home")) as made:
        yield made


@pytest.mark.parametrize("name", NAMES)
def test_mlflow_loads_what_we_save(workspace: Workspace, here: Any, tmp_path: Any, name: str) -> None:
    pytest.importorskip(name.partition("_")[0], reason="the framework is not installed")
    model, data = here[name](), here["DATA"]
    path = str(tmp_path / "model")
    workspace.save_model(model, path, input_example=data[:5])
    expected = here["plain"](workspace.load_model(path).predict(data))
    there = mlflow(LOAD, tmp_path, name, path)
    assert there["class"] == type(model).__name__
    assert numpy.allclose(there["function"], expected)
    assert numpy.allclose(there["example"], data[:5])


@pytest.mark.parametrize("name", NAMES)
def test_we_load_what_mlflow_saves(workspace: Workspace, here: Any, tmp_path: Any, name: str) -> None:
    flavor = name.partition("_")[0]
    pytest.importorskip(flavor, reason="the framework is not installed")
    path = str(tmp_path / "model")
    there = mlflow(SAVE, tmp_path, name, path)
    is_pickle = name == "lightgbm_classifier"  # MLflow's default for it
    if is_pickle:
        with pytest.raises(PickleRefused):
            workspace.load_model(path)
    loaded = workspace.load_model(path, allow_pickle=is_pickle)
    assert loaded.flavor == flavor
    assert numpy.allclose(here["plain"](loaded.predict(here["DATA"])), there)
