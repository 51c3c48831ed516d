"""Real, unmodified MLflow clients against our server with users: what each may do, and MLflow's client for users."""

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
SCRIPT = Path(__file__).parent / "clients" / "users.py"
PASSWORD = "correct horse battery"


@pytest.mark.parametrize("default", ["READ", "NO_PERMISSIONS"])
@pytest.mark.parametrize("name", ["mlflow", "mlflow-2", "mlflow-1"])
def test_an_unmodified_client_does_what_its_user_may(tmp_path, name, default):
    for user, options in (("root", ["--admin"]), ("jane", []), ("john", [])):
        create = [sys.executable, "-m", "hookline", "auth", "users", "create", user, "--password-file", "-", *options]
        subprocess.run(create, cwd=tmp_path, input=PASSWORD, text=True, check=True, capture_output=True, timeout=120)
    make = [sys.executable, "-m", "hookline", "auth", "tokens", "create", "john"]
    token = subprocess.run(make, cwd=tmp_path, text=True, check=True, capture_output=True, timeout=120).stdout.strip()
    options = ["--auth", "auth-basic", "--auth-option", f"default_permission={default}"]
    with ours(tmp_path, *options) as url:
        done = subprocess.run(
            [str(Path(PEERS) / name / "bin" / "python"), "-W", "ignore", str(SCRIPT), default, PASSWORD, token],
            env={**os.environ, "MLFLOW_TRACKING_URI": url, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout.splitlines()[-1]) == {"failures": []}
