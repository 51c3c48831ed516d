"""What goes wrong with an object store: each time one clear error, and nothing half-written that anybody sees."""

import hashlib
import resource
from pathlib import Path

import pytest
from object_servers import ACCOUNT, ACCOUNT_KEY, BUCKET, CONTAINER, KEY, SECRET, Azurite, Seaweed
from proxy import Breaking

from hookline.entities import FileInfo
from hookline.errors import HooklineError, NotFound, Refused, Unavailable
from hookline_artifact_object.options import MEBIBYTE, AzureOptions, S3Options
from hookline_artifact_object.store import ObjectArtifactStore

LARGE = 48 * MEBIBYTE
IN_BETWEEN = 20 * MEBIBYTE


def s3(url: str, **options) -> ObjectArtifactStore:
    settings = {"access_key_id": KEY, "secret_access_key": SECRET, "retries": 1, **options}
    bucket = settings.pop("bucket", BUCKET)
    return ObjectArtifactStore(f"s3://{bucket}/drills", S3Options(endpoint=url, **settings))


def azure(url: str, **options) -> ObjectArtifactStore:
    settings = {"account": ACCOUNT, "account_key": ACCOUNT_KEY, "retries": 1, **options}
    container = settings.pop("bucket", CONTAINER)
    return ObjectArtifactStore(f"az://{container}/drills", AzureOptions(endpoint=url, **settings))


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large"
    with path.open("wb") as file:
        for number in range(LARGE // MEBIBYTE):
            file.write(bytes([number]) * MEBIBYTE)
    return path


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small"
    path.write_bytes(b"the old content")
    return path


def every_verb(store: ObjectArtifactStore, source: Path, target: Path):
    return {
        "put": lambda: store.put("a/b", source),
        "get": lambda: store.get("a/b", target),
        "open": lambda: store.open("a/b"),
        "list": lambda: store.list("a"),
        "delete": lambda: store.delete("a/b"),
    }


def refused_by(verbs, kind: type[HooklineError]) -> dict[str, str]:
    """What each verb says as it fails."""
    said = {}
    for name, verb in verbs.items():
        with pytest.raises(kind) as caught:
            verb()
        said[name] = str(caught.value)
    return said


# Configured wrongly --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [{"secret_access_key": "wr0ng"}, {"access_key_id": "nobody"}, {"anonymous": True}])
def test_wrong_credentials_of_s3_are_said_and_not_shown(seaweed: Seaweed, small: Path, tmp_path: Path, wrong) -> None:
    s3(seaweed.url).put("a/b", small)
    said = refused_by(every_verb(s3(seaweed.url, **wrong), small, tmp_path / "target"), Refused)
    for text in said.values():
        assert "the object store refused the credentials, or they do not allow it" in text
        assert "AWS_ACCESS_KEY_ID" in text
        assert f"the bucket '{BUCKET}' at {seaweed.url}" in text
        assert not any(secret in text for secret in (SECRET, "wr0ng", "Signature=", "AWS4"))
    assert not (tmp_path / "target").exists()


def test_a_wrong_key_of_azure_is_said_and_not_shown(azurite: Azurite, small: Path, tmp_path: Path) -> None:
    wrong = azure(azurite.url, account_key="d3Jvbmc=")
    for text in refused_by(every_verb(wrong, small, tmp_path / "target"), Refused).values():
        assert "refused the credentials" in text
        assert "AZURE_STORAGE_ACCOUNT_KEY" in text
        assert not any(secret in text for secret in (ACCOUNT_KEY, "d3Jvbmc=", "SharedKey"))


@pytest.mark.parametrize("open_store", [s3, azure])
def test_a_missing_bucket_is_said(seaweed, azurite, small: Path, tmp_path: Path, open_store) -> None:
    """As the state of the store, which may be put right, and not as a file that is missing."""
    server = seaweed if open_store is s3 else azurite
    kind = "bucket" if open_store is s3 else "container"
    verbs = every_verb(open_store(server.url, bucket="missing-one"), small, tmp_path / "target")
    for name, text in refused_by(verbs, Unavailable).items():
        assert f"There is no {kind} 'missing-one' at {server.url}. Make it first" in text, name


# Broken in the middle ------------------------------------------------------------------------------------------------


def test_an_upload_that_is_cut_leaves_the_old_file(seaweed: Seaweed, small: Path, large: Path) -> None:
    store = s3(seaweed.url)
    store.put("cut/file", small)
    with Breaking(seaweed.url, IN_BETWEEN, downwards=False) as way:
        with pytest.raises(Unavailable, match="cannot be reached, or the connection broke"):
            s3(way.url).put("cut/file", large)
        assert way.broken.is_set()
    assert list(store.list("cut")) == [FileInfo("cut/file", False, len("the old content"))]
    store.put("cut/file", large)
    assert list(store.list("cut")) == [FileInfo("cut/file", False, LARGE)]


def test_an_upload_to_azure_that_is_cut_leaves_the_old_file(azurite: Azurite, small: Path, large: Path) -> None:
    store = azure(azurite.url)
    store.put("cut/file", small)
    with Breaking(azurite.url, IN_BETWEEN, downwards=False) as way:
        proxied = f"{way.url}/{ACCOUNT}"
        with pytest.raises(Unavailable, match="cannot be reached, or the connection broke"):
            azure(proxied).put("cut/file", large)
        assert way.broken.is_set()
    assert list(store.list("cut")) == [FileInfo("cut/file", False, len("the old content"))]


def test_a_download_that_is_cut_leaves_the_old_file_and_is_continued(
    seaweed: Seaweed, large: Path, tmp_path: Path
) -> None:
    s3(seaweed.url).put("down/file", large)
    folder = tmp_path / "target"
    folder.mkdir()
    (folder / "kept").write_bytes(b"the old content")
    with Breaking(seaweed.url, IN_BETWEEN, downwards=True) as way:
        with pytest.raises(Unavailable, match="cannot be reached, or the connection broke"):
            s3(way.url).get("down/file", folder / "kept")
        assert way.broken.is_set()
    kept, old = sorted(folder.iterdir())
    assert (old.name, old.read_bytes()) == ("kept", b"the old content")
    there = kept.stat().st_size
    assert kept.name.startswith(".kept.")
    assert 8 * MEBIBYTE <= there <= IN_BETWEEN
    with Breaking(seaweed.url, LARGE - there + 9 * MEBIBYTE, downwards=True) as way:  # not enough for the whole
        moved: list[int] = []
        s3(way.url).get_with_progress("down/file", folder / "kept", moved.append)
        assert not way.broken.is_set()
    assert moved[0] == there
    assert sum(moved) == LARGE
    assert [each.name for each in folder.iterdir()] == ["kept"]
    assert (folder / "kept").read_bytes() == large.read_bytes()


def test_what_was_kept_of_another_content_is_not_continued(seaweed: Seaweed, large: Path, tmp_path: Path) -> None:
    """The file was replaced meanwhile, by one of the same length: it is fetched from its start."""
    s3(seaweed.url).put("other/file", large)
    folder = tmp_path / "target"
    folder.mkdir()
    with Breaking(seaweed.url, IN_BETWEEN, downwards=True) as way, pytest.raises(Unavailable):
        s3(way.url).get("other/file", folder / "file")
    assert len(list(folder.iterdir())) == 1
    large.write_bytes(bytes(LARGE))
    s3(seaweed.url).put("other/file", large)
    s3(seaweed.url).get("other/file", folder / "file")
    assert [each.name for each in folder.iterdir()] == ["file"]
    assert (folder / "file").read_bytes() == bytes(LARGE)


def test_a_full_disk_is_said_and_keeps_no_part(seaweed: Seaweed, large: Path, tmp_path: Path) -> None:
    """What took the room is given back: here a limit on the size of files stands for the end of the disk."""
    s3(seaweed.url).put("full/file", large)
    folder = tmp_path / "target"
    folder.mkdir()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (IN_BETWEEN, before[1]))
    try:
        with pytest.raises(Unavailable, match=r"Cannot write into the local folder .*too large"):
            s3(seaweed.url).get("full/file", folder / "file")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(folder.iterdir()) == []


def test_a_stream_that_is_cut_says_so(seaweed: Seaweed, large: Path) -> None:
    """And does not end as if the file had ended."""
    s3(seaweed.url).put("down/file", large)
    with Breaking(seaweed.url, IN_BETWEEN, downwards=True) as way, s3(way.url).open("down/file") as stream:
        read: list[int] = []
        parts = iter(lambda: stream.read(MEBIBYTE), b"")
        with pytest.raises(Unavailable, match="cannot be reached, or the connection broke"):
            read.extend(len(part) for part in parts)
        assert sum(read) < LARGE


@pytest.mark.parametrize("downwards", [False, True], ids=["up", "down"])
def test_connections_that_break_once_are_not_noticed(
    seaweed: Seaweed, large: Path, tmp_path: Path, downwards: bool
) -> None:
    """Requests that failed on the way are sent again."""
    with Breaking(seaweed.url, IN_BETWEEN, downwards=downwards, for_good=False) as way:
        store = s3(way.url, retries=5)
        store.put("again/file", large)
        store.get("again/file", tmp_path / "got")
        assert way.broken.is_set()
    with (tmp_path / "got").open("rb") as got, large.open("rb") as sent:
        assert hashlib.file_digest(got, "sha256").digest() == hashlib.file_digest(sent, "sha256").digest()


def test_a_server_that_is_killed_while_it_takes_a_file(own_seaweed: Seaweed, small: Path, large: Path) -> None:
    s3(own_seaweed.url).put("killed/file", small)
    with Breaking(own_seaweed.url, IN_BETWEEN, downwards=False, action=own_seaweed.kill) as way:
        with pytest.raises(Unavailable):
            s3(way.url).put("killed/file", large)
        assert way.broken.is_set()
    own_seaweed.start()
    store = s3(own_seaweed.url, retries=5)
    assert list(store.list("killed")) == [FileInfo("killed/file", False, len("the old content"))]
    with store.open("killed/file") as stream:
        assert stream.read() == b"the old content"


def test_a_server_that_is_killed_while_it_gives_a_file(own_seaweed: Seaweed, large: Path, tmp_path: Path) -> None:
    s3(own_seaweed.url).put("killed/file", large)
    folder = tmp_path / "target"
    folder.mkdir()
    way = Breaking(own_seaweed.url, IN_BETWEEN, downwards=True, action=own_seaweed.kill)
    with way, pytest.raises(Unavailable):
        s3(way.url).get("killed/file", folder / "file")
    assert way.broken.is_set()
    assert not (folder / "file").exists()
    own_seaweed.start()
    s3(own_seaweed.url, retries=5).get("killed/file", folder / "file")
    assert [each.name for each in folder.iterdir()] == ["file"]
    assert (folder / "file").read_bytes() == large.read_bytes()


def test_a_file_that_is_removed_or_replaced_while_it_is_read_is_not_mixed(
    seaweed: Seaweed, large: Path, small: Path
) -> None:
    store = s3(seaweed.url, parallel=1)
    for change in (lambda: store.delete("mixed"), lambda: store.put("mixed", small)):
        store.put("mixed", large)
        with store.open("mixed") as stream:
            assert len(stream.read(MEBIBYTE)) == MEBIBYTE
            change()
            with pytest.raises(Unavailable, match="while it was read"):
                stream.read()


# Locally -------------------------------------------------------------------------------------------------------------


def test_a_local_folder_that_is_missing_is_said(seaweed: Seaweed, small: Path, tmp_path: Path) -> None:
    store = s3(seaweed.url)
    store.put("a/b", small)
    with pytest.raises(NotFound, match=r"There is no local folder .*missing"):
        store.get("a/b", tmp_path / "missing" / "target")
