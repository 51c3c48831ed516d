"""Files through the server's proxy: whole or not there, of any size, and nothing of them left beside the store."""

import os
import socket
import tempfile
import time

import pytest

from hookline_server.handlers.files import CHUNK

FILES = "/api/2.0/mlflow-artifacts/artifacts"
SIZES = [0, 1, 10_000, CHUNK - 1, CHUNK, CHUNK + 1, 5 * CHUNK + 17]


@pytest.fixture
def beside(tmp_path, monkeypatch):
    """Where files are while they come."""
    place = tmp_path / "coming"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


@pytest.mark.parametrize("size", SIZES)
def test_a_file_of_any_size_comes_back_as_it_was(beside, client, size):
    sent = os.urandom(size)
    assert client.raw("PUT", f"{FILES}/a/b.bin", sent)[0] == 200
    status, headers, got = client.raw("GET", f"{FILES}/a/b.bin")
    assert (status, headers["content-length"], got) == (200, str(size), sent)
    status, headers, got = client.raw("HEAD", f"{FILES}/a/b.bin")
    assert (status, headers["content-length"], got) == (200, str(size), b"")
    assert list(beside.iterdir()) == []


@pytest.mark.parametrize("size", [1, 3 * CHUNK])
def test_a_file_whose_sender_is_gone_is_not_there_and_leaves_nothing(beside, client, size):
    assert client.raw("PUT", f"{FILES}/a", b"before")[0] == 200
    head = f"PUT {FILES}/a HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {size + 1}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", client.port), timeout=10) as connection:
        connection.sendall(head.encode() + b"x" * size)
        if size >= CHUNK:
            wait_until(lambda: list(beside.iterdir()))
    wait_until(lambda: not list(beside.iterdir()))
    assert client.raw("GET", f"{FILES}/a")[2] == b"before"


@pytest.mark.parametrize("size", [2, 3 * CHUNK])
def test_a_file_that_cannot_be_stored_leaves_nothing(beside, client, workspace, monkeypatch, size):
    store = workspace.artifacts.locate("artifacts:/").store

    def refuse(key, source):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "put", refuse)
    assert client.raw("PUT", f"{FILES}/a", b"x" * size)[0] == 500
    assert list(beside.iterdir()) == []
    assert client.raw("GET", f"{FILES}/a")[0] == 404


def wait_until(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
