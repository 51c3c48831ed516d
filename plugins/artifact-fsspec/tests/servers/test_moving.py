"""Moving much: large files in bounded memory, a thousand small ones, and a model that is changed on the server."""

import hashlib
import io
import json
import subprocess
import sys
import uuid
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import pytest
from file_servers import PASSWORD, USER

from hookline import Config, Workspace
from hookline.entities import FileInfo
from hookline.errors import DigestMismatch
from hookline_artifact_fsspec.store import FilesystemArtifactStore

MEBIBYTE = 2**20
LARGE = 300 * MEBIBYTE
ALLOWED = 100 * MEBIBYTE
SIGNED_IN = f"{quote(USER, safe='')}:{quote(PASSWORD, safe='')}"
_MOVES = """
import hashlib, json, resource, sys
from pathlib import Path
from hookline_artifact_fsspec.store import FilesystemArtifactStore
uri, source, target = sys.argv[1:]
store = FilesystemArtifactStore(uri)
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


@pytest.fixture(params=["sftp", "ftp", "webdav"])
def uri(request, shared, home: Path) -> str:
    """A folder that nobody has used yet, on a server of each protocol."""
    server = shared(request.param)
    if request.param == "sftp":
        server.home(home)
        return f"sftp://{server.host}{server.files}/{uuid.uuid4().hex}"
    below = "/files" if request.param == "webdav" else ""
    return f"{request.param}://{SIGNED_IN}@{server.host}{below}/{uuid.uuid4().hex}"


def test_a_large_file_moves_in_memory_that_does_not_grow_with_it(uri: str, tmp_path: Path) -> None:
    """All of the process's memory, measured in a process of its own: also what the library holds."""
    source, target = tmp_path / "source", tmp_path / "target"
    with source.open("wb") as file:
        for number in range(LARGE // MEBIBYTE):
            file.write(hashlib.sha256(number.to_bytes(4, "big")).digest() * (MEBIBYTE // 32))
    command = [sys.executable, "-c", _MOVES, uri, str(source), str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    said = json.loads(done.stdout)
    with source.open("rb") as sent, target.open("rb") as got:
        digests = [hashlib.file_digest(each, "sha256").hexdigest() for each in (sent, got)]
    assert digests == [said["digest"]] * 2
    assert said["grown"] < ALLOWED


def test_hundreds_of_small_files_go_up_and_down_in_parallel(uri: str, tmp_path: Path) -> None:
    folder = tmp_path / "source"
    for number in range(300):
        path = folder / f"{number % 7}" / f"file {number} größe 100%.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(number))
    with Workspace(Config.load(given={"artifacts.uri": uri}, environ={})) as workspace:
        place = workspace.artifacts.locate("artifacts:/run/artifacts")
        assert len(workspace.artifacts.upload(folder, place)) == 300
        got = workspace.artifacts.download(place, tmp_path / "got")
    assert {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.txt")} == {
        path.relative_to(got): path.read_bytes() for path in got.rglob("*.txt")
    }


def doubled(values: list[float]) -> list[float]:
    return [2 * value for value in values]


@pytest.mark.skipif(
    any(find_spec(each) is None for each in ("hookline_flavor_python", "hookline_tracking_sql")),
    reason="the laptop set is not installed here",
)
def test_a_model_that_was_changed_on_the_server_is_not_loaded(shared, home: Path, tmp_path: Path) -> None:
    server = shared("sftp")
    server.home(home)
    folder = server.files / uuid.uuid4().hex
    tracking = f"sqlite:///{tmp_path}/runs.db"
    given = {"artifacts.uri": f"sftp://{server.host}{folder}", "tracking": tracking}
    with Workspace(Config.load(given=given, environ={})) as workspace:
        with workspace.start_run() as run:
            run.log_model(doubled)
        model = workspace.load_model(f"runs:/{run.run_id}/model", allow_pickle=True)
        assert list(model.predict([1.0, 2.0])) == [2.0, 4.0]
        (changed,) = folder.rglob("*.pkl")
        changed.write_bytes(changed.read_bytes() + b"x")
        with pytest.raises(DigestMismatch, match=changed.name):
            workspace.load_model(f"runs:/{run.run_id}/model", allow_pickle=True)


def test_a_large_file_can_be_read_from_any_place(uri: str, tmp_path: Path) -> None:
    """As programs do that look for a table at its end: zip files, Parquet files."""
    content = b"".join(number.to_bytes(4, "big") for number in range(3 * MEBIBYTE))
    (tmp_path / "source").write_bytes(content)
    store = FilesystemArtifactStore(uri)
    store.put("file", tmp_path / "source")
    with store.open("file") as stream:
        assert stream.seekable()
        for position, size in ((0, 10), (5 * MEBIBYTE - 5, 10), (11 * MEBIBYTE, 3 * MEBIBYTE), (7, 6 * MEBIBYTE)):
            assert stream.seek(position) == position
            assert stream.read(size) == content[position : position + size]
        assert stream.seek(-4, io.SEEK_END) == len(content) - 4
        assert stream.read() == content[-4:]
        assert stream.seek(len(content) + 10) == len(content) + 10
        assert stream.read(1) == b""
    store.close()


def test_a_folder_holds_all_that_a_store_does(uri: str, tmp_path: Path) -> None:
    """Neither the artifacts beside it nor those of a longer name are its own."""
    (tmp_path / "source").write_bytes(b"1")
    one, other = (FilesystemArtifactStore(f"{uri}/{each}") for each in ("x", "x2"))
    other.put("a/b", tmp_path / "source")
    assert list(one.list()) == []
    one.delete("a")
    assert list(other.list("a")) == [FileInfo("a/b", False, 1)]
    for each in (one, other):
        each.close()
