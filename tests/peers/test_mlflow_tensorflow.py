"""TensorFlow's and Keras's models cross over both ways with the real mlflow, which runs in an environment of its own.

`HOOKLINE_PEER_TENSORFLOW` names that environment's interpreter; `tox -e tensorflow` makes one.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy
import pytest

from hookline import Config, Workspace
from hookline.errors import NotSupported, PickleRefused

sys.path.insert(0, str(Path(__file__).parent))
from peer_programs import answer_of
from servers import ours

PEER = os.environ.get("HOOKLINE_PEER_TENSORFLOW", "")
pytestmark = [
    pytest.mark.skipif(
        not PEER,
        reason="HOOKLINE_PEER_TENSORFLOW names no interpreter with mlflow and TensorFlow; `tox -e tensorflow` does",
    ),
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword"),  # Keras and numpy 2
]

MODELS = """
import json, sys, warnings
warnings.filterwarnings("ignore")
import keras, numpy, tensorflow
DATA = numpy.linspace(0, 1, 60, dtype="float32").reshape(20, 3)
class Line(tensorflow.Module):
    def __init__(self):
        super().__init__()
        self.slope = tensorflow.Variable([[1.0], [2.0], [3.0]])
    @tensorflow.function(input_signature=[tensorflow.TensorSpec([None, 3], tensorflow.float32, name="x")])
    def __call__(self, x):
        return x @ self.slope
@keras.saving.register_keras_serializable(package="own")
class Twice(keras.layers.Layer):
    def call(self, inputs):
        return inputs * 2
def layers(*more):
    keras.utils.set_random_seed(1)
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, activation="relu"), keras.layers.Dense(1), *more])
def plain(found):
    if hasattr(found, "to_numpy"):
        found = found.to_numpy()
    if isinstance(found, dict):
        (found,) = found.values()
    return numpy.asarray(found).ravel().tolist()
"""
MADE = {"module": "Line()", "keras": "layers()", "lambda": "layers(keras.layers.Lambda(lambda x: x + 1))"}


def made(name: str) -> Any:
    found: dict[str, Any] = {}
    exec(MODELS, found)
    return eval(MADE[name], found), found["DATA"], found["plain"]


@pytest.fixture
def workspace(tmp_path: Any) -> Any:
    with Workspace(Config.from_mapping({}, home=tmp_path / "home")) as workspace:
        yield workspace


LOAD = """
import mlflow
flavor, path = sys.argv[1:]
native = getattr(__import__("mlflow." + flavor), flavor).load_model(path)
function = mlflow.pyfunc.load_model(path)
data = {"x": DATA} if "x" in (function.metadata.get_input_schema().input_names() or ()) else DATA
said = native.predict(DATA) if flavor == "keras" else native(x=tensorflow.constant(DATA))
print(json.dumps({"class": type(native).__name__, "native": plain(said), "function": plain(function.predict(data))}))
"""


@pytest.mark.parametrize(
    ("name", "flavor", "kind"),
    [("module", "tensorflow", "_WrapperFunction"), ("keras", "keras", "Sequential")],
)
def test_mlflow_loads_what_we_save(workspace: Workspace, tmp_path: Any, name: str, flavor: str, kind: str) -> None:
    model, data, plain = made(name)
    path = str(tmp_path / "model")
    document = workspace.save_model(model, path, input_example=data[:5])
    assert list(document.flavors) == [flavor, "python_function"]
    expected = plain(workspace.load_model(path).predict(data))
    there = answer_of(PEER, MODELS + LOAD, tmp_path, flavor, path)
    assert kind in there["class"]
    assert numpy.allclose(there["native"], expected, atol=1e-6)
    assert numpy.allclose(there["function"], expected, atol=1e-6)


EITHER = """
from pathlib import Path
from hookline import Config, Workspace
from hookline.errors import PickleRefused
path, name = sys.argv[1:]
answers = {}
with Workspace(Config.from_mapping({}, home=Path("home"))) as workspace:
    for flavor in (None, name, "python_function"):
        loaded = workspace.load_model(path, flavor=flavor, allow_pickle=flavor == "python_function")
        data = {"x": DATA} if name == "tensorflow" else DATA
        answers[str(flavor)] = [loaded.flavor, plain(loaded.predict(data))]
    try:
        workspace.load_model(path, flavor="python_function")
    except PickleRefused as error:
        answers["refused"] = str(error)
print(json.dumps(answers))
"""


@pytest.mark.parametrize(("name", "flavor"), [("module", "tensorflow"), ("keras", "keras")])
def test_each_of_the_two_flavors_of_a_model_loads_it(
    workspace: Workspace, tmp_path: Any, name: str, flavor: str
) -> None:
    """The native one without further ado; the other by MLflow's loader, which is code, and so passes the gate."""
    model, data, plain = made(name)
    path = str(tmp_path / "model")
    workspace.save_model(model, path)
    expected = plain(workspace.load_model(path).predict(data))
    there = answer_of(PEER, MODELS + EITHER, tmp_path, path, flavor)
    assert f"mlflow.{flavor}" in there.pop("refused")
    assert {asked: said[0] for asked, said in there.items()} == {
        "None": flavor,
        flavor: flavor,
        "python_function": "python_function",
    }
    for _flavor, found in there.values():
        assert numpy.allclose(found, expected, atol=1e-6)


SAVE = """
import mlflow
from mlflow.models import infer_signature
module, model, options, path = sys.argv[1:]
flavor = getattr(__import__("mlflow." + module), module)
model, options = eval(model), eval(options)
signature = infer_signature(DATA, numpy.asarray(model(DATA)))
flavor.save_model(model, path, signature=signature, pip_requirements=[module], **options)
print(json.dumps(plain(model(DATA))))
"""


@pytest.mark.parametrize(
    ("module", "model", "options", "kind", "refused"),
    [
        ("tensorflow", "Line()", "{}", "LoadedSavedModel", ""),
        ("tensorflow", "layers()", "{}", "Sequential", "cloudpickle"),  # of the class that the program registered
        ("tensorflow", "layers()", "{'keras_model_kwargs': {'save_format': 'h5'}}", "Sequential", "cloudpickle"),
        ("tensorflow", "layers(Twice())", "{'custom_objects': {'Twice': Twice}}", "Sequential", "cloudpickle"),
        ("keras", "layers()", "{}", "Sequential", ""),
        ("keras", MADE["lambda"], "{}", "Sequential", "Python code inside"),
    ],
)
def test_we_load_what_mlflow_saves(
    workspace: Workspace, tmp_path: Any, module: str, model: str, options: str, kind: str, refused: str
) -> None:
    path = str(tmp_path / "model")
    there = answer_of(PEER, MODELS + SAVE, tmp_path, module, model, options, path)
    _model, data, plain = made("keras")
    if refused:
        with pytest.raises(PickleRefused, match=refused):
            workspace.load_model(path)
    loaded = workspace.load_model(path, allow_pickle=bool(refused))
    assert loaded.flavor == module
    assert type(loaded.native).__name__ == kind
    assert numpy.allclose(plain(loaded.predict(data)), there, atol=1e-6)


def test_what_mlflow_exported_is_refused_in_words(workspace: Workspace, tmp_path: Any) -> None:
    path = str(tmp_path / "model")
    answer_of(PEER, MODELS + SAVE, tmp_path, "keras", "layers()", "{'save_exported_model': True}", path)
    with pytest.raises(NotSupported, match="exported for serving"):
        workspace.load_model(path)


CLIENT = Path(__file__).parent / "clients" / "keras_callbacks.py"


def test_keras_logs_through_an_unmodified_client(tmp_path: Any) -> None:
    """MLflow's callback and its automatic logging of both flavors, at a server of ours."""
    with ours(tmp_path) as url:
        done = subprocess.run(
            [PEER, "-W", "ignore", str(CLIENT)],
            env={**os.environ, "MLFLOW_TRACKING_URI": url, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["failures"] == []
    assert said["compared"] == 13
