"""What is never unpacked, what is no archive, and what arrives otherwise."""

import stat
import struct
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hookline.errors import HooklineError, InvalidValue, NotFound, NotSupported, Refused
from hookline_source_zip import judging
from hookline_source_zip.source import ZipSource


@pytest.fixture
def destination(tmp_path):
    folder = tmp_path / "fetched"
    folder.mkdir()
    return folder


@pytest.fixture
def archive(tmp_path):
    """A function that writes an archive of (name or ZipInfo, content) pairs and returns its path."""

    def write(*entries):
        path = tmp_path / "a.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
            for name, content in entries:
                made.writestr(name, content)
        return path

    return write


def entry(name, mode, **fields):
    made = zipfile.ZipInfo(name)
    made.create_system = 3
    made.external_attr = mode << 16
    for key, value in fields.items():
        setattr(made, key, value)
    return made


NAMES = [
    *("../x", "a/../../x", "a/..", "/etc/x", "//x", "C:/x", "C:\\x", "..\\x", "a\\b", "\\\\server\\share", "~/x"),
    *(".", "./x", "a//b", "a/./b", "a\nb", "a\0b", "x\x7f", "a:stream", "con?", "tail.", "tail ", "%2e%2e/x"),
    "\u2024\u2024\uff0fx",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_path_that_leads_out_or_misleads_is_refused(archive, destination, name):
    hostile = zipfile.ZipInfo("x")
    hostile.filename = name
    refused(archive(("good", "1"), (hostile, "2")), destination)


@pytest.mark.parametrize(
    "hostile",
    [
        entry("link", stat.S_IFLNK | 0o777),
        entry("folder-link/", stat.S_IFLNK | 0o777),
        entry("device", stat.S_IFBLK | 0o600),
        entry("device", stat.S_IFCHR | 0o600),
        entry("pipe", stat.S_IFIFO | 0o600),
        entry("socket", stat.S_IFSOCK | 0o600),
        entry("root", stat.S_IFREG | stat.S_ISUID | 0o755),
        entry("group", stat.S_IFREG | stat.S_ISGID | 0o755),
    ],
    ids=lambda each: f"{each.filename}-{each.external_attr >> 16:o}",
)
def test_what_is_no_plain_file_is_refused(archive, destination, hostile):
    refused(archive(("good", "1"), (hostile, "/etc/passwd")), destination)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    "names", [("a", "a"), ("a", "A"), ("d/a", "D/a"), ("a", "a/b"), ("a/b", "a"), ("a/b/c", "A"), ("a/", "a")]
)
def test_names_that_collide_are_refused(archive, destination, names):
    refused(archive(*((name, "x") for name in names)), destination)


def refused(path, destination):
    with pytest.raises(Refused) as caught:
        ZipSource().fetch(path.as_uri(), None, destination)
    assert path.name in str(caught.value)
    assert list(destination.iterdir()) == []


def test_too_many_entries_are_refused(archive, destination, monkeypatch):
    monkeypatch.setattr(judging, "MAX_ENTRIES", 3)
    refused(archive(*((f"f{number}", "") for number in range(4))), destination)


def test_too_many_bytes_are_refused(archive, destination, monkeypatch):
    monkeypatch.setattr(judging, "MAX_BYTES", 100)
    refused(archive(("a", "x" * 60), ("b", "x" * 60)), destination)


def test_a_bomb_is_refused(archive, destination):
    """100 MiB of zeros pack to some 100 kB: the real limits apply."""
    refused(archive(("zeros", bytes(100 * 1024**2))), destination)


def test_a_directory_that_takes_too_much_memory_is_refused_unread(archive, destination, monkeypatch):
    monkeypatch.setattr(judging, "MAX_DIRECTORY_BYTES", 200)
    refused(archive(*((f"file-{number}", "") for number in range(10))), destination)


def test_a_lying_size_yields_no_more_than_it_says(archive, destination):
    path = archive(("a", "x" * 1000))
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<L", 10)  # the uncompressed size in the directory
    path.write_bytes(bytes(data))
    with pytest.raises(InvalidValue, match="cannot be read"):
        ZipSource().fetch(path.as_uri(), None, destination)
    assert list(destination.iterdir()) == []


def test_an_encrypted_archive_is_said(archive, destination):
    path = archive(("a", "secret"))
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    path.write_bytes(bytes(data))
    with pytest.raises(NotSupported, match="encrypted"):
        ZipSource().fetch(path.as_uri(), None, destination)


@pytest.mark.parametrize("content", [b"", b"PK", b"no zip", b"PK\x05\x06", b"PK\x05\x06" + b"\xff" * 18, b"x" * 70000])
def test_what_is_no_archive(tmp_path, destination, content):
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(HooklineError):
        ZipSource().fetch((tmp_path / "a.zip").as_uri(), None, destination)
    assert list(destination.iterdir()) == []


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_a_damaged_archive_is_a_clear_error_or_the_files(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("damaged")
    path = folder / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("a/one.txt", "one" * 50)
        made.writestr("two.txt", "two" * 50)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(content[: data.draw(st.integers(1, len(content)))]))
    (folder / "out").mkdir()
    try:
        ZipSource().fetch(path.as_uri(), None, folder / "out")
    except HooklineError:
        assert list((folder / "out").rglob("*.txt")) == []
    assert {each.name for each in folder.iterdir()} == {"a.zip", "out"}


def test_programs_stay_programs(archive, destination):
    path = archive((entry("run.sh", stat.S_IFREG | 0o744), "x"), (entry("data", stat.S_IFREG | 0o600), "y"))
    ZipSource().fetch(path.as_uri(), None, destination)
    assert {each.name: bool(each.stat().st_mode & 0o100) for each in destination.iterdir()} == {
        "run.sh": True,
        "data": False,
    }


def test_a_path_will_do(archive, destination):
    ZipSource().fetch(str(archive(("a/", ""), ("a/b", "c"))), None, destination)
    assert (destination / "a" / "b").read_text(encoding="utf-8") == "c"


@pytest.mark.parametrize(
    ("uri", "version", "error", "text"),
    [
        ("https://me:hunter2@host/a.zip", None, NotSupported, "download 'https://host/a.zip' and name the file"),
        ("/absent.zip", None, NotFound, "absent.zip"),
        ("/absent.zip", "v1", InvalidValue, "'v1'"),
    ],
)
def test_what_is_not_fetched(destination, uri, version, error, text):
    with pytest.raises(error, match=text):
        ZipSource().fetch(uri, version, destination)
