"""The columns of a segment as bytes: docs/formats/segments.md. Exact for every 64-bit integer and every double."""

import struct
import sys
from array import array
from itertools import accumulate, repeat
from operator import add, sub
from typing import Any

_PROGRESSION = struct.Struct("<Bq")
_CODES = {1: "B", 2: "H", 4: "I"}
_WIDE = 8
_CONSTANT, _FLOATS, _DOUBLES = 1, 4, 8
_LEAST, _GREATEST = -(2**63), 2**63 - 1


def pack_integers(values: "array[int]") -> bytes | None:
    """Return a column without its first value, which is kept apart; None where that is all."""
    if len(values) == 1:
        return None
    stride, spread = values[1] - values[0], 0
    if not is_progression(values):
        known = values.tolist()
        differences = list(map(sub, known[1:], known))
        stride = min(differences)
        spread = max(differences) - stride
    width = _width(spread)
    if width == _WIDE or not _LEAST <= stride <= _GREATEST:
        return bytes([_WIDE]) + little(array("q", values[1:]))
    head = _PROGRESSION.pack(width, stride)
    return head + little(array(_CODES[width], map(sub, differences, repeat(stride)))) if width else head


def least_difference(packed: bytes | None) -> int | None:
    """Return the least difference between one value and the next of a column; None where its bytes do not tell."""
    return None if packed is None or packed[0] == _WIDE else _PROGRESSION.unpack_from(packed)[1]


def progression_of(packed: bytes | None) -> int | None:
    """Return by how much each value of a column is more than the one before, where that is always the same."""
    return None if packed is None or packed[0] else _PROGRESSION.unpack_from(packed)[1]


def unpack_integers(packed: bytes | None, first: int, begin: int, end: int) -> "array[int]":
    """Return the values of a column from index `begin` to `end`, of which `first` is the one at `begin`."""
    more = end - begin - 1
    if packed is None or not more:
        return array("q", (first,))
    width = packed[0]
    if width == _WIDE:
        return array("q", (first,)) + numbers_of("q", packed[1 + _WIDE * begin : 1 + _WIDE * (begin + more)])
    _, stride = _PROGRESSION.unpack_from(packed)
    if not width:
        return _progression(first, stride, more + 1)
    data = _PROGRESSION.size + width * begin
    offsets = numbers_of(_CODES[width], packed[data : data + width * more])
    return array("q", accumulate(map(add, offsets, repeat(stride)), initial=first))


def integer_at(packed: bytes | None, first: int, index: int) -> int:
    """Return the value of a column at an index, of which `first` is the one at 0."""
    if packed is None or not index:
        return first
    width = packed[0]
    if width == _WIDE:
        return numbers_of("q", packed[1 + _WIDE * (index - 1) : 1 + _WIDE * index])[0]
    value = first + index * _PROGRESSION.unpack_from(packed)[1]
    data = _PROGRESSION.size
    return value + sum(numbers_of(_CODES[width], packed[data : data + width * index])) if width else value


def pack_numbers(values: "array[float]", *, dense: bool) -> bytes:
    """Return doubles, at least two; `dense` takes the time to look whether single precision is enough."""
    data = little(values)
    if data == data[:8] * len(values):
        return bytes([_CONSTANT]) + data[:8]
    if dense and _are_floats(values[:8]) and _are_floats(values):
        return bytes([_FLOATS]) + little(array("f", values))
    return bytes([_DOUBLES]) + data


def unpack_numbers(packed: bytes, begin: int, end: int) -> "array[float]":
    """Return the doubles of a column from index `begin` to `end`."""
    width = packed[0]
    if width == _CONSTANT:
        return numbers_of("d", packed[1:] * (end - begin))
    data = packed[1 + width * begin : 1 + width * end]
    return numbers_of("d", data) if width == _DOUBLES else array("d", numbers_of("f", data))


def little(numbers: "array[Any]") -> bytes:
    """Return the little-endian bytes of an array."""
    if sys.byteorder == "little":
        return numbers.tobytes()
    swapped = numbers[:]
    swapped.byteswap()
    return swapped.tobytes()


def numbers_of(typecode: str, data: bytes) -> "array[Any]":
    """Return the array of little-endian bytes."""
    numbers = array(typecode)
    numbers.frombytes(data)
    if sys.byteorder != "little":
        numbers.byteswap()
    return numbers


def is_progression(values: "array[int]") -> bool:
    """Return whether each of some integers, at least two, is as much more than the one before."""
    first, stride, size = values[0], values[1] - values[0], len(values)
    return values[-1] - first == stride * (size - 1) and values == _progression(first, stride, size)


def _progression(first: int, stride: int, size: int) -> "array[int]":
    if not stride:
        return array("q", (first,)) * size
    found = array("q")
    found.frombytes(struct.pack(f"{size}q", *range(first, first + stride * size, stride)))  # a third of array's time
    return found


def _are_floats(values: "array[float]") -> bool:
    """Return whether single precision keeps every bit of some doubles."""
    size = len(values)
    try:
        floats = struct.unpack(f"{size}f", struct.pack(f"{size}f", *values))
    except OverflowError:
        return False
    return struct.pack(f"{size}d", *floats) == values.tobytes()


def _width(spread: int) -> int:
    """Return how many bytes a difference takes, 0 where all are the same."""
    if not spread:
        return 0
    return next((width for width in _CODES if spread < 1 << 8 * width), _WIDE)
