"""Real, unmodified MLflow clients of three majors against our server: answers are compared in their process.

`HOOKLINE_PEERS` names the folder of their environments; `tox -e peers` makes them.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from servers import ours

PEERS = os.environ.get("HOOKLINE_PEERS", "")
pytestmark = pytest.mark.skipif(not PEERS, reason="HOOKLINE_PEERS names no folder; `tox -e peers` makes it")
SCRIPTS = Path(__file__).parent / "clients"


GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "mlflow-clients.md"


def said_by(folder, name, script):
    """Run a script in the environment of a peer against a server of ours; return what it counted."""
    with ours(folder) as url:
        done = subprocess.run(
            [str(Path(PEERS) / name / "bin" / "python"), "-W", "ignore", str(SCRIPTS / script)],
            env={**os.environ, "MLFLOW_TRACKING_URI": url, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"},
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(("name", "version"), [("mlflow", "3.17."), ("mlflow-2", "2.22."), ("mlflow-1", "1.30.")])
def test_an_unmodified_client_is_answered_rightly(tmp_path, name, version):
    said = said_by(tmp_path, name, "everything.py")
    assert said["version"].startswith(version)
    assert said["failures"] == []
    print(f"mlflow {said['version']}: {said['calls']} calls succeeded, {said['compared']} answers were compared")
    (row,) = [line for line in GUIDE.read_text(encoding="utf-8").splitlines() if f"` {version.rstrip('.')}" in line]
    assert [cell.strip() for cell in row.split("|")[2:4]] == [str(said["calls"]), str(said["compared"])]


def test_callbacks_of_libraries_log_as_they_are(tmp_path):
    """Optuna's, XGBoost's, LightGBM's and scikit-learn's own."""
    said = said_by(tmp_path, "mlflow", "callbacks.py")
    assert said["failures"] == []
    assert said["compared"] == 12
