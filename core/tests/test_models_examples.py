"""Input examples: what is written is what MLflow writes, and comes back as it was."""

import datetime
import json

import pytest

from hookline.errors import InvalidValue
from hookline.models.examples import Example, like_example, read_example, save_example
from hookline.models.signature import infer_signature

np = pytest.importorskip("numpy")
pd = pytest.importorskip("pandas")

FRAME = pd.DataFrame(
    {
        "n": np.array([1, 2], "int32"),
        "f": np.array([0.5, 1.5], "float32"),
        "d": [1.5, 2.5],
        "s": ["x", "y"],
        "b": [True, False],
        "t": pd.to_datetime(["2020-01-01", "2021-01-01"]),
        "y": [b"ab", b"cd"],
        "l": [[1], [2, 3]],
    },
    index=[7, 8],
)


def written(folder, data, **params):
    info = save_example(Example(data, params), folder)
    content, serving = (
        json.loads((folder / name).read_text()) for name in ("input_example.json", "serving_input_example.json")
    )
    return info, content, serving


def test_a_table(tmp_path):
    info, content, serving = written(tmp_path, FRAME)
    assert info == {
        "artifact_path": "input_example.json",
        "type": "dataframe",
        "pandas_orient": "split",
        "serving_input_path": "serving_input_example.json",
    }
    assert content["columns"] == list(FRAME.columns)
    assert content["data"][0] == [1, 0.5, 1.5, "x", True, "2020-01-01T00:00:00", "YWI=", [1]]
    assert serving == {"dataframe_split": content}
    found = read_example(tmp_path, info, infer_signature(FRAME).inputs)
    pd.testing.assert_frame_equal(found.data, FRAME.reset_index(drop=True), check_dtype=False)
    assert [str(each) for each in found.data.dtypes[:3]] == ["int32", "float32", "float64"]
    assert str(found.data["t"].dtype).startswith("datetime64")


@pytest.mark.parametrize(
    ("data", "kind", "content"),
    [
        (np.zeros((2, 3), "float32"), "ndarray", [[0.0] * 3] * 2),
        (np.array(["a", "b"]), "ndarray", ["a", "b"]),
        ({"a": np.array([1, 2]), "b": np.zeros((2, 1))}, "ndarray", {"a": [1, 2], "b": [[0.0], [0.0]]}),
        ([{"a": 1, "b": None}], "json_object", [{"a": 1, "b": None}]),
        ({"a": 1, "b": [1.5]}, "json_object", {"a": 1, "b": [1.5]}),
        (["x", "y"], "json_object", ["x", "y"]),
        ([1, 2], "json_object", [1, 2]),
        ("hello", "json_object", "hello"),
        (5, "json_object", 5),
        ([np.float64(0.5), np.int8(1)], "json_object", [0.5, 1]),
    ],
)
def test_everything_else(tmp_path, data, kind, content):
    info, stored, serving = written(tmp_path, data)
    assert (info["type"], stored, serving) == (kind, content, {"inputs": content})
    found = read_example(tmp_path, info, infer_signature(data).inputs).data
    if kind == "ndarray":
        for name in data if isinstance(data, dict) else [...]:
            assert found[name].dtype == data[name].dtype
            assert found[name].tolist() == data[name].tolist()
    else:
        assert found == data
    assert read_example(tmp_path, info) is not None


def test_values_that_json_lacks(tmp_path):
    moment = datetime.datetime.fromisoformat("2024-05-31T12:00:00")
    info, content, _serving = written(
        tmp_path, [{"t": moment, "b": b"ab", "n": float("nan"), "p": pd.Timestamp(moment), "q": pd.NaT}]
    )
    assert content == [{"t": moment.isoformat(), "b": "YWI=", "n": None, "p": moment.isoformat(), "q": None}]
    signature = infer_signature([{"t": moment, "b": b"ab", "n": 1.5}])
    (row,) = read_example(tmp_path, info, signature.inputs).data
    assert (row["t"], row["b"]) == (moment, b"ab")


def test_params_go_beside_the_data(tmp_path):
    info, content, serving = written(tmp_path, pd.DataFrame({"a": [1]}), t=0.5, stop=["x"])
    assert info["params"] == "true"
    assert content == {"inputs": {"columns": ["a"], "data": [[1]]}, "params": {"t": 0.5, "stop": ["x"]}}
    assert serving == {"dataframe_split": content["inputs"], "params": content["params"]}
    assert read_example(tmp_path, info).params == {"t": 0.5, "stop": ["x"]}


@pytest.mark.parametrize(
    ("given", "data", "params"),
    [
        (([1], {"t": 1}), [1], {"t": 1}),
        (([1], {}), ([1], {}), {}),
        (([1], [2]), ([1], [2]), {}),
        (Example(1, {"a": 2}), 1, {"a": 2}),
        ({"a": 1}, {"a": 1}, {}),
    ],
)
def test_data_and_params_may_be_given_as_a_pair(given, data, params):
    assert (Example.of(given).data, dict(Example.of(given).params)) == (data, params)


def test_sparse_matrices(tmp_path):
    sparse = pytest.importorskip("scipy.sparse")
    for matrix, kind in (
        (sparse.csr_matrix(np.eye(2)), "csr"),
        (sparse.csc_matrix(np.eye(2)), "csc"),
        (sparse.coo_matrix(np.eye(2)), "csr"),
    ):
        info, content, serving = written(tmp_path, matrix)
        assert info["type"] == f"sparse_matrix_{kind}"
        assert sorted(content) == ["data", "indices", "indptr", "shape"]
        assert serving == {"inputs": [[1.0, 0.0], [0.0, 1.0]]}
        found = read_example(tmp_path, info, infer_signature(matrix).inputs).data
        assert found.format == kind
        assert (found.toarray() == np.eye(2)).all()


def test_polars_tables_come_back_as_polars_tables(tmp_path):
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame({"a": [1, 2], "b": ["x", None]}, schema={"a": pl.Int32, "b": pl.String})
    info, content, _serving = written(tmp_path, frame)
    assert content == {"columns": ["a", "b"], "data": [[1, "x"], [2, None]]}
    assert read_example(tmp_path, info, infer_signature(frame).inputs).data.equals(frame)


def test_a_series_is_kept_as_a_table(tmp_path):
    info, content, _serving = written(tmp_path, pd.Series([1, 2], name="s"))
    assert (info["type"], content) == ("dataframe", {"columns": ["s"], "data": [[1], [2]]})


def test_what_json_cannot_hold_is_refused(tmp_path):
    with pytest.raises(InvalidValue, match="not a set"):
        written(tmp_path, [{1, 2}])
    assert list(tmp_path.iterdir()) == []


def test_infinite_numbers_are_refused_with_a_reason(tmp_path):
    with pytest.raises(InvalidValue, match="infinite"):
        written(tmp_path, [float("inf")])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [None, "[", '{"columns": ["a"]}', "5", "[" * 9999])
def test_a_file_that_is_no_example_is_refused(tmp_path, content):
    if content is not None:
        (tmp_path / "input_example.json").write_text(content)
    with pytest.raises(InvalidValue, match=r"input_example\.json"):
        read_example(tmp_path, {"type": "dataframe", "artifact_path": "../../elsewhere.json"})


def test_no_example_is_none(tmp_path):
    assert read_example(tmp_path, None) is None


@pytest.mark.parametrize("make", [pd.DataFrame, lambda rows: pytest.importorskip("polars").DataFrame(rows)])
@pytest.mark.parametrize(
    ("example", "rows", "expected"),
    [
        ([{"a": 1}], [{"a": 1, "b": 2}, {"a": 3, "b": 4}], [{"a": 1, "b": 2}, {"a": 3, "b": 4}]),
        ([1, 2], [{"a": 1}, {"a": 3}], [1, 3]),
        ({"a": 1}, [{"a": 1, "b": 2}], {"a": 1, "b": 2}),
        ("x", [{"a": "y"}], "y"),
    ],
)
def test_tables_become_what_the_example_was(tmp_path, make, example, rows, expected):
    info = save_example(Example(example), tmp_path)
    assert like_example(make(rows), info) == expected
    assert like_example([1], info) == [1]


def test_tables_stay_tables_where_the_example_was_one_or_does_not_fit(tmp_path):
    two = pd.DataFrame({"a": [1, 2], "b": [1, 2]})
    for example in (two, {"a": 1}, [1]):
        assert like_example(two, save_example(Example(example), tmp_path)) is two
    assert like_example(two, None) is two
    assert like_example(two, {"type": "json_object"}) is two  # MLflow's own say no more
