"""Numbers as MariaDB keeps them."""

import math
import struct

from hypothesis import given
from hypothesis import strategies as st

from hookline_tracking_sql.column_types import number_of, ordered_integer

numbers = st.floats(allow_nan=False)


@given(numbers, numbers)
def test_integers_are_ordered_as_numbers_are(first: float, second: float) -> None:
    one, other = ordered_integer(first), ordered_integer(second)
    assert one is not None
    assert other is not None
    if first < second:
        assert one < other
    if first == second and math.copysign(1, first) == math.copysign(1, second):
        assert one == other


@given(numbers)
def test_a_number_comes_back_bit_for_bit(number: float) -> None:
    integer = ordered_integer(number)
    assert integer is not None
    assert -(2**63) <= integer < 2**63
    back = number_of(integer)
    assert back is not None
    assert struct.pack("<d", back) == struct.pack("<d", number)


def test_negative_zero_comes_directly_before_zero() -> None:
    assert (ordered_integer(-0.0), ordered_integer(0.0)) == (-1, 0)
    assert (ordered_integer(None), number_of(None)) == (None, None)
