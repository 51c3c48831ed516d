"""Models of PyTorch and transformers cross over both ways with the real mlflow, and their libraries' callbacks log.

`HOOKLINE_PEER_TORCH` names the interpreter of an environment with mlflow; `tox -e torch` makes one.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from servers import ours

from hookline import Config, Workspace
from hookline.errors import PickleRefused

PEER = os.environ.get("HOOKLINE_PEER_TORCH", "")
pytestmark = pytest.mark.skipif(
    not PEER, reason="HOOKLINE_PEER_TORCH names no interpreter with mlflow and PyTorch; `tox -e torch` makes one"
)

MODELS = """
import json, sys, warnings
warnings.filterwarnings("ignore")
import numpy, torch
DATA = numpy.linspace(-1, 1, 12, dtype="float32").reshape(4, 3)
def network():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Dropout(), torch.nn.ReLU(), torch.nn.Linear(8, 2)).eval()
"""

LOAD = """
import mlflow
(path,) = sys.argv[1:]
native = mlflow.pytorch.load_model(path)
with torch.no_grad():
    said = native(torch.from_numpy(DATA[:3])).tolist()
print(json.dumps({
    "native": said,
    "function": mlflow.pyfunc.load_model(path).predict(DATA[:3]).tolist(),
    "example": mlflow.models.Model.load(path).load_input_example(path).tolist(),
    "requirements": open(mlflow.pyfunc.get_model_dependencies(path)).read(),
}))
"""
SAVE = """
import mlflow
path, form = sys.argv[1:]
mlflow.pytorch.save_model(network(), path, input_example=DATA, serialization_format=form, pip_requirements=["torch"])
print(json.dumps(mlflow.pyfunc.load_model(path).predict(DATA[:3]).tolist()))
"""
TABLE = """
import mlflow, pandas
(path,) = sys.argv[1:]
said = mlflow.pyfunc.load_model(path).predict(pandas.DataFrame(DATA, columns=["a", "b", "c"]))
print(json.dumps(said.to_numpy().tolist()))
"""
NAMED = """
import mlflow
(path,) = sys.argv[1:]
native = mlflow.pytorch.load_model(path)
said = native(left=torch.from_numpy(DATA), right=torch.from_numpy(DATA))["sum"].tolist()
try:
    mlflow.pyfunc.load_model(path).predict({"left": DATA, "right": DATA})
    refused = ""
except Exception as error:
    refused = str(error)
print(json.dumps({"native": said, "refused": refused}))
"""


def mlflow(program: str, folder: Any, *arguments: str, **variables: str) -> Any:
    """Run a program in mlflow's environment, in a folder; it prints its answer as one line of JSON."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "HOOKLINE_", "PYTHON"))
    }
    given = {"MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db", "MLFLOW_DISABLE_TELEMETRY": "true", **variables}
    done = subprocess.run(
        [PEER, "-c", MODELS + program, *arguments],
        cwd=folder,
        env={**kept, "HF_HUB_OFFLINE": "1", **given},
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


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


@pytest.mark.parametrize("form", ["pt2", "pickle"])
def test_mlflow_loads_modules_that_we_save(workspace: Workspace, here: Any, tmp_path: Any, form: str) -> None:
    path = str(tmp_path / "model")
    workspace.save_model(here["network"](), path, input_example=here["DATA"], serialization_format=form)
    expected = workspace.load_model(path, allow_pickle=form == "pickle").predict(here["DATA"][:3])
    there = mlflow(LOAD, tmp_path, path, MLFLOW_ALLOW_PICKLE_DESERIALIZATION=str(form == "pickle"))
    assert numpy.allclose(there["native"], expected)
    assert numpy.allclose(there["function"], expected)
    assert numpy.allclose(there["example"], here["DATA"])
    assert "torch==" in there["requirements"]


@pytest.mark.parametrize("form", ["pt2", "pickle"])
def test_we_load_modules_that_mlflow_saves(workspace: Workspace, here: Any, tmp_path: Any, form: str) -> None:
    path = str(tmp_path / "model")
    there = mlflow(SAVE, tmp_path, path, form)
    if form == "pickle":
        with pytest.raises(PickleRefused, match=r"torch\.nn\.modules"):
            workspace.load_model(path)
    loaded = workspace.load_model(path, allow_pickle=form == "pickle")
    assert loaded.flavor == "pytorch"
    assert numpy.allclose(loaded.predict(here["DATA"][:3]), there)


def test_mlflow_gives_tables_to_modules_that_we_save(workspace: Workspace, here: Any, tmp_path: Any) -> None:
    pandas = pytest.importorskip("pandas")
    path = str(tmp_path / "model")
    table = pandas.DataFrame(here["DATA"], columns=["a", "b", "c"])
    workspace.save_model(here["network"](), path, input_example=table)
    assert numpy.allclose(mlflow(TABLE, tmp_path, path), workspace.load_model(path).predict(table))


def test_named_inputs_are_for_mlflow_s_own_loader_only(workspace: Workspace, here: Any, tmp_path: Any) -> None:
    import torch

    class Sum(torch.nn.Module):
        def forward(self, left: torch.Tensor, right: torch.Tensor) -> dict[str, torch.Tensor]:
            return {"sum": left + right}

    path = str(tmp_path / "model")
    workspace.save_model(Sum(), path, input_example={"left": here["DATA"], "right": here["DATA"]})
    there = mlflow(NAMED, tmp_path, path)
    assert numpy.allclose(there["native"], here["DATA"] * 2)
    assert "does not support List or Dict" in there["refused"]


PIPELINE = """
sys.path.insert(0, HERE)
import tiny
TEXTS = ["a good film", "a very bad film", "the film"]
def labels(found):
    return [each["label"] for each in (found.to_dict("records") if hasattr(found, "to_dict") else found)]
"""
LOAD_PIPELINE = """
import mlflow
(path,) = sys.argv[1:]
native = mlflow.transformers.load_model(path)
parts = mlflow.transformers.load_model(path, return_type="components")
print(json.dumps({
    "class": type(native).__name__,
    "native": native(TEXTS),
    "parts": sorted(parts),
    "function": labels(mlflow.pyfunc.load_model(path).predict(TEXTS)),
    "requirements": open(mlflow.pyfunc.get_model_dependencies(path)).read(),
}))
"""
SAVE_PIPELINE = """
import mlflow
(path,) = sys.argv[1:]
mlflow.transformers.save_model(tiny.classifying(), path, input_example=TEXTS, pip_requirements=["transformers"])
print(json.dumps(labels(mlflow.pyfunc.load_model(path).predict(TEXTS))))
"""
LOAD_MODEL_ALONE = """
import mlflow
(path,) = sys.argv[1:]
model = mlflow.transformers.load_model(path, return_type="components")["model"]
print(json.dumps(model.eval()(torch.tensor([[2, 5, 3]])).logits.tolist()))
"""
TINY = Path(__file__).parents[2] / "plugins" / "flavor-transformers" / "tests"


def pipelines(program: str) -> str:
    return PIPELINE.replace("HERE", repr(str(TINY))) + program


@pytest.fixture
def tiny() -> Any:
    """The module that makes tiny models of transformers."""
    pytest.importorskip("transformers", reason="transformers is not installed")
    sys.path.insert(0, str(TINY))
    return __import__("tiny")


TEXTS = ["a good film", "a very bad film", "the film"]


def test_mlflow_loads_pipelines_that_we_save(workspace: Workspace, tiny: Any, tmp_path: Any) -> None:
    path = str(tmp_path / "model")
    workspace.save_model(tiny.classifying(), path, input_example=TEXTS)
    ours = workspace.load_model(path).predict(TEXTS)
    there = mlflow(pipelines(LOAD_PIPELINE), tmp_path, path)
    assert there["class"] == "TextClassificationPipeline"
    assert [each["label"] for each in there["native"]] == [each["label"] for each in ours] == there["function"]
    assert numpy.allclose([each["score"] for each in there["native"]], [each["score"] for each in ours])
    assert {"model", "tokenizer", "task"} <= set(there["parts"])
    assert "transformers==" in there["requirements"]


def test_we_load_pipelines_that_mlflow_saves(workspace: Workspace, tiny: Any, tmp_path: Any) -> None:
    path = str(tmp_path / "model")
    there = mlflow(pipelines(SAVE_PIPELINE), tmp_path, path)
    loaded = workspace.load_model(path)
    assert loaded.flavor == "transformers"
    assert type(loaded.native).__name__ == "TextClassificationPipeline"
    assert [each["label"] for each in loaded.predict(TEXTS)] == there


def test_mlflow_loads_the_parts_of_a_model_alone(workspace: Workspace, tiny: Any, tmp_path: Any) -> None:
    path = str(tmp_path / "model")
    example = {"input_ids": numpy.array([[2, 5, 3]])}
    workspace.save_model(tiny.classifier(), path, input_example=example)
    expected = workspace.load_model(path).predict(example)["logits"]
    assert numpy.allclose(mlflow(pipelines(LOAD_MODEL_ALONE), tmp_path, path), expected, atol=1e-6)


def test_callbacks_of_lightning_and_transformers_log_as_they_are(tmp_path: Path) -> None:
    script = Path(__file__).parent / "clients" / "trainers.py"
    with ours(tmp_path) as url:
        done = subprocess.run(
            [PEER, "-W", "ignore", str(script)],
            env={**os.environ, "MLFLOW_TRACKING_URI": url, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=850,
        )
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["failures"] == []
    assert said["compared"] == 23
