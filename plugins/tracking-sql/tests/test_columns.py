"""The packed columns of a segment: exact, small, and readable for ever."""

import math
import struct
from array import array
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline_tracking_sql.columns import (
    least_difference,
    pack_integers,
    pack_numbers,
    unpack_integers,
    unpack_numbers,
)

LEAST, GREATEST = -(2**63), 2**63 - 1
small = st.integers(-3, 300)
int64 = st.one_of(small, st.integers(LEAST, GREATEST), st.sampled_from([LEAST, GREATEST, 0]))
numbers = st.one_of(st.sampled_from([0.0, -0.0, 1.0, math.nan, math.inf, -math.inf]), st.floats(), st.floats(width=32))


def bits(values: "array[float]") -> list[bytes]:
    """The bits of values, all NaNs being one."""
    return [b"nan" if math.isnan(value) else struct.pack("d", value) for value in values]


@given(st.one_of(st.lists(int64, min_size=1, max_size=30), st.lists(small, min_size=1, max_size=30)), st.data())
def test_integers_round_trip_as_a_whole_and_in_part(values: list[int], data: st.DataObject) -> None:
    packed = pack_integers(array("q", values))
    assert unpack_integers(packed, values[0], 0, len(values)).tolist() == values
    begin = data.draw(st.integers(0, len(values) - 1))
    end = data.draw(st.integers(begin + 1, len(values)))
    assert unpack_integers(packed, values[begin], begin, end).tolist() == values[begin:end]


@given(st.lists(int64, min_size=1, max_size=30))
def test_the_least_difference_is_told_where_it_is_known(values: list[int]) -> None:
    differences = [later - earlier for earlier, later in pairwise(values)]
    assert least_difference(pack_integers(array("q", values))) in (None, min(differences, default=None))


@given(st.lists(numbers, min_size=2, max_size=30), st.booleans(), st.data())
def test_doubles_round_trip_as_a_whole_and_in_part(values: list[float], dense: bool, data: st.DataObject) -> None:
    packed = pack_numbers(array("d", values), dense=dense)
    assert bits(unpack_numbers(packed, 0, len(values))) == bits(array("d", values))
    begin = data.draw(st.integers(0, len(values) - 1))
    assert bits(unpack_numbers(packed, begin, len(values))) == bits(array("d", values[begin:]))


@pytest.mark.parametrize(
    ("values", "size"),
    [
        (range(1000), 9),
        (range(1000, 0, -1), 9),
        ([7] * 1000, 9),
        ([0, 1000, 2200, 3145], 9 + 3),
        ([0, 1000, 1001, 1000], 9 + 2 * 3),
        ([0, 2**31, 0, 1], 1 + 8 * 3),
        ([0, 2**31, 2**31 + 1], 9 + 4 * 2),
        ([LEAST, GREATEST], 1 + 8),
    ],
    ids=["counting", "counting down", "equal", "bytes", "words", "wide", "long words", "the greatest difference"],
)
def test_integers_take_as_many_bytes_as_their_differences_differ(values: list[int], size: int) -> None:
    packed = pack_integers(array("q", values))
    assert packed is not None
    assert len(packed) == size


def test_a_column_of_one_integer_takes_none() -> None:
    assert pack_integers(array("q", [5])) is None
    assert unpack_integers(None, 5, 0, 1).tolist() == [5]


@pytest.mark.parametrize(
    ("values", "dense", "size"),
    [
        ([0.1] * 100, False, 9),
        ([0.5, 0.25, 3.0], False, 25),
        ([0.5, 0.25, 3.0], True, 13),
        ([0.5, 0.1, 3.0], True, 25),
        ([1e300, 1.0], True, 17),
    ],
    ids=["constant", "fresh", "single precision", "double precision", "too large"],
)
def test_doubles_take_less_where_that_is_exact(values: list[float], dense: bool, size: int) -> None:
    assert len(pack_numbers(array("d", values), dense=dense)) == size
