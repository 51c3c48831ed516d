"""Moving much: large files in bounded memory, a thousand small ones, and what other programs left in a bucket."""

import hashlib
import io
import json
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from object_servers import BUCKET, CONTAINER, Azurite, Seaweed, bucket_of

from hookline import Config, Workspace
from hookline.entities import FileInfo
from hookline.errors import NotFound
from hookline_artifact_object.options import MEBIBYTE, S3Options
from hookline_artifact_object.store import ObjectArtifactStore

LARGE = 400 * MEBIBYTE
ALLOWED = 200 * MEBIBYTE
_MOVES = """
import hashlib, json, resource, sys
from pathlib import Path
from hookline_artifact_object.store import ObjectArtifactStore
uri, source, target = sys.argv[1:]
store = ObjectArtifactStore(uri)
store.list()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
store.put("large", Path(source))
store.get("large", Path(target))
digest = hashlib.sha256()
with store.open("large") as stream:
    while part := stream.read(1 << 20):
        digest.update(part)
store.close()
grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
print(json.dumps({"grown": grown, "digest": digest.hexdigest()}))
"""


def digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@pytest.mark.parametrize("name", ["s3", "az"])
def test_a_large_file_moves_in_memory_that_does_not_grow_with_it(
    name: str, on_seaweed: Seaweed, on_azurite: Azurite, tmp_path: Path
) -> None:
    """All of the process's memory, measured in a process of its own: also what the library holds."""
    source, target = tmp_path / "source", tmp_path / "target"
    with source.open("wb") as file:
        for number in range(LARGE // MEBIBYTE):
            file.write(hashlib.sha256(number.to_bytes(4, "big")).digest() * (MEBIBYTE // 32))
    uri = f"{name}://{BUCKET if name == 's3' else CONTAINER}/{uuid.uuid4().hex}"
    command = [sys.executable, "-c", _MOVES, uri, str(source), str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    said = json.loads(done.stdout)
    assert said["digest"] == digest_of(source) == digest_of(target)
    assert said["grown"] < ALLOWED


def test_a_thousand_small_files_go_up_and_down(on_seaweed: Seaweed, tmp_path: Path) -> None:
    folder = tmp_path / "source"
    for number in range(1000):
        path = folder / f"{number % 7}" / f"file {number} größe 100%.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(number))
    config = Config.load(given={"artifacts.uri": f"s3://{BUCKET}/{uuid.uuid4().hex}"}, environ={})
    with Workspace(config) as workspace:
        place = workspace.artifacts.locate("artifacts:/run/artifacts")
        assert len(workspace.artifacts.upload(folder, place)) == 1000
        got = workspace.artifacts.download(place, tmp_path / "got")
    assert {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.txt")} == {
        path.relative_to(got): path.read_bytes() for path in got.rglob("*.txt")
    }


def test_how_far_a_file_is_is_said_part_by_part(on_seaweed: Seaweed, tmp_path: Path) -> None:
    size = 23 * MEBIBYTE + 5
    (tmp_path / "source").write_bytes(bytes(size))
    store = ObjectArtifactStore(f"s3://{BUCKET}/{uuid.uuid4().hex}", S3Options(part_size=5 * MEBIBYTE))
    for move, path in ((store.put_with_progress, "source"), (store.get_with_progress, "got")):
        told: list[int] = []
        move("file", tmp_path / path, told.append)
        assert sum(told) == size
        assert max(told) <= 5 * MEBIBYTE
    assert (tmp_path / "got").read_bytes() == bytes(size)


def test_a_large_file_can_be_read_from_any_place(on_seaweed: Seaweed, tmp_path: Path) -> None:
    """As programs do that look for a table at its end: zip files, Parquet files."""
    content = b"".join(number.to_bytes(4, "big") for number in range(3 * MEBIBYTE))
    (tmp_path / "source").write_bytes(content)
    store = ObjectArtifactStore(f"s3://{BUCKET}/{uuid.uuid4().hex}", S3Options(part_size=5 * MEBIBYTE))
    store.put("file", tmp_path / "source")
    with store.open("file") as stream:
        assert stream.seekable()
        for position, size in ((0, 10), (5 * MEBIBYTE - 5, 10), (11 * MEBIBYTE, 3 * MEBIBYTE), (7, 6 * MEBIBYTE)):
            assert stream.seek(position) == position
            assert stream.read(size) == content[position : position + size]
            assert stream.tell() == min(position + size, len(content))
        assert stream.seek(-4, io.SEEK_END) == len(content) - 4
        assert stream.read() == content[-4:]
        assert stream.seek(len(content) + 10) == len(content) + 10
        assert stream.read(1) == b""


def test_objects_that_are_no_artifacts_are_not_listed(on_seaweed: Seaweed, tmp_path: Path) -> None:
    """What consoles and other programs leave in a bucket: objects for folders, and names that are no keys."""
    prefix = uuid.uuid4().hex
    bucket = bucket_of(on_seaweed.url)
    for name in ("a/kept", "a/x.", "a/ y", "a/q?r", "a/%2e%2e", "b:c/d"):
        bucket.put(f"{prefix}/{name}", b"1")
    store = ObjectArtifactStore(f"s3://{BUCKET}/{prefix}")
    assert list(store.list()) == [FileInfo("a", True)]
    assert list(store.list("a")) == [FileInfo("a/kept", False, 1)]
    store.delete("a")
    assert list(store.list("a")) == []


def test_a_prefix_holds_all_that_a_store_does(on_seaweed: Seaweed, tmp_path: Path) -> None:
    """Neither the artifacts beside it nor those of a longer name are its own."""
    name = uuid.uuid4().hex
    (tmp_path / "source").write_bytes(b"1")
    one, other = (ObjectArtifactStore(f"s3://{BUCKET}/{name}/{each}") for each in ("x", "x2"))
    other.put("a/b", tmp_path / "source")
    assert list(one.list()) == []
    with pytest.raises(NotFound):
        one.open("a/b")
    one.delete("a")
    assert list(other.list("a")) == [FileInfo("a/b", False, 1)]


def test_uploads_are_compared_by_the_store(on_seaweed: Seaweed, tmp_path: Path) -> None:
    """A checksum travels with each part, where it is asked for."""
    (tmp_path / "source").write_bytes(bytes(6 * MEBIBYTE))
    store = ObjectArtifactStore(f"s3://{BUCKET}/{uuid.uuid4().hex}", S3Options(checksum="SHA256"))
    store.put("file", tmp_path / "source")
    assert list(store.list()) == [FileInfo("file", False, 6 * MEBIBYTE)]
