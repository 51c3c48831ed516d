"""Reading requests, writing answers, errors there and back, and the table of routes."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline import entities
from hookline.errors import AlreadyExists, CursorMoved, HooklineError, InvalidValue, NotFound, Unavailable
from hookline_lib_wire import answers, codec, errors
from hookline_lib_wire.messages import experiments, runs
from hookline_lib_wire.routes import Route
from hookline_lib_wire.table import ROUTES


@pytest.mark.parametrize(
    ("body", "value", "timestamp"),
    [
        (b'{"run_id":"r","key":"k","value":1,"timestamp":2}', 1.0, 2),
        (b'{"run_id":"r","key":"k","value":"1.5","timestamp":"2"}', 1.5, 2),
        (b'{"run_id":"r","key":"k","value":"-Infinity","timestamp":2,"unknown":{}}', float("-inf"), 2),
        (b'{"run_uuid":"r","key":"k","value":1,"timestamp":2,"step":null}', 1.0, 2),
        (json.dumps('{"run_id":"r","key":"k","value":1,"timestamp":2}').encode(), 1.0, 2),
    ],
)
def test_numbers_may_be_texts_and_nulls_are_not_given(body, value, timestamp):
    read = codec.decode_body(runs.LogMetric, body)
    assert (read.run_id, read.value, read.timestamp, read.step) == ("r", value, timestamp, 0)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{}", "Missing value for required parameter 'run_id'"),
        (b'{"run_id":"","key":"k"}', "Missing value for required parameter 'run_id'"),
        (b'{"run_id":"r","key":5}', "Invalid value 5 for parameter 'key' supplied:  Hint: Value was of type 'int'."),
        (b'{"run_id":"r","key":"k","value":"x","timestamp":1}', "Invalid value \"x\" for parameter 'value'"),
        (b'{"run_id":"r","key":"k","value":1,"timestamp":1e99}', "for parameter 'timestamp'"),
        (b"[]", "must be a JSON object, not list"),
        (b"{", "not a JSON object that can be read"),
        (b"\xff", "not a JSON object that can be read"),
        (b"[" * 100_000, "not a JSON object that can be read"),
        (b'{"a":' * 100_000, "not a JSON object that can be read"),
    ],
)
def test_what_cannot_be_read_is_told(body, message):
    with pytest.raises(HooklineError) as caught:
        codec.decode_body(runs.LogMetric, body)
    assert message in str(caught.value)


def test_a_query_gives_lists_numbers_and_what_the_path_names():
    pairs = [("run_ids", "a"), ("run_ids", "b"), ("metric_key", "m"), ("max_results", "5")]
    read = codec.decode_query(runs.GetHistoryInterval, pairs)
    assert (read.run_ids, read.max_results) == (["a", "b"], 5)
    with pytest.raises(InvalidValue, match="max_results"):
        codec.decode_query(runs.GetHistoryInterval, [*pairs, ("max_results", "many")])


@given(st.binary(max_size=200) | st.recursive(st.none() | st.text(), st.lists).map(lambda x: json.dumps(x).encode()))
def test_any_body_is_read_or_refused(body):
    for kind in (runs.LogBatch, experiments.CreateExperiment):
        with contextlib.suppress(HooklineError):
            codec.decode_body(kind, body)


@pytest.mark.parametrize(
    "error", [NotFound("a"), AlreadyExists("b"), InvalidValue("c"), CursorMoved("writer w of the run r", 3, 7)]
)
def test_an_error_comes_back_as_what_it_was(error):
    body = codec.encode(errors.problem_of(error))
    back = errors.error_of(errors.status_of(error), body)
    assert (type(back), str(back)) == (type(error), str(error))
    assert getattr(back, "cursor", None) == getattr(error, "cursor", None)


@pytest.mark.parametrize(("status", "kind"), [(503, Unavailable), (502, Unavailable), (418, HooklineError)])
def test_an_answer_of_somebody_else_is_told_by_its_status(status, kind):
    assert type(errors.error_of(status, b"<html>")) is kind


def test_locations_of_the_own_store_are_named_as_clients_know_them():
    assert answers.location("artifacts:/1/r/artifacts") == "mlflow-artifacts:/1/r/artifacts"
    assert answers.location("s3://bucket/1") == "s3://bucket/1"


@pytest.mark.parametrize(
    ("value", "text"), [(float("nan"), b'"NaN"'), (float("inf"), b'"Infinity"'), (0.5, b"0.5"), (-0.0, b"-0.0")]
)
def test_a_value_is_written_so_that_json_holds_it(value, text):
    point = answers.metric(entities.Metric("k", value, 1, 2))
    assert codec.encode(point) == b'{"key":"k","value":%s,"timestamp":2,"step":1}' % text


def test_no_two_routes_are_one():
    seen = [(route.method, path) for route in ROUTES for path in route.paths]
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_a_route_names_only_fields_that_its_request_has(route):
    fields = set(route.request.__struct_fields__)
    assert set(route.slots) <= fields
    assert {*route.request.required} <= fields
    assert not route.permission.field or route.permission.field in fields


def test_a_route_without_a_permission_cannot_be_made():
    with pytest.raises(TypeError, match="permission"):
        Route("a", "GET", "/a", runs.RunId, None, summary="")
