"""Numbers of text formats: what is converted, and what is left for the signature to refuse."""

import math

import pytest

from hookline.errors import SignatureError
from hookline.models import Signature
from hookline.models.parsed import columns_of, with_numbers
from hookline.models.schema import Column, Scalar, Schema, Tensor

pd = pytest.importorskip("pandas")
np = pytest.importorskip("numpy")


def converted(values, kind, *, required=True):
    """Return (dtype, values) of a column after `with_numbers`."""
    schema = Schema(columns=[Column(kind, "a", required)])
    series = with_numbers(pd.DataFrame({"a": values}), schema)["a"]
    return str(series.dtype), series.tolist()


@pytest.mark.parametrize(
    ("kind", "values", "dtype", "expected"),
    [
        (Scalar.DOUBLE, [1, 2], "float64", [1.0, 2.0]),
        (Scalar.DOUBLE, [2**60], "float64", [float(2**60)]),
        (Scalar.DOUBLE, ["1.5", " 2 ", 3], "float64", [1.5, 2.0, 3.0]),
        (Scalar.DOUBLE, ["inf", "nan", None], "float64", [math.inf, math.nan, math.nan]),
        (Scalar.FLOAT, [1.5, 2], "float32", [1.5, 2.0]),
        (Scalar.LONG, [1.0, 2.0], "int64", [1, 2]),
        (Scalar.LONG, ["9007199254740993"], "int64", [9007199254740993]),
        (Scalar.INTEGER, [1, -(2**31)], "int32", [1, -(2**31)]),
        (Scalar.LONG, [], "int64", []),
    ],
)
def test_a_number_gets_the_type_of_its_column_when_nothing_is_lost(kind, values, dtype, expected):
    found = converted(values, kind)
    assert found[0] == dtype
    np.testing.assert_equal(found[1], expected)


@pytest.mark.parametrize(
    ("kind", "values", "row"),
    [
        (Scalar.DOUBLE, [1, "x"], 1),
        (Scalar.DOUBLE, ["1", "2", "drei"], 2),
        (Scalar.DOUBLE, [1.5, True], 1),
        (Scalar.DOUBLE, [1.5, [1]], 1),
        (Scalar.LONG, [1.0, 2.5], 1),
        (Scalar.LONG, ["1", "2.5"], 1),
        (Scalar.LONG, [1, None], 1),
        (Scalar.LONG, [1.0, 2.0**63], 1),
        (Scalar.LONG, [2**64], 0),
        (Scalar.INTEGER, [1, 2**31], 1),
        (Scalar.BOOLEAN, [1], 0),
        (Scalar.STRING, [1], 0),
    ],
)
def test_what_would_change_is_left_for_the_signature_to_refuse(kind, values, row):
    schema = Schema(columns=[Column(kind, "a")])
    with pytest.raises(SignatureError) as caught:
        Signature(inputs=schema).fit(with_numbers(pd.DataFrame({"a": values}), schema))
    assert (caught.value.row, caught.value.column) == (row, "a")


@pytest.mark.parametrize(
    ("tensors", "table", "dtypes"),
    [
        ([("float32", None)], {"a": [1.5, 2.0], "b": [1, 2]}, ["float32", "float32"]),
        ([("float32", "a"), ("int64", "b")], {"a": [1.5], "b": [2.0], "c": [3.0]}, ["float32", "int64", "float64"]),
        ([("uint8", None)], {"a": [0, 255]}, ["uint8"]),
        ([("uint8", None)], {"a": [0, 256], "b": [-1, 0]}, ["object", "object"]),
        ([("int32", None)], {"a": [1.0, 2.5]}, ["object"]),
        ([("float32", None)], {"a": [[1.5, 2.0]]}, ["object"]),
        ([("bool", None)], {"a": [1]}, ["int64"]),
    ],
)
def test_numbers_get_the_type_of_their_tensor_when_nothing_is_lost(tensors, table, dtypes):
    schema = Schema(tensors=[Tensor(dtype, (-1, -1), name) for dtype, name in tensors])
    assert [str(each) for each in with_numbers(pd.DataFrame(table), schema).dtypes] == dtypes


def test_columns_are_found_by_name_else_by_position():
    named = Schema(columns=[Column(Scalar.LONG, "b"), Column(Scalar.DOUBLE, 0)])
    assert columns_of(named, ["x", "b", "0"]) == {"b": named.columns[0], "0": named.columns[1]}
    placed = Schema(columns=[Column(Scalar.LONG), Column(Scalar.DOUBLE)])
    assert columns_of(placed, ["x", "b", "c"]) == {"x": placed.columns[0], "b": placed.columns[1]}
    assert columns_of(None, ["x"]) == columns_of(Schema(tensors=[Tensor("float64", (-1,))]), ["x"]) == {}


def test_a_table_with_a_name_twice_is_left_as_it_is():
    frame = pd.DataFrame([[1, 2]], columns=["a", "a"])
    assert with_numbers(frame, Schema(columns=[Column(Scalar.DOUBLE, "a")])).dtypes.tolist() == ["int64", "int64"]
