"""Laws of artifact stores: files, listings, keys and local paths; and what all their laws are written with."""

import hashlib
import tracemalloc
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hookline.entities import FileInfo
from hookline.errors import InvalidValue, NotFound
from hookline.interfaces import ArtifactStore
from hookline.paths import check_key_path
from hookline.testing.store_suite import StoreSuite

HOSTILE_KEYS = (
    "",
    ".",
    "..",
    "/",
    "../x",
    "a/../../x",
    "a/..",
    "./x",
    "a//x",
    "a/",
    "..%2fx",
    "%2e%2e/x",
    "%252e%252e%252fx",
    "%c0%ae%c0%ae/x",
    "%00",
    "..\\x",
    "a\\..\\..\\x",
    "..;/x",
    "/etc/passwd",
    "//srv/x",
    "C:\\x",
    "C:/x",
    "\\\\srv\\x",
    "~root/x",
    "~",
    "x\0y",
    "x\ny",
    "x\u2028y",
    "x.",
    "x ",
    " x",
    "a /x",
    "x::$DATA",
    "\udcc0\udcae/x",
    "\u2024\u2024\uff0fx",
    "\u2025/x",
    "a\uff0fx",
    "\uff0e\uff0e/x",
    "\uff05\uff12\uff45x",
    "x" * 300,
    "a/" * 3000 + "x",
)
"""Keys that would lead out of the root if anything on the way decoded, normalised, trimmed or split them anew."""

GOOD_KEYS = (
    "a",
    "model/MLmodel",
    "plots/loss (final).png",
    ".gitignore",
    "a.b.c/d-e_f",
    "täglich/größe.txt",
    "数据/结果.csv",
    "émoji-🎉.bin",
    "a'b",
    "a&b=c;d,e",
    "100%",
    "a#b@c+d!e$f",
    "deep/" * 40 + "leaf",
    "x" * 255,
)

_part = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=12)
_CHECKS = (HealthCheck.function_scoped_fixture, HealthCheck.differing_executors)
_LARGE = 24 * 1024 * 1024


def _short(key: str) -> str:
    return ascii(key)[:40]


def put(store: ArtifactStore, scratch: Path, key: str, content: bytes = b"content") -> Path:
    """Store bytes under a key; return the local file that held them."""
    source = scratch / "source"
    source.write_bytes(content)
    store.put(key, source)
    return source


def read(store: ArtifactStore, key: str) -> bytes:
    """Return the content of a file."""
    with store.open(key) as stream:
        return stream.read()


def walk(store: ArtifactStore, prefix: str = "") -> list[FileInfo]:
    """Return all files below a prefix, in the order of their listing."""
    found: list[FileInfo] = []
    for each in store.list(prefix):
        found += walk(store, each.path) if each.is_dir else [each]
    return found


def no_path(store: ArtifactStore, key: str) -> bool:
    """Return whether nothing lies where a store says that a file or folder lies."""
    path = store.local_path(key)
    return path is None or not path.exists()


class ArtifactSuite(StoreSuite):
    """What the laws of artifact stores need: a store and a folder outside it."""

    @pytest.fixture
    def scratch(self, tmp_path: Path) -> Path:
        """An empty folder outside the store."""
        folder = tmp_path / "scratch"
        folder.mkdir()
        return folder


class ArtifactLaws(ArtifactSuite):
    """Files are kept, listed and removed under the keys that are allowed, and no others."""

    memory_limit: ClassVar[int | None] = 8 * 1024 * 1024

    # Files -----------------------------------------------------------------------------------------------------------

    @pytest.mark.parametrize("content", [b"", b"\0", b"hello\r\n", bytes(range(256)) * 1000], ids=len)
    def test_a_file_comes_back_as_it_was(self, store: ArtifactStore, scratch: Path, content: bytes) -> None:
        """`open` and `get` return what was put, and the listing says its size."""
        put(store, scratch, "a/file.bin", content)
        assert read(store, "a/file.bin") == content
        store.get("a/file.bin", scratch / "got")
        assert (scratch / "got").read_bytes() == content
        assert list(store.list("a")) == [FileInfo("a/file.bin", False, len(content))]

    @pytest.mark.parametrize("key", GOOD_KEYS, ids=_short)
    def test_names_of_any_language_are_kept(self, store: ArtifactStore, scratch: Path, key: str) -> None:
        """A key that is allowed comes back from the listing character by character."""
        put(store, scratch, key, key.encode())
        assert read(store, key) == key.encode()
        assert [each.path for each in walk(store)] == [key]

    @settings(max_examples=60, deadline=None, suppress_health_check=_CHECKS)
    @given(parts=st.lists(_part, min_size=1, max_size=4))
    def test_any_key_is_stored_or_refused(self, store: ArtifactStore, scratch: Path, parts: list[str]) -> None:
        """There is no key that is half allowed: it is refused, or stored, listed, read and deleted."""
        key = "/".join(parts)
        try:
            check_key_path(key)
        except InvalidValue:
            with pytest.raises(InvalidValue):
                put(store, scratch, key)
            assert walk(store) == []
        else:
            put(store, scratch, key, key.encode())
            assert read(store, key) == key.encode()
            assert [each.path for each in walk(store)] == [key]
            store.delete(parts[0])
            assert walk(store) == []

    def test_what_is_stored_is_a_copy(self, store: ArtifactStore, scratch: Path) -> None:
        """Changing or removing the local file afterwards changes nothing."""
        source = put(store, scratch, "a", b"before")
        with source.open("r+b") as file:
            file.write(b"AFTER!")
        assert read(store, "a") == b"before"
        source.unlink()
        assert read(store, "a") == b"before"

    def test_put_replaces(self, store: ArtifactStore, scratch: Path) -> None:
        """The second content under a key is the one that holds, also where it is shorter."""
        put(store, scratch, "a/b", b"a long first content")
        put(store, scratch, "a/b", b"short")
        assert read(store, "a/b") == b"short"
        assert list(store.list("a")) == [FileInfo("a/b", False, 5)]

    def test_get_replaces_a_local_file(self, store: ArtifactStore, scratch: Path) -> None:
        """An existing local file is replaced as a whole."""
        put(store, scratch, "a", b"new")
        target = scratch / "target"
        target.write_bytes(b"a longer old content")
        store.get("a", target)
        assert target.read_bytes() == b"new"

    @pytest.mark.parametrize("key", ["missing", "missing/too", "folder", "folder/file/below", "folder/fil"])
    def test_a_missing_file_is_not_found(self, store: ArtifactStore, scratch: Path, key: str) -> None:
        """`get` and `open` raise `NotFound`, for folders too, and `get` writes nothing."""
        put(store, scratch, "folder/file")
        with pytest.raises(NotFound):
            store.open(key)
        with pytest.raises(NotFound):
            store.get(key, scratch / "target")
        assert not (scratch / "target").exists()

    def test_a_missing_source_is_not_found(self, store: ArtifactStore, scratch: Path) -> None:
        """Storing a local file that is not there leaves what the key had."""
        put(store, scratch, "a/b", b"old")
        with pytest.raises(NotFound):
            store.put("a/b", scratch / "missing")
        with pytest.raises(NotFound):
            store.put("new/folder/c", scratch / "missing")
        assert [each.path for each in walk(store)] == ["a/b"]
        assert read(store, "a/b") == b"old"

    def test_a_stream_can_be_read_in_parts(self, store: ArtifactStore, scratch: Path) -> None:
        """`open` returns a binary stream: `read(n)`, lines, and the end."""
        put(store, scratch, "a", b"one\ntwo\nthree")
        with store.open("a") as stream:
            assert stream.read(2) == b"on"
            assert stream.readline() == b"e\n"
            assert list(stream) == [b"two\n", b"three"]
            assert stream.read() == b""
        assert stream.closed

    def test_a_large_file_takes_little_memory(self, store: ArtifactStore, scratch: Path) -> None:
        """Putting, getting and reading a large file in parts takes no memory that grows with it."""
        source = scratch / "large"
        with source.open("wb") as file:
            for number in range(24):
                file.write(hashlib.sha256(bytes([number])).digest() * (_LARGE // 24 // 32))
        tracemalloc.start()
        try:
            store.put("large", source)
            store.get("large", scratch / "got")
            with store.open("large") as stream:
                size = sum(len(part) for part in iter(lambda: stream.read(65536), b""))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert size == _LARGE
        with source.open("rb") as ours, (scratch / "got").open("rb") as theirs:
            assert hashlib.file_digest(ours, "sha256").digest() == hashlib.file_digest(theirs, "sha256").digest()
        assert self.memory_limit is None or peak < self.memory_limit

    # Listing ---------------------------------------------------------------------------------------------------------

    def test_an_empty_store_lists_nothing(self, store: ArtifactStore) -> None:
        """Nothing is listed at the root, and nothing below a prefix that is not there."""
        assert list(store.list()) == []
        assert list(store.list("missing")) == []
        assert list(store.list("missing/too")) == []

    def test_a_listing_shows_one_level(self, store: ArtifactStore, scratch: Path) -> None:
        """Files with their sizes and folders without, each once, ordered by path, with paths from the root."""
        for key in ("b/y/2", "b/x", "b.txt", "a", "b/y/1", "b-c/z", "B"):
            put(store, scratch, key, b"12345")
        assert list(store.list()) == [
            FileInfo("B", False, 5),
            FileInfo("a", False, 5),
            FileInfo("b", True),
            FileInfo("b-c", True),
            FileInfo("b.txt", False, 5),
        ]
        assert list(store.list("b")) == [FileInfo("b/x", False, 5), FileInfo("b/y", True)]
        assert list(store.list("b/y")) == [FileInfo("b/y/1", False, 5), FileInfo("b/y/2", False, 5)]

    def test_a_prefix_that_names_a_file_lists_that_file(self, store: ArtifactStore, scratch: Path) -> None:
        """That file alone: not those whose names begin like it, and nothing below it."""
        for key in ("a/model", "a/model.txt", "a/model2"):
            put(store, scratch, key, b"1")
        assert list(store.list("a/model")) == [FileInfo("a/model", False, 1)]
        assert list(store.list("a/model/below")) == []

    def test_a_prefix_ends_at_a_slash(self, store: ArtifactStore, scratch: Path) -> None:
        """A prefix is a folder, not the start of a name."""
        put(store, scratch, "plots2/a")
        assert list(store.list("plots")) == []

    # Deleting --------------------------------------------------------------------------------------------------------

    def test_a_deleted_file_is_gone(self, store: ArtifactStore, scratch: Path) -> None:
        """The file and no other one; then it is as if it had never been there."""
        for key in ("a/b", "a/bc", "a/d"):
            put(store, scratch, key)
        store.delete("a/b")
        with pytest.raises(NotFound):
            store.open("a/b")
        assert [each.path for each in walk(store)] == ["a/bc", "a/d"]

    def test_a_folder_is_deleted_with_all_below_it(self, store: ArtifactStore, scratch: Path) -> None:
        """Whatever its depth, and nothing beside it."""
        for key in ("a/b/1", "a/b/c/2", "a/b/" + "d/" * 60 + "3", "a/bb/4", "a/5"):
            put(store, scratch, key)
        store.delete("a/b")
        assert [each.path for each in walk(store)] == ["a/5", "a/bb/4"]
        put(store, scratch, "a/b/1", b"again")
        assert [each.path for each in walk(store)] == ["a/5", "a/b/1", "a/bb/4"]

    @pytest.mark.parametrize("key", ["missing", "a/missing", "missing/too", "a/b/below"])
    def test_deleting_what_is_missing_is_no_error(self, store: ArtifactStore, scratch: Path, key: str) -> None:
        """And it removes nothing, also in a store to which nothing was ever written."""
        store.delete(key)
        put(store, scratch, "a/b")
        store.delete(key)
        assert [each.path for each in walk(store)] == ["a/b"]

    def test_a_folder_ends_with_its_last_file(self, store: ArtifactStore, scratch: Path) -> None:
        """There are no empty folders to list."""
        for key in ("a/b/c", "a/b/d"):
            put(store, scratch, key)
        store.delete("a/b/c")
        assert list(store.list()) == [FileInfo("a", True)]
        store.delete("a/b/d")
        assert list(store.list()) == []
        assert list(store.list("a/b")) == []

    # Keys that lead elsewhere ----------------------------------------------------------------------------------------

    @pytest.mark.parametrize("key", HOSTILE_KEYS, ids=_short)
    def test_a_key_never_leads_out_of_the_root(self, store: ArtifactStore, scratch: Path, key: str) -> None:
        """Each verb refuses it with `InvalidValue` before it touches anything; there is no local path for it."""
        source = put(store, scratch, "kept", b"kept")
        (scratch / "x").write_bytes(b"outside")
        with pytest.raises(InvalidValue):
            store.put(key, source)
        with pytest.raises(InvalidValue):
            store.get(key, scratch / "got")
        with pytest.raises(InvalidValue):
            store.open(key)
        with pytest.raises(InvalidValue):
            store.delete(key)
        if key:  # which names the root
            with pytest.raises(InvalidValue):
                store.list(key)
            with suppress(InvalidValue):
                assert store.local_path(key) is None
        assert (walk(store), read(store, "kept")) == ([FileInfo("kept", False, 4)], b"kept")
        assert sorted(each.name for each in scratch.iterdir()) == ["source", "x"]
        assert (scratch / "x").read_bytes() == b"outside"

    # Local paths -----------------------------------------------------------------------------------------------------

    def test_a_local_path_leads_to_the_content(self, store: ArtifactStore, scratch: Path) -> None:
        """Where a store gives one, it is the file, or the folder with the files below it."""
        put(store, scratch, "a/b", b"content")
        file, folder = store.local_path("a/b"), store.local_path("a")
        assert file is None or file.read_bytes() == b"content"
        assert folder is None or (folder / "b").read_bytes() == b"content"
        assert (file is None) == (folder is None)

    def test_there_is_no_local_path_of_what_is_missing(self, store: ArtifactStore, scratch: Path) -> None:
        """None, or a path at which nothing lies."""
        put(store, scratch, "a/b")
        assert no_path(store, "a/missing")
        assert no_path(store, "a/b/below")
        store.delete("a")
        assert no_path(store, "a/b")
        assert no_path(store, "a")
