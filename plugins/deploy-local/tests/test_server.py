"""The scoring server over a real socket: routes, refusals, limits, and one thread for the model."""

import io
import json
import sys
import threading
import time

import numpy as np
import pandas as pd
import pytest

from hookline.models import Signature, infer_signature
from hookline_lib_scoring.app import Limits


class Model:
    """A model that calls a function, with the signature's checks as `LoadedModel` makes them."""

    def __init__(self, function, signature=None, predicts_by_row=False):
        self.function, self.signature, self.predicts_by_row = function, signature, predicts_by_row

    def predict(self, data, params=None):
        if self.signature is None:
            return self.function(data, params or {})
        return self.function(self.signature.fit(data), self.signature.fit_params(params))


def totals(data, _params):
    return data.sum(axis=1)


@pytest.fixture
def summing(served):
    with served(Model(totals, infer_signature(np.zeros((1, 2))))) as client:
        yield client


@pytest.mark.parametrize("path", ["/ping", "/health"])
def test_a_living_server_says_so(summing, path):
    status, _headers, text = summing(path)
    assert (status, text) == (200, "\n")


def test_the_version_is_that_of_hookline(summing):
    from importlib.metadata import version

    assert summing("/version")[2] == version("hookline-core")


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [("/ping", "POST", 405), ("/invocations", "GET", 405), ("/nope", "GET", 404), ("/", "GET", 404)],
)
def test_other_routes_and_methods_are_refused(summing, path, method, status):
    assert summing(path, method=method)[0] == status


def test_no_answer_invites_other_origins(summing):
    for found in (summing(body={"inputs": [[1, 2]]}), summing("/ping"), summing(body="{", content_type="x/y")):
        assert not [name for name in found[1] if name.lower().startswith("access-control")]
    headers = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    preflight = summing("/invocations", method="OPTIONS", headers=headers)
    assert preflight[0] == 405
    assert not [name for name in preflight[1] if name.lower().startswith("access-control")]


def test_a_request_is_answered(summing):
    assert summing.predictions({"inputs": [[1, 2], [3, 4.5]]}) == [3.0, 7.5]


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/json; charset=utf-8", 'application/json;charset="UTF-8"', "Application/JSON"],
)
def test_json_is_taken_however_it_is_named(summing, content_type):
    assert summing.predictions({"inputs": [[1, 2]]}, content_type=content_type) == [3.0]


@pytest.mark.parametrize(
    ("content_type", "headers", "says"),
    [
        ("text/plain", {}, "'text/plain'"),
        ("application/x-www-form-urlencoded", {}, "urlencoded"),
        (None, {}, "''"),
        ("application/json; charset=latin-1", {}, "UTF-8"),
        ("application/json; charset", {}, "UTF-8"),
        ("application/json; format=pandas-split", {}, "'format'"),
        ("application/json", {"Content-Encoding": "gzip"}, "Content-Encoding"),
        ("<script>alert(1)</script>", {}, "not supported"),
    ],
)
def test_another_kind_of_body_is_415_as_plain_text(summing, content_type, headers, says):
    status, found, text = summing(body='{"inputs": [[1, 2]]}', content_type=content_type, headers=headers)
    assert status == 415
    assert says in text
    assert found["content-type"].startswith("text/plain")
    assert found["x-content-type-options"] == "nosniff"


def test_a_row_that_breaks_the_signature_is_named(served):
    signature = infer_signature(pd.DataFrame({"a": [1.0], "é": ["x"]}))
    with served(Model(lambda data, _params: data["a"], signature)) as client:
        records = [{"a": 1, "é": "x"}, {"a": "zwei", "é": "y"}]
        answer = client.error({"dataframe_records": records})
    assert answer["error_code"] == "INVALID_PARAMETER_VALUE"
    assert answer["message"].startswith("Failed to enforce schema")
    assert "row 1" in answer["message"]
    assert "'a'" in answer["message"]
    assert "zwei" in answer["message"]


def test_params_reach_the_model_with_the_defaults_of_the_others(served):
    signature = infer_signature(params={"k": 3, "name": "x"})
    with served(Model(lambda _data, params: params, signature)) as client:
        assert client.predictions({"inputs": [1], "params": {"k": 5}}) == {"k": 5, "name": "x"}
        assert "'k'" in client.error({"inputs": [1], "params": {"k": "five"}})["message"]
        assert client.predictions({"inputs": [1], "params": {"other": 1}}) == {"k": 3, "name": "x"}
        assert "params" in client.error({"inputs": [1], "params": [1]})["message"]


def test_a_failing_model_is_400_and_only_the_log_knows_why(served, caplog):
    def fail(_data, _params):
        raise RuntimeError("secret detail in /some/path")

    with served(Model(fail)) as client:
        answer = client.error({"inputs": [1]})
        assert client("/ping")[0] == 200
    number = answer["message"].rpartition(" ")[2].rstrip(".")
    assert answer["error_code"] == "BAD_REQUEST"
    assert "secret" not in json.dumps(answer)
    assert "path" not in json.dumps(answer)
    assert number in caplog.text
    assert "secret detail" in caplog.text


def test_an_answer_without_a_form_in_json_is_500_with_an_id_alone(served, caplog):
    with served(Model(lambda _data, _params: {"a", "b"})) as client:
        answer = client.error({"inputs": [1]}, status=500)
    number = answer["message"].rpartition(" ")[2].rstrip(".")
    assert "set" not in answer["message"]
    assert number in caplog.text
    assert "'set'" in caplog.text


def test_a_model_that_exits_does_not_take_the_server_down(served, caplog):
    def leave(_data, _params):
        raise SystemExit(3)

    with served(Model(leave)) as client:
        assert client.error({"inputs": [1]}, status=400)["error_code"] == "BAD_REQUEST"
        assert client("/ping")[0] == 200


def test_a_body_beyond_the_limit_is_413(served):
    with served(Model(totals), Limits(body=100)) as client:
        assert client.error("x" * 101, status=413)["error_code"] == "BAD_REQUEST"
        assert client.predictions({"inputs": [[1, 2]]}) == [3]


def test_an_endless_body_is_cut_off_at_the_limit(served):
    import socket

    with served(Model(totals), Limits(body=10_000)) as client, socket.socket() as raw:
        raw.connect(("127.0.0.1", client.port))
        raw.settimeout(20)
        raw.sendall(
            b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        received = b""
        for _ in range(200):  # 800 kB, if nobody stops it
            try:
                raw.sendall(b"1000\r\n" + b"[" * 4096 + b"\r\n")
            except OSError:
                break
            raw.settimeout(0.05)
            try:
                received += raw.recv(65536)
                break
            except TimeoutError:
                raw.settimeout(20)
        assert received.startswith(b"HTTP/1.1 413")


def test_an_answer_that_takes_too_long_is_504_and_does_not_block_the_ping(served):
    release = threading.Event()

    def wait(_data, _params):
        release.wait(20)
        return [1]

    with served(Model(wait), Limits(timeout=0.2)) as client:
        try:
            assert client.error({"inputs": [1]}, status=504)["error_code"] == "DEADLINE_EXCEEDED"
            assert client("/ping")[0] == 200
            assert client.error({"inputs": [1]}, status=504)  # waits for its turn, which does not come
        finally:
            release.set()
        deadline = time.monotonic() + 20
        while (found := client(body={"inputs": [1]}))[0] != 200:
            assert time.monotonic() < deadline, found


def test_a_request_that_timed_out_while_it_waited_is_never_made(served):
    release, asked = threading.Event(), []

    def wait(data, _params):
        asked.append(int(data[0]))
        release.wait(20)
        return [1]

    with served(Model(wait), Limits(timeout=0.3)) as client:
        client.error({"inputs": [1]}, status=504)
        client.error({"inputs": [2]}, status=504)
        release.set()
        deadline = time.monotonic() + 20
        while client(body={"inputs": [3]})[0] != 200:
            assert time.monotonic() < deadline
    assert 2 not in asked


def test_many_clients_at_once_get_their_own_answers_from_one_thread(served):
    threads = set()

    def doubled(data, _params):
        threads.add(threading.current_thread().name)
        return data * 2

    wrong = []
    with served(Model(doubled)) as client:

        def ask(first):
            for number in range(first, first + 20):
                if client.predictions({"inputs": [[number, -number]]}) != [[number * 2, -number * 2]]:
                    wrong.append(number)

        workers = [threading.Thread(target=ask, args=(each * 100,)) for each in range(8)]
        for each in workers:
            each.start()
        for each in workers:
            each.join()
    assert wrong == []
    assert len(threads) == 1


def test_parquet_is_taken_where_pyarrow_is_installed(summing):
    pytest.importorskip("pyarrow")
    stream = io.BytesIO()
    pd.DataFrame({"a": [1.0], "b": [2.5]}).to_parquet(stream)
    status, _headers, text = summing(body=stream.getvalue(), content_type="application/vnd.apache.parquet")
    assert (status, json.loads(text)) == (200, {"predictions": [3.5]})


def test_parquet_without_pyarrow_is_415_and_says_what_to_install(summing, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "hookline_lib_scoring.parquet", raising=False)
    status, _headers, text = summing(body=b"PAR1", content_type="application/vnd.apache.parquet")
    assert status == 415
    assert "pip install 'hookline-deploy-local[parquet]'" in text


def test_the_token_is_told_to_whoever_pings(served):
    with served(Model(totals), token="abc") as client:
        assert client("/ping")[1]["x-hookline-server"] == "abc"


def test_a_model_with_a_signature_for_outputs_alone_takes_anything(served):
    with served(Model(lambda data, _params: len(data), Signature(outputs=None))) as client:
        assert client.predictions({"inputs": [1, 2, 3]}) == 3
