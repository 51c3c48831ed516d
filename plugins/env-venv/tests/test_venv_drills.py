"""What goes wrong while an environment is made: each is said clearly, and nothing of it is left."""

import http.server
import os
import threading
import zipfile

import pytest

from hookline.entities import EnvironmentSpec
from hookline.errors import ExecutionFailed
from hookline.testing.environment_suite import write_wheel
from hookline_env_venv.options import VenvOptions
from hookline_env_venv.uv import UvEnvironment
from hookline_env_venv.virtualenv import VirtualenvEnvironment

BOTH = pytest.mark.parametrize("kind", [UvEnvironment, VirtualenvEnvironment])
SPEC = EnvironmentSpec("python_env", dependencies=("heavy",))


@pytest.fixture
def heavy(tmp_path):
    """A folder with a wheel of 8 MiB that cannot be packed."""
    folder = tmp_path / "heavy"
    folder.mkdir()
    wheel = write_wheel(folder, "heavy", "1.0")
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("heavy_data.bin", os.urandom(2**23))
    return folder


class Index(http.server.ThreadingHTTPServer):
    """A package index that wants a password, or that hangs up in the middle of a wheel."""

    def __init__(self, wheel, *, refuses):
        super().__init__(("127.0.0.1", 0), Answers)
        self.wheel, self.refuses, self.cut = wheel, refuses, 0
        self.url = f"http://me:hunter2@127.0.0.1:{self.server_port}/simple"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_error):
        self.shutdown()
        self.server_close()


class Answers(http.server.BaseHTTPRequestHandler):
    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        if self.server.refuses:
            return self.send_error(401)
        name = self.server.wheel.name
        whole = self.server.wheel.read_bytes()
        page = f'<!DOCTYPE html><a href="/{name}">{name}</a>'.encode()
        body = whole if self.path.endswith(".whl") else page
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream" if body is whole else "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if body is whole and self.command == "GET":
            self.server.cut += 1
            self.close_connection = True
            body = body[: len(body) // 2]
        if self.command == "GET":
            self.wfile.write(body)
        return None

    def log_message(self, *_words):
        """Say nothing."""


def failure_of(kind, folder, options):
    """What is said; nothing of an environment is left."""
    with pytest.raises(ExecutionFailed) as caught:
        kind(folder, options).prepare(SPEC)
    assert [each.name for each in folder.iterdir() if each.is_dir()] == []
    said = str(caught.value)
    assert "The environment could not be made." in said
    assert "hunter2" not in said
    return said


@BOTH
def test_a_full_disk_is_said_and_leaves_nothing(kind, small_disk, heavy, monkeypatch, tmp_path):
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    room = 2**22 if kind is UvEnvironment else 2**24  # virtualenv brings pip along
    options = VenvOptions(find_links=[str(heavy)], no_index=True)
    said = failure_of(kind, small_disk(room) / "environments", options)
    assert "No space left on device" in said or "ensurepip" in said  # which does not pass on why pip failed


@BOTH
@pytest.mark.parametrize("refuses", [True, False], ids=["wrong credentials", "a connection that is cut"])
def test_an_index_that_fails_is_said_and_leaves_nothing(kind, heavy, monkeypatch, tmp_path, refuses):
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    for name in ("UV_HTTP_RETRIES", "PIP_RETRIES", "PIP_RESUME_RETRIES"):
        monkeypatch.setenv(name, "0")
    (wheel,) = heavy.iterdir()
    with Index(wheel, refuses=refuses) as index:
        said = failure_of(kind, tmp_path / "environments", VenvOptions(index_url=index.url, timeout=120))
        assert bool(index.cut) is not refuses
    assert f"127.0.0.1:{index.server_port}" in said or "heavy" in said
    if refuses and kind is UvEnvironment:  # pip says that it finds no version
        assert "401" in said
