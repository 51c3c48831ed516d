"""The same requests to MLflow's scoring server and to ours: what the model is given, and what the client is told.

`HOOKLINE_PEER_MLFLOW` names the interpreter of an environment with mlflow; `tox -e peers` makes one. The golden values
in the other tests were taken here.
"""

import contextlib
import http.client
import json
import os
import socket
import subprocess
import time

import pytest

from hookline.models import Signature
from hookline.models.schema import Schema, params_from_json

PEER = os.environ.get("HOOKLINE_PEER_MLFLOW", "")
pytestmark = pytest.mark.skipif(
    not PEER, reason="HOOKLINE_PEER_MLFLOW names no interpreter that has mlflow; `tox -e peers` makes one"
)

SCHEMAS = {
    "nothing": None,
    "columns": [
        {"type": "double", "name": "a", "required": True},
        {"type": "long", "name": "b", "required": True},
        {"type": "string", "name": "c", "required": True},
        {"type": "boolean", "name": "d", "required": False},
        {"type": "datetime", "name": "e", "required": False},
        {"type": "integer", "name": "f", "required": False},
        {"type": "float", "name": "g", "required": False},
        {"type": "binary", "name": "h", "required": False},
    ],
    "floats": [{"type": "double", "name": "a", "required": True}, {"type": "double", "name": "b", "required": True}],
    "positions": [{"type": "double", "required": True}, {"type": "double", "required": True}],
    "tensor": [{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 3]}}],
    "tensors": [
        {"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 2]}, "name": "x"},
        {"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}, "name": "y"},
    ],
}
PARAMS = [
    {"name": "k", "type": "long", "default": 3, "shape": None},
    {"name": "t", "type": "double", "default": 0.5, "shape": None},
    {"name": "s", "type": "string", "default": "x", "shape": None},
    {"name": "l", "type": "long", "default": [1, 2], "shape": [-1]},
]

# What both models do: tell what they are given, in words that do not depend on versions of pandas.
DESCRIBE = """
def describe(data, params=None):
    import numpy as np, pandas as pd
    def plain(value):
        if isinstance(value, bytes):
            return value.decode()
        if isinstance(value, (list, tuple)):
            return [plain(each) for each in value]
        if value is None or value is pd.NaT or value != value:
            return None
        return value.isoformat() if hasattr(value, "isoformat") else value
    def size(dtype):
        return dtype.str if dtype.kind in "biuf" else dtype.kind
    def told(data):
        if isinstance(data, pd.DataFrame):
            columns = {str(name): [size(np.asarray(data[name]).dtype) if data[name].dtype.kind in "biufM" else "O",
                                   plain(data[name].tolist())] for name in data.columns}
            return ["table", columns]
        if isinstance(data, np.ndarray):
            return ["array", size(data.dtype), list(data.shape), plain(data.tolist())]
        if isinstance(data, dict):
            return {key: told(each) for key, each in data.items()}
        return [type(data).__name__, plain(data) if not isinstance(data, list) else [told(each) for each in data]]
    return [told(data), {key: plain(np.asarray(each).tolist()) for key, each in sorted((params or {}).items())}]
"""

SERVERS = (
    """
import json, os, sys, threading, uvicorn, mlflow
from mlflow.models import ModelSignature
from mlflow.pyfunc import scoring_server, load_model
from mlflow.types import ParamSchema, Schema
"""
    + DESCRIBE
    + """
class Telling(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return describe(model_input, params)

folder, ports, schemas, params = sys.argv[1], *map(json.loads, sys.argv[2:])
params = ParamSchema.from_json(json.dumps(params))
for name, schema in schemas.items():
    signature = schema and ModelSignature(Schema.from_json(json.dumps(schema)), None, params)
    path = os.path.join(folder, name)
    mlflow.pyfunc.save_model(path, python_model=Telling(), signature=signature, pip_requirements=["numpy"])
    app = scoring_server.init(load_model(path))
    options = {"host": "127.0.0.1", "port": ports[name], "log_level": "error"}
    threading.Thread(target=uvicorn.run, args=(app,), kwargs=options, daemon=True).start()
sys.stdin.read()
"""
)


@pytest.fixture(scope="module")
def mlflow_ports(tmp_path_factory):
    """MLflow's scoring servers, one for each signature."""
    ports = {}
    with contextlib.ExitStack() as probes:
        for name in SCHEMAS:
            probe = probes.enter_context(socket.socket())
            probe.bind(("127.0.0.1", 0))
            ports[name] = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("mlflow")
    process = subprocess.Popen(
        [PEER, "-c", SERVERS, str(folder), *map(json.dumps, (ports, SCHEMAS, PARAMS))],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 120
        for port in ports.values():
            while not _answers(port):
                assert process.poll() is None, "MLflow's server ended"
                assert time.monotonic() < deadline, "MLflow's server did not start"
                time.sleep(0.2)
        yield ports
    finally:
        process.stdin.close()
        process.terminate()
        process.wait()


def _answers(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/ping")
        return connection.getresponse().read() == b"\n"
    except OSError:
        return False
    finally:
        connection.close()


class Telling:
    """The same model, with the checks that `LoadedModel` makes."""

    predicts_by_row = False

    def __init__(self, schema):
        self.signature = None
        if schema is not None:
            self.signature = Signature(Schema.from_json(json.dumps(schema)), None, params_from_json(json.dumps(PARAMS)))
        scope = {}
        exec(DESCRIBE, scope)
        self.describe = scope["describe"]

    def predict(self, data, params=None):
        if self.signature is None:
            return self.describe(data)
        return self.describe(self.signature.fit(data), self.signature.fit_params(params))


def row(**others):
    return {"dataframe_records": [{"a": 1.5, "b": 2, "c": "x", **others}]}


def split(data, **others):
    return {"dataframe_split": {"data": data, **others}}


SAME = [
    *(("nothing", body) for body in (
        {"inputs": [1, 2.5]}, {"inputs": [[1, 2], [3, 4]]}, {"inputs": 3}, {"inputs": "x"}, {"inputs": ["a", "é"]},
        {"inputs": [True, False]}, {"inputs": [[1, None]]}, {"inputs": {"x": [1, 2], "y": ["a", "b"]}}, {"inputs": {}},
        {"inputs": {"x": [1, 2], "y": [[1, 2], [3, 4]]}}, {"inputs": [1], "foo": 1}, {"instances": [[1, 2], [3, 4]]},
        {"instances": [1, 2]}, {"instances": [{"x": 1, "y": [1, 2]}, {"x": 2, "y": [3, 4]}]}, {"instances": {"x": [1]}},
        split([[1, "x"], [2.5, None]], columns=["a", "é"]), split([[1]], columns=["a"], index=[5]), split([[1, 2]]),
        {"dataframe_records": [{"a": 1, "b": "x"}, {"a": None}]}, {"dataframe_records": []},
        {"dataframe_records": [{"a": {"b": 1}}]}, '{"inputs": [NaN, Infinity]}', '{"inputs": [1e400]}',
        '{"inputs":[1],"inputs":[2]}', '{"inputs": [123456789012345678901234567890]}', "\ufeff{\"inputs\": [1]}",
        "", "[]", "3", '"x"', "null", "{}", "{", {"foo": 1}, {"params": {}}, {"inputs": [1], "instances": [1]},
        {"inputs": [[1, 2], [3]]}, {"instances": [{"x": 1}, 3]}, {"instances": [{"x": 1, "y": 2}, {"x": 1}]},
        split([], foo=1), {"dataframe_split": {"columns": ["a"]}}, split([[1, 2]], columns=["a"]),
        {"dataframe_split": [1]}, {"dataframe_split": None}, {"dataframe_records": {"a": 1}},
        {"dataframe_records": None}, {"dataframe_records": [{"a": 1}, 3]},
    )),
    *(("columns", body) for body in (
        row(), row(a=1), row(a=None), row(a="x"), row(a="1.5"), row(b=2.0), row(b="2"), row(b=None), row(d=True),
        row(e="2024-01-01T10:00:00"), row(e="2024-01-01"), row(e="nope"), row(f=1), row(g=1.1), row(g=1),
        row(h="YWJj"), row(h="a"), row(extra=1), {"dataframe_records": [{"b": 2, "c": "x"}]}, {"dataframe_records": []},
        {"dataframe_records": [{"a": 1.5, "b": 2, "c": "x"}, {"a": "z", "b": 2, "c": "x"}]},
        split([["x", 2, 1.5]], columns=["c", "b", "a"]), split([[1.5, 2]], columns=["a", "b"]), split([[1.5, 2, "x"]]),
        split([[1.5, 9007199254740993, "x"]], columns=["a", "b", "c"]),
        {"inputs": {"a": [1.5, 2], "b": [1, 2], "c": ["x", "y"]}}, {"inputs": {"a": 1.5, "b": 1, "c": "x"}},
        {"inputs": {"a": [1.5, 2], "b": [1]}}, {"inputs": [[1.5, 2, "x"]]}, {"instances": [1.5]},
        {"instances": [{"a": 1.5, "b": 2, "c": "x"}]}, {"inputs": [{"a": 1.5, "b": 1, "c": "x"}]},
        *({**row(), "params": params} for params in (
            {"k": 5}, {"k": 5.5}, {"k": "x"}, {"t": 1}, {"l": [3, 4]}, {"l": 3}, {"zzz": 1}, {"k": None}, {"s": 3},
            {"k": [1]}, {"l": ["a"]}, [1],
        )),
    )),
    *(("floats", body) for body in (
        {"instances": [{"a": 1, "b": 2}]}, {"inputs": {"a": [1], "b": [2]}}, {"inputs": {"a": 1, "b": 2}},
        {"inputs": [[1, 2]]}, {"inputs": [1, 2]}, {"dataframe_records": [{"a": 1, "b": None}]},
        {"inputs": [{"a": 1, "b": 2}]}, split([[1, 2]]),
    )),
    *(("positions", body) for body in (
        {"inputs": [[1, 2]]}, split([[1, 2]]), split([[1, 2]], columns=["q", "r"]),
        {"dataframe_records": [{"q": 1, "r": 2}]}, {"inputs": [[1]]},
    )),
    *(("tensor", body) for body in (
        {"inputs": [[1, 2, 3]]}, {"instances": [[1, 2, 3]]}, {"inputs": [[1, 2]]}, {"inputs": [1, 2, 3]},
        split([[1, 2, 3]]), {"dataframe_records": [{"a": 1, "b": 2, "c": 3}]}, {"inputs": {"x": [[1, 2, 3]]}},
        {"inputs": [["a", "b", "c"]]}, {"inputs": [[1, 2, None]]}, {"inputs": [[1, 2, 3], [1, 2]]}, {"inputs": []},
        {"inputs": [[1.5, 2, True]]}, {"inputs": [["1", "2", "3"]]},
    )),
    *(("tensors", body) for body in (
        {"inputs": {"x": [[1, 2]], "y": [3]}}, {"instances": [{"x": [1, 2], "y": 3}]}, {"inputs": {"x": [[1, 2]]}},
        {"inputs": [[1, 2]]}, {"inputs": {"x": [[1, 2]], "y": [3], "z": [1]}}, {"inputs": {"x": [[1, 2]], "y": ["a"]}},
        {"dataframe_records": [{"x": [1, 2], "y": 3}]}, {"inputs": {"x": [1, 2], "y": 3}},
    )),
]  # fmt: skip
"""Requests with the same answer: the same status, and the same data for the model."""

OTHERWISE = [
    ("columns", row(b=2.5), "MLflow cuts 2.5 to 2"),
    ("columns", row(c=3), "MLflow passes a number on where a text is wanted"),
    ("columns", row(d=1), "MLflow makes True of any number but 0"),
    ("columns", row(d="false"), "MLflow makes True of any text"),
    ("columns", row(e=1700000000000), "MLflow takes a number for nanoseconds"),
    ("columns", row(f=2**31), "MLflow lets it overflow"),
    ("nothing", split([[1, 2], [3]], columns=["a", "b"]), "MLflow fills the row with NaN"),
    ("nothing", {"instances": [{"x": 1}, {"y": 2}]}, "MLflow makes columns of different rows"),
    ("nothing", {"inputs": [1], "params": 3}, "MLflow ignores it"),
    ("nothing", {"dataframe_records": [1]}, "MLflow makes a column 0"),
    ("nothing", split([[1]], columns=["a"], index=[1, 2]), "MLflow repeats the row"),
    ("tensors", {"inputs": {"x": [[1, 2]], "y": [3.5]}}, "MLflow cuts 3.5 to 3"),
]
"""Requests that MLflow takes, at the price of changing what was sent, and ours refuses with 400."""

CSV = [
    ("columns", "a,b,c\n1.5,2,x\n1,3,\n"),
    ("columns", "a,b,c\n1.5,2,007\n"),
    ("columns", "c,b,a,x\n007,2.0,1,9\n"),
    ("columns", "a,b\n1,2\n"),
    ("columns", ""),
    ("columns", "a,b,c\n"),
    ("columns", "a,b,c\nx,2,y\n"),
    ("columns", "a,b,c\n1,2.5,z\n"),
    ("columns", 'a,b,c\n1,2,"unclosed\n'),
    ("columns", "a;b;c\n1;2;x\n"),
    ("nothing", "a,é\n1,x\n,y\n"),
    ("nothing", "a,b\n1,2\n3\n"),
]
CONTENT_TYPES = [
    "application/json",
    "application/json; charset=UTF-8",
    "application/json;charset=latin-1",
    "application/json; foo=bar",
    "application/json; charset",
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/jsonlines",
]


@pytest.fixture
def both(mlflow_ports, served):
    """Ask both for one answer: returns ((status, answer) of MLflow, (status, answer) of ours)."""

    def ask(name, body, content_type="application/json"):
        text = body if isinstance(body, str) else json.dumps(body)
        with served(Telling(SCHEMAS[name])) as ours:
            mine = ours(body=text.encode(), content_type=content_type)
            ours.port = mlflow_ports[name]
            theirs = ours(body=text.encode(), content_type=content_type)
        return [(status, json.loads(said) if status < 415 else said) for status, _headers, said in (theirs, mine)]

    return ask


@pytest.mark.parametrize(("name", "body"), SAME, ids=lambda each: str(each)[:60])
def test_a_request_gets_the_same_answer(both, name, body):
    theirs, ours = both(name, body)
    assert ours[0] == theirs[0], (theirs, ours)
    if ours[0] == 200:
        assert ours[1] == theirs[1]
    else:
        assert set(ours[1]) <= set(theirs[1])
        assert ours[1]["error_code"] in ("BAD_REQUEST", "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize(("name", "body", "_why"), OTHERWISE, ids=lambda each: str(each)[:60])
def test_what_mlflow_changes_silently_is_refused(both, name, body, _why):
    theirs, ours = both(name, body)
    assert (theirs[0], ours[0]) == (200, 400), (theirs, ours)


@pytest.mark.parametrize(("name", "body"), CSV, ids=lambda each: str(each)[:40])
def test_csv_gets_the_same_answer(both, name, body):
    theirs, ours = both(name, body, "text/csv")
    assert ours[0] == theirs[0], (theirs, ours)
    if ours[0] == 200:
        assert ours[1] == theirs[1]


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
def test_a_content_type_gets_the_same_status(both, content_type):
    theirs, ours = both("nothing", {"inputs": [1]}, content_type)
    assert ours[0] == theirs[0], (theirs, ours)


def test_the_words_that_clients_look_for_are_there(both):
    theirs, ours = both("nothing", {})
    opening = "The input must be a JSON dictionary with exactly one of the input fields {"
    assert theirs[1]["message"].startswith(opening)
    assert ours[1]["message"].startswith(opening)
    theirs, ours = both("columns", {"dataframe_records": [{"b": 2, "c": "x"}]})
    assert "Failed to enforce schema" in theirs[1]["message"]
    assert ours[1]["message"].startswith("Failed to enforce schema")
