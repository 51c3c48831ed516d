"""Frames: how one record lies in a journal's file. `docs/formats/journal.md` is the whole of the format.

A frame is `u32 length, u32 crc32, u8 kind, body`, all little-endian; `length` counts kind and body, and the CRC-32 is
of both. The n-th frame of a writer, counted from 0 over all of its files, has the sequence number n.
"""

import json
import re
import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from functools import lru_cache
from struct import Struct
from typing import Any
from zlib import crc32

from hookline.entities import Points

FORMAT = 2
"""The version of the format. A kind or an event that older readers do not know makes it a new one."""
HEAD = Struct("<II")
KIND_AT = HEAD.size
POINT = Struct("<BIqqd")
"""The kind, the key's id, step, timestamp in milliseconds, value."""
ONE_POINT = Struct("<Iqqd")
ROW = Struct("<qq")
"""Step and timestamp of a row; the ids of its keys follow, and then their values."""
_A_VALUE = 12
KEY_ID = Struct("<I")
COLUMNS = Struct("<II")
"""The key's id, and how many points follow."""
MAX_LENGTH = 1 << 30
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class Kind(IntEnum):
    """What a frame holds.

    HEADER is the first frame of every file: a JSON object with the format's version, the run, the writer, the sequence
    number of the frame itself, and the lease. NAMES gives keys numbers that hold within the file. POINT is one point,
    ROW has those of several keys at one step, and COLUMNS are many of one key, column by column. PARAMS and TAGS are
    JSON objects of texts. EVENT is a JSON object with a field `event`. TOGETHER holds other frames, without CRCs, that
    are stored together or not at all. SEALED says that nothing follows from this writer.
    """

    HEADER = 0
    NAMES = 1
    POINT = 2
    ROW = 3
    PARAMS = 4
    TAGS = 5
    EVENT = 6
    TOGETHER = 7
    SEALED = 8
    COLUMNS = 9


class Damaged(Exception):
    """The `length` bytes at the offset `at` are no frame, although a whole one follows them."""

    def __init__(self, at: int, length: int) -> None:
        super().__init__(at)
        self.at, self.length = at, length


def frame(kind: Kind, body: bytes = b"") -> bytes:
    """Return a frame."""
    checked = bytes((kind,)) + body
    return HEAD.pack(len(checked), crc32(checked)) + checked


def json_frame(kind: Kind, value: Any) -> bytes:
    """Return a frame whose body is JSON; NaN and infinities are written as Python does."""
    return frame(kind, to_json(value))


def to_json(value: Any) -> bytes:
    """Return JSON as frames hold it."""
    return _JSON.encode(value).encode("utf-8", "surrogatepass")


def from_json(body: bytes) -> Any:
    """Return what a JSON body holds."""
    return json.loads(body.decode("utf-8", "surrogatepass"))


def together(parts: Iterable[bytes]) -> bytes:
    """Return a frame that holds other frames; their CRCs are left out, since that of the whole is enough."""
    inner = []
    for part in parts:
        length, _ = HEAD.unpack_from(part)
        inner.append(KEY_ID.pack(length) + part[KIND_AT:])
    return frame(Kind.TOGETHER, b"".join(inner))


def inside(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield kind and body of each frame in a TOGETHER frame."""
    offset = 0
    while offset < len(body):
        (length,) = KEY_ID.unpack_from(body, offset)
        start = offset + KEY_ID.size
        yield body[start], body[start + 1 : start + length]
        offset = start + length


def names_frame(first: int, names: Iterable[str]) -> bytes:
    """Return a frame that gives names, none of which holds a NUL, numbers from `first` on."""
    return frame(Kind.NAMES, KEY_ID.pack(first) + "\0".join(names).encode())


def names(body: bytes) -> dict[int, str]:
    """Return names by their numbers."""
    (first,) = KEY_ID.unpack_from(body)
    return dict(enumerate(body[KEY_ID.size :].decode().split("\0"), first))


def row_frame(step: int, timestamp: int, keys: Sequence[int], values: Sequence[float]) -> bytes:
    """Return a frame of a point of each of several keys, which are given by their ids, at one step."""
    checked = _row(len(keys)).pack(Kind.ROW, step, timestamp, *keys, *values)
    return HEAD.pack(len(checked), crc32(checked)) + checked


def row(body: bytes) -> tuple[int, int, Sequence[int], Sequence[float]]:
    """Return step, timestamp, key ids and values of a row; raises `struct.error` where the length says otherwise."""
    count = (len(body) - ROW.size) // _A_VALUE
    _, step, timestamp, *cells = _row(count).unpack(bytes((Kind.ROW,)) + body)
    return step, timestamp, cells[:count], cells[count:]


@lru_cache(maxsize=64)
def _row(count: int) -> Struct:
    return Struct(f"<Bqq{count}I{count}d")


def columns_frame(key: int, points: Points) -> bytes:
    """Return a frame of many points of one key: its id, how many there are, steps, timestamps and values."""
    parts = [_little(points.steps), _little(points.timestamps), _little(points.values)]
    return frame(Kind.COLUMNS, COLUMNS.pack(key, len(points)) + b"".join(parts))


def columns(body: bytes) -> tuple[int, Points]:
    """Return the key's id and the points of a COLUMNS frame. Raises `ValueError` where its length is wrong."""
    key, count = COLUMNS.unpack_from(body)
    if len(body) != COLUMNS.size + 24 * count:
        raise ValueError(f"{len(body)} bytes are not {count} points")
    size = 8 * count
    parts = (body[start : start + size] for start in range(COLUMNS.size, COLUMNS.size + 3 * size, size or 1))
    steps, timestamps, values = [*parts] or [b"", b"", b""]
    return key, Points("", _array("q", steps), _array("q", timestamps), _array("d", values))


def _array(typecode: str, data: bytes) -> Any:
    numbers = array(typecode, data)
    if sys.byteorder != "little":
        numbers.byteswap()
    return numbers


def _little(column: "array[int] | array[float]") -> bytes:
    if sys.byteorder == "little":
        return column.tobytes()
    swapped = column[:]
    swapped.byteswap()
    return swapped.tobytes()


def end_of_frame(data: bytes, offset: int, *, final: bool) -> int | None:
    """Return where the frame at `offset` ends; None where it is not whole yet, or torn by its writer's death.

    Args:
        final: whether nothing will be added to `data`. Else a frame that reaches beyond it is waited for.

    Raises:
        Damaged: there is none, and a whole one follows.
    """
    if offset + KIND_AT >= len(data):
        return None
    length, crc = HEAD.unpack_from(data, offset)
    end: int = offset + KIND_AT + length
    possible = 0 < length <= MAX_LENGTH
    if possible and end <= len(data) and crc32(memoryview(data)[offset + KIND_AT : end]) == crc:
        return end
    if possible and end > len(data) and not final:
        return None
    following = _whole_frame(data, offset + 1)
    if following is None:
        return None
    raise Damaged(offset, following - offset)


_LIKE_A_FRAME = re.compile(rb"(?!\0{4})(?=...[\0-\x40]....[\0-\x08])", re.DOTALL)
"""Where a frame may begin: a length that is not 0 and not above `MAX_LENGTH`, any CRC, a kind."""


def _whole_frame(data: bytes, offset: int) -> int | None:
    """Return where the first whole frame from `offset` on begins; its CRC tells it from other bytes."""
    for found in _LIKE_A_FRAME.finditer(data, offset):
        start = found.start() + KIND_AT
        length, crc = HEAD.unpack_from(data, found.start())
        if start + length <= len(data) and crc32(memoryview(data)[start : start + length]) == crc:
            return found.start()
    return None


def frames(data: bytes, *, final: bool) -> Iterator[bytes]:
    """Yield the whole frames at the start of `data`; raises `Damaged` as `end_of_frame` does."""
    offset = 0
    while (end := end_of_frame(data, offset, final=final)) is not None:
        yield data[offset:end]
        offset = end


def content(one: bytes) -> tuple[int, bytes]:
    """Return the kind and the body of a frame."""
    return one[KIND_AT], one[KIND_AT + 1 :]
