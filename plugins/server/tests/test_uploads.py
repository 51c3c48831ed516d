"""Files through the server's proxy: whole or not there, of any size, and nothing of them left beside the store."""

import os
import shutil
import socket
import tempfile
import time
from urllib.parse import quote

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


@pytest.mark.parametrize(
    ("name", "media_type", "sent_as"),
    [
        ("a.json", "application/json", "a.json"),
        ("model.tar.gz", "application/x-tar", "model.tar.gz"),
        ("no-ending_~1", "application/octet-stream", "no-ending_~1"),
        (".json", "application/octet-stream", ".json"),
        ("\u00fc (1).html", "text/html", "%C3%BC%20%281%29.html"),
    ],
)
def test_a_file_is_sent_with_its_type_as_an_attachment(client, name, media_type, sent_as):
    path = f"{FILES}/a/{quote(name)}"
    assert client.raw("PUT", path, b"x")[0] == 200
    headers = client.raw("GET", path)[1]
    assert headers["content-type"] == media_type
    assert headers["content-disposition"] == f"attachment; filename*=UTF-8''{sent_as}"
    assert headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert (headers["x-content-type-options"], headers["cache-control"]) == ("nosniff", "private, no-cache")


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
