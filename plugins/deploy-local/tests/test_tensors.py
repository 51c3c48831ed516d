"""The Open Inference Protocol over a real socket."""

import json

import numpy as np
import pandas as pd
import pytest

from hookline.models import Signature, infer_signature
from hookline_lib_scoring.names import served_name


class Model:
    """A model that calls a function, with the signature's checks as `LoadedModel` makes them."""

    predicts_by_row = False

    def __init__(self, function, signature=None):
        self.function, self.signature = function, signature

    def predict(self, data, params=None):
        if self.signature is None:
            return self.function(data, params or {})
        return self.function(self.signature.fit(data), self.signature.fit_params(params))


def tensor(name="x", data=(1.0, 2.0), shape=(1, 2), datatype="FP64"):
    return {"name": name, "shape": list(shape), "datatype": datatype, "data": list(data)}


def infer(client, *inputs, path="/v2/models/model/infer", status=200, **more):
    found, _headers, text = client(path, {"inputs": list(inputs), **more})
    assert found == status, text
    return json.loads(text)


def total(data, _params):
    return data.sum(axis=1)


SQUARE = infer_signature(np.zeros((1, 2)), np.zeros(1))
TABLE = infer_signature(pd.DataFrame({"a": [1.0], "b": [2.0]}), pd.DataFrame({"total": [1.0]}))


@pytest.mark.parametrize("path", ["/v2/models/model/infer", "/v2/models/model/versions/1/infer"])
def test_an_array_is_answered(served, path):
    with served(Model(total, SQUARE)) as client:
        answer = infer(client, tensor(data=[1, 2, 3, 4.5], shape=[2, 2]), path=path, id="7")
    assert answer == {
        "model_name": "model",
        "model_version": "1",
        "id": "7",
        "outputs": [{"name": "predictions", "datatype": "FP64", "shape": [2], "data": [3.0, 7.5]}],
    }


@pytest.mark.parametrize("data", [[1, 2, 3, 4], [[1, 2], [3, 4]]])
def test_data_is_flat_or_nested(served, data):
    with served(Model(total, SQUARE)) as client:
        assert infer(client, tensor(data=data, shape=[2, 2]))["outputs"][0]["data"] == [3.0, 7.0]


@pytest.mark.parametrize(
    "inputs",
    [
        [tensor("a", [1, 3], [2]), tensor("b", [2, 4], [2, 1])],
        [tensor("b", [2, 4], [2]), tensor("a", [1, 3], [2])],
        [tensor("rows", [1, 2, 3, 4], [2, 2])],
        [tensor("rows", [1, 2, 3, 4], [2, 2], "INT64")],
    ],
    ids=["columns", "in another order", "rows", "whole numbers"],
)
def test_a_table_comes_by_its_columns_or_its_rows(served, inputs):
    with served(Model(lambda data, _params: data["b"] * 10 + data["a"], TABLE)) as client:
        assert infer(client, *inputs)["outputs"] == [
            {"name": "total", "datatype": "FP64", "shape": [2], "data": [21.0, 43.0]}
        ]


def test_a_model_without_a_signature_is_given_the_arrays(served):
    with served(Model(lambda data, _params: {name: each.dtype.name for name, each in data.items()})) as client:
        outputs = infer(client, tensor("f", [1], [1], "FP32"), tensor("t", ["a"], [1], "BYTES"))["outputs"]
    assert {each["name"]: each["data"] for each in outputs} == {"f": ["float32"], "t": ["object"]}


@pytest.mark.parametrize(
    ("value", "datatype", "data"),
    [
        (np.array([True]), "BOOL", [True]),
        (np.array([1], dtype="int32"), "INT32", [1]),
        (np.array([1], dtype="uint8"), "UINT8", [1]),
        (np.array([0.5], dtype="float16"), "FP32", [0.5]),
        (np.array(["é"]), "BYTES", ["é"]),
        (["a", "b"], "BYTES", ["a", "b"]),
        (np.array([[1.5], [2.5]]), "FP64", [1.5, 2.5]),
        (pd.Series([1, 2]), "INT64", [1, 2]),
        (np.array(["2020-01-02"], dtype="datetime64[D]"), "BYTES", ["2020-01-02"]),
    ],
)
def test_each_kind_of_output_has_its_datatype(served, value, datatype, data):
    with served(Model(lambda _data, _params: value)) as client:
        [output] = infer(client, tensor())["outputs"]
    assert (output["datatype"], output["data"]) == (datatype, data)
    assert output["shape"] == list(np.asarray(value).shape)


def test_params_of_the_signature_come_as_parameters(served):
    signature = Signature(SQUARE.inputs, None, infer_signature(params={"k": 3}).params)
    with served(Model(lambda data, params: data[:, 0] * params["k"], signature)) as client:
        assert infer(client, tensor())["outputs"][0]["data"] == [3.0]
        assert infer(client, tensor(), parameters={"k": 5, "other": "x"})["outputs"][0]["data"] == [5.0]


def test_outputs_are_chosen_by_name(served):
    both = pd.DataFrame({"p": [1.0], "q": [2.0]})
    with served(Model(lambda _data, _params: both)) as client:
        assert [each["name"] for each in infer(client, tensor())["outputs"]] == ["p", "q"]
        chosen = infer(client, tensor(), outputs=[{"name": "q"}])["outputs"]
        assert [each["name"] for each in chosen] == ["q"]
        assert "'r'" in infer(client, tensor(), outputs=[{"name": "r"}], status=400)["error"]


@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        ([], "no inputs"),
        ([tensor(datatype="FP80")], "'FP80'"),
        ([tensor(shape=[2, 2])], "2 values"),
        ([tensor(shape=[-1, 2])], "negative"),
        ([tensor(data=["a", "b"])], "'x'"),
        ([tensor(data=[1.5, 2], datatype="INT64")], "INT64"),
        ([tensor(data=[1, 2], datatype="BOOL")], "BOOL"),
        ([tensor(data=[[1, 2], [3]])], "no array"),
        ([tensor(data=[300, 1], datatype="INT8")], "INT8"),
        ([tensor(), tensor()], "one name"),
        ([{"name": "x"}], "shape"),
        ([tensor(data=[1, 2, 3], shape=[1, 3])], "schema"),
    ],
)
def test_what_is_no_request_is_told(served, inputs, says):
    with served(Model(total, SQUARE)) as client:
        answer = infer(client, *inputs, status=400)
    assert list(answer) == ["error"]
    assert says in answer["error"]


@pytest.mark.parametrize("body", ["", "[]", "{", '{"inputs": 1}'])
def test_another_body_is_told(served, body):
    with served(Model(total, SQUARE)) as client:
        status, _headers, text = client("/v2/models/model/infer", body)
    assert status == 400
    assert list(json.loads(text)) == ["error"]


def test_binary_tensors_are_refused(served):
    with served(Model(total, SQUARE)) as client:
        status, _headers, text = client(
            "/v2/models/model/infer", b"{}1234", headers={"Inference-Header-Content-Length": "2"}
        )
    assert status == 400
    assert "Binary" in json.loads(text)["error"]


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/v2/health/live", {"live": True}),
        ("/v2/health/ready", {"ready": True}),
        ("/v2/models/model/ready", {"name": "model", "ready": True}),
        ("/v2/models/model/versions/1/ready", {"name": "model", "ready": True}),
        (
            "/v2/models/model",
            {
                "name": "model",
                "versions": ["1"],
                "platform": "hookline",
                "inputs": [
                    {"name": "a", "datatype": "FP64", "shape": [-1]},
                    {"name": "b", "datatype": "FP64", "shape": [-1]},
                ],
                "outputs": [{"name": "total", "datatype": "FP64", "shape": [-1]}],
            },
        ),
    ],
)
def test_the_server_and_its_model_describe_themselves(served, path, answer):
    with served(Model(total, TABLE)) as client:
        status, _headers, text = client(path)
    assert (status, json.loads(text)) == (200, answer)


@pytest.mark.parametrize("path", ["/v2/models/other", "/v2/models/model/versions/2/infer", "/v2/nothing"])
def test_what_is_not_here_is_404(served, path):
    with served(Model(total, TABLE)) as client:
        status, _headers, text = client(path, {"inputs": []} if path.endswith("infer") else None)
    assert status == 404
    assert list(json.loads(text)) == ["error"]


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("models:/wine/3", "wine"),
        ("models:/wine@champion", "wine"),
        ("runs:/0123/model", "model"),
        ("./some/folder/", "folder"),
        ("/", "model"),
        ("models:/", "model"),
    ],
)
def test_a_model_is_called_by_its_registered_name_or_its_folder(uri, name):
    assert served_name(uri) == name
