"""Unmodified clients upload large files in parts: to a server over a folder, with users, and over an object store."""

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
SCRIPT = Path(__file__).parent / "clients" / "multipart.py"
PASSWORD = "correct horse battery"
SMALL = {
    "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD": "true",
    "MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE": "512000",
    "MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE": "200000",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
}


def said_by(name, url, folder, **variables):
    done = subprocess.run(
        [str(Path(PEERS) / name / "bin" / "python"), "-W", "ignore", str(SCRIPT)],
        env={**os.environ, **SMALL, "MLFLOW_TRACKING_URI": url, **variables},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def open_uploads(folder):
    return [*folder.rglob("uploads/parts/*"), *folder.rglob("*.uploads/parts/*")]


@pytest.mark.parametrize(("name", "version"), [("mlflow", "3.17."), ("mlflow-2", "2.22.")])
def test_large_files_arrive_in_parts(tmp_path, name, version):
    with ours(tmp_path) as url:
        said = said_by(name, url, tmp_path)
    assert said["version"].startswith(version)
    assert said["failures"] == []
    assert said["parts"] == 3 + 3 + 9
    assert said["hosts"] == [url]
    assert len(said["listed"]) == 4
    assert open_uploads(tmp_path) == []


def test_an_upload_whose_part_fails_is_given_up(tmp_path):
    """The client then asks to forget it, and nothing of the file is there."""
    with ours(tmp_path) as url:
        said = said_by("mlflow", url, tmp_path, BREAK_PART="1")
    (failure,) = said["failures"]
    assert "Failed to upload at least one part" in failure
    assert said["listed"] == []
    assert open_uploads(tmp_path) == []


def test_clients_that_have_to_say_who_they_are_do_so_for_the_whole(tmp_path):
    create = [sys.executable, "-m", "hookline", "auth", "users", "create", "jane", "--password-file", "-"]
    subprocess.run(create, cwd=tmp_path, input=PASSWORD, text=True, check=True, capture_output=True, timeout=120)
    with ours(tmp_path, "--auth", "auth-basic") as url:
        jane = {"MLFLOW_TRACKING_USERNAME": "jane", "MLFLOW_TRACKING_PASSWORD": PASSWORD}
        said = said_by("mlflow", url, tmp_path, **jane)
    assert said["failures"] == []
    assert said["parts"] == 15


def test_a_client_that_is_told_so_sends_the_file_whole(tmp_path):
    """Where the server is behind a proxy that it does not know, whose header is put into every request here."""
    (tmp_path / "sitecustomize.py").write_text(
        "import requests\n_old = requests.Session.request\n"
        "def request(self, method, url, **named):\n"
        "    named['headers'] = {**(named.get('headers') or {}), 'X-Forwarded-Proto': 'https'}\n"
        "    return _old(self, method, url, **named)\n"
        "requests.Session.request = request\n"
    )
    with ours(tmp_path) as url:
        said = said_by("mlflow", url, tmp_path, PYTHONPATH=str(tmp_path))
    assert said["failures"] == []
    assert said["parts"] == 0
    assert len(said["listed"]) == 4
