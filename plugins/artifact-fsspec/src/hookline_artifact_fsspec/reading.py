"""Reading a remote file as a stream, from any position."""

import io
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, TypeAlias

from hookline.errors import NotFound
from hookline_artifact_fsspec.failures import Changed

Telling: TypeAlias = Callable[[], AbstractContextManager[None]]
"""A context in which errors become Hookline's."""

_PART = 1 << 20


class Opened(ABC):
    """A file of one moment: what is read later is of the same content, or fails.

    Attributes:
        size: bytes of the whole.
    """

    size: int

    @abstractmethod
    def read_at(self, position: int, count: int) -> bytes:
        """Return some bytes from a position on, at most `count`; none where the file is shorter than it was."""

    def parts(self) -> Iterator[bytes]:
        """Yield all of it."""
        position = 0
        while position < self.size:
            part = self.read_at(position, _PART)
            if not part:
                raise Changed("A file is shorter than it was. Read it again.")
            position += len(part)
            yield part

    @abstractmethod
    def close(self) -> None:
        """Give the file up."""


class Whole(Opened):
    """A small file that was read at once."""

    def __init__(self, content: bytes) -> None:
        self._content, self.size = content, len(content)

    def read_at(self, position: int, count: int) -> bytes:
        """See `Opened.read_at`."""
        return self._content[position : position + count]

    def close(self) -> None:
        """See `Opened.close`."""


class Sequential(Opened):
    """A file that a server sends from some position to its end: another position is another request."""

    _position = -1

    def read_at(self, position: int, count: int) -> bytes:
        """See `Opened.read_at`."""
        if position != self._position:
            self.stop()
            self.start(position)
            self._position = position
        part = self.next(count)
        self._position += len(part)
        return part

    def close(self) -> None:
        """See `Opened.close`."""
        self.stop()

    @abstractmethod
    def start(self, position: int) -> None:
        """Ask for the file from a position on."""

    @abstractmethod
    def next(self, count: int) -> bytes:
        """Return what comes next, at most `count` bytes; none at the end."""

    @abstractmethod
    def stop(self) -> None:
        """Break off what is coming, if anything is."""


class Stream(io.RawIOBase):
    """An opened file as a stream, which closes it."""

    def __init__(self, opened: Opened, key: str, telling: Telling) -> None:
        self._opened, self._key, self._telling, self._position = opened, key, telling, 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a position; nothing is asked of the server before something is read there."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._opened.size}[whence]
        self._position = max(base + offset, 0)
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Read at least one byte, unless the file has ended."""
        view = memoryview(buffer).cast("B")
        wanted = min(len(view), self._opened.size - self._position)
        if wanted <= 0:
            return 0
        try:
            with self._telling():
                part = self._opened.read_at(self._position, wanted)
        except NotFound:
            raise Changed(f"The artifact {self._key!r} was removed while it was read.") from None
        if not part:
            raise Changed(f"The artifact {self._key!r} is shorter than it was. Read it again.")
        view[: len(part)] = part
        self._position += len(part)
        return len(part)

    def close(self) -> None:
        """Give the file up."""
        if not self.closed:
            try:
                with self._telling():
                    self._opened.close()
            finally:
                super().close()
