"""Reading a file in parts, several of which are on their way at once, in the order of the file."""

import io
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import AbstractContextManager
from typing import Any, TypeAlias

from attrs import frozen
from obstore.exceptions import GenericError

from hookline.errors import NotFound
from hookline_artifact_object.clients import Bucket
from hookline_artifact_object.failures import Changed, is_range_of_nothing

Telling: TypeAlias = Callable[[], AbstractContextManager[None]]
"""A context in which errors become Hookline's."""


@frozen
class Source:
    """A file of one moment: what is read later is of the same content, or fails.

    Attributes:
        first: its content from the start, as far as one part goes.
        size: bytes of the whole. version: what names the content; None where the store does not say.
    """

    bucket: Bucket
    path: str
    first: memoryview
    size: int
    version: str | None

    @classmethod
    def opened(cls, bucket: Bucket, path: str, part_size: int) -> "Source":
        """Ask for the first part of a file, which is all there is of most."""
        try:
            found = bucket.get(path, options={"range": (0, part_size)})
        except GenericError as error:
            if not is_range_of_nothing(error):
                raise
            found = bucket.get(path)
        meta = found.meta
        return cls(bucket, path, memoryview(found.bytes()), meta["size"], meta["e_tag"])

    def part(self, start: int, end: int) -> memoryview:
        """Return the bytes from `start` to `end`, which is not included."""
        options: dict[str, Any] = {"range": (start, end)}
        if self.version is not None:
            options["if_match"] = self.version
        part = memoryview(self.bucket.get(self.path, options=options).bytes())  # type: ignore[arg-type]
        if len(part) != end - start:
            raise Changed(f"The artifact {self.path!r} is shorter than it was. Read it again.")
        return part


class Parts:
    """The parts of a file in order, from some position on.

    Args:
        pool: the threads that fetch. ahead: how many parts are on their way at once.
        telling: the context in which errors become Hookline's.
    """

    def __init__(self, source: Source, pool: Executor, part_size: int, ahead: int, telling: Telling) -> None:
        self._source, self._pool, self._size, self._ahead, self._telling = source, pool, part_size, ahead, telling

    def since(self, start: int) -> Iterator[memoryview]:
        """Yield all bytes from a position on. What is not taken is fetched for nothing: close the iterator."""
        source = self._source
        if start < len(source.first):
            yield source.first[start:]
            start = len(source.first)
        waiting: deque[Future[memoryview]] = deque()
        try:
            while waiting or start < source.size:
                while start < source.size and len(waiting) < self._ahead:
                    end = min(start + self._size, source.size)
                    waiting.append(self._pool.submit(source.part, start, end))
                    start = end
                yield self._result(waiting.popleft())
        finally:
            for each in waiting:
                each.cancel()

    def _result(self, part: "Future[memoryview]") -> memoryview:
        try:
            with self._telling():
                return part.result()
        except NotFound:
            raise Changed(f"The artifact {self._source.path!r} was removed while it was read.") from None


class Stream(io.RawIOBase):
    """A file that is read as its parts come, from any position."""

    def __init__(self, parts: Parts, size: int) -> None:
        self._parts, self._size, self._position = parts, size, 0
        self._coming: Iterator[memoryview] | None = None
        self._rest = memoryview(b"")

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
        """Go to a position; nothing is asked of the store before something is read there."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        position = max(base + offset, 0)
        if position != self._position:
            self._forget()
            self._position = position
        return position

    def readinto(self, buffer: Any) -> int:
        """Read at least one byte, unless the file has ended."""
        view = memoryview(buffer).cast("B")
        if not self._rest and self._position < self._size:
            if self._coming is None:
                self._coming = self._parts.since(self._position)
            self._rest = next(self._coming)
        count = min(len(view), len(self._rest))
        view[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        self._position += count
        return count

    def close(self) -> None:
        """Give up what is on its way."""
        self._forget()
        super().close()

    def _forget(self) -> None:
        self._rest = memoryview(b"")
        coming, self._coming = self._coming, None
        if coming is not None:
            coming.close()  # type: ignore[attr-defined]  # it is a generator
