"""Data against a signature: what passes, what is widened, and which row and column an error names."""

import datetime
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.errors import SignatureError
from hookline.models.schema import ANY, ArrayType, Column, MapType, ObjectType, Param, Property, Scalar, Schema, Tensor
from hookline.models.signature import Signature, infer_signature

np = pytest.importorskip("numpy")
pd = pytest.importorskip("pandas")


def columns(**kinds):
    """Return a signature of columns; a name with a trailing underscore is not required."""
    return Signature(
        Schema(tuple(Column(kind, name.rstrip("_"), not name.endswith("_")) for name, kind in kinds.items()))
    )


def one(kind, required=True):
    return Signature(Schema((Column(kind, None, required),)))


def tensor(dtype, *shape):
    return Signature(Schema(tensors=(Tensor(dtype, shape),)))


def refusal(signature, data):
    with pytest.raises(SignatureError) as caught:
        signature.fit(data)
    assert str(caught.value).startswith("Failed to enforce schema")
    return caught.value


AB = columns(a=Scalar.LONG, b=Scalar.DOUBLE)
ROWS = [{"a": 1, "b": 2.5}, {"a": 3, "b": 4.5}]

# Names ---------------------------------------------------------------------------------------------------------------


def polars_frame(rows):
    return pytest.importorskip("polars").DataFrame(rows)


def mapping(rows):
    return {name: [row[name] for row in rows] for name in rows[0]}


def arrays(rows):
    return {name: np.array(values) for name, values in mapping(rows).items()}


def listed(data):
    """Return a table of any form as records."""
    if isinstance(data, dict):
        columns = {name: list(values) for name, values in data.items()}
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    if isinstance(data, list):
        return data
    return data.to_dict("records") if isinstance(data, pd.DataFrame) else data.to_dicts()


FORMS = [pd.DataFrame, polars_frame, mapping, arrays, list]


@pytest.mark.parametrize("form", FORMS)
def test_extra_columns_are_dropped_and_order_does_not_matter(form):
    data = form([{"z": "x", "b": row["b"], "a": row["a"]} for row in ROWS])
    fitted = AB.fit(data)
    assert type(fitted) is type(data)
    assert listed(fitted) == ROWS
    assert list(listed(fitted)[0]) == ["a", "b"]


@pytest.mark.parametrize("form", FORMS)
def test_a_missing_column_is_named(form):
    error = refusal(AB, form([{"b": 1.0, "c": 2}]))
    assert "'a'" in str(error)


@pytest.mark.parametrize("form", FORMS)
def test_a_missing_column_that_is_not_required_passes(form):
    signature = columns(a=Scalar.LONG, c_=Scalar.STRING)
    assert listed(signature.fit(form([{"a": 1}]))) == [{"a": 1}]


def test_columns_with_one_name_are_refused():
    frame = pd.DataFrame([[1, 2, 3.0]], columns=["a", "a", "b"])
    assert "several columns have one name: 'a'" in str(refusal(AB, frame))


def test_columns_that_pandas_numbers_are_found():
    signature = infer_signature(pd.DataFrame([[1, 2.0]]))
    assert signature.fit(pd.DataFrame([[3, 4.0, "x"]])).columns.tolist() == [0, 1]
    assert signature.fit(np.array([[3, 4]])).tolist() == [[3, 4]]
    assert refusal(signature, np.array([[3.5, 4.0]])).column == "0"
    assert signature.fit([[3, 4]]) == [[3, 4.0]]


def test_columns_without_names_go_by_position():
    signature = Signature(Schema((Column(Scalar.LONG), Column(Scalar.DOUBLE))))
    assert signature.fit(pd.DataFrame({"x": [1], "y": [2.0]})).shape == (1, 2)
    assert signature.fit([[1, 2]]) == [[1, 2.0]]
    assert "expected 2 values, got 3" in str(refusal(signature, [[1, 2, 3]]))
    assert "expected 2 columns" in str(refusal(signature, np.zeros((1, 3))))


@pytest.mark.parametrize("data", [[1, 2], "text", 5, np.zeros((2, 2)), pd.Series([1, 2]), [[1, 2.0]], None])
def test_data_without_names_for_columns_with_names_says_what_to_pass(data):
    assert "DataFrame" in str(refusal(AB, data))


# Widening ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("present", "wanted", "dtype"),
    [
        ("int8", Scalar.INTEGER, "int32"),
        ("int32", Scalar.LONG, "int64"),
        ("uint32", Scalar.LONG, "int64"),
        ("float32", Scalar.DOUBLE, "float64"),
        ("float16", Scalar.FLOAT, "float32"),
        ("int32", Scalar.DOUBLE, "float64"),
        ("int64", Scalar.DOUBLE, "float64"),
        ("int16", Scalar.FLOAT, "float32"),
        ("bool", Scalar.BOOLEAN, "bool"),
    ],
)
def test_numbers_are_widened_where_that_is_safe(present, wanted, dtype):
    values = np.array([0, 1], present)
    assert columns(a=wanted).fit(pd.DataFrame({"a": values}))["a"].dtype == dtype
    assert columns(a=wanted).fit({"a": values})["a"].dtype == dtype
    polars = pytest.importorskip("polars")
    if present != "float16":
        fitted = columns(a=wanted).fit(polars.DataFrame({"a": values}))["a"]
        assert fitted.to_numpy().dtype == dtype


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (np.array([1, 2], "int64"), Scalar.INTEGER),
        (np.array([1.0, 2.0]), Scalar.FLOAT),
        (np.array([1.0, 2.0]), Scalar.LONG),
        (np.array([1, 2]), Scalar.STRING),
        (np.array([1, 2]), Scalar.BOOLEAN),
        (np.array([True]), Scalar.LONG),
        (np.array([True]), Scalar.DOUBLE),
        (np.array(["1", "2"]), Scalar.LONG),
        (np.array([1, 2]), Scalar.DATETIME),
    ],
)
def test_what_is_not_safe_is_refused_naming_the_column(values, wanted):
    for data in (pd.DataFrame({"a": values}), {"a": values}):
        error = refusal(columns(a=wanted), data)
        assert (error.column, error.row) == ("a", 0)
        assert f"expected {wanted.value}" in str(error)


@pytest.mark.parametrize(
    ("wanted", "dtype", "limit"), [(Scalar.DOUBLE, "int64", 2**53), (Scalar.FLOAT, "int32", 2**24)]
)
def test_whole_numbers_become_floats_only_where_no_digit_is_lost(wanted, dtype, limit):
    exact = np.array([0, limit, -limit], dtype)
    assert columns(a=wanted).fit(pd.DataFrame({"a": exact}))["a"].tolist() == [0, limit, -limit]
    error = refusal(columns(a=wanted), pd.DataFrame({"a": np.array([0, limit + 1], dtype)}))
    assert (error.column, error.row) == ("a", 1)
    assert "exactly" in str(error)
    assert refusal(columns(a=wanted), [{"a": 0}, {"a": limit + 1}]).row == 1


@given(st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1, max_size=5))
def test_plain_whole_numbers_fit_every_type_that_holds_them(values):
    for kind in (Scalar.INTEGER, Scalar.LONG, Scalar.DOUBLE):
        assert one(kind).fit(values) == values
        assert columns(a=kind).fit({"a": values}) == {"a": values}


@given(st.integers(2**31, 2**70))
def test_plain_whole_numbers_out_of_range_are_refused(value):
    assert refusal(one(Scalar.INTEGER), [0, value]).row == 1
    if value >= 2**63:
        assert refusal(one(Scalar.LONG), [value]).row == 0


# Single values -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (Scalar.DOUBLE, 1, 1.0),
        (Scalar.STRING, "x", "x"),
        (Scalar.BINARY, "YWI=", b"ab"),
        (Scalar.BINARY, "YWI=\n", b"ab"),
        (Scalar.BINARY, b"ab", b"ab"),
        (Scalar.DATETIME, "2024-05-31T12:00:00", datetime.datetime.fromisoformat("2024-05-31T12:00")),
        (Scalar.DATETIME, datetime.date(2024, 5, 31), datetime.date(2024, 5, 31)),
        (Scalar.LONG, np.int64(5), 5),
        (Scalar.BOOLEAN, np.bool_(True), True),
        (ANY, {1, 2}, {1, 2}),
        (ArrayType(Scalar.DOUBLE), [1, 2.5, None], [1.0, 2.5, None]),
        (MapType(Scalar.LONG), {"k": 1}, {"k": 1}),
        (ObjectType([Property("x", Scalar.LONG), Property("y", Scalar.STRING, False)]), {"x": 1, "z": 2}, {"x": 1}),
        (ObjectType([Property("x", Scalar.LONG, False)]), {"x": None}, {"x": None}),
    ],
)
def test_a_value_of_a_record(kind, value, expected):
    found = columns(a=kind).fit([{"a": value}])[0]["a"]
    if isinstance(expected, list):
        found = [None if each is None or each != each else each for each in found]
    assert found == expected


@pytest.mark.parametrize(
    ("kind", "value", "place"),
    [
        (Scalar.LONG, True, "a"),
        (Scalar.LONG, 1.5, "a"),
        (Scalar.LONG, "1", "a"),
        (Scalar.LONG, None, "a"),
        (Scalar.DOUBLE, "abc", "a"),
        (Scalar.STRING, 1, "a"),
        (Scalar.BOOLEAN, 1, "a"),
        (Scalar.BINARY, "no base64!", "a"),
        (Scalar.DATETIME, "yesterday", "a"),
        (ArrayType(Scalar.LONG), 1, "a"),
        (ArrayType(Scalar.LONG), [1, "x"], "a[1]"),
        (ArrayType(ArrayType(Scalar.LONG)), [[1], ["x"]], "a[1][0]"),
        (MapType(Scalar.LONG), {"k": "x"}, "a.k"),
        (MapType(Scalar.LONG), [1], "a"),
        (ObjectType([Property("x", Scalar.LONG)]), {"y": 1}, "a.x"),
        (ObjectType([Property("x", Scalar.LONG)]), {"x": "s"}, "a.x"),
        (ObjectType([Property("x", Scalar.LONG)]), None, "a"),
    ],
)
def test_a_value_that_does_not_fit_is_named_by_row_and_place(kind, value, place):
    good = {"a": [] if isinstance(kind, ArrayType) else value}
    rows = [good, {"a": value}] if isinstance(kind, ArrayType) else [{"a": value}]
    error = refusal(columns(a=kind), rows)
    assert (error.row, error.column) == (len(rows) - 1, place)
    assert f"row {len(rows) - 1}, column '{place}'" in str(error)


def test_one_bad_cell_of_a_table_is_named():
    frame = pd.DataFrame({"a": [1, 2, 3], "b": [1.0, "abc", 3.0]})
    assert str(refusal(AB, frame)) == (
        "Failed to enforce schema: row 1, column 'b': expected double, got the text 'abc'."
    )


def test_one_fraction_among_whole_numbers_is_named():
    error = refusal(columns(a=Scalar.LONG), pd.DataFrame({"a": [1.0, 2.0, 2.5]}))
    assert (error.row, error.column) == (2, "a")


def test_an_error_of_a_part_can_be_moved_to_its_place_in_the_whole():
    error = refusal(columns(a=Scalar.LONG), [{"a": 1}, {"a": "x"}]).shifted(1000)
    assert error.row == 1001
    assert "row 1001, column 'a'" in str(error)


# Missing values ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Scalar.LONG, Scalar.BOOLEAN])
def test_a_missing_value_where_the_type_has_none_names_the_row(kind):
    value = True if kind is Scalar.BOOLEAN else 1
    assert refusal(columns(a=kind), [{"a": value}, {"a": None}]).row == 1
    error = refusal(columns(a=kind), pd.DataFrame({"a": pd.Series([value, None], dtype=object)}))
    assert (error.row, error.column) == (1, "a")
    assert "a missing value" in str(error)


def test_missing_values_pass_where_the_column_is_not_required_or_the_type_has_one():
    assert columns(a_=Scalar.LONG).fit([{"a": None}]) == [{"a": None}]
    frame = pd.DataFrame({"a": [1.5, None], "s": ["x", None], "t": pd.to_datetime(["2020-01-01", None])})
    signature = columns(a=Scalar.DOUBLE, s=Scalar.STRING, t=Scalar.DATETIME)
    assert signature.fit(frame).isna().to_numpy().tolist() == [[False] * 3, [True] * 3]


def test_whole_numbers_with_gaps_arrive_as_floats_and_pass_where_they_may():
    frame = pd.DataFrame({"a": [1.0, None]})
    assert columns(a_=Scalar.LONG).fit(frame)["a"].isna().tolist() == [False, True]
    assert refusal(columns(a=Scalar.LONG), frame).row == 1
    assert refusal(columns(a_=Scalar.LONG), pd.DataFrame({"a": [1.5, None]})).row == 0


def test_nullable_dtypes_keep_their_missing_values():
    frame = pd.DataFrame({"a": pd.array([1, None], dtype="Int32")})
    assert columns(a_=Scalar.LONG).fit(frame)["a"].isna().tolist() == [False, True]
    assert columns(a=Scalar.DOUBLE).fit(frame)["a"].dtype == "float64"
    assert refusal(columns(a=Scalar.LONG), frame).row == 1
    polars = pytest.importorskip("polars")
    assert refusal(columns(a=Scalar.LONG), polars.DataFrame({"a": [1, None]})).row == 1


# Tables --------------------------------------------------------------------------------------------------------------


def test_the_table_that_was_given_is_not_changed():
    frame = pd.DataFrame({"a": np.array([1, 2], "int32"), "b": [1, 2]})
    fitted = columns(a=Scalar.LONG, b=Scalar.DOUBLE).fit(frame)
    assert frame.dtypes.tolist() == ["int32", "int64"]
    assert fitted.dtypes.tolist() == ["int64", "float64"]


def test_a_table_that_fits_is_handed_on_as_it_is():
    frame = pd.DataFrame({"a": [1], "b": [2.0]}, index=[7])
    assert AB.fit(frame) is frame


def test_objects_that_hold_numbers_get_a_dtype():
    frame = pd.DataFrame({"a": pd.Series([1, 2], dtype=object), "b": pd.Series([1, 2.5], dtype=object)})
    assert AB.fit(frame).dtypes.tolist() == ["int64", "float64"]


def test_texts_become_times_and_bytes():
    frame = pd.DataFrame({"t": ["2020-01-01"], "b": ["YWI="]})
    fitted = columns(t=Scalar.DATETIME, b=Scalar.BINARY).fit(frame)
    assert fitted["t"][0] == datetime.datetime.fromisoformat("2020-01-01")
    assert fitted["b"][0] == b"ab"


@given(
    st.lists(
        st.fixed_dictionaries(
            {"a": st.integers(-(2**40), 2**40), "b": st.floats(allow_nan=False), "c": st.text(), "d": st.booleans()},
            optional={"e": st.lists(st.integers(0, 5), min_size=1), "f": st.none() | st.text()},
        ),
        min_size=1,
        max_size=4,
    )
)
def test_data_fits_the_signature_that_was_inferred_from_it(rows):
    signature = infer_signature(rows)
    assert [dict(row) for row in signature.fit(rows)] == rows
    frame = pd.DataFrame(rows)
    fitted = infer_signature(frame).fit(frame)
    assert fitted.columns.tolist() == frame.columns.tolist()
    again = Signature.from_dict(infer_signature(frame).to_dict())
    pd.testing.assert_frame_equal(again.fit(frame), fitted)


# Arrays --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        np.ones((2, 3)),
        np.ones((2, 3), "float32"),
        np.ones((2, 3), "int64"),
        [[1, 1, 1], [1.0, 1, 1]],
        pd.DataFrame(np.ones((2, 3))),
        pd.DataFrame(np.ones((2, 3), "int8")),
    ],
    ids=lambda data: type(data).__name__,
)
def test_what_fits_a_tensor_becomes_an_array_of_its_dtype(data):
    fitted = tensor("float64", -1, 3).fit(data)
    assert isinstance(fitted, np.ndarray)
    assert (fitted.dtype, fitted.tolist()) == (np.dtype("float64"), [[1.0] * 3] * 2)


def test_plain_numbers_have_no_width_and_arrays_have():
    assert tensor("float32", -1).fit([1.5, 2]).dtype == "float32"
    assert "float64" in str(refusal(tensor("float32", -1), np.array([1.5])))
    assert tensor("int32", -1).fit([1, 2]).dtype == "int32"
    assert "does not fit safely" in str(refusal(tensor("int64", -1), [1.5]))
    assert "bool" in str(refusal(tensor("bool", -1), [1, 0]))


@pytest.mark.parametrize(
    ("data", "row", "problem"),
    [
        ([[1.0, 2.0, 3.0], [1.0, 2.0]], 1, "expected 3 values, got 2"),
        ([[1.0, 2.0, 3.0], 4.0], 1, "got a single value"),
        ([[1.0, 2.0, 3.0], [1.0, "x", 3.0]], 1, "the text 'x'"),
        ([[1.0, 2.0, 3.0], [1.0, None, 3.0]], 1, "a missing value"),
        (np.ones((2, 2)), None, r"\(2, 2\)"),
        (np.ones(3), None, r"\(3,\)"),
        ({"a": 1}, None, "a mapping"),
        (np.array([["a", "b", "c"]]), None, "expected float64, got str"),
    ],
)
def test_what_does_not_fit_a_tensor_names_the_row(data, row, problem):
    error = refusal(tensor("float64", -1, 3), data)
    assert error.row == row
    with pytest.raises(SignatureError, match=problem):
        tensor("float64", -1, 3).fit(data)


def test_tensors_with_names_come_from_mappings_and_tables():
    signature = infer_signature({"x": np.zeros((2, 2)), "y": np.array([1, 2])})
    for data in (
        {"x": [[1, 2]], "y": [3], "z": [4]},
        pd.DataFrame({"x": [[1.0, 2.0]], "y": [3]}),
    ):
        fitted = signature.fit(data)
        assert {name: array.tolist() for name, array in fitted.items()} == {"x": [[1.0, 2.0]], "y": [3]}
    assert "'y'" in str(refusal(signature, {"x": [[1, 2]]}))
    assert refusal(signature, {"x": [[1, 2]], "y": ["a"]}).column == "y"
    assert "by name" in str(refusal(signature, np.zeros((2, 2))))


@pytest.mark.parametrize(
    ("dtype", "fits"), [("float64", True), ("int64", True), ("float32", True), ("complex64", False), ("object", True)]
)
def test_the_numbers_of_a_table_may_become_float32(dtype, fits):
    table = pd.DataFrame(np.ones((2, 3), dtype))
    if fits:
        assert tensor("float32", -1, 3).fit(table).dtype == "float32"
    else:
        refusal(tensor("float32", -1, 3), table)
    if dtype == "int64":
        refusal(tensor("int32", -1, 3), table)  # they may be too large


def test_a_table_is_the_whole_of_a_lone_tensor_unless_a_column_has_its_name():
    named = Signature(Schema(tensors=(Tensor("float64", (-1, 2), "x"),)))
    assert named.fit(pd.DataFrame({"a": [1.0], "b": [2.0]}))["x"].tolist() == [[1, 2]]
    assert named.fit(pd.DataFrame({"a": [1.0], "x": [[3.0, 4.0]]}))["x"].tolist() == [[3, 4]]


@pytest.mark.parametrize(
    "data",
    [
        pd.DataFrame({"x": [1.0, 2.0], "y": [3.0, 4.0]}),
        {"x": np.array([1.0, 2.0]), "y": [3, 4]},
        {"x": [1, 2], "y": [3, 4]},
    ],
)
def test_single_values_are_a_matrix_of_one_column_where_the_tensor_is(data):
    schema = Schema(tensors=(Tensor("float64", (-1, 1), "x"), Tensor("float64", (-1,), "y")))
    fitted = Signature(schema).fit(data)
    assert (fitted["x"].tolist(), fitted["y"].tolist()) == ([[1], [2]], [3, 4])


def test_sparse_matrices_stay_sparse():
    sparse = pytest.importorskip("scipy.sparse")
    matrix = sparse.csr_matrix(np.eye(3, dtype="float32"))
    fitted = tensor("float64", -1, 3).fit(matrix)
    assert sparse.issparse(fitted)
    assert fitted.dtype == "float64"
    refusal(tensor("float64", -1, 2), matrix)


@given(
    st.sampled_from(["bool", "int8", "int32", "int64", "float32", "float64", "str"]),
    st.lists(st.integers(0, 3), min_size=1, max_size=3),
)
def test_an_array_fits_the_signature_that_was_inferred_from_it(dtype, shape):
    array = np.zeros(shape, dtype)
    assert infer_signature(array).fit(array) is array


# One column without a name, params ------------------------------------------------------------------------------------


def test_one_column_without_a_name_takes_lists_and_single_values():
    assert one(Scalar.DOUBLE).fit([1, 2.5]) == [1.0, 2.5]
    assert one(Scalar.STRING).fit("x") == "x"
    assert one(Scalar.LONG).fit(np.array([1], "int32")).dtype == "int64"
    assert one(ArrayType(Scalar.LONG)).fit([[1], [2, 3]]) == [[1], [2, 3]]
    assert refusal(one(Scalar.LONG), [1, "x"]).row == 1
    assert refusal(one(ArrayType(Scalar.LONG)), [[1], ["x"]]).row == 1
    assert one(Scalar.LONG).fit(pd.Series([1, 2])).tolist() == [1, 2]


def test_a_signature_without_inputs_checks_nothing():
    data = object()
    assert Signature().fit(data) is data


PARAMS = Signature(
    params=(
        Param("t", Scalar.DOUBLE, 0.5),
        Param("n", Scalar.LONG, 1),
        Param("stop", Scalar.STRING, ["."], True),
        Param("o", ObjectType([Property("k", Scalar.LONG)]), {"k": 1}),
    )
)


def test_params_get_their_defaults_and_types():
    assert PARAMS.fit_params(None) == {"t": 0.5, "n": 1, "stop": ["."], "o": {"k": 1}}
    found = PARAMS.fit_params({"t": 1, "n": np.int32(3), "stop": np.array(["a"]), "o": {"k": 2}})
    assert found == {"t": 1.0, "n": 3, "stop": ["a"], "o": {"k": 2}}
    assert type(found["t"]) is float


@pytest.mark.parametrize("given_params", [{"t": "hot"}, {"n": 1.5}, {"stop": "x"}, {"stop": [1]}, {"o": {"k": "x"}}])
def test_a_param_of_a_wrong_type_is_named(given_params):
    with pytest.raises(SignatureError, match=f"Failed to enforce schema: param '{next(iter(given_params))}'"):
        PARAMS.fit_params(given_params)


def test_a_signature_without_params_hands_them_on():
    assert Signature().fit_params({"x": 1}) == {"x": 1}


def test_an_unknown_param_is_left_out_with_a_warning(caplog):
    with caplog.at_level(logging.WARNING, "hookline"):
        assert PARAMS.fit_params({"zzz": 1}) == PARAMS.fit_params({})
    assert "zzz" in caplog.text
    assert "t, n, stop, o" in caplog.text
