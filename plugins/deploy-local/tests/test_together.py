"""Requests that wait are answered together: the same answers, with fewer calls of the model."""

import threading
import time

import numpy as np
import pandas as pd
import pytest

from hookline.models import infer_signature
from hookline_lib_scoring.app import Limits
from hookline_lib_scoring.inputs import Call
from hookline_lib_scoring.joining import NotSplit, alike, groups, joined, split


class Slow:
    """Sums rows, and waits in its first call until it is let go, so that requests queue up."""

    predicts_by_row = True

    def __init__(self, signature=None, spoiled=lambda _data: False):
        self.signature, self._spoiled = signature, spoiled
        self.sizes, self.began, self.go = [], threading.Event(), threading.Event()

    def predict(self, data, params=None):
        if self.signature is not None:
            data = self.signature.fit(data)
        self.sizes.append(len(data))
        if len(self.sizes) == 1:
            self.began.set()
            assert self.go.wait(30)
        if self._spoiled(data):
            raise ValueError("no")
        return data.sum(axis=1)


def asked_while_busy(client, model, bodies):
    """Send a first request, and the bodies while it is being answered; the answers, each as (status, text)."""
    answers = [None] * len(bodies)

    def ask(number):
        status, _headers, text = client(body=bodies[number])
        answers[number] = (status, text)

    first = threading.Thread(target=client.predictions, args=({"inputs": [[0.0, 0.0]]},))
    first.start()
    assert model.began.wait(30)
    others = [threading.Thread(target=ask, args=(number,)) for number in range(len(bodies))]
    for thread in others:
        thread.start()
    deadline = time.monotonic() + 30
    while client.app.thread.waiting < len(bodies):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    model.go.set()
    for thread in (first, *others):
        thread.join(30)
    return answers


def test_what_waits_is_answered_by_one_call(served):
    model = Slow()
    with served(model) as client:
        answers = asked_while_busy(client, model, [{"inputs": [[float(n), 1.0]]} for n in range(8)])
        figures = client("/metrics")[2]
    assert answers == [(200, f'{{"predictions":[{n + 1.0}]}}') for n in range(8)]
    assert model.sizes == [1, 8]
    assert "hookline_model_calls_total 2\n" in figures
    assert "hookline_model_requests_total 9\n" in figures
    assert "hookline_model_rows_total 9\n" in figures


def test_tables_are_joined_by_their_columns(served):
    signature = infer_signature(pd.DataFrame({"a": [1.0], "b": [2.0]}))
    model = Slow(signature)
    bodies = [{"dataframe_records": [{"a": n, "b": 1}] * (n + 1)} for n in range(4)]
    with served(model) as client:
        client.predictions = lambda _body: client(body={"dataframe_records": [{"a": 0, "b": 0}]})
        answers = asked_while_busy(client, model, bodies)
    assert [text for _, text in answers] == [
        '{"predictions": [' + ", ".join([f'{{"0": {n + 1.0}}}'] * (n + 1)) + "]}" for n in range(4)
    ]
    assert model.sizes == [1, 10]


@pytest.mark.parametrize(("rows", "sizes"), [(1, [1] * 5), (2, [1, 2, 2]), (3, [1, 3, 1])])
def test_no_more_rows_than_allowed_are_joined(served, rows, sizes):
    model = Slow()
    with served(model, Limits(rows=rows)) as client:
        answers = asked_while_busy(client, model, [{"inputs": [[1.0, 1.0]]}] * 4)
    assert {status for status, _ in answers} == {200}
    assert model.sizes == sizes


def test_a_model_that_does_not_predict_by_row_is_asked_for_each_alone(served):
    model = Slow()
    model.predicts_by_row = False
    with served(model) as client:
        asked_while_busy(client, model, [{"inputs": [[1.0, 1.0]]}] * 3)
    assert model.sizes == [1] * 4


def test_the_request_whose_fault_it_is_fails_alone(served, caplog):
    model = Slow(spoiled=lambda data: bool((data == 13).any()))
    bodies = [{"inputs": [[n, 1.0]]} for n in (1, 13, 3)]
    with served(model) as client:
        answers = asked_while_busy(client, model, bodies)
    assert [status for status, _ in answers] == [200, 400, 200]
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_what_breaks_the_signature_is_told_by_its_own_row(served):
    model = Slow(infer_signature(pd.DataFrame({"a": [1.0], "b": [2.0]})))
    good, bad = [{"a": 1, "b": 1}], [{"a": 1, "b": 1}, {"a": 1, "b": "x"}]
    with served(model) as client:
        client.predictions = lambda _body: client(body={"dataframe_records": good})
        answers = asked_while_busy(client, model, [{"dataframe_records": each} for each in (good, bad)])
    assert [status for status, _ in answers] == [200, 400]
    assert "row 1" in answers[1][1]


def test_an_answer_that_is_no_row_for_a_row_is_asked_for_again_alone(served):
    class Total(Slow):
        def predict(self, data, params=None):
            super().predict(data)
            return np.array([data.sum()])

    model = Total()
    with served(model) as client:
        answers = asked_while_busy(client, model, [{"inputs": [[float(n), 1.0]]} for n in range(3)])
    assert [text for _, text in answers] == [f'{{"predictions":[{n + 1.0}]}}' for n in range(3)]


# The parts -----------------------------------------------------------------------------------------------------------

WIDE, NARROW = np.zeros((2, 3)), np.zeros((2, 2))
TABLE = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (WIDE, WIDE + 1, True),
        (WIDE, NARROW, False),
        (WIDE, WIDE.astype("float32"), False),
        (TABLE, TABLE * 2, True),
        (TABLE, TABLE.rename(columns={"a": "c"}), False),
        (TABLE, TABLE.astype({"a": "int64"}), False),
        (TABLE, WIDE, False),
    ],
)
def test_only_what_is_alike_is_joined(first, second, same):
    found = groups([Call(first), Call(second)], 100)
    assert found == ([[0, 1]] if same else [[0], [1]])


@pytest.mark.parametrize(
    "call", [Call(WIDE, {"k": 1}), Call([1, 2]), Call(np.array(3.0)), Call(TABLE.set_index("a")), Call({"x": WIDE})]
)
def test_what_cannot_be_cut_apart_stands_alone(call):
    assert alike(call) is None
    assert groups([call, call], 100) == [[0], [1]]


@pytest.mark.parametrize("table", [TABLE, TABLE.assign(b=["x", "y"]), TABLE.assign(b=[1, 2]), WIDE])
def test_joined_rows_are_the_rows(table):
    both = joined([Call(table), Call(table)])
    assert len(both) == 4
    if isinstance(table, pd.DataFrame):
        pd.testing.assert_frame_equal(both, pd.concat([table, table], ignore_index=True))
    else:
        assert np.array_equal(both, np.concatenate([table, table]))


@pytest.mark.parametrize("predictions", [np.zeros(3), [1, 2, 3], "four", {"a": [1] * 4}, np.array(1.0), None])
def test_predictions_of_another_length_are_not_split(predictions):
    with pytest.raises(NotSplit):
        split(predictions, [Call(WIDE), Call(WIDE)])


def test_a_single_value_is_answered_and_a_failure_of_the_server_itself_keeps_nobody_waiting(
    served, monkeypatch, caplog
):
    class Echo:
        signature, predicts_by_row = None, True

        def predict(self, data, params=None):
            return data

    with served(Echo()) as client:
        assert client.predictions({"inputs": 3}) == 3
        with monkeypatch.context() as patch:
            patch.setattr("hookline_lib_scoring.scoring.groups", lambda _calls, _rows: 1 / 0)
            assert client.error({"inputs": [1]}, status=500)["error_code"] == "INTERNAL_ERROR"
        assert client.predictions({"inputs": [1]}) == [1]
    assert "ZeroDivisionError" in caplog.text
