"""What goes wrong with a server of files: each time one clear error, and nothing half-written that anybody sees."""

import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from file_servers import PASSWORD, USER, Running

from hookline.entities import FileInfo
from hookline.errors import DigestMismatch, HooklineError, NotFound, Refused, Unavailable
from hookline_artifact_fsspec.options import FtpOptions, GeneralOptions, RemoteOptions, SftpOptions, WebdavOptions
from hookline_artifact_fsspec.store import STAGING, FilesystemArtifactStore

MEBIBYTE = 2**20
LARGE = 256 * MEBIBYTE
KINDS = ["sftp", "sftp-password", "ftp", "ftps", "webdav", "webdavs"]
WRONG = "wr0ng-password"


def uri_of(kind: str, server: Running, folder: str) -> str:
    below = {"sftp": str(server.files), "webdav": "/files", "webdavs": "/files"}.get(kind, "")
    return f"{kind.removesuffix('-password')}://{server.host}{below}/{folder}"


def options_of(kind: str, server: Any, **more: Any) -> RemoteOptions:
    if kind == "sftp":
        return SftpOptions(**{"key_file": server.key, "known_hosts": server.known_hosts, **more})
    signed_in = {"username": USER, "password": PASSWORD, **more}
    if kind == "sftp-password":
        return SftpOptions(**{"known_hosts": server.known_hosts, **signed_in})
    if kind in ("ftps", "webdavs"):
        signed_in = {"ca_bundle": server.ca_bundle, **signed_in}
    return (FtpOptions if kind.startswith("ftp") else WebdavOptions)(**signed_in)


@pytest.fixture
def opened() -> Iterator[Callable[..., FilesystemArtifactStore]]:
    """A function that opens a folder of a server of a kind."""
    stores = []

    def open_store(kind: str, server: Running, folder: str = "drills", **more: Any) -> FilesystemArtifactStore:
        stores.append(FilesystemArtifactStore(uri_of(kind, server, folder), options_of(kind, server, **more)))
        return stores[-1]

    yield open_store
    for each in stores:
        each.close()


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small"
    path.write_bytes(b"the old content")
    return path


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A file that holds nothing but zeros, and takes no disk."""
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(LARGE)
    return path


def refused_by_all(store: FilesystemArtifactStore, source: Path, target: Path, kind: type[HooklineError]) -> list[str]:
    """What each verb says as it fails."""
    said = []
    for verb in (
        lambda: store.put("a/b", source),
        lambda: store.get("a/b", target),
        lambda: store.open("a/b"),
        lambda: store.list("a"),
        lambda: store.delete("a/b"),
    ):
        with pytest.raises(kind) as caught:
            verb()
        assert caught.value.__cause__ is None
        said.append(str(caught.value))
    assert not target.exists()
    return said


@contextmanager
def killed_when(reached: Callable[[], bool], server: Running) -> Iterator[threading.Event]:
    """Kill a server in the middle of what is done meanwhile."""
    killed, over = threading.Event(), threading.Event()

    def watch() -> None:
        while not over.is_set():
            if reached():
                server.kill()
                killed.set()
                return
            time.sleep(0.001)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()


def size_below(folder: Path, pattern: str) -> int:
    sizes = []
    for each in folder.glob(pattern):
        try:
            sizes.append(each.stat().st_size)
        except FileNotFoundError:
            continue
    return max(sizes, default=0)


# Credentials and certificates ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_credentials_that_are_wrong_are_said_and_not_shown(kind, shared, opened, small, tmp_path, caplog) -> None:
    server = shared(kind)
    wrong = {"key_file": str(server.folder / "other_key")} if kind == "sftp" else {"password": WRONG}
    store = opened(kind, server, **wrong)
    caplog.set_level("DEBUG")
    for text in refused_by_all(store, small, tmp_path / "target", Refused):
        assert f"{server.host}" in text
        assert "refused" in text
        assert ("~/.ssh" if kind.startswith("sftp") else "~/.netrc") in text
        assert WRONG not in text
    assert WRONG not in caplog.text


@pytest.mark.parametrize("kind", ["sftp-password", "ftp", "webdav"])
def test_credentials_of_the_uri_are_used_and_not_shown(kind, shared, small, caplog) -> None:
    server = shared(kind)
    caplog.set_level("DEBUG")
    signed_in = f"{quote(USER, safe='')}:{quote(PASSWORD, safe='')}@"
    uri = uri_of(kind, server, "by-uri").replace("://", f"://{signed_in}")
    options = SftpOptions(known_hosts=server.known_hosts) if kind == "sftp-password" else None
    store = FilesystemArtifactStore(uri, options)
    store.put("a/b", small)
    with pytest.raises(NotFound) as caught:
        store.open("missing")
    assert [each.path for each in store.list("a")] == ["a/b"]
    store.close()
    shown = f"{store!r} {caught.value} {caplog.text}"
    assert not any(each in shown for each in (PASSWORD, quote(PASSWORD, safe="")))


@pytest.mark.parametrize("kind", ["ftp", "webdav"])
def test_credentials_of_netrc_are_used(kind, shared, small, home) -> None:
    (home / ".netrc").write_text(f'machine 127.0.0.1 login "{USER}" password "{PASSWORD}"\n')
    (home / ".netrc").chmod(0o600)
    store = FilesystemArtifactStore(uri_of(kind, shared(kind), "by-netrc"))
    store.put("a", small)
    assert [each.path for each in store.list()] == ["a"]
    store.close()


@pytest.mark.parametrize("kind", ["sftp", "sftp-password"])
def test_a_server_whose_host_key_is_not_known_gets_no_credentials(kind, shared, opened, small, tmp_path) -> None:
    (tmp_path / "known").write_text("")
    store = opened(kind, shared(kind), known_hosts=str(tmp_path / "known"))
    for text in refused_by_all(store, small, tmp_path / "target", Refused):
        assert "the host key of 127.0.0.1 is not the one in known_hosts" in text


@pytest.mark.parametrize("kind", ["ftps", "webdavs"])
def test_a_certificate_that_nobody_vouches_for_is_said(kind, shared, opened, small, tmp_path) -> None:
    store = opened(kind, shared(kind), ca_bundle=None)
    for text in refused_by_all(store, small, tmp_path / "target", Refused):
        assert "the certificate of 127.0.0.1 is not trusted" in text
        assert "ca_bundle" in text


@pytest.mark.parametrize("kind", ["ftp", "webdav"])
def test_a_user_who_may_only_read_is_told(kind, shared, opened, small) -> None:
    server = shared(kind)
    opened(kind, server, "kept").put("a", small)
    below = "readable/kept" if kind == "webdav" else "kept"
    uri = f"{kind}://{server.host}/{below}"
    reader = FilesystemArtifactStore(uri, options_of(kind, server, username="reader" if kind == "ftp" else USER))
    assert [each.path for each in reader.list()] == ["a"]
    for verb in (lambda: reader.put("b", small), lambda: reader.delete("a")):
        with pytest.raises(Refused, match=r"does not (allow it|let the folder)"):
            verb()
    assert [each.path for each in opened(kind, server, "kept").list()] == ["a"]
    reader.close()


def test_a_path_that_is_none_of_the_server_is_said(shared, opened, small) -> None:
    server = shared("sftp")
    (server.files / "file").write_bytes(b"1")
    store = FilesystemArtifactStore(f"sftp://{server.host}{server.files}/file/below", options_of("sftp", server))
    assert list(store.list()) == []
    with pytest.raises(Unavailable, match="the server failed"):
        store.put("a", small)
    store.close()
    elsewhere = FilesystemArtifactStore(f"webdav://{shared('webdav').host}/nowhere", options_of("webdav", None))
    with pytest.raises((Unavailable, Refused), match=r"\d{3}"):
        elsewhere.put("a", small)
    elsewhere.close()


def test_no_folder_is_made_where_a_link_leads_to(shared, opened, small, tmp_path) -> None:
    server = shared("sftp")
    store = opened("sftp", server, "links")
    store.put("a/b", small)
    (tmp_path / "outside").mkdir()
    (server.files / "links" / "a" / "link").symlink_to(tmp_path / "outside")
    for key in ("a/link/x", "a/link/new/folder/x", "a/b/x"):
        with pytest.raises(Refused, match="is a file or a link there, and no folder"):
            store.put(key, small)
    assert list((tmp_path / "outside").iterdir()) == []
    assert [each.path for each in store.list("a")] == ["a/b"]


# Broken in the middle ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["sftp", "ftp", "webdav"])
def test_a_server_that_is_killed_while_it_takes_a_file(kind, own, opened, small, large) -> None:
    server = own(kind)
    store = opened(kind, server)
    store.put("killed/file", small)

    def reached() -> bool:
        return size_below(server.files / "drills" / STAGING, "*") > 16 * MEBIBYTE

    with killed_when(reached, server) as killed, pytest.raises(Unavailable, match="cannot be reached, or the connec"):
        store.put("killed/file", large)
    assert killed.is_set()
    server.start()
    assert list(store.list("killed")) == [FileInfo("killed/file", False, len("the old content"))]
    assert [each.path for each in store.list()] == ["killed"]
    with store.open("killed/file") as stream:
        assert stream.read() == b"the old content"
    store.put("killed/file", small)


@pytest.mark.parametrize("kind", ["sftp", "ftp", "webdav"])
def test_a_server_that_is_killed_while_it_gives_a_file(kind, own, opened, large, tmp_path) -> None:
    server = own(kind)
    store = opened(kind, server)
    store.put("killed/file", large)
    folder = tmp_path / "target"
    folder.mkdir()
    (folder / "kept").write_bytes(b"the old content")

    def reached() -> bool:
        return size_below(folder, ".*.partial") > 16 * MEBIBYTE

    with killed_when(reached, server) as killed, pytest.raises(Unavailable):
        store.get("killed/file", folder / "kept")
    assert killed.is_set()
    assert [(each.name, each.read_bytes()) for each in folder.iterdir()] == [("kept", b"the old content")]


@pytest.mark.parametrize("kind", ["sftp", "ftp", "webdav"])
def test_a_stream_of_a_server_that_is_killed_says_so(kind, own, opened, large) -> None:
    """And does not end as if the file had ended."""
    server = own(kind)
    store = opened(kind, server)
    store.put("killed/file", large)
    with store.open("killed/file") as stream:
        read = len(stream.read(MEBIBYTE))
        server.kill()
        with pytest.raises(Unavailable):
            read += sum(len(part) for part in iter(lambda: stream.read(MEBIBYTE), b""))
    assert read < LARGE


@pytest.mark.parametrize("kind", ["sftp", "ftp", "webdav"])
def test_a_server_that_was_started_again_is_used_again(kind, own, opened, small) -> None:
    server = own(kind)
    store = opened(kind, server)
    store.put("a", small)
    server.kill()
    with pytest.raises(Unavailable):
        store.list()
    server.start()
    with pytest.raises(NotFound):
        store.open("b")
    assert [each.path for each in store.list()] == ["a"]


@pytest.mark.parametrize("kind", ["ftp", "webdav"])
def test_a_file_that_is_replaced_or_removed_while_it_is_read_is_not_mixed(kind, shared, opened, large, small) -> None:
    store = opened(kind, shared(kind), "mixed")
    for change in (lambda: store.delete("file"), lambda: store.put("file", small)):
        store.put("file", large)
        with store.open("file") as stream:
            assert len(stream.read(MEBIBYTE)) == MEBIBYTE
            change()
            stream.seek(LARGE // 2)
            with pytest.raises(Unavailable, match="while it was read"):
                stream.read()


def test_a_file_that_is_replaced_while_it_is_read_by_sftp_stays_what_it_was(shared, opened, large, small) -> None:
    store = opened("sftp", shared("sftp"), "mixed")
    store.put("file", large)
    with store.open("file") as stream:
        store.put("file", small)
        stream.seek(LARGE - MEBIBYTE)
        assert stream.read() == bytes(MEBIBYTE)


@pytest.mark.parametrize("connected", [False, True])
@pytest.mark.parametrize("kind", ["sftp", "ftp", "webdav"])
def test_a_server_that_says_nothing_is_not_waited_for_for_ever(kind, own, opened, small, connected) -> None:
    server = own(kind)
    store = opened(kind, server, timeout=8.0)  # a busy machine takes seconds to answer while the server lives
    if connected:
        store.put("a", small)
    server.freeze()
    with pytest.raises(Unavailable, match=r"takes too long|cannot be reached"):
        store.list()


def _use(store: FilesystemArtifactStore, answers: Any) -> None:
    try:
        answers.send(("listed", str(store.list())))
    except HooklineError as error:
        answers.send((type(error).__name__, str(error)))


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize(("kind", "expected"), [("sftp", "InvalidState"), ("ftp", "listed"), ("webdav", "listed")])
def test_a_forked_process_is_told_or_connects_anew(kind, expected, shared, opened, small) -> None:
    """It never waits for ever, and what it does leaves the connections of its parent as they are."""
    store = opened(kind, shared(kind), "forked")
    store.put("a", small)
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("fork").Process(target=_use, args=(store, theirs))
    child.start()
    try:
        assert ours.poll(60), "the process waits"
        said, text = ours.recv()
        assert said == expected
        assert ("spawn" in text) == (expected == "InvalidState")
    finally:
        child.kill()
        child.join()
    assert [each.path for each in store.list()] == ["a"]


# Uploads that are checked --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["sftp", "ftp", "webdav"])
def test_an_upload_that_arrives_as_something_else_is_not_shown(kind, own, opened, small, tmp_path, monkeypatch) -> None:
    """A disk that turns a bit: the file is changed on the server after it was written, and before it is compared."""
    server = own(kind)
    store = opened(kind, server, verify_uploads=True)
    store.put("a", small)
    staged = server.files / "drills" / STAGING
    write = store._files.write

    def changed(path: str, parts: Any) -> None:
        write(path, parts)
        (file,) = staged.iterdir()
        file.write_bytes(file.read_bytes().replace(b"new", b"neW"))

    monkeypatch.setattr(store._files, "write", changed)
    (tmp_path / "new").write_bytes(b"the new content")
    with pytest.raises(DigestMismatch, match=r"'a' arrived at .* with another content"):
        store.put("a", tmp_path / "new")
    with store.open("a") as stream:
        assert stream.read() == b"the old content"
    assert list(staged.iterdir()) == []


@pytest.mark.parametrize("kind", ["sftp", "ftp", "webdav"])
def test_what_killed_processes_left_is_removed_after_some_days(kind, own, opened, small) -> None:
    server = own(kind)
    opened(kind, server).put("a", small)
    staged = server.files / "drills" / STAGING
    for name in ("20240101-" + "a" * 32, "20991231-" + "b" * 32, "notes"):
        (staged / name).write_bytes(b"1")
    opened(kind, server).put("a", small)
    assert sorted(each.name for each in staged.iterdir()) == ["20991231-" + "b" * 32, "notes"]


# Any file system of fsspec -------------------------------------------------------------------------------------------


def test_a_file_system_that_only_fsspec_knows_keeps_artifacts(shared, small, tmp_path) -> None:
    """On a real Samba: what is put is read, replaced, listed and removed."""
    server = shared("smb")
    settings = {"username": server.user, "password": PASSWORD, "port": server.port}
    store = FilesystemArtifactStore("fsspec:smb://127.0.0.1/files/team", GeneralOptions(settings=settings))
    for content in (b"the old content", b"new"):
        small.write_bytes(content)
        store.put("a/b (1) [x] größe.txt", small)
        store.get("a/b (1) [x] größe.txt", tmp_path / "got")
        assert (tmp_path / "got").read_bytes() == content
    store.put("a/c", small)
    assert [(each.path, each.file_size) for each in store.list("a")] == [("a/b (1) [x] größe.txt", 3), ("a/c", 3)]
    with pytest.raises(NotFound):
        store.open("a/missing")
    store.delete("a/c")
    store.delete("a")
    assert list(store.list()) == []
    wrong = FilesystemArtifactStore(
        "fsspec:smb://127.0.0.1/files/team", GeneralOptions(settings={**settings, "username": "x", "password": WRONG})
    )
    with pytest.raises((Refused, Unavailable)) as caught:
        wrong.list()
    assert WRONG not in str(caught.value)
