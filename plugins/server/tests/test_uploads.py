"""Files through the server's proxy: whole or not there, of any size, and nothing of them left beside the store."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager

import pytest

from hookline_server.handlers.files import CHUNK
from hookline_server.uploads import Uploads

FILES = "/api/2.0/mlflow-artifacts/artifacts"
SIZES = [0, 1, 10_000, CHUNK - 1, CHUNK, CHUNK + 1, 5 * CHUNK + 17]


@pytest.fixture
def beside(tmp_path, monkeypatch):
    """Where files are while they come."""
    place = tmp_path / "coming"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


def files_in(place):
    """The files that are coming, in the folders of all processes."""
    return [*place.glob("*/[0-9]*")]


@pytest.mark.parametrize("size", SIZES)
def test_a_file_of_any_size_comes_back_as_it_was(beside, client, size):
    sent = os.urandom(size)
    assert client.raw("PUT", f"{FILES}/a/b.bin", sent)[0] == 200
    status, headers, got = client.raw("GET", f"{FILES}/a/b.bin")
    assert (status, headers["content-length"], got) == (200, str(size), sent)
    status, headers, got = client.raw("HEAD", f"{FILES}/a/b.bin")
    assert (status, headers["content-length"], got) == (200, str(size), b"")
    assert files_in(beside) == []


@pytest.mark.parametrize("size", [1, 3 * CHUNK])
def test_a_file_whose_sender_is_gone_is_not_there_and_leaves_nothing(beside, client, size):
    assert client.raw("PUT", f"{FILES}/a", b"before")[0] == 200
    head = f"PUT {FILES}/a HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {size + 1}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", client.port), timeout=10) as connection:
        connection.sendall(head.encode() + b"x" * size)
        if size >= CHUNK:
            wait_until(lambda: files_in(beside))
    wait_until(lambda: not files_in(beside))
    assert client.raw("GET", f"{FILES}/a")[2] == b"before"


@pytest.mark.parametrize("size", [2, 3 * CHUNK])
def test_a_file_that_cannot_be_stored_leaves_nothing(beside, client, workspace, monkeypatch, size):
    store = workspace.artifacts.locate("artifacts:/").store

    def refuse(key, source):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "put", refuse)
    assert client.raw("PUT", f"{FILES}/a", b"x" * size)[0] == 500
    assert files_in(beside) == []
    assert client.raw("GET", f"{FILES}/a")[0] == 404


def wait_until(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


FOLDERS = ["a fresh place", "beside the store"]


@pytest.fixture(params=FOLDERS)
def served_folder(request, tmp_path):
    """A folder to serve, and where files are while they come."""
    folder, temporary = tmp_path / "served", tmp_path / "temporary"
    (folder / ".hookline" / "artifacts").mkdir(parents=True) if request.param == FOLDERS[1] else folder.mkdir()
    temporary.mkdir()
    return folder, temporary if request.param == FOLDERS[0] else folder / ".hookline" / "artifacts.uploads"


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


def asked(port, method, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, f"{FILES}/a", body)
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
        wait_until(lambda: len([*place.glob("*/[0-9]*")]) == folders)
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


def test_only_what_is_ours_and_abandoned_is_swept(tmp_path):
    place, outside = tmp_path / "place", tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    living, other = Uploads(place), Uploads(place)
    for each in (living, other):
        each.begin().write([b"x"])
    (place / "hookline-uploads-link").symlink_to(outside)
    (place / "hookline-uploads-file").touch()
    (place / "hookline-uploads-new").mkdir()
    (place / "hookline-uploads-old").mkdir()
    os.utime(place / "hookline-uploads-old", (0, 0))
    (place / "somebody-s").mkdir()
    before = {each.name for each in place.iterdir()}
    other.sweep()
    assert before - {each.name for each in place.iterdir()} == {"hookline-uploads-old"}
    assert len([*place.glob("*/0")]) == 2
    assert (outside / "kept").exists()
    living.close()
    other.close()


def test_a_folder_that_was_cleared_away_is_made_again(tmp_path):
    uploads = Uploads(tmp_path)
    uploads.begin().write([b"x"])
    for each in tmp_path.iterdir():
        shutil.rmtree(each)
    upload = uploads.begin()
    upload.write([b"y"])
    assert len([*tmp_path.glob("*/lock")]) == 1
    upload.give_up()
    uploads.close()
    assert list(tmp_path.iterdir()) == []
