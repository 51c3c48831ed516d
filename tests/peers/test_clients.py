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
SCRIPT = Path(__file__).parent / "clients" / "everything.py"


GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "mlflow-clients.md"


@pytest.mark.parametrize(("name", "version"), [("mlflow", "3.17."), ("mlflow-2", "2.22."), ("mlflow-1", "1.30.")])
def test_an_unmodified_client_is_answered_rightly(tmp_path, name, version):
    with ours(tmp_path) as url:
        done = subprocess.run(
            [str(Path(PEERS) / name / "bin" / "python"), "-W", "ignore", str(SCRIPT)],
            env={**os.environ, "MLFLOW_TRACKING_URI": url, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["version"].startswith(version)
    assert said["failures"] == []
    print(f"mlflow {said['version']}: {said['calls']} calls succeeded, {said['compared']} answers were compared")
    (row,) = [line for line in GUIDE.read_text(encoding="utf-8").splitlines() if f"` {version.rstrip('.')}" in line]
    assert [cell.strip() for cell in row.split("|")[2:4]] == [str(said["calls"]), str(said["compared"])]
