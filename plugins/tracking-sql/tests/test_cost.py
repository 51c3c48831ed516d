"""What operations cost, as the statements that they execute and the indexes that these use; never as time."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from hookline import search
from hookline.entities import Batch, Metric, NewRun
from hookline.errors import InvalidValue
from hookline_tracking_sql.search import run_plans, run_search
from hookline_tracking_sql.store import SqlTrackingStore

Execute = Callable[..., list[tuple[object, ...]]]


def plan(path: Path, statement: str) -> list[str]:
    """The lines of SQLite's plan for a statement with its parameters filled in."""
    with closing(sqlite3.connect(path)) as connection:
        for name in ("hookline_like", "hookline_ilike"):
            connection.create_function(name, 2, lambda _pattern, _text: True, deterministic=True)
        return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")]


def fill(store: SqlTrackingStore, runs: int) -> str:
    experiment = store.create_experiment(f"e{runs}").experiment_id
    for number in range(runs):
        run_id = store.create_run(NewRun(experiment, start_time=number)).info.run_id
        store.log_batch(run_id, Batch([Metric("m", float(number))], {"p": str(number % 3)}, {"t": "x"}))
    return experiment


@pytest.mark.parametrize("history", [0, 300])
def test_logging_a_point_executes_three_statements_whatever_was_logged_before(
    history: int, store: SqlTrackingStore, run_id: str, trace: list[str]
) -> None:
    for step in range(history + 1):
        store.log_batch(run_id, Batch([Metric("m", 1.0, step)]))
    trace.clear()
    store.log_batch(run_id, Batch([Metric("m", 1.0, 999)]))
    assert [statement.split()[0] for statement in trace] == ["SELECT", "INSERT", "INSERT"]


@pytest.mark.parametrize(("points", "statements"), [(2, 3), (63, 3), (1000, 4)])
def test_a_series_of_many_points_is_one_segment(
    points: int, statements: int, store: SqlTrackingStore, run_id: str, trace: list[str], execute: Execute
) -> None:
    store.log_batch(run_id, Batch([Metric("m", 0.0)]))
    trace.clear()
    store.log_batch(run_id, Batch([Metric("m", float(step), step) for step in range(points)]))
    assert len(trace) == statements
    assert execute("SELECT count FROM hookline_segments ORDER BY ordinal") == [(1,), (points,)]


def test_params_are_looked_at_once_before_they_are_written(
    store: SqlTrackingStore, run_id: str, trace: list[str]
) -> None:
    store.log_batch(run_id, Batch(params={"a": "1"}))
    other = store.create_run(NewRun("0")).info.run_id
    trace.clear()
    assert store.write_together([(other, Batch(params={"a": "2"}))]) == [None]
    of_params = [statement.split()[0] for statement in trace if "hookline_params" in statement]
    assert of_params[:2] == ["SELECT", "INSERT"]
    assert of_params.count("SELECT") == 1
    assert not [statement for statement in trace if "SAVEPOINT" in statement]
    trace.clear()
    with pytest.raises(InvalidValue):
        store.log_batch(other, Batch(params={"a": "3"}))
    assert [statement.split()[0] for statement in trace] == ["SELECT", "SELECT"]


def test_a_key_of_a_refused_batch_can_be_used(store: SqlTrackingStore, run_id: str, uri: str) -> None:
    store.log_batch(run_id, Batch(params={"p": "1"}))
    with pytest.raises(InvalidValue):
        store.log_batch(run_id, Batch([Metric("new", 1.0)], {"p": "2", "fresh": "1"}, {"new tag": "1"}))
    with closing(SqlTrackingStore(uri)) as other:
        other.log_batch(run_id, Batch([Metric("between", 3.0)]))
    store.log_batch(run_id, Batch([Metric("new", 2.0)], {"fresh": "2"}, {"new tag": "2"}))
    data = store.get_run(run_id).data
    assert data.metrics == {"between": 3.0, "new": 2.0}
    assert data.params == {"p": "1", "fresh": "2"}
    assert data.tags["new tag"] == "2"


@pytest.mark.parametrize("text", ["", "metrics.m >= 0 AND params.p != 'x'"])
def test_a_page_of_many_runs_takes_as_many_statements_as_one_of_few(
    text: str, store: SqlTrackingStore, trace: list[str]
) -> None:
    counts = []
    for runs in (2, 40):
        experiment = fill(store, runs)
        store.search_runs([experiment], search.parse(search.RUNS, text))
        trace.clear()
        assert len(store.search_runs([experiment], search.parse(search.RUNS, text)).items) == runs
        counts.append(len(trace))
    assert counts[0] == counts[1] <= 12


WALKED = [
    ("", [], ["COVERING INDEX hookline_runs_by_time (experiment=? AND lifecycle_stage=?)"]),
    (
        "params.p != 'x'",
        ["start_time ASC"],
        ["COVERING INDEX hookline_runs_by_time (experiment=? AND lifecycle_stage=?)"],
    ),
    ("", ["metrics.m DESC"], ["COVERING INDEX hookline_series_by_value (experiment=? AND key=? AND last_value>?)"]),
    (
        "metrics.m < 5 AND params.p = '1'",
        ["metrics.m"],
        [
            "COVERING INDEX hookline_series_by_value (experiment=? AND key=? AND last_value>? AND last_value<?)",
            "test_1 USING PRIMARY KEY (run=? AND key=?)",
        ],
    ),
    ("", ["params.p"], ["lead USING INDEX hookline_params_by_value (experiment=? AND key=?)"]),
    ("", ["tags.t DESC", "metrics.m"], ["lead USING INDEX hookline_tags_by_value (experiment=? AND key=?)"]),
]
FEW = [
    ("metrics.m < 5", "COVERING INDEX hookline_series_by_value (experiment=? AND key=? AND last_value<?)"),
    ("params.p = '1'", "hookline_params_by_value (experiment=? AND key=? AND <expr>=?)"),
    ("tags.t = 'x' AND metrics.m != 3", "hookline_tags_by_value (experiment=? AND key=? AND <expr>=?)"),
    ("params.p LIKE '1%'", "hookline_params_by_value (experiment=? AND key=?)"),
    ("dataset.name = 'd'", "hookline_inputs_by_experiment (experiment=? AND name=?)"),
    ("run_id = 'abc' AND tags.t = 'x'", "sqlite_autoindex_hookline_runs_1 (run_id=?)"),
    ("run_id IN ('abc', 'def')", "sqlite_autoindex_hookline_runs_1 (run_id=?)"),
    ("start_time < 2", "hookline_runs_by_time (experiment=? AND lifecycle_stage=? AND start_time<?)"),
]


def page_plan(path: Path, trace: list[str]) -> list[str]:
    """The plan of the statement that finds the runs of a page."""
    [found] = [statement for statement in trace if "column_1" in statement]
    return plan(path, found)


@pytest.mark.parametrize(("text", "order", "uses"), WALKED)
@pytest.mark.parametrize("experiments", [1, 2])
def test_an_order_is_walked_in_an_index_and_not_sorted(
    text: str,
    order: list[str],
    uses: list[str],
    experiments: int,
    store: SqlTrackingStore,
    path: Path,
    trace: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only runs that tie are sorted; the runs of two experiments are merged."""
    monkeypatch.setattr(run_search, "FEW", 1)
    places = [fill(store, 5 + number) for number in range(experiments)]
    trace.clear()
    store.search_runs(places, search.parse(search.RUNS, text, order, max_results=2))
    lines = page_plan(path, trace)
    assert [use for use in uses if not any(use in line for line in lines)] == [], lines
    assert not [line for line in lines if line.startswith("SCAN") or line == "USE TEMP B-TREE FOR ORDER BY"]
    assert ("MERGE (UNION ALL)" in lines) == (experiments > 1)


@pytest.mark.parametrize(("text", "uses"), FEW)
def test_where_a_filter_finds_few_runs_its_index_leads(
    text: str, uses: str, store: SqlTrackingStore, path: Path, trace: list[str]
) -> None:
    experiment = fill(store, 3)
    trace.clear()
    store.search_runs([experiment], search.parse(search.RUNS, text, ["run_name"], max_results=2))
    lines = page_plan(path, trace)
    assert [line for line in lines if uses in line], lines
    assert not [line for line in lines if line.startswith("SCAN hookline_")]


def test_a_late_page_starts_in_the_index(store: SqlTrackingStore, path: Path, trace: list[str]) -> None:
    experiment = fill(store, 9)
    token = None
    for _ in range(2):
        trace.clear()
        page = store.search_runs([experiment], search.parse(search.RUNS, max_results=3, page_token=token))
        token = page.next_page_token
    lines = page_plan(path, trace)
    assert any("hookline_runs_by_time (experiment=? AND lifecycle_stage=? AND start_time<?)" in line for line in lines)
    assert not any("ORDER BY" in line for line in lines)


@pytest.mark.parametrize(
    ("text", "order", "bounds"),
    [
        ("metrics.m > 1", ["metrics.m ASC"], "last_value>?"),
        ("metrics.m > 1 AND metrics.m < 99", ["metrics.m ASC"], "last_value>? AND last_value<?"),
        ("metrics.m < 99", ["metrics.m DESC"], "last_value>? AND last_value<?"),
        ("start_time < 99 AND start_time > 0", [], "start_time>? AND start_time<?"),
        ("start_time >= 0", ["start_time ASC"], "start_time>?"),
    ],
)
def test_a_late_page_starts_at_its_position_and_not_where_the_filter_does(
    text: str,
    order: list[str],
    bounds: str,
    store: SqlTrackingStore,
    path: Path,
    trace: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A filter's bound on that side is tested without the index, and one on the other side ends the walk."""
    monkeypatch.setattr(run_search, "FEW", 1)
    experiment = fill(store, 20)
    first = store.search_runs([experiment], search.parse(search.RUNS, text, order, max_results=3))
    trace.clear()
    token = first.next_page_token
    second = store.search_runs([experiment], search.parse(search.RUNS, text, order, max_results=3, page_token=token))
    assert len({run.info.run_id for run in (*first.items, *second.items)}) == 6
    [found] = [statement for statement in trace if "column_1" in statement]
    lines = plan(path, found)
    assert [line for line in lines if f"{bounds})" in line], lines
    sign = ">" if "ASC" in "".join(order) else "<"
    column = "(+ lead.last_value)" if "metrics" in text else "(+ hookline_runs.start_time)"
    assert f"{column} {sign}" in found


def test_searches_that_differ_in_values_only_share_their_statements(store: SqlTrackingStore) -> None:
    experiment = fill(store, 3)
    run_plans.page_statement.cache_clear()
    for value in ("0", "1", "2"):
        query = search.parse(search.RUNS, f"params.p = '{value}' AND metrics.m < {value}.5", ["metrics.m"])
        store.search_runs([experiment], query)
    assert run_plans.page_statement.cache_info().misses == 1


def test_pages_do_not_shift_when_runs_come_in(store: SqlTrackingStore) -> None:
    experiment = fill(store, 6)
    first = store.search_runs([experiment], search.parse(search.RUNS, max_results=3))
    for number in range(4):
        store.create_run(NewRun(experiment, start_time=1000 + number))
    token = first.next_page_token
    second = store.search_runs([experiment], search.parse(search.RUNS, max_results=3, page_token=token))
    assert [run.info.start_time for run in (*first.items, *second.items)] == [5, 4, 3, 2, 1, 0]
    assert second.next_page_token is None


@pytest.mark.parametrize(
    "position",
    [None, {}, "x", 5, [], [1], [1, "a", "b"], [None, "a"], [True, "a"], [[1], "a"], [2**63, "a"], [1, {"a": 1}]],
)
def test_a_forged_position_is_no_page(position: object, store: SqlTrackingStore) -> None:
    query = search.parse(search.RUNS)
    token = search.encode_token(query, position, ["0"])
    with pytest.raises(InvalidValue, match="Invalid page token"):
        store.search_runs(["0"], search.parse(search.RUNS, page_token=token))


def test_long_values_are_compared_whole(store: SqlTrackingStore) -> None:
    start = "é" * 99 + "\0" + "x" * 40_000
    ids = []
    for end in ("a", "b", "a"):
        run_id = store.create_run(NewRun("0", start_time=len(ids))).info.run_id
        store.log_batch(run_id, Batch(params={"p": start + end}))
        ids.append(run_id)
    found = store.search_runs(["0"], search.parse(search.RUNS, f"params.p = '{start}a'")).items
    assert [run.info.run_id for run in found] == [ids[2], ids[0]]
    found = store.search_runs(["0"], search.parse(search.RUNS, f"params.p != '{start}a'")).items
    assert [run.info.run_id for run in found] == [ids[1]]
