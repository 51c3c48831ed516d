"""Tests on real servers of files, which `tox -e remote-files` installs; elsewhere they are skipped."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

NEEDED = "HOOKLINE_TEST_REMOTE_FILES"

if os.environ.get(NEEDED):
    sys.path.insert(0, str(Path(__file__).parent))
    import file_servers as servers
else:
    collect_ignore_glob = ["test_*.py"]

Starts = Callable[[str], "servers.Running"]


def _made(name: str, folder: Path) -> "servers.Running":
    kinds = {
        "sftp": servers.OpenSsh,
        "sftp-password": servers.AskingSsh,
        "ftp": lambda folder: servers.Scripted(folder, "serve_ftp.py"),
        "ftps": lambda folder: servers.Scripted(folder, "serve_ftp.py", encrypted=True),
        "vsftpd": servers.Vsftpd,
        "smb": servers.Samba,
        "webdav": lambda folder: servers.Scripted(folder, "serve_webdav.py"),
        "webdavs": lambda folder: servers.Scripted(folder, "serve_webdav.py", encrypted=True),
    }
    return kinds[name](folder)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Starts]:
    """A function that returns the server of a kind, started once for all tests."""
    started: dict[str, servers.Running] = {}
    with ExitStack() as stack:

        def start(name: str) -> servers.Running:
            if name not in started:
                started[name] = stack.enter_context(servers.running(_made(name, tmp_path_factory.mktemp(name))))
            return started[name]

        yield start


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Starts]:
    """A function that starts a server for one test, which may kill it."""
    with ExitStack() as stack:
        yield lambda name: stack.enter_context(servers.running(_made(name, tmp_path_factory.mktemp(f"own-{name}"))))


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home folder of a person who has no credentials of any kind."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    return folder
