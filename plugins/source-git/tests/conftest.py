"""Repositories to fetch from: made by the real `git`, reached over `file://` and a real daemon."""

import contextlib
import socket
import subprocess
import time

import pytest

from hookline.system import end_process_group, run_process, start_process

WHO = {
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.org",
    "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
    "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
}


class Origin:
    """A repository with a working tree, to commit into."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments):
        return run_process(["git", "-C", str(self.folder), *arguments], variables=WHO, timeout=60).strip()

    def commit(self, files, message="a change"):
        """Make the working tree consist of the files, commit it, and return the commit's name."""
        self.git("rm", "-r", "-q", "--ignore-unmatch", ".")
        for key, content in files.items():
            path = self.folder / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        self.git("-c", "core.autocrlf=false", "add", "--all", "--force")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")


@pytest.fixture(autouse=True)
def no_configuration(monkeypatch):
    """Whatever Git is told on this machine has no part in the tests."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")


@pytest.fixture
def origin(tmp_path):
    return Origin(tmp_path / "served" / "origin")


@pytest.fixture
def daemon(tmp_path):
    """A `git daemon` on the loopback address that serves the folder `served`; the base of its URIs."""
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (tmp_path / "served").mkdir(exist_ok=True)
    options = ["--export-all", "--reuseaddr", "--listen=127.0.0.1", f"--port={port}", f"--base-path={tmp_path}/served"]
    process = start_process(
        ["git", "daemon", *options, str(tmp_path / "served")],
        variables=WHO,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            assert process.poll() is None, "the daemon ended"
            assert time.monotonic() < deadline, "the daemon does not answer"
            time.sleep(0.05)
        yield f"git://127.0.0.1:{port}"
    finally:
        end_process_group(process.pid)
        process.wait(10)
