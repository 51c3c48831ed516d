"""A model that takes numbers of fewer than 64 bits, asked in JSON, which has one kind of number, over a real socket."""

import json

import numpy as np
import pandas as pd
import pytest

from hookline.models import infer_signature

LONE = infer_signature({"x": np.zeros((1, 2), "float32")})
TWO = infer_signature({"x": np.zeros((1, 2), "float32"), "k": np.zeros(1, "int32")})
UNNAMED = infer_signature(np.zeros((1, 2), "float32"))
TABLE = infer_signature(pd.DataFrame({"x": np.zeros(1, "float32"), "k": np.zeros(1, "int32")}))
INFER = "/v2/models/model/infer"


class Model:
    """A model that says of which types its inputs are, behind the checks that `LoadedModel` makes."""

    predicts_by_row = False

    def __init__(self, signature):
        self.signature = signature

    def predict(self, data, params=None):
        fitted = self.signature.fit(data)
        given = fitted if hasattr(fitted, "items") else {"": fitted}
        return [f"{name} {each.dtype} {np.asarray(each).tolist()}" for name, each in given.items()]


def tensor(name, data, datatype="FP64", shape=None):
    return {"name": name, "shape": shape or list(np.shape(data)), "datatype": datatype, "data": data}


X, K = [[1, 0.1]], [3]
ROUNDED = float(np.float32(0.1))
BOTH = [f"x float32 [[1.0, {ROUNDED}]]", "k int32 [3]"]


@pytest.mark.parametrize(
    ("signature", "path", "body", "told"),
    [
        (TWO, "/invocations", {"inputs": {"x": X, "k": K}}, BOTH),
        (TWO, "/invocations", {"instances": [{"x": X[0], "k": 3}]}, BOTH),
        (TWO, "/invocations", {"instances": [{"x": X[0], "k": 3.0}]}, BOTH),
        (TWO, INFER, {"inputs": [tensor("x", X, "FP32"), tensor("k", K, "INT32")]}, BOTH),
        (TWO, INFER, {"inputs": [tensor("x", X, "FP64"), tensor("k", K, "INT64")]}, BOTH),
        (TWO, INFER, {"inputs": [tensor("x", X, "FP64"), tensor("k", K, "FP64")]}, BOTH),
        (LONE, "/invocations", {"inputs": {"x": X}}, BOTH[:1]),
        (LONE, "/invocations", {"inputs": X}, BOTH[:1]),
        (LONE, "/invocations", {"instances": X}, BOTH[:1]),
        (LONE, "/invocations", {"instances": [{"x": X[0]}]}, BOTH[:1]),
        (LONE, "/invocations", {"dataframe_split": {"columns": ["a", "b"], "data": X}}, BOTH[:1]),
        (LONE, "/invocations", {"dataframe_records": [{"a": 1, "b": 0.1}]}, BOTH[:1]),
        (LONE, INFER, {"inputs": [tensor("x", X, "FP64")]}, BOTH[:1]),
        (LONE, INFER, {"inputs": [tensor("x", [[1, 2]], "INT64")]}, ["x float32 [[1.0, 2.0]]"]),
        (UNNAMED, "/invocations", {"inputs": X}, [f" float32 [[1.0, {ROUNDED}]]"]),
        (UNNAMED, INFER, {"inputs": [tensor("input", X, "FP64")]}, [f" float32 [[1.0, {ROUNDED}]]"]),
        (TABLE, "/invocations", {"dataframe_records": [{"x": 0.1, "k": 3}]}, [f"x float32 [{ROUNDED}]", "k int32 [3]"]),
        (TABLE, INFER, {"inputs": [tensor("x", [0.1]), tensor("k", K)]}, [f"x float32 [{ROUNDED}]", "k int32 [3]"]),
        (TABLE, INFER, {"inputs": [tensor("rows", [[0.1, 3]])]}, [f"x float32 [{ROUNDED}]", "k int32 [3]"]),
    ],
)
def test_what_a_client_can_write_is_taken_where_it_fits(served, signature, path, body, told):
    with served(Model(signature)) as client:
        status, _headers, text = client(path, body)
    assert status == 200, text
    answer = json.loads(text)
    assert (answer["predictions"] if "predictions" in answer else answer["outputs"][0]["data"]) == told


@pytest.mark.parametrize(
    ("signature", "path", "body", "says"),
    [
        (TWO, "/invocations", {"inputs": {"x": [[1, 1e300]], "k": K}}, "1e+300 is too large for float32"),
        (TWO, "/invocations", {"inputs": {"x": X, "k": [2**40]}}, "'inputs.k'"),
        (TWO, "/invocations", {"inputs": {"x": X, "k": [1.5]}}, "1.5 is no whole number"),
        (LONE, "/invocations", {"inputs": [[1, 1e300]]}, "1e+300 is too large for float32"),
        (LONE, "/invocations", {"inputs": [[1, "a"]]}, "'inputs' is no array of float32"),
        (UNNAMED, "/invocations", {"inputs": [[1, 1e300]]}, "1e+300 is too large for float32"),
        (TWO, INFER, {"inputs": [tensor("x", [[1, 1e300]]), tensor("k", K)]}, "expected float32, got float64"),
        (TWO, INFER, {"inputs": [tensor("x", X), tensor("k", [2**40], "INT64")]}, "expected int32, got int64"),
        (TWO, INFER, {"inputs": [tensor("x", X), tensor("k", [1.5])]}, "expected int32, got float64"),
        (TABLE, INFER, {"inputs": [tensor("x", [1e300]), tensor("k", K)]}, "'x'"),
        (TABLE, INFER, {"inputs": [tensor("x", [1]), tensor("k", [1.5])]}, "'k'"),
    ],
)
def test_what_would_become_another_number_is_refused(served, signature, path, body, says):
    with served(Model(signature)) as client:
        status, _headers, text = client(path, body)
    assert status == 400
    assert says in json.loads(text)["message" if path == "/invocations" else "error"]


@pytest.mark.parametrize("value", [float("inf"), float("-inf")])
def test_an_infinity_is_itself(served, value):
    with served(Model(LONE)) as client:
        assert client.predictions({"inputs": {"x": [[1, value]]}}) == [f"x float32 [[1.0, {value}]]"]
        status, _headers, text = client(INFER, {"inputs": [tensor("x", [[1, value]])]})
    assert (status, json.loads(text)["outputs"][0]["data"]) == (200, [f"x float32 [[1.0, {value}]]"])
