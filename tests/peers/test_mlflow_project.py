"""A project that imports mlflow runs unchanged under `hookline run`, and its run is in our store."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PEERS = os.environ.get("HOOKLINE_PEERS", "")
pytestmark = pytest.mark.skipif(not PEERS, reason="HOOKLINE_PEERS names no folder; `tox -e peers` makes it")
EXAMPLE = Path(__file__).parents[2] / "examples" / "mlflow-project"


def hookline(folder, *words):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("HOOKLINE_", "MLFLOW_"))}
    command = [sys.executable, "-m", "hookline", *words]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300
    )


@pytest.mark.parametrize(
    "packages",
    [
        ["mlflow-skinny==3.17.2", "scikit-learn"],
        ["mlflow-skinny==2.22.*", "scikit-learn"],
        ["mlflow-skinny==1.30.*", "setuptools<81", "numpy<2", "scikit-learn<1.5"],
    ],
    ids=lambda packages: packages[0],
)
def test_a_project_of_mlflow_logs_into_our_store(tmp_path, packages):
    project = tmp_path / "project"
    shutil.copytree(EXAMPLE, project)
    listed = "".join(f"  - {each}\n" for each in packages)
    (project / "python_env.yaml").write_text(f'python: "3.11"\ndependencies:\n{listed}', encoding="utf-8")
    done = hookline(tmp_path, "run", str(project), "-P", "alpha=0.05", "--env", "uv")
    assert done.returncode == 0, done.stderr
    (run,) = json.loads(hookline(tmp_path, "runs", "search", "--json").stdout)
    assert run["info"]["status"] == "FINISHED"
    assert run["data"]["params"] == {"alpha": "0.05", "epochs": "20", "penalty": "l2"}
    assert run["data"]["tags"]["framework"] == "scikit-learn"
    assert 50 < run["data"]["metrics"]["rmse"] < 70
    run_id = run["info"]["run_id"]
    assert f"run {run_id}" in done.stdout + done.stderr
    history = json.loads(hookline(tmp_path, "runs", "history", run_id, "rmse", "--json").stdout)
    assert [point["step"] for point in history] == list(range(20))
    listed = json.loads(hookline(tmp_path, "artifacts", "list", run_id, "--json").stdout)
    assert "coefficients.txt" in [each["path"] for each in listed]
