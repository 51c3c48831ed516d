"""What schema data shows, for every form that data comes in; the expected texts are what MLflow infers."""

import datetime
import decimal
import json
import subprocess
import sys

import pytest

from hookline.errors import InvalidValue
from hookline.models.signature import infer_signature

np = pytest.importorskip("numpy")
pd = pytest.importorskip("pandas")


def inferred(data):
    return json.loads(infer_signature(data).to_dict()["inputs"])


def column(kind, name=None, required=True, **rest):
    named = {} if name is None else {"name": name}
    return {"type": kind, **rest, **named, "required": required}


def tensor(dtype, *shape, **named):
    return {**named, "type": "tensor", "tensor-spec": {"dtype": dtype, "shape": list(shape)}}


LONGS = {"items": {"type": "long"}}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2], column("long", "c")),
        ([1.5, 2], column("double", "c")),
        (["x", "y"], column("string", "c")),
        ([True, False], column("boolean", "c")),
        ([b"x", b"y"], column("binary", "c")),
        (pd.to_datetime(["2020", "2021"]), column("datetime", "c")),
        (pd.to_datetime(["2020"]).tz_localize("UTC"), column("datetime", "c")),
        ([datetime.date(2020, 1, 1)], column("datetime", "c")),
        (np.array([1], "int8"), column("integer", "c")),
        (np.array([1], "uint16"), column("integer", "c")),
        (np.array([1], "int32"), column("integer", "c")),
        (np.array([1], "uint32"), column("long", "c")),
        (np.array([1], "uint64"), column("any", "c")),
        (np.array([1], "float32"), column("float", "c")),
        ([1, None], column("double", "c", False)),
        (["x", None], column("string", "c", False)),
        ([None, None], column("any", "c", False)),
        (pd.array([1, None], dtype="Int64"), column("long", "c", False)),
        (pd.array(["a", None], dtype="string"), column("string", "c", False)),
        (pd.array([True, None], dtype="boolean"), column("boolean", "c", False)),
        (pd.Categorical(["a", "b"]), column("string", "c")),
        (pd.Categorical([1, 2]), column("long", "c")),
        ([1, "x"], column("any", "c")),
        ([decimal.Decimal(1)], column("any", "c")),
        ([[1, 2], [3]], column("array", "c", **LONGS)),
        ([np.array([1.0]), np.array([2.0])], column("array", "c", items={"type": "double"})),
        (
            [{"x": 1}, {"x": 2, "y": "s"}],
            column(
                "object",
                "c",
                properties={"x": {"type": "long", "required": True}, "y": {"type": "string", "required": False}},
            ),
        ),
    ],
)
def test_a_column_of_a_pandas_table(values, expected):
    assert inferred(pd.DataFrame({"c": values})) == [expected]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (pd.DataFrame([[1, 2.0]]), [column("long", 0), column("double", 1)]),
        (pd.Series([1], name="y"), [column("long", "y")]),
        (pd.Series(["a"]), [column("string")]),
        (np.array([1, 2]), [tensor("int64", -1)]),
        (np.zeros((4, 3)), [tensor("float64", -1, 3)]),
        (np.zeros((4, 3, 2), "float32"), [tensor("float32", -1, 3, 2)]),
        (np.array(["a", "bcd"]), [tensor("str", -1)]),
        (np.array([b"a"]), [tensor("bytes", -1)]),
        (np.array([True]), [tensor("bool", -1)]),
        (np.array(["a", 1], object), [tensor("object", -1)]),
        (np.array(["2020-01-01"], "datetime64[ns]"), [tensor("datetime64[ns]", -1)]),
        (
            {"a": np.array([1]), "b": np.zeros((2, 3))},
            [tensor("int64", -1, name="a"), tensor("float64", -1, 3, name="b")],
        ),
        ({"a": [1, 2]}, [column("array", "a", **LONGS)]),
        (
            {"a": 1, "b": "x", "c": 1.5, "d": True, "e": None},
            [
                column("long", "a"),
                column("string", "b"),
                column("double", "c"),
                column("boolean", "d"),
                column("any", "e", False),
            ],
        ),
        ({"a": pd.Series([1.5, None])}, [column("double", "a", False)]),
        ([{"b": 1, "a": "x"}, {"b": 2}], [column("long", "b"), column("string", "a", False)]),
        ([{"a": 1}, {"a": 2.5}], [column("double", "a")]),
        (["a", "b"], [column("string")]),
        ([1, 2], [column("long")]),
        ([1.0, 2], [column("double")]),
        ([[1, 2], [3]], [column("array", **LONGS)]),
        ([1, "x"], [column("any")]),
        ([], [column("any")]),
        ("hello", [column("string")]),
        (5, [column("long")]),
        (b"x", [column("binary")]),
        (datetime.datetime.fromisoformat("2020-01-01"), [column("datetime")]),
        (np.int32(5), [column("integer")]),
        (np.float32(5), [column("float")]),
        (object(), [column("any")]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_other_form(data, expected):
    assert inferred(data) == expected


def test_sparse_matrices_are_tensors():
    sparse = pytest.importorskip("scipy.sparse")
    assert inferred(sparse.csr_matrix(np.eye(3))) == [tensor("float64", -1, 3)]
    assert inferred(sparse.coo_array(np.eye(2, dtype="float32"))) == [tensor("float32", -1, 2)]


def test_polars_tables_are_like_pandas_tables():
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame(
        {"a": [1], "b": ["x"], "c": [1.5], "d": [True], "e": [b"x"], "f": [[1]], "g": [{"x": 1}], "h": ["k"]}
    ).with_columns(h=pl.col("h").cast(pl.Categorical), i=pl.lit(1).cast(pl.Int16), j=pl.lit(1.0).cast(pl.Float32))
    kinds = [each["type"] for each in inferred(frame)]
    assert kinds == [
        *("long", "string", "double", "boolean", "binary", "array", "object", "string", "integer", "float"),
    ]
    assert inferred(pl.DataFrame({"a": [1, None]})) == [column("long", "a", False)]
    assert inferred(pl.Series("a", [1.5])) == [column("double", "a")]


@pytest.mark.parametrize(
    ("value", "kind", "shape", "default"),
    [
        (1, "long", None, 1),
        (1.5, "double", None, 1.5),
        ("s", "string", None, "s"),
        (True, "boolean", None, True),
        ([1, 2], "long", [-1], [1, 2]),
        ([1, 2.5], "double", [-1], [1, 2.5]),
        (np.float32(1), "float", None, 1.0),
        (np.array([1, 2]), "long", [-1], [1, 2]),
        ([], "string", [-1], []),
        (datetime.datetime.fromisoformat("2020-01-01"), "datetime", None, "2020-01-01T00:00:00"),
        ({"k": 1}, "object", None, {"k": 1}),
    ],
)
def test_params_are_declared_by_their_defaults(value, kind, shape, default):
    row = json.loads(infer_signature(params={"p": value}).to_dict()["params"])[0]
    assert (row["name"], row["type"], row["shape"], row["default"]) == ("p", kind, shape, default)


@pytest.mark.parametrize("value", [None, b"x", [[1]], [1, "x"], object(), [{"a": 1}]])
def test_a_param_without_a_type_is_refused_by_its_name(value):
    with pytest.raises(InvalidValue, match="'p'"):
        infer_signature(params={"p": value})


def test_nothing_to_infer_from_is_refused():
    with pytest.raises(InvalidValue, match="none of them was given"):
        infer_signature()


def test_inferring_from_plain_values_imports_no_library():
    program = (
        "import sys; from hookline.models.signature import infer_signature;"
        "s = infer_signature([{'a': 1}], [1.0], {'p': 1}); s.fit([{'a': 2}]);"
        "print(sorted({'numpy', 'pandas', 'polars', 'scipy'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
