"""Hookline's own part of the API: tables, charts and saved views."""

import math

import pytest

from hookline.entities import Batch, LifecycleStage, Metric, NewRun, RunChange

OWN = "/api/hookline/v1"


@pytest.fixture
def runs(workspace):
    """Three runs with a series of 0 to 99, of which the third is deleted."""
    found = [workspace.tracking.create_run(NewRun("0", start_time=1000)).info.run_id for _ in range(3)]
    for number, run_id in enumerate(found):
        metrics = [Metric("loss", step * (number + 1), step, 1000 + step) for step in range(100)]
        batch = Batch(metrics=metrics, params={"alpha": f"0.{number}", "kind": "tree"}, tags={"team": "a"})
        workspace.tracking.log_batch(run_id, batch)
    workspace.tracking.update_run(found[2], RunChange(lifecycle_stage=LifecycleStage.DELETED))
    return found


def test_a_search_returns_the_columns_that_are_asked_for(client, runs):
    fields = {"experiment_ids": ["0"], "order_by": ["metrics.loss DESC"]}
    page = client.post(f"{OWN}/runs/search", columns={"metrics": ["loss"], "params": ["alpha"]}, **fields)
    assert [each["info"]["run_id"] for each in page["runs"]] == [runs[1], runs[0]]
    data = page["runs"][0]["data"]
    assert [(each["key"], each["value"]) for each in data["metrics"]] == [("loss", 198.0)]
    assert data["params"] == [{"key": "alpha", "value": "0.1"}]
    assert "tags" not in data
    whole = client.post(f"{OWN}/runs/search", **fields)["runs"][0]["data"]
    assert {each["key"] for each in whole["params"]} == {"alpha", "kind"}


def test_pages_of_a_search_follow_each_other(client, runs):
    first = client.post(f"{OWN}/runs/search", experiment_ids=["0"], max_results=1, columns={})
    token = first["next_page_token"]
    second = client.post(f"{OWN}/runs/search", experiment_ids=["0"], max_results=1, columns={}, page_token=token)
    assert {each["runs"][0]["info"]["run_id"] for each in (first, second)} == set(runs[:2])
    assert "next_page_token" not in second


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ({}, 2),
        ({"run_view_type": "ALL"}, 3),
        ({"filter": "params.alpha = '0.1'"}, 1),
        ({"filter": "metrics.loss > 1000"}, 0),
    ],
)
def test_runs_are_counted(client, runs, fields, count):
    assert client.post(f"{OWN}/runs/count", experiment_ids=["0"], **fields) == {"count": count}


def test_keys_are_listed_with_their_types(client, runs):
    keys = client.post(f"{OWN}/runs/keys", experiment_ids=["0"])["keys"]
    assert [each for each in keys if not each["key"].startswith("mlflow.")] == [
        {"kind": "metric", "key": "loss", "type": "number", "runs": 3},
        {"kind": "param", "key": "alpha", "type": "number", "runs": 3},
        {"kind": "param", "key": "kind", "type": "text", "runs": 3},
        {"kind": "tag", "key": "team", "type": "text", "runs": 3},
    ]


COLUMNS = {"step": range(0, 100, 16), "time": (1000, *range(1008, 1100, 16)), "relative": range(0, 100, 16)}
"""Where columns begin that 100 points, 1 apart, are cut into, of which there are at most 10."""


@pytest.mark.parametrize("x", COLUMNS)
def test_a_series_is_charted_in_buckets(client, runs, x):
    series = client.post(f"{OWN}/charts", run_ids=runs[:2][::-1], key="loss", x=x, width=10)["series"]
    assert [(each["run_id"], each["key"]) for each in series] == [(runs[1], "loss"), (runs[0], "loss")]
    doubled, plain = series
    starts = list(COLUMNS[x])
    ends = [start - 1 for start in starts[1:]] + [starts[0] + 99]
    assert (plain["starts"], plain["ends"]) == (starts, ends)
    assert plain["counts"] == [end - start + 1 for start, end in zip(starts, ends, strict=True)]
    assert plain["minima"] == [float(start - starts[0]) for start in starts]
    assert plain["maxima"] == plain["last_values"] == [float(end - starts[0]) for end in ends]
    assert doubled["maxima"] == [2 * each for each in plain["maxima"]]


def test_a_part_of_a_series_is_charted_exactly(client, runs):
    (series,) = client.post(f"{OWN}/charts", run_ids=[runs[0]], key="loss", width=10, start=20, end=24)["series"]
    assert series["last_values"] == [20.0, 21.0, 22.0, 23.0, 24.0]
    assert series["counts"] == [1] * 5


@pytest.mark.parametrize("x", COLUMNS)
def test_groups_of_runs_are_charted_as_bands(client, runs, x):
    named = {"run_ids": [runs[1], runs[0], runs[0]], "groups": ["both", "both", "plain"]}
    bands = client.post(f"{OWN}/charts/bands", key="loss", x=x, width=10, **named)["bands"]
    assert [(each["group"], each["key"]) for each in bands] == [("both", "loss"), ("plain", "loss")]
    both, plain = bands
    assert both["starts"] == plain["starts"] == list(COLUMNS[x])
    assert (both["runs"], both["counts"]) == ([2] * 7, [2 * each for each in plain["counts"]])
    assert plain["means"] == [float(end - plain["starts"][0]) for end in plain["ends"]]
    assert both["means"] == [1.5 * each for each in plain["means"]]
    assert (both["minima"], both["maxima"]) == (plain["minima"], [2 * each for each in plain["maxima"]])


def test_a_series_is_charted_over_another_one(client, workspace):
    run_id = client.run()
    points = [Metric("x", step / 2, step) for step in range(0, 6, 2)] + [Metric("y", step, step) for step in range(6)]
    workspace.tracking.log_batch(run_id, Batch(metrics=[*points, Metric("y", math.nan, 2), Metric("x", 9.0, 99)]))
    (series,) = client.post(f"{OWN}/charts/pairs", run_ids=[run_id], key="y", x_key="x")["series"]
    assert (series["run_id"], series["key"], series["x_key"], series["steps"]) == (run_id, "y", "x", 1)
    assert (series["unpaired"], series["unpaired_x"]) == (3, 1)
    assert (series["xs"], series["counts"], series["nans"]) == ([0.0, 1.0, 2.0], [1, 2, 1], [0, 1, 0])
    assert series["last_values"] == [0.0, 2.0, 4.0]
    (part,) = client.post(f"{OWN}/charts/pairs", run_ids=[run_id], key="y", x_key="x", start=0.5, end=1)["series"]
    assert part["xs"] == [1.0]


def test_a_band_of_no_number_has_no_mean(client, workspace):
    run_id = client.run()
    values = [math.nan, math.inf, -math.inf]
    workspace.tracking.log_batch(run_id, Batch(metrics=[Metric("m", value, 0, 1) for value in values]))
    (band,) = client.post(f"{OWN}/charts/bands", run_ids=[run_id], groups=["g"], key="m")["bands"]
    assert (band["means"], band["minima"], band["maxima"], band["runs"]) == ([None], [None], [None], [0])
    assert (band["nans"], band["positive_infinities"], band["negative_infinities"]) == ([1], [1], [1])


def test_what_is_no_number_is_counted_and_never_drawn(client, workspace):
    run_id = client.run()
    values = [math.nan, math.inf, -math.inf]
    workspace.tracking.log_batch(run_id, Batch(metrics=[Metric("m", value, 0, 1) for value in values]))
    (series,) = client.post(f"{OWN}/charts", run_ids=[run_id], key="m", width=1)["series"]
    assert (series["minima"], series["maxima"], series["last_values"]) == ([None], [None], [None])
    assert (series["nans"], series["positive_infinities"], series["negative_infinities"]) == ([1], [1], [1])


@pytest.mark.parametrize(
    ("path", "fields", "status", "said"),
    [
        ("runs/search", {"experiment_ids": ["0"], "filter": "metrics."}, 400, "metrics."),
        ("runs/search", {"experiment_ids": ["0"], "max_results": 0}, 400, "max_results"),
        ("runs/search", {"experiment_ids": ["0"], "columns": 5}, 400, "columns"),
        ("runs/keys", {}, 400, "experiment_ids"),
        ("charts/bands", {"run_ids": ["a", "b"], "groups": ["g"], "key": "m"}, 400, "1 group(s) for 2 run(s)"),
        ("charts/bands", {"run_ids": ["0" * 32], "groups": ["g"], "key": "m"}, 404, "0" * 32),
        ("charts/bands", {"run_ids": ["a"], "groups": ["g"], "key": "m", "width": 0}, 400, "width"),
        ("charts/bands", {"run_ids": ["a"], "key": "m"}, 400, "groups"),
        ("charts/pairs", {"run_ids": ["0" * 32], "key": "m", "x_key": "x"}, 404, "0" * 32),
        ("charts/pairs", {"run_ids": ["a"], "key": "m"}, 400, "x_key"),
        ("charts/pairs", {"run_ids": ["a"], "key": "m", "x_key": "x", "width": 0}, 400, "width"),
        ("charts", {"run_ids": ["no-such-run"], "key": "m"}, 404, "no-such-run"),
        ("charts", {"run_ids": ["r"], "key": "m", "x": "sideways"}, 400, "sideways"),
        ("charts", {"run_ids": ["r"], "key": "m", "width": 0}, 400, "width"),
        ("charts", {"run_ids": ["r"] * 200, "key": "m", "width": 10_000}, 400, "1000000"),
        ("charts", {"run_ids": ["r"] * 1001, "key": "m"}, 400, "1000 runs"),
    ],
)
def test_a_mistake_is_told(client, path, fields, status, said):
    found = client.refused("POST", f"{OWN}/{path}", **fields)
    assert found[0] == status
    assert said in found[2]


# Views ---------------------------------------------------------------------------------------------------------------


def test_a_view_is_saved_listed_changed_and_removed(client):
    path = f"{OWN}/views/team/best%20runs"
    saved = client.post(path, "PUT", value={"filter": "metrics.loss < 1", "columns": ["a"]})
    assert saved == {"name": "team/best runs", "value": {"filter": "metrics.loss < 1", "columns": ["a"]}, "version": 1}
    assert client.get(path) == saved
    assert client.get(f"{OWN}/views", prefix="team/")["views"] == [saved]
    assert client.get(f"{OWN}/views", prefix="other") == {}
    assert client.post(path, "PUT", value={"filter": "x"}, expected_version=1)["version"] == 2
    assert client.post(path, "DELETE") == {}
    assert client.refused("GET", path)[0] == 404


def test_two_who_change_one_view_do_not_overwrite_each_other(client):
    path = f"{OWN}/views/v"
    client.post(path, "PUT", value={"by": "one"}, expected_version=0)
    status, code, _ = client.refused("PUT", path, value={"by": "two"}, expected_version=0)
    assert (status, code) == (409, "RESOURCE_CONFLICT")
    assert client.get(path)["value"] == {"by": "one"}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [("v", {"a": "x" * 1_000_001}, "1,000,000 bytes"), ("v" * 251, {"a": 1}, "250"), ("v", [1], "value")],
)
def test_a_view_that_is_too_large_is_refused(client, name, value, said):
    assert said in client.refused("PUT", f"{OWN}/views/{name}", value=value)[2]
