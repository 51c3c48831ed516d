"""From a body to what a model takes: every form of MLflow's protocol, and what is refused.

The golden values are what MLflow 3.17.2's own scoring server gave a model that tells what it is given; where ours
differ on purpose, a test of its own says so. `test_against_mlflow.py` asks a real one.
"""

import contextlib
import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hookline.errors import HooklineError, SignatureError
from hookline.models import Signature
from hookline.models.schema import Column, Scalar, Schema, Tensor
from hookline_lib_scoring.bodies import BadRequest
from hookline_lib_scoring.inputs import InputReader

COLUMNS = Schema(
    columns=[
        Column(Scalar.DOUBLE, "a"),
        Column(Scalar.LONG, "b"),
        Column(Scalar.STRING, "c"),
        Column(Scalar.BOOLEAN, "d", required=False),
        Column(Scalar.DATETIME, "e", required=False),
        Column(Scalar.INTEGER, "f", required=False),
        Column(Scalar.FLOAT, "g", required=False),
        Column(Scalar.BINARY, "h", required=False),
    ]
)
FLOATS = Schema(columns=[Column(Scalar.DOUBLE, "a"), Column(Scalar.FLOAT, "b")])
POSITIONS = Schema(columns=[Column(Scalar.DOUBLE), Column(Scalar.LONG)])
TENSOR = Schema(tensors=[Tensor("float64", (-1, 3))])
TENSORS = Schema(tensors=[Tensor("float32", (-1, 2), "x"), Tensor("int64", (-1,), "y")])


def read(body, schema=None):
    """Return what a model with this schema is given."""
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    data = InputReader(schema).from_json(text).data
    return Signature(inputs=schema).fit(data)


def described(data):
    """Return data in terms that compare: kind, dtypes, values."""
    if isinstance(data, pd.DataFrame):
        values = [
            [None if value is pd.NaT or value != value else value for value in row] for row in data.values.tolist()
        ]
        return "frame", {name: data[name].dtype.kind for name in data.columns}, values
    if isinstance(data, np.ndarray):
        return "array", data.dtype.kind, data.tolist()
    if isinstance(data, dict):
        return {name: described(each) for name, each in data.items()}
    return data


# Without a signature -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"inputs": [1, 2]}, ("array", "i", [1, 2])),
        ({"inputs": [1, 2.5]}, ("array", "f", [1.0, 2.5])),
        ({"inputs": [[1, 2], [3, 4]]}, ("array", "i", [[1, 2], [3, 4]])),
        ({"inputs": 3}, ("array", "i", 3)),
        ({"inputs": "x"}, ("array", "U", "x")),
        ({"inputs": ["a", "é"]}, ("array", "U", ["a", "é"])),
        ({"inputs": [True, False]}, ("array", "b", [True, False])),
        ({"inputs": [[1, None]]}, ("array", "O", [[1, None]])),
        ({"inputs": {"x": [1, 2], "y": ["a", "b"]}}, {"x": ("array", "i", [1, 2]), "y": ("array", "U", ["a", "b"])}),
        ({"inputs": {}}, {}),
        ({"instances": [[1, 2], [3, 4]]}, ("array", "i", [[1, 2], [3, 4]])),
        (
            {"instances": [{"x": 1, "y": [1, 2]}, {"x": 2, "y": [3, 4]}]},
            {"x": ("array", "i", [1, 2]), "y": ("array", "i", [[1, 2], [3, 4]])},
        ),
        ({"inputs": [1], "other": 1}, ("array", "i", [1])),
        (
            {"dataframe_split": {"columns": ["a", "é"], "data": [[1, "x"], [2.5, None]]}},
            ("frame", {"a": "f", "é": "O"}, [[1.0, "x"], [2.5, None]]),
        ),
        ({"dataframe_split": {"data": [[1, 2]]}}, ("frame", {0: "i", 1: "i"}, [[1, 2]])),
        (
            {"dataframe_records": [{"a": 1, "b": "x"}, {"a": None}]},
            ("frame", {"a": "f", "b": "O"}, [[1.0, "x"], [None, None]]),
        ),
        ({"dataframe_records": []}, ("frame", {}, [])),
    ],
)
def test_a_body_becomes_what_mlflow_makes_of_it(body, expected):
    assert described(read(body)) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"inputs": [NaN, Infinity, -Infinity]}', [math.nan, math.inf, -math.inf]),
        (b'{"inputs": [1e400]}', [math.inf]),
        (b'\xef\xbb\xbf{"inputs": [1]}', [1]),
        (b'{"inputs": [1], "inputs": [2]}', [2]),
        (b'{"inputs": [123456789012345678901234567890]}', [123456789012345678901234567890]),
        (b'{"inputs": "\\ud800"}', "\ud800"),
    ],
)
def test_what_pythons_json_reads_is_read(body, expected):
    np.testing.assert_equal(read(body).tolist(), expected)


def test_the_index_of_a_table_is_kept():
    frame = read({"dataframe_split": {"columns": ["a"], "index": [5, 7], "data": [[1], [2]]}})
    assert frame.index.tolist() == [5, 7]


# With a signature ----------------------------------------------------------------------------------------------------


def row(**others):
    return {"dataframe_records": [{"a": 1.5, "b": 2, "c": "x", **others}]}


@pytest.mark.parametrize(
    ("others", "column", "expected"),
    [
        ({}, "a", 1.5),
        ({"a": 1}, "a", 1.0),
        ({"a": None}, "a", math.nan),
        ({"a": "1.5"}, "a", 1.5),
        ({"a": "nan"}, "a", math.nan),
        ({"a": 2**60}, "a", float(2**60)),
        ({"b": 2.0}, "b", 2),
        ({"b": "2"}, "b", 2),
        ({"b": 9007199254740993}, "b", 9007199254740993),
        ({"d": True}, "d", True),
        ({"e": "2024-01-01T10:00:00"}, "e", pd.Timestamp("2024-01-01 10:00:00")),
        ({"e": "2024-01-01"}, "e", pd.Timestamp("2024-01-01")),
        ({"f": 1}, "f", 1),
        ({"g": 1.1}, "g", float(np.float32(1.1))),
        ({"h": "YWJj"}, "h", b"abc"),
    ],
)
def test_a_value_gets_the_type_of_its_column(others, column, expected):
    np.testing.assert_equal(read(row(**others), COLUMNS)[column].tolist(), [expected])


def test_columns_get_the_dtypes_of_the_signature():
    frame = read(row(f=1, g=1), COLUMNS)
    assert {name: str(frame[name].dtype) for name in "abfg"} == {
        "a": "float64",
        "b": "int64",
        "f": "int32",
        "g": "float32",
    }


def test_columns_come_in_the_order_of_the_signature_and_extra_ones_are_dropped():
    frame = read({"dataframe_split": {"columns": ["c", "zz", "b", "a"], "data": [["x", 0, 2, 1.5]]}}, COLUMNS)
    assert list(frame.columns) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("others", "says"),
    [
        ({"a": "x"}, ["row 0", "'a'", "'x'"]),
        ({"a": True}, ["row 0", "'a'"]),
        ({"b": 2.5}, ["row 0", "'b'", "2.5"]),
        ({"b": None}, ["row 0", "'b'", "missing"]),
        ({"b": 2**63}, ["row 0", "'b'"]),
        ({"c": 3}, ["row 0", "'c'", "3"]),
        ({"d": "false"}, ["row 0", "'d'", "false"]),
        ({"e": "nope"}, ["row 0", "'e'", "nope"]),
        ({"f": 2**31}, ["row 0", "'f'", str(2**31)]),
        ({"h": "a"}, ["row 0", "'h'", "base64"]),
    ],
)
def test_a_value_that_does_not_fit_is_named(others, says):
    with pytest.raises(SignatureError) as caught:
        read(row(**others), COLUMNS)
    assert [each for each in says if each not in str(caught.value)] == []


def test_the_first_value_that_does_not_fit_is_named_and_not_one_that_does():
    records = [{"a": "1.5", "b": 1, "c": "x"}, {"a": 2, "b": 1, "c": "x"}, {"a": "z", "b": 1, "c": "x"}]
    with pytest.raises(SignatureError, match="row 2, column 'a'"):
        read({"dataframe_records": records}, COLUMNS)


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2.5], [None, 4]]}},
        {"dataframe_records": [{"a": 1, "b": 2.5}, {"b": 4}]},
        {"dataframe_records": [{"a": "1", "b": "2.5"}, {"a": None, "b": 4, "zz": []}]},
        {"inputs": {"a": [1, None], "b": [2.5, 4]}},
        {"inputs": [{"a": 1, "b": 2.5}, {"a": None, "b": 4}]},
        {"instances": [{"a": 1, "b": 2.5}, {"a": None, "b": 4}]},
    ],
)
def test_every_form_gives_the_same_table(body):
    frame = read(body, FLOATS)
    assert [str(each) for each in frame.dtypes] == ["float64", "float32"]
    np.testing.assert_equal(frame.to_numpy().tolist(), [[1.0, 2.5], [math.nan, 4.0]])


def test_single_values_make_one_row():
    assert described(read({"inputs": {"a": 1, "b": 2}}, FLOATS))[2] == [[1.0, 2.0]]


def test_columns_without_names_go_by_position():
    for body in ({"inputs": [[1, 2.0]]}, {"dataframe_split": {"columns": ["q", "r"], "data": [[1, 2]]}}):
        frame = read(body, POSITIONS)
        assert ([str(each) for each in frame.dtypes], frame.to_numpy().tolist()) == (["float64", "int64"], [[1.0, 2.0]])


@pytest.mark.parametrize(
    "body",
    [
        {"inputs": [[1, 2, 3]]},
        {"instances": [[1, 2, 3.0]]},
        {"inputs": [["1", "2", "3"]]},
        {"dataframe_split": {"data": [[1, 2, 3]]}},
        {"dataframe_records": [{"a": 1, "b": 2, "c": 3}]},
    ],
)
def test_a_tensor_is_an_array_of_its_dtype(body):
    array = read(body, TENSOR)
    assert (array.dtype, array.tolist()) == (np.dtype("float64"), [[1.0, 2.0, 3.0]])


def test_null_in_a_tensor_of_floats_is_nan():
    np.testing.assert_equal(read({"inputs": [[1, None, 3]]}, TENSOR).tolist(), [[1.0, math.nan, 3.0]])


@pytest.mark.parametrize(
    "body",
    [
        {"inputs": {"x": [[1, 2]], "y": [3]}},
        {"inputs": {"x": [[1, 2]], "y": [3.0], "z": [1]}},
        {"instances": [{"x": [1, 2], "y": 3}]},
        {"dataframe_records": [{"x": [1, 2], "y": 3}]},
    ],
)
def test_tensors_with_names_are_a_dict_of_arrays(body):
    found = read(body, TENSORS)
    assert {name: (str(each.dtype), each.tolist()) for name, each in found.items()} == {
        "x": ("float32", [[1.0, 2.0]]),
        "y": ("int64", [3]),
    }


# Refused -------------------------------------------------------------------------------------------------------------

ONE_FIELD = "exactly one of the input fields {'dataframe_split', 'dataframe_records', 'instances', 'inputs'}"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b'{"inputs": [1]} x', "not valid JSON"),
        (b'{"inputs": "\xff"}', "not UTF-8"),
        (b'{"inputs": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested"),
        (b"[]", ONE_FIELD),
        (b"3", ONE_FIELD),
        (b'"x"', ONE_FIELD),
        (b"null", ONE_FIELD),
        ({}, ONE_FIELD),
        ({"foo": 1}, ONE_FIELD),
        ({"params": {}}, ONE_FIELD),
        ({"inputs": [1], "instances": [1]}, "['instances', 'inputs']"),
        ({"inputs": [1], "params": 3}, "'params' must be a dictionary, not a number"),
        ({"inputs": [[1, 2], [3]]}, "row 1 has 1 values where 2"),
        ({"instances": [{"x": 1}, 3]}, "row 1"),
        ({"instances": [{"x": 1}, {"y": 2}]}, "row 1"),
        ({"dataframe_split": {"columns": ["a"]}}, "must have 'data'"),
        ({"dataframe_split": {}}, "must have 'data'"),
        ({"dataframe_split": [1]}, "must be a dictionary, not a list"),
        ({"dataframe_split": None}, "must be a dictionary, not null"),
        ({"dataframe_split": {"columns": ["a"], "data": [[1]], "foo": 1}}, "'foo'"),
        ({"dataframe_split": {"columns": ["a"], "data": [[1, 2]]}}, "row 0 has 2 values where 1"),
        ({"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2], [3]]}}, "row 1 has 1 values where 2"),
        ({"dataframe_split": {"columns": ["a"], "data": [1]}}, "row 0 must be a list"),
        ({"dataframe_split": {"columns": ["a"], "data": 1}}, "must be a list of rows"),
        ({"dataframe_split": {"columns": [["a"]], "data": [[1]]}}, "list of names"),
        ({"dataframe_split": {"columns": ["a"], "index": [1, 2], "data": [[1]]}}, "each of the 1 rows"),
        ({"dataframe_records": {"a": 1}}, "must be a list of records, not a dictionary"),
        ({"dataframe_records": None}, "must be a list of records, not null"),
        ({"dataframe_records": [{"a": 1}, 3]}, "row 1 must be a record"),
        ({"dataframe_records": [1]}, "row 0 must be a record"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_with_the_place(body, says):
    with pytest.raises(BadRequest) as caught:
        read(body)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("body", "schema", "says"),
    [
        ({"dataframe_records": [{"b": 2, "c": "x"}]}, COLUMNS, "'a'"),
        ({"dataframe_records": []}, COLUMNS, "'a', 'b', 'c'"),
        ({"inputs": [[1.5, 2]]}, FLOATS, "'a', 'b'"),
        ({"inputs": {"a": [1, 2], "b": [1]}}, FLOATS, "equally many values"),
        ({"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2], [3]]}}, FLOATS, "row 1 has 1 values"),
        ({"inputs": [[1, 2]]}, TENSOR, "shape"),
        ({"inputs": [[1, 2, 3], [1, 2]]}, TENSOR, "row 1"),
        ({"inputs": [["a", "b", "c"]]}, TENSOR, "'a'"),
        ({"inputs": {"x": [[1, 2, 3]]}}, TENSOR, "mapping"),
        ({"inputs": {"x": [[1, 2]]}}, TENSORS, "'y'"),
        ({"inputs": {"x": [[1, 2]], "y": [3.5]}}, TENSORS, "3.5"),
        ({"inputs": {"x": [[1, 2]], "y": ["a"]}}, TENSORS, "'a'"),
        ({"inputs": {"x": [1, 2], "y": 3}}, TENSORS, "shape"),
    ],
)
def test_a_body_that_does_not_fit_the_signature_is_refused(body, schema, says):
    with pytest.raises(HooklineError) as caught:
        read(body, schema)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_records": [{f"c{number}": 1} for number in range(5000)]},
        {"instances": [{f"c{number}": 1} for number in range(5000)]},
    ],
)
def test_a_few_bytes_cannot_ask_for_a_huge_table(body):
    with pytest.raises(BadRequest, match=r"too large|same names"):
        read(body)


def test_a_csv_whose_rows_leave_most_columns_out_cannot_ask_for_a_huge_table():
    body = (",".join(f"c{number}" for number in range(5000)) + "\n" + "1\n" * 5000).encode()
    with pytest.raises(BadRequest, match="5000 columns"):
        InputReader(None).from_csv(body)


# CSV and Parquet -----------------------------------------------------------------------------------------------------


def read_csv(text, schema=None):
    body = text if isinstance(text, bytes) else text.encode()
    return Signature(inputs=schema).fit(InputReader(schema).from_csv(body).data)


def test_csv_gets_its_dtypes_from_the_signature():
    frame = read_csv("c,b,a,d,e,f,g,h\n007,2.0,1,true,2024-01-01,3,0.1,YWJj\n", COLUMNS)
    assert frame.iloc[0].tolist() == [1.0, 2, "007", True, pd.Timestamp("2024-01-01"), 3, np.float32(0.1), b"abc"]
    assert [str(frame[name].dtype) for name in "abfg"] == ["float64", "int64", "int32", "float32"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,é\n1,x\n,y\n", [[1.0, "x"], [None, "y"]]),
        (b"\xef\xbb\xbfa,b\n1,2\n", [[1, 2]]),
        ("a,b\r\n1,2\r\n", [[1, 2]]),
        ('a,b\n"x, y","line\nbreak"\n', [["x, y", "line\nbreak"]]),
        ("a,b\n1,2\n3\n", [[1.0, 2.0], [3.0, None]]),
        ("a\n0.1\n", [[0.1]]),
        ("a\n2.2250738585072014e-308\n", [[2.2250738585072014e-308]]),
        ("a,b\n", []),
    ],
)
def test_csv_without_a_signature_is_read_as_pandas_reads_it(text, expected):
    assert described(read_csv(text))[2] == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "No columns"),
        ("a,b\n1,2\n1,2,3\n", "line 3"),
        ("a,b\n1,2,3\n", "more values than its header"),
        ('a,b\n1,"open\n', "EOF"),
        (b"a,b\n1,\xff\n", "not UTF-8"),
    ],
)
def test_what_is_no_csv_is_refused(text, says):
    with pytest.raises(BadRequest) as caught:
        read_csv(text)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a,b,c\n1,2,x\nz,2,y\n", "row 1, column 'a'"),
        ("a,b,c\n1,2,x\n1,2.5,y\n", "row 1, column 'b'"),
        ("a,b,c\n1,2,x\n1,,y\n", "row 1, column 'b'"),
        ("a,b\n1,2\n", "'c'"),
        ("a,b,c,e\n1,2,x,nope\n", "row 0, column 'e'"),
    ],
)
def test_csv_that_breaks_the_signature_is_named_by_row_and_column(text, says):
    with pytest.raises(SignatureError) as caught:
        read_csv(text, COLUMNS)
    assert says in str(caught.value)


def test_parquet_is_read_where_pyarrow_is_installed():
    pytest.importorskip("pyarrow")
    import io

    stream = io.BytesIO()
    pd.DataFrame({"b": np.array([2.5], dtype="float32"), "a": [1]}).to_parquet(stream)
    frame = Signature(inputs=FLOATS).fit(InputReader(FLOATS).from_parquet(stream.getvalue()).data)
    assert frame.to_numpy().tolist() == [[1.0, 2.5]]
    with pytest.raises(BadRequest, match="no Parquet file"):
        InputReader(FLOATS).from_parquet(b"PAR1 no")


# Anything at all -----------------------------------------------------------------------------------------------------

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "x", "data"]), inner),
    max_leaves=8,
)
bodies = st.dictionaries(
    st.sampled_from(["dataframe_split", "dataframe_records", "instances", "inputs", "params"]), json_values, max_size=2
)


@settings(max_examples=300, deadline=None)
@given(bodies, st.sampled_from([None, COLUMNS, FLOATS, POSITIONS, TENSOR, TENSORS]))
def test_whatever_json_comes_it_is_read_or_refused_with_an_error_of_ours(body, schema):
    reader = InputReader(schema)
    with contextlib.suppress(HooklineError):
        Signature(inputs=schema).fit(reader.from_json(json.dumps(body).encode()).data)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=40) | st.text(max_size=40).map(str.encode))
def test_whatever_bytes_come_they_are_read_or_refused_with_an_error_of_ours(body):
    for read_body in (InputReader(FLOATS).from_json, InputReader(FLOATS).from_csv):
        with contextlib.suppress(HooklineError):
            read_body(body)


@given(st.lists(st.lists(st.floats(allow_nan=False), min_size=2, max_size=2), min_size=1, max_size=5))
def test_numbers_survive_the_fast_way_and_the_slow_way_alike(rows):
    split = {"dataframe_split": {"columns": ["a", "b"], "data": rows}}
    doubles = Schema(columns=[Column(Scalar.DOUBLE, "a"), Column(Scalar.DOUBLE, "b")])
    mixed = Schema(columns=[Column(Scalar.DOUBLE, "a"), Column(Scalar.DOUBLE, "b"), Column(Scalar.LONG, "c", False)])
    assert read(split, doubles).to_numpy().tolist() == rows
    assert read(split, mixed).to_numpy().tolist() == rows
