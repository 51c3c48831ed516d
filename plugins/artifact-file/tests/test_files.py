"""What is particular to files: permissions, full disks, odd entries of a folder, killed writers, the root itself."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

import hookline_artifact_file
from hookline.artifacts import Artifacts
from hookline.entities import FileInfo
from hookline.errors import HooklineError, InvalidState, InvalidValue, NotFound, Refused, Unavailable
from hookline.paths import check_key_path
from hookline.plugins import Plugins
from hookline_artifact_file.folders import Folder
from hookline_artifact_file.store import FileArtifactStore


@pytest.fixture(params=[True, False], ids=["by descriptor", "by path"])
def store(request, tmp_path):
    return FileArtifactStore(str(tmp_path / "root"), by_descriptor=request.param)


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "source"
    path.write_bytes(b"content")
    return path


def content(store, key):
    with store.open(key) as stream:
        return stream.read()


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def umask():
    """Sets the umask for one test."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


# Permissions ---------------------------------------------------------------------------------------------------------


def test_reading_makes_nothing(store, tmp_path):
    assert list(store.list()) == []
    store.delete("a")
    with pytest.raises(NotFound):
        store.open("a")
    assert store.local_path("") is None
    assert store.local_root() == tmp_path / "root"
    assert list(tmp_path.iterdir()) == []


def test_a_root_that_the_store_makes_is_private(store, source, umask):
    umask(0o022)
    store.put("a/b", source)
    assert mode(store.root) == 0o700


@pytest.mark.parametrize(("given", "folder", "file"), [(0o002, 0o775, 0o664), (0o077, 0o700, 0o600)])
def test_what_is_written_below_a_root_of_the_user_follows_the_umask(store, source, umask, given, folder, file):
    store.root.mkdir()
    store.root.chmod(0o775)
    source.chmod(0o400)
    umask(given)
    store.put("a/b", source)
    assert (mode(store.root), mode(store.root / "a"), mode(store.root / "a/b")) == (0o775, folder, file)


_AS_NOBODY = """
import os, sys
from pathlib import Path
from hookline.errors import HooklineError
from hookline_artifact_file.store import FileArtifactStore
store, source = FileArtifactStore(sys.argv[1]), Path(sys.argv[2])
source.read_bytes()
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
for verb in (lambda: store.put("a/new", source), lambda: store.open("a/b"), lambda: store.list("a"),
             lambda: store.delete("a/b"), lambda: store.put("a/b", Path(sys.argv[3]))):
    try:
        verb()
    except HooklineError as error:
        print(type(error).__name__, error)
"""


@pytest.fixture
def open_folder():
    """A folder that every user may enter, as `tmp_path` is not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_a_missing_permission_is_refused_with_one_clear_line(open_folder):
    root, source, hidden = open_folder / "root", open_folder / "source", open_folder / "hidden"
    source.write_bytes(b"content")
    hidden.write_bytes(b"content")
    FileArtifactStore(str(root)).put("a/b", source)
    hidden.chmod(0)
    root.chmod(0o700 if os.getuid() == 0 else 0)
    try:
        command = [sys.executable, "-c", _AS_NOBODY, str(root), str(source), str(hidden)]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    finally:
        root.chmod(0o700)
    assert told == [
        f"Refused Cannot store the artifact 'a/new' in {str(root)!r}: Permission denied.",
        f"Refused Cannot read the artifact 'a/b' in {str(root)!r}: Permission denied.",
        f"Refused Cannot list the artifact 'a' in {str(root)!r}: Permission denied.",
        f"Refused Cannot delete the artifact 'a/b' in {str(root)!r}: Permission denied.",
        f"Refused Cannot read the local file {str(hidden)!r}: Permission denied.",
    ]


# Disks ---------------------------------------------------------------------------------------------------------------

_ON_A_FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from hookline.errors import Unavailable
from hookline_artifact_file.store import FileArtifactStore
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
store = FileArtifactStore(sys.argv[1])
for verb in (lambda: store.put("a/b", Path(sys.argv[2])), lambda: store.get("large", Path(sys.argv[3]))):
    try:
        verb()
    except Unavailable as error:
        print(error)
"""


def test_a_disk_that_takes_no_more_leaves_the_old_file_and_nothing_half_written(store, source, tmp_path):
    store.put("a/b", source)
    large, got = tmp_path / "large", tmp_path / "got" / "file"
    large.write_bytes(os.urandom(300_000))
    got.parent.mkdir()
    store.put("large", large)
    command = [sys.executable, "-c", _ON_A_FULL_DISK, str(store.root), str(large), str(got)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert told == [
        f"Cannot store the artifact 'a/b' in {str(store.root)!r}: File too large.",
        f"Cannot write into the local folder {str(got.parent)!r}: File too large.",
    ]
    assert content(store, "a/b") == b"content"
    assert [each.name for each in (store.root / "a").iterdir()] == ["b"]
    assert list(got.parent.iterdir()) == []


_WRITER = """
import sys
from pathlib import Path
from hookline_artifact_file.store import FileArtifactStore
store = FileArtifactStore(sys.argv[1])
print("ready", flush=True)
while True:
    for source in sys.argv[2:]:
        store.put("a/b", Path(source))
"""


def test_a_killed_writer_leaves_a_whole_file(tmp_path):
    store = FileArtifactStore(str(tmp_path / "root"))
    contents = [bytes([number]) * 3_000_000 for number in range(2)]
    sources = [tmp_path / "0", tmp_path / "1"]
    for source, data in zip(sources, contents, strict=True):
        source.write_bytes(data)
    store.put("a/b", sources[0])
    for patience in range(4):
        command = [sys.executable, "-c", _WRITER, str(store.root), *map(str, sources)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout.readline() == b"ready\n"
            time.sleep(0.005 * patience)
            process.send_signal(signal.SIGKILL)
        assert content(store, "a/b") in contents
        assert list(store.list("a")) == [FileInfo("a/b", False, 3_000_000)]
    store.delete("a")
    assert list(store.root.iterdir()) == []


def test_a_file_is_copied_where_the_kernel_cannot(store, source, monkeypatch):
    monkeypatch.delattr(os, "copy_file_range", raising=False)
    source.write_bytes(os.urandom(3_000_000))
    store.put("a/b", source)
    assert content(store, "a/b") == source.read_bytes()


def test_a_file_that_the_kernel_says_is_empty_is_copied(store):
    here = Path("/proc/self/cmdline")
    if not here.exists():
        pytest.skip("there is no /proc")
    store.put("cmdline", here)
    assert content(store, "cmdline") == here.read_bytes() != b""


# What the killed leave -----------------------------------------------------------------------------------------------

_HALFWAY = """
import os, sys, time
from pathlib import Path
from hookline_artifact_file import folders
from hookline_artifact_file.store import FileArtifactStore

def halfway(source, target):
    os.write(target, os.read(source, 3))
    print("halfway", flush=True)
    time.sleep(600)

folders.copy = halfway
FileArtifactStore(sys.argv[1]).put(sys.argv[2], Path(sys.argv[3]))
"""


@contextmanager
def halfway(store, source, key):
    """A process that has written 3 bytes of a file; gives it and its working file, which looks a day old."""
    command = [sys.executable, "-c", _HALFWAY, str(store.root), key, str(source)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout.readline() == b"halfway\n"
            (working,) = (store.root / key).parent.glob(" hookline-*")
            make_old(working)
            yield process, working
        finally:
            process.kill()


def make_old(path):
    os.utime(path, (time.time() - 90_000,) * 2)


@pytest.mark.parametrize("key", ["c", "a/c", "x/y/c"])
def test_what_a_killed_writer_left_is_swept_and_what_a_living_one_writes_is_not(store, source, key):
    store.put("a/b", source)
    with halfway(store, source, key) as (process, working):
        assert list(store.sweep()) == []
        assert working.read_bytes() == b"con"
        process.kill()
    assert list(store.sweep(remove=False)) == [3]
    assert working.exists(), "only asked"
    assert list(store.sweep()) == [3]
    assert list(store.sweep()) == []
    assert sorted(store.root.rglob("*")) == [store.root / "a", store.root / "a/b"]


def test_what_was_written_to_of_late_is_not_swept(store, source):
    """A machine that shares the folder may see no lock of the one that writes."""
    with halfway(store, source, "a/c") as (_process, working):
        os.utime(working)
    assert list(store.sweep()) == []
    assert working.exists()


def test_a_folder_whose_remover_was_killed_is_swept(store, source):
    store.put("a/b/c", source)
    store.put("d/e/f", source)
    (store.root / "d").rename(store.root / "a/b/ hookline-0123456789abcdef")
    assert list(store.sweep()) == [7]
    assert [each.relative_to(store.root).as_posix() for each in sorted(store.root.rglob("*"))] == ["a", "a/b", "a/b/c"]


@pytest.mark.parametrize("name", ["old", " hookline-0123", "hookline-0123456789abcdef", " hookline-0123456789abcdeg"])
def test_what_the_store_did_not_name_is_not_swept(store, source, name):
    store.put("a/b", source)
    (store.root / "a" / name).write_bytes(b"x")
    make_old(store.root / "a" / name)
    (store.root / "a/ hookline-0123456789abcdef").symlink_to(source.parent)
    assert list(store.sweep()) == []
    assert len(list((store.root / "a").iterdir())) == 3


def test_sweeping_an_empty_place_makes_nothing(store, tmp_path):
    assert list(store.sweep()) == []
    assert list(tmp_path.iterdir()) == []


def test_a_folder_may_be_swept_while_it_is_deleted(store, source):
    for number in range(30):
        for key in ("a/b/c/d", "a/b/e", "a/f/g/h/i"):
            store.put(f"{number}/{key}", source)
    with ThreadPoolExecutor(3) as pool:
        swept = [pool.submit(lambda: [store.sweep() for _ in range(50)]) for _ in range(2)]
        for number in range(30):
            store.delete(str(number))
        for each in swept:
            each.result()
    store.sweep()
    assert list(store.root.iterdir()) == []


# Odd entries ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [" hookline-0123", "a:b", "back\\slash", "dot.", "line\nbreak", "ctrl\x01"])
def test_files_whose_names_are_no_keys_are_not_listed_and_go_with_their_folder(store, source, name):
    store.put("a/b", source)
    (store.root / "a" / name).write_bytes(b"x")
    with pytest.raises(InvalidValue):
        check_key_path(name)
    assert list(store.list("a")) == [FileInfo("a/b", False, 7)]
    store.delete("a")
    assert list(store.root.iterdir()) == []


def test_a_name_that_is_not_utf8_is_not_listed(store, source):
    store.put("a/b", source)
    try:
        Path(os.fsdecode(os.fsencode(store.root / "a") + b"/\xff")).touch()
    except OSError:
        pytest.skip("the file system keeps UTF-8 names only")
    assert list(store.list("a")) == [FileInfo("a/b", False, 7)]
    store.delete("a")
    assert list(store.root.iterdir()) == []


def test_a_pipe_is_neither_listed_nor_waited_for(store, source):
    store.put("a/b", source)
    os.mkfifo(store.root / "a/pipe")
    assert list(store.list("a")) == [FileInfo("a/b", False, 7)]
    assert store.local_path("a") is None
    assert store.local_path("a/pipe") is None
    with pytest.raises(InvalidValue, match="neither a file nor a folder"):
        store.open("a/pipe")
    with pytest.raises(InvalidValue, match="neither a file nor a folder"):
        store.put("c", store.root / "a/pipe")
    store.delete("a")
    assert list(store.root.iterdir()) == []


def test_a_folder_is_no_source(store, tmp_path):
    with pytest.raises(InvalidValue, match="a folder"):
        store.put("a", tmp_path)


@pytest.mark.parametrize("key", ["a/b/c", "a/b/c/d"])
def test_a_key_below_a_file_is_refused(store, source, key):
    store.put("a/b", source)
    with pytest.raises(InvalidState, match=f"Cannot store the artifact '{key}': Not a directory"):
        store.put(key, source)
    assert content(store, "a/b") == b"content"


def test_the_key_of_a_folder_is_refused(store, source):
    store.put("a/b", source)
    with pytest.raises(InvalidState, match=r"Cannot store the artifact 'a': Is a directory"):
        store.put("a", source)
    assert [each.name for each in store.root.iterdir()] == ["a"]
    assert content(store, "a/b") == b"content"


def test_a_folder_with_a_link_has_no_local_path(store, source, tmp_path):
    store.put("a/b/c", source)
    assert store.local_path("a") == store.root / "a"
    (store.root / "a/b/link").symlink_to(tmp_path / "source")
    assert store.local_path("a") is None
    assert store.local_path("a/b/c") == store.root / "a/b/c"


def test_writing_through_a_local_link_replaces_the_link(store, source, tmp_path):
    store.put("a", source)
    victim, target = tmp_path / "victim", tmp_path / "target"
    victim.write_bytes(b"kept")
    target.symlink_to(victim)
    store.get("a", target)
    assert (victim.read_bytes(), target.read_bytes(), target.is_symlink()) == (b"kept", b"content", False)


def test_a_local_folder_that_is_missing_is_said(store, source, tmp_path):
    store.put("a", source)
    with pytest.raises(NotFound, match=r"There is no local folder .*missing"):
        store.get("a", tmp_path / "missing" / "target")


def test_folders_are_taken_apart_without_recursion(tmp_path, source):
    """By hand, folders can be deeper than any key; deleting them needs neither stack nor descriptors."""
    store = FileArtifactStore(str(tmp_path / "root"))
    store.put("a/b", source)
    with Folder.at(store.root / "a") as folder:
        for _ in range(1100):
            inner = folder.enter("d", make=True)
            folder.close()
            folder = inner
        folder.close()
    store.delete("a")
    assert list(store.root.iterdir()) == []


# The root ------------------------------------------------------------------------------------------------------------


def test_a_relative_root_stays_where_it_was(source, tmp_path, monkeypatch):
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path)
    store = FileArtifactStore("data")
    monkeypatch.chdir(tmp_path / "there")
    store.put("a", source)
    assert (tmp_path / "data/a").read_bytes() == b"content"


def test_the_root_may_be_a_link(store, source, tmp_path):
    (tmp_path / "real").mkdir()
    store.root.symlink_to(tmp_path / "real")
    store.put("a/b", source)
    assert list(store.list("a")) == [FileInfo("a/b", False, 7)]
    assert (tmp_path / "real/a/b").read_bytes() == b"content"


def test_a_root_that_is_a_file_is_said(store, source):
    store.root.write_bytes(b"x")
    with pytest.raises(Refused, match=r"Cannot store the artifact 'a' in .*: File exists"):
        store.put("a", source)
    assert list(store.list()) == []
    assert store.root.read_bytes() == b"x"


@pytest.mark.parametrize("key", ["nothing", "a/nothing", "a/below", "folder", "x" * 5000, "x" * 200 + "/y"])
def test_what_is_wrong_with_a_key_is_told_without_the_place_of_the_files(store, source, key):
    """A server hands such texts on to its clients."""
    store.put("a", source)
    store.put("folder/b", source)
    told = [
        said(attempt)
        for attempt in (
            partial(store.open, key),
            partial(store.put, f"{key}/c", source),
            partial(store.put, key, source),
        )
    ]
    assert any(told)
    assert [text for text in told if str(store.root) in text] == []


def said(attempt):
    """What an attempt is refused with; "" where it is not."""
    try:
        attempt()
    except HooklineError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("uri", ["file://host/x", "file:///x?y", "file:///x#y", "http://host/x", "file:///a%00b"])
def test_a_uri_that_is_no_local_folder_is_refused(uri):
    with pytest.raises(InvalidValue):
        FileArtifactStore(uri)


def test_a_path_that_is_too_long_is_said(tmp_path, source):
    store = FileArtifactStore(str(tmp_path), by_descriptor=False)
    key = "/".join(["x" * 200] * 20 + ["y" * 70])
    with pytest.raises(InvalidValue, match="File name too long"):
        store.put(key, source)


# In a workspace ------------------------------------------------------------------------------------------------------


def test_it_is_the_default_store_of_a_workspace(tmp_path, source):
    plugins = Plugins()
    plugins.register(hookline_artifact_file, "artifact-file")
    uri = plugins.default_uri("artifact_stores", tmp_path / "a project" / ".hookline")
    artifacts = Artifacts(plugins, lambda: uri)
    assert list(artifacts.upload(source, artifacts.locate("artifacts:/0/run"))) == ["source"]
    assert (tmp_path / "a project/.hookline/artifacts/0/run/source").read_bytes() == b"content"
    with artifacts.as_local(artifacts.locate("artifacts:/0/run")) as local:
        assert local == tmp_path / "a project/.hookline/artifacts/0/run"


def test_options_are_refused(tmp_path):
    plugins = Plugins()
    plugins.register(hookline_artifact_file, "artifact-file")
    with pytest.raises(HooklineError, match="has no options, but got: speed"):
        plugins.make_store("artifact_stores", str(tmp_path), {"speed": 1})


def test_errors_of_a_broken_disk_may_pass(store, source, monkeypatch):
    store.put("a/b", source)

    def broken(*_arguments, **_named):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "scandir", broken)
    with pytest.raises(Unavailable, match=r"Cannot list the artifact 'a' in .*: Input/output error"):
        store.list("a")


# Files that are given away -------------------------------------------------------------------------------------------


def test_a_file_that_is_given_away_is_moved(store, source):
    number = source.stat().st_ino
    store.take("a/b", source)
    assert not source.exists()
    assert store.local_path("a/b").stat().st_ino == number
    assert content(store, "a/b") == b"content"


def test_a_file_that_is_given_away_replaces(store, source, tmp_path):
    store.put("a", source)
    source.write_bytes(b"other")
    store.take("a", source)
    assert content(store, "a") == b"other"
    assert list(store.list()) == [FileInfo("a", False, 5)]


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="links")
@pytest.mark.parametrize("link", [os.symlink, os.link], ids=["symbolic", "hard"])
def test_what_has_other_names_is_copied(store, source, tmp_path, link):
    other = tmp_path / "other"
    link(source, other)
    store.take("a", other)
    source.write_bytes(b"changed")
    assert content(store, "a") == b"content"


def test_a_file_of_another_file_system_is_copied(store, source):
    if Path("/dev/shm").is_dir() and Path("/dev/shm").stat().st_dev != source.stat().st_dev:
        with tempfile.NamedTemporaryFile(dir="/dev/shm", delete=False) as elsewhere:
            elsewhere.write(b"far away")
        store.take("a", Path(elsewhere.name))
        Path(elsewhere.name).unlink()
        assert content(store, "a") == b"far away"
    else:
        pytest.xfail("there is one file system only")


@pytest.mark.parametrize(
    ("key", "missing", "kind"), [("a", True, NotFound), ("a/b", False, InvalidState), ("../a", False, InvalidValue)]
)
def test_a_file_that_cannot_be_taken_stays(store, source, tmp_path, key, missing, kind):
    if key == "a/b":
        store.put("a", source)
    with pytest.raises(kind):
        store.take(key, tmp_path / "missing" if missing else source)
    assert source.read_bytes() == b"content"
