"""What the artifact store asks of a remote file system."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence

from attrs import frozen

from hookline_artifact_fsspec.reading import Opened


@frozen
class Entry:
    """A file or folder. `size` is a file's."""

    name: str
    is_dir: bool
    size: int | None = None


class Filesystem(ABC):
    """Files below absolute paths. Thread safe. Nothing is connected before something is asked.

    All raise `FileNotFoundError` where the path, or the folder that it lies in, is not there; `Denied` where the server
    forbids it; another `Problem` where it fails or is away.

    Attributes:
        keeps_empty_folders: whether `remove_if_empty` does nothing, so that folders may be left that hold no file.
        takes_away_first: whether replacing a file takes the old one away first, so that for a moment there is none.
    """

    keeps_empty_folders: bool = True
    takes_away_first: bool = False

    @abstractmethod
    def write(self, path: str, parts: Iterable[bytes]) -> None:
        """Write a new file."""

    @abstractmethod
    def read(self, path: str) -> Opened:
        """Open a file; what is no file, such as a folder, is not there."""

    @abstractmethod
    def stat(self, path: str) -> Entry | None:
        """Return what lies at a path, if it is a file or a folder."""

    @abstractmethod
    def entries(self, path: str) -> Sequence[Entry] | None:
        """Return the files and folders in a folder; None where there is no folder."""

    @abstractmethod
    def make_folders(self, path: str) -> None:
        """Make a folder, and those above it, where they are missing."""

    @abstractmethod
    def move(self, source: str, target: str) -> None:
        """Give a file or folder another path; a file that is there is replaced."""

    @abstractmethod
    def remove(self, path: str) -> None:
        """Remove a file, or a folder with all below it."""

    def discard(self, path: str, aside: str) -> None:
        """Remove a file, or a folder with all below it, which vanishes at once: it gets the name `aside` first."""
        self.move(path, aside)
        self.remove(aside)

    def remove_if_empty(self, path: str) -> bool:
        """Remove a folder if nothing lies in it, and say whether; never one that something was just put into."""
        return False

    def close(self) -> None:  # noqa: B027 - not all have something to close
        """Close the connections. What is asked afterwards connects again."""


def parent_of(path: str) -> str:
    """Return the folder that a path lies in; "" for the topmost one."""
    return path.rpartition("/")[0]
