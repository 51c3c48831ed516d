"""Files through `hookline server` as a process over a folder: killed while they come, read from disks that are slow."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import pytest

from hookline import Config, Workspace
from hookline.testing import MemoryArtifactStore
from hookline_lib_serving import serving
from hookline_server import near_disk
from hookline_server.app import App
from hookline_server.handlers.files import CHUNK
from hookline_server.near_disk import SMALL, NearDisk
from hookline_server.services import Services

FILES = "/api/2.0/mlflow-artifacts/artifacts"
FOLDERS = ["a fresh place", "beside the store"]


@pytest.fixture(params=FOLDERS)
def served_folder(request, tmp_path):
    """A folder to serve, and where files are while they come: on the disk of the store, from the first one on."""
    folder = tmp_path / "served"
    (folder / ".hookline" / "artifacts").mkdir(parents=True) if request.param == FOLDERS[1] else folder.mkdir()
    (tmp_path / "temporary").mkdir()
    return folder, folder / ".hookline" / "artifacts.uploads"


@contextmanager
def process(folder, port=0):
    """A server in a process of its own; gives it and its port."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("HOOKLINE_", "MLFLOW_"))}
    clean["TMPDIR"] = str(folder.parent / "temporary")
    command = [sys.executable, "-m", "hookline", "server", "--json", "--port", str(port)]
    started = subprocess.Popen(command, cwd=folder, env=clean, stdout=subprocess.PIPE, text=True)
    try:
        said = "".join(iter(started.stdout.readline, "}\n")) + "}"
        yield started, int(json.loads(said)["url"].rpartition(":")[2])
    finally:
        started.kill()
        started.communicate(timeout=60)


def asked(port, method, body=None, *, key="a", path=""):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path or f"{FILES}/{key}", body)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@contextmanager
def half_sent(port, place, folders):
    """A file of which the server has written the first part, in the last of so many folders."""
    head = f"PUT {FILES}/a HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {3 * CHUNK}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(head.encode() + b"x" * 2 * CHUNK)
        wait_until(lambda: [each.stat().st_size >= CHUNK for each in place.glob("*/[0-9]*")] == [True] * folders)
        yield connection


@pytest.mark.skipif(not hasattr(os, "fork"), reason="signals of POSIX")
def test_what_a_killed_server_left_goes_at_the_next_start_and_a_living_one_keeps_its_own(served_folder):
    folder, place = served_folder
    with process(folder) as (first, port), half_sent(port, place, 1):
        first.send_signal(signal.SIGKILL)
        first.wait(60)
    (left,) = place.glob("*/[0-9]*")
    assert left.stat().st_size >= CHUNK
    with process(folder) as (_living, port):
        assert list(place.iterdir()) == []
        with half_sent(port, place, 1) as connection:
            (coming,) = place.glob("*/[0-9]*")
            with process(folder) as (other, _port):
                assert coming.exists(), "the process to which it is coming lives"
                other.terminate()
                assert other.wait(60) == 0
            connection.sendall(b"x" * CHUNK)
            assert connection.recv(1000).startswith(b"HTTP/1.1 200")
        assert asked(port, "GET") == (200, b"x" * 3 * CHUNK)


def test_a_server_that_is_stopped_leaves_no_folder(served_folder):
    folder, place = served_folder
    with process(folder) as (server, port):
        assert asked(port, "PUT", b"x") == (200, b"{}")
        assert len([*place.iterdir()]) == 1
        server.terminate()
        assert server.wait(60) == 0
    assert list(place.iterdir()) == []


def wait_until(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


# Reading ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def workspace(tmp_path):
    """A workspace on SQLite and a folder."""
    (tmp_path / "hookline.yaml").touch()
    with Workspace(Config.load(tmp_path, environ={})) as found:
        yield found


@pytest.fixture
def store(workspace):
    """Its artifact store."""
    return workspace.artifacts.locate("artifacts:/").store


@pytest.fixture
def port(workspace):
    """The port of a server of it, in this process."""
    app = App(Services(workspace))
    try:
        with serving.in_background(app) as url:
            yield int(url.rpartition(":")[2])
    finally:
        app.close()


@pytest.fixture(params=[True, False], ids=["a quick disk", "a slow disk"])
def is_quick(request, monkeypatch):
    """Whether the disk is so quick that files are read in the event loop."""
    monkeypatch.setattr(near_disk, "SLOW", 1000 if request.param else 0)
    monkeypatch.setattr(near_disk, "REST", 1000)
    return request.param


@pytest.mark.parametrize("size", [0, 1, SMALL - 1, SMALL, SMALL + 1, CHUNK + 1, 3 * CHUNK])
def test_a_file_comes_as_it_is_from_a_quick_disk_and_from_a_slow_one(port, is_quick, size):
    sent = os.urandom(size)
    assert asked(port, "PUT", sent)[0] == 200
    for _ in range(3):
        assert asked(port, "GET") == (200, sent)
    assert asked(port, "HEAD") == (200, b"")


@pytest.mark.usefixtures("is_quick")
@pytest.mark.parametrize("key", ["missing", "folder", "folder/link", "link/file"])
def test_what_is_no_file_is_not_sent_from_either(port, store, tmp_path, key):
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "file").write_text("secret")
    assert asked(port, "PUT", b"x")[0] == 200
    (store.root / "folder").mkdir()
    (store.root / "folder" / "link").symlink_to(tmp_path / "secret" / "file")
    (store.root / "link").symlink_to(tmp_path / "secret")
    for _ in range(2):
        status, body = asked(port, "GET", key=key)
        assert status in (400, 403, 404)
        assert b"secret" not in body


def test_where_nothing_may_be_made_beside_the_store_files_come_elsewhere(tmp_path):
    """A disk may be mounted at the store's own folder, and no more be this user's."""
    (tmp_path / "served" / ".hookline").mkdir(parents=True)
    (tmp_path / "temporary").mkdir()
    (tmp_path / "served" / ".hookline" / "artifacts.uploads").write_text("in the way")
    with process(tmp_path / "served") as (_, port):
        assert asked(port, "PUT", b"x" * (CHUNK + 1))[0] == 200
        assert asked(port, "GET") == (200, b"x" * (CHUNK + 1))


def test_a_disk_that_was_slow_keeps_nobody_else_waiting(port, store, monkeypatch):
    assert asked(port, "PUT", b"x")[0] == 200
    monkeypatch.setattr(near_disk, "REST", 1000)
    opened, let_go, threads = store.open, threading.Event(), []

    def slow(key):
        threads.append(threading.current_thread().name)
        if len(threads) > 1:
            let_go.wait(60)
        else:
            time.sleep(near_disk.SLOW * 2)
        return opened(key)

    monkeypatch.setattr(store, "open", slow)
    assert asked(port, "GET") == (200, b"x")
    waiting = threading.Thread(target=asked, args=(port, "GET"))
    waiting.start()
    wait_until(lambda: len(threads) == 2)
    assert asked(port, "GET", path="/health")[0] == 200, "the loop is free while the file is waited for"
    let_go.set()
    waiting.join()
    assert threads[1].startswith("hookline-files")


@pytest.mark.parametrize("size", [0, 1, near_disk.SMALL, near_disk.SMALL + 1])
def test_only_small_files_are_written_in_the_loop(port, store, monkeypatch, size):
    """Also while the disk is quick, a large one keeps nobody waiting."""
    assert asked(port, "PUT", b"x")[0] == 200
    monkeypatch.setattr(near_disk, "SLOW", 1000)
    took, threads = store.take, []

    def noted(key, source):
        threads.append(threading.current_thread().name)
        took(key, source)

    monkeypatch.setattr(store, "take", noted)
    assert asked(port, "PUT", b"y" * size)[0] == 200
    assert threads[0].startswith("hookline-files") == (size > near_disk.SMALL)
    assert asked(port, "GET") == (200, b"y" * size)


def test_a_disk_is_near_where_it_is_of_this_machine_and_answers_at_once(store, monkeypatch):
    assert NearDisk(store).is_quick(), "also before anything is there"
    assert not NearDisk(MemoryArtifactStore()).is_quick()
    disk = NearDisk(store)
    assert disk.is_quick()
    assert disk.use(str, 7) == "7"
    assert disk.is_quick()
    disk.use(time.sleep, near_disk.SLOW * 2)
    assert not disk.is_quick()
    monkeypatch.setattr(near_disk, "REST", 0)
    disk.use(time.sleep, near_disk.SLOW * 2)
    assert disk.is_quick()
    monkeypatch.setattr(near_disk, "is_network_filesystem", lambda _path: True)
    assert not NearDisk(store).is_quick()
