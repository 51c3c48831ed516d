"""`hookline server --artifacts s3://...`: files pass through it, whole and in parts, in bounded memory."""

import hashlib
import http.client
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from object_servers import BUCKET, KEY, SECRET, Seaweed

from hookline.entities import FileInfo
from hookline_artifact_object.options import MEBIBYTE
from hookline_artifact_object.store import ObjectArtifactStore

pytest.importorskip("hookline_server")
FILES, MPU = "/api/2.0/mlflow-artifacts/artifacts", "/api/2.0/mlflow-artifacts/mpu"
LARGE = 300 * MEBIBYTE
ALLOWED = 150 * MEBIBYTE


class Served:
    """A server in a process of its own."""

    def __init__(self, process: "subprocess.Popen[str]", url: str, artifacts: str) -> None:
        self.process, self.artifacts = process, artifacts
        self.host = urlsplit(url).netloc

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        connection = http.client.HTTPConnection(self.host, timeout=120)
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return connection, answer

    def done(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        """Return the status, the headers and the body."""
        connection, answer = self.ask(method, path, body, headers)
        try:
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def memory(self) -> int:
        """The largest size that the process had, in bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        (line,) = [each for each in status.splitlines() if each.startswith("VmHWM:")]
        return int(line.split()[1]) * 1024


@contextmanager
def served(folder: Path, seaweed: Seaweed, *options: str) -> Iterator[Served]:
    artifacts = f"s3://{BUCKET}/{uuid.uuid4().hex}"
    command = [sys.executable, "-m", "hookline", "server", "--port", "0", "--json", "--artifacts", artifacts, *options]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("HOOKLINE_", "MLFLOW_", "AWS_"))}
    environment |= {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_ENDPOINT_URL": seaweed.url}
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True
        )
    assert process.stdout is not None
    try:
        said = json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")
        yield Served(process, said["url"], artifacts)
    finally:
        process.terminate()
        process.communicate(timeout=60)


@pytest.fixture
def server(tmp_path: Path, on_seaweed: Seaweed) -> Iterator[Served]:
    with served(tmp_path, on_seaweed) as found:
        yield found


@pytest.fixture
def store(server: Served) -> ObjectArtifactStore:
    """What the server keeps, seen directly."""
    return ObjectArtifactStore(server.artifacts)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large"
    with path.open("wb") as file:
        for number in range(LARGE // MEBIBYTE):
            file.write(hashlib.sha256(number.to_bytes(4, "big")).digest() * (MEBIBYTE // 32))
    return path


def digest_of(stream: Any) -> str:
    digest = hashlib.sha256()
    while part := stream.read(MEBIBYTE):
        digest.update(part)
    return digest.hexdigest()


def test_a_large_file_goes_through_in_bounded_memory(server: Served, store: ObjectArtifactStore, large: Path) -> None:
    path = f"{FILES}/0/run/artifacts/gro%C3%9F%20100%25.bin"
    assert server.done("PUT", f"{FILES}/0/run/artifacts/small", b"x")[0] == 200
    before = server.memory()
    with large.open("rb") as file:
        assert server.done("PUT", path, file, {"Content-Length": str(LARGE)})[0] == 200
    assert list(store.list("0/run/artifacts")) == [
        FileInfo("0/run/artifacts/groß 100%.bin", False, LARGE),
        FileInfo("0/run/artifacts/small", False, 1),
    ]
    connection, answer = server.ask("GET", path)
    assert (answer.status, answer.headers["Content-Length"]) == (200, str(LARGE))
    with large.open("rb") as file:
        assert digest_of(answer) == digest_of(file)
    connection.close()
    assert server.memory() - before < ALLOWED


def test_files_are_listed_read_and_removed(server: Served, store: ObjectArtifactStore) -> None:
    for name in ("a/b.txt", "a/c/d.txt"):
        assert server.done("PUT", f"{FILES}/0/{name}", name.encode())[0] == 200
    _, _, listed = server.done("GET", f"{FILES}?path=0/a")
    assert json.loads(listed)["files"] == [
        {"path": "b.txt", "is_dir": False, "file_size": 7},
        {"path": "c", "is_dir": True},
    ]
    assert server.done("GET", f"{FILES}/0/a/c/d.txt")[2] == b"a/c/d.txt"
    assert server.done("DELETE", f"{FILES}/0/a")[0] == 200
    assert list(store.list("0")) == []
    assert server.done("GET", f"{FILES}/0/a/b.txt")[0] == 404


def test_a_large_file_goes_through_in_parts(server: Served, store: ObjectArtifactStore, large: Path) -> None:
    size, count = 50 * MEBIBYTE, LARGE // (50 * MEBIBYTE)
    json_type = {"Content-Type": "application/json"}
    whole = f"{MPU}/create/0/run/artifacts"
    status, _, answer = server.done("POST", whole, json.dumps({"path": "model.bin", "num_parts": count}), json_type)
    assert status == 200, answer
    begun, before, parts = json.loads(answer), server.memory(), []
    with large.open("rb") as file:
        for target in begun["credentials"]:
            path = urlsplit(target["url"]).path
            status, headers, _ = server.done("PUT", path, file.read(size), target["headers"])
            assert status == 200
            parts.append({"part_number": target["part_number"], "etag": headers["ETag"]})
    assert list(store.list("0")) == []
    ended = json.dumps({"path": "model.bin", "upload_id": begun["upload_id"], "parts": parts})
    assert server.done("POST", f"{MPU}/complete/0/run/artifacts", ended, json_type)[0] == 200
    with store.open("0/run/artifacts/model.bin") as stored, large.open("rb") as file:
        assert digest_of(stored) == digest_of(file)
    assert server.memory() - before < ALLOWED


def test_a_sender_that_goes_leaves_nothing(server: Served, store: ObjectArtifactStore) -> None:
    connection = http.client.HTTPConnection(server.host, timeout=30)
    connection.putrequest("PUT", f"{FILES}/0/half")
    connection.putheader("Content-Length", str(10 * MEBIBYTE))
    connection.endheaders()
    connection.send(bytes(6 * MEBIBYTE))
    connection.close()
    assert server.done("GET", f"{FILES}?path=0")[0] == 200
    assert list(store.list("0")) == []


def test_what_is_wrong_with_the_store_is_told_to_its_owner_alone(own_seaweed: Seaweed, tmp_path: Path) -> None:
    """A client learns neither where the store is nor what it said; the server stays."""
    with served(tmp_path, own_seaweed) as server:
        assert server.done("PUT", f"{FILES}/0/a", b"x")[0] == 200
        own_seaweed.kill()
        for method in ("GET", "PUT", "DELETE"):
            status, _, answer = server.done(method, f"{FILES}/0/a", b"x" if method == "PUT" else None)
            assert status == 503
            assert json.loads(answer)["error_code"] == "TEMPORARILY_UNAVAILABLE"
            assert not any(each.encode() in answer for each in (BUCKET, urlsplit(own_seaweed.url).netloc, KEY, SECRET))
        own_seaweed.start()
        assert server.done("GET", f"{FILES}/0/a")[::2] == (200, b"x")
    log = (tmp_path / "server.log").read_text()
    assert "cannot be reached, or the connection broke" in log
    assert SECRET not in log
