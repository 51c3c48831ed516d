"""Laws of artifact stores: many threads at once, and links in the folder that holds the files."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

import pytest

from hookline.entities import FileInfo
from hookline.errors import HooklineError
from hookline.interfaces import ArtifactStore
from hookline.testing.laws_artifacts import ArtifactSuite, no_path, put, read, walk
from hookline.testing.store_suite import at_once


class ArtifactRaceLaws(ArtifactSuite):
    """Readers, writers and removers do not hinder each other, and links lead nowhere."""

    withstands_swaps: ClassVar[bool] = True

    @pytest.fixture
    def root(self, store: ArtifactStore) -> Path:
        """The folder in which the store keeps its files, made if it is not there yet."""
        pytest.skip("the store keeps its files in no folder of this machine, in which a link could lie")

    # Many at once ----------------------------------------------------------------------------------------------------

    def test_a_reader_never_sees_a_part(self, store: ArtifactStore, scratch: Path) -> None:
        """While two threads replace a file, readers see one of the contents as a whole, and the listing its size."""
        contents = [bytes([number]) * (200_000 + number) for number in range(2)]
        put(store, scratch, "a/b", contents[0])

        def write(content: bytes) -> None:
            source = scratch / f"source{len(content)}"
            source.write_bytes(content)
            for _ in range(40):
                store.put("a/b", source)

        def look(number: int) -> None:
            for _ in range(40):
                store.get("a/b", scratch / f"got{number}")
                assert (scratch / f"got{number}").read_bytes() in contents
                assert read(store, "a/b") in contents
                (listed,) = store.list("a")
                assert listed.file_size in [len(content) for content in contents]

        at_once(*(lambda content=content: write(content) for content in contents), lambda: look(1), lambda: look(2))
        assert read(store, "a/b") in contents

    def test_many_threads_store_beside_each_other(self, store: ArtifactStore, scratch: Path) -> None:
        """Files below folders that are being made at the same time all arrive."""

        def fill(number: int) -> None:
            for each in range(20):
                source = scratch / f"{number}-{each}"
                source.write_bytes(source.name.encode())
                store.put(f"shared/{each}/deeper/{number}", source)

        at_once(*(lambda number=number: fill(number) for number in range(6)))
        found = walk(store)
        assert len(found) == 120
        for each in found:
            _, folder, _, name = each.path.split("/")
            assert read(store, each.path) == f"{name}-{folder}".encode()

    def test_storing_while_a_folder_is_deleted_fails_for_nobody(self, store: ArtifactStore, scratch: Path) -> None:
        """Each file is there or gone with the folder; what is put after the last deletion stays."""
        source = put(store, scratch, "a/b/kept", b"content")

        def fill(number: int) -> None:
            for each in range(60):
                store.put(f"a/b/{number}/{each}", source)

        def clear() -> None:
            for _ in range(60):
                store.delete("a")

        at_once(lambda: fill(0), lambda: fill(1), clear, clear)
        store.put("a/b/last", source)
        assert read(store, "a/b/last") == b"content"
        assert all(read(store, each.path) == b"content" for each in walk(store))

    # Links -----------------------------------------------------------------------------------------------------------

    @pytest.mark.parametrize("kind", ["file", "folder", "missing", "circle"])
    def test_a_link_is_no_way_out(self, store: ArtifactStore, root: Path, scratch: Path, kind: str) -> None:
        """A symbolic link below the root is not listed; through it nothing is read, written or deleted."""
        outside = scratch / "outside"
        outside.mkdir()
        (outside / "secret").write_bytes(b"secret")
        put(store, scratch, "a/kept", b"kept")
        where = {"file": outside / "secret", "folder": outside, "missing": outside / "new", "circle": root / "a/link"}
        (root / "a/link").symlink_to(where[kind])
        below = "a/link/secret" if kind == "folder" else "a/link"
        assert list(store.list("a")) == [FileInfo("a/kept", False, 4)]
        assert list(store.list("a/link")) == []
        assert list(store.list(below)) == []
        for key in ("a/link", below):
            assert no_path(store, key)
            with pytest.raises(HooklineError):
                store.open(key)
            with pytest.raises(HooklineError):
                store.get(key, scratch / "got")
        assert not (scratch / "got").exists()
        _try_to_harm(store, scratch, below)
        assert [(each.name, each.read_bytes()) for each in outside.iterdir()] == [("secret", b"secret")]

    def test_deleting_a_folder_leaves_what_links_in_it_lead_to(
        self, store: ArtifactStore, root: Path, scratch: Path
    ) -> None:
        """The links go with their folder; files and folders outside stay, hard links too."""
        outside = scratch / "outside"
        outside.mkdir()
        (outside / "secret").write_bytes(b"secret")
        put(store, scratch, "a/b/c", b"1")
        (root / "a/folder").symlink_to(outside)
        (root / "a/b/file").symlink_to(outside / "secret")
        (root / "a/b/hard").hardlink_to(outside / "secret")
        store.delete("a")
        assert not (root / "a").exists()
        assert (outside / "secret").read_bytes() == b"secret"

    def test_replacing_a_hard_link_changes_no_file_outside(
        self, store: ArtifactStore, root: Path, scratch: Path
    ) -> None:
        """A file is replaced, never written into."""
        (scratch / "outside").write_bytes(b"outside")
        put(store, scratch, "a/b", b"1")
        (root / "a/hard").hardlink_to(scratch / "outside")
        put(store, scratch, "a/hard", b"new")
        assert (scratch / "outside").read_bytes() == b"outside"
        assert read(store, "a/hard") == b"new"

    def test_a_folder_that_is_swapped_for_a_link_is_no_way_out(
        self, store: ArtifactStore, root: Path, scratch: Path
    ) -> None:
        """While a folder becomes a link to the outside and back, again and again, nothing outside is touched."""
        if not self.withstands_swaps:
            pytest.skip("the system has no calls to open a file below an open folder")
        outside = scratch / "outside"
        outside.mkdir()
        (outside / "x").write_bytes(b"secret")
        source = put(store, scratch, "a/b/x", b"inside!")
        folder = root / "a/b"

        def swap() -> None:
            for number in range(300):
                aside = root / f"aside{number}"
                for step in (
                    lambda aside=aside: folder.rename(aside),
                    lambda: folder.symlink_to(outside),
                    lambda: folder.unlink(),
                    lambda aside=aside: aside.rename(folder),
                ):
                    with suppress(OSError):  # the store has made the folder again
                        step()

        def work(verbs: Sequence[Callable[[], object]]) -> None:
            for number in range(200):
                with suppress(HooklineError):
                    verbs[number % len(verbs)]()

        def look() -> None:
            assert read(store, "a/b/x") == b"inside!"
            assert all(each.file_size == len(b"inside!") for each in store.list("a/b"))

        at_once(
            swap,
            lambda: work([look]),
            lambda: work([lambda: store.put("a/b/x", source), look]),
            lambda: work(
                [lambda: store.put("a/b/x", source), lambda: store.delete("a/b/x"), lambda: store.delete("a/b")]
            ),
        )
        assert [(each.name, each.read_bytes()) for each in outside.iterdir()] == [("x", b"secret")]


def _try_to_harm(store: ArtifactStore, scratch: Path, key: str) -> None:
    """Write and delete through a link, which the store may refuse or understand as the link itself."""
    for harm in (lambda: put(store, scratch, key, b"new"), lambda: store.delete(key)):
        try:
            harm()
        except HooklineError:
            continue
