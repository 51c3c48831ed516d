"""The interface of an artifact store: files below one root URI, addressed by relative keys.

Laws (`hookline.testing.ArtifactStoreSuite` holds them):

- A key is a relative path with `/`, already checked by `hookline.paths.check_key_path`; a store refuses others too,
  with `InvalidValue`.
- `put` is atomic: a reader sees the old file, the new file, or none; never a part. What is stored is a copy.
- A folder is there as long as a file is below it. Whether a file may have the key of another one's folder is not said.
- Links are not followed out of the root. Thread safe. Memory is bounded whatever the file's size.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO, TypeAlias

from hookline.entities import FileInfo

Moved: TypeAlias = Callable[[int], None]
"""Is told how many more bytes of a file have been moved, from whatever thread moves them."""


class ArtifactStore(ABC):
    """Keeps files below its root. A provider's target is called as `target(uri, options)`; the URI is the root."""

    @abstractmethod
    def put(self, key: str, source: Path) -> None:
        """Store a local file under a key, replacing what is there. Raises `NotFound` where there is no such file."""

    def take(self, key: str, source: Path) -> None:
        """Store a local file as `put` does; the store may take it away instead of copying it."""
        self.put(key, source)

    @abstractmethod
    def get(self, key: str, destination: Path) -> None:
        """Write a file's content to a local path, whose folder exists.

        Raises:
            NotFound: there is no such file (a folder is none); then nothing is written.
        """

    @abstractmethod
    def open(self, key: str) -> BinaryIO:
        """Open a file for reading, as a stream that the caller closes. Raises `NotFound`."""

    @abstractmethod
    def list(self, prefix: str = "") -> Sequence[FileInfo]:
        """Return the files and folders directly below a prefix, ordered by path; nothing where there is none.

        Where the prefix names a file, that file alone is returned.
        """

    @abstractmethod
    def delete(self, key: str) -> None:
        """Remove a file, or a folder with all below it; a missing one is no error."""

    def put_with_progress(self, key: str, source: Path, moved: Moved) -> None:
        """Store a local file as `put` does; a store for large files says meanwhile how far it is, others at the end."""
        self.put(key, source)
        moved(source.stat().st_size)

    def get_with_progress(self, key: str, destination: Path, moved: Moved) -> None:
        """Write a file's content to a local path as `get` does, and say how far it is as `put_with_progress` does."""
        self.get(key, destination)
        moved(destination.stat().st_size)

    def local_path(self, key: str) -> Path | None:
        """Return where a file or folder lies on this machine's disk, to be read and never written, if it does."""
        return None

    def local_root(self) -> Path | None:
        """Return the folder of this machine below which all files lie, or will once there are any, if they do."""
        return None

    def sweep(self, *, remove: bool = True) -> Sequence[int]:
        """Remove what writers that have died left half written; return the sizes of those files.

        What is stored stays, and what somebody may still be writing. A store that takes a file at once, or whose
        server tidies up, has nothing to sweep.

        Args:
            remove: False: only say what would go.
        """
        return []
