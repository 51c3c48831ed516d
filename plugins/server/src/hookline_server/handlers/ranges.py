"""Parts of files, as HTTP asks for them: `Range: bytes=0-99`, `bytes=100-`, or `bytes=-100` for the end."""

import re
from typing import BinaryIO

from attrs import frozen

from hookline_lib_wire.errors import WireError
from hookline_server.exchanges import Exchange

_ONE = re.compile(rb"bytes=(?:([0-9]{1,18})-([0-9]{0,18})|-([0-9]{1,18}))")


@frozen
class Span:
    """A part of a file: from byte `start` to before byte `end`, of `whole`."""

    start: int
    end: int
    whole: int

    @property
    def header(self) -> str:
        """What an answer says of it."""
        return f"bytes {self.start}-{self.end - 1}/{self.whole}"


def wanted_range(exchange: Exchange) -> bytes | None:
    """Return the part that a request wants, as it says so; None where it wants the whole file.

    A part of the version that somebody has (`If-Range`) is never given, since files have no version here.
    """
    if exchange.method != "GET" or exchange.header(b"if-range") is not None:
        return None
    return exchange.header(b"range")


def span_of(wanted: bytes | None, size: int | None) -> Span | None:
    """Return the part of a file that is wanted; None for the whole file, which also answers what is not understood.

    Raises:
        WireError: the file ends before it.
    """
    found = None if wanted is None or not size else _ONE.fullmatch(wanted.strip())
    if found is None or size is None:
        return None
    first, last, length = (int(each) if each else None for each in found.groups())
    if first is None:
        return Span(max(0, size - (length or 0)), size, size) if length else None
    if last is not None and last < first:
        return None
    if first >= size:
        raise WireError("RANGE_NOT_SATISFIABLE", f"The file has {size:,} bytes, and none at {first:,}.")
    return Span(first, size if last is None else min(size, last + 1), size)


class SpanStream:
    """A stream that ends where a part of a file does.

    Args:
        stream: stands where the part begins. size: of the part.
    """

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream, self._left = stream, size

    def read(self, count: int) -> bytes:
        """Read at most so many bytes; nothing at the end."""
        part = self._stream.read(min(count, self._left))
        self._left -= len(part)
        return part

    def close(self) -> None:
        """Close the stream."""
        self._stream.close()
