"""The laws of counting runs, of their columns and of projections; part of `TrackingStoreSuite`."""

import math

import pytest

from hookline import search
from hookline.entities import (
    Batch,
    Dataset,
    DatasetInput,
    KeyKind,
    LifecycleStage,
    Metric,
    NewRun,
    RunChange,
    RunKey,
    ValueType,
    ViewType,
)
from hookline.interfaces import TrackingStore
from hookline.testing.store_suite import StoreSuite

_DELETED = RunChange(lifecycle_stage=LifecycleStage.DELETED)
_NAME_TAG = "mlflow.runName"


class CatalogueLaws(StoreSuite):
    """How many runs there are, what they have, and how to get a part of it."""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("", {ViewType.ACTIVE_ONLY: 5, ViewType.DELETED_ONLY: 2, ViewType.ALL: 7}),
            ("metrics.m > 2", {ViewType.ACTIVE_ONLY: 2, ViewType.ALL: 4}),
            ("metrics.m >= 0 AND params.p = '0'", {ViewType.ACTIVE_ONLY: 3}),
            ("params.p IS NULL", {ViewType.ALL: 0}),
            ("metrics.missing != 1 AND start_time < 100", {ViewType.ALL: 0}),
            ("run_name LIKE 'run-%' AND tags.t = 'x'", {ViewType.ALL: 4}),
            ("dataset.name = 'd'", {ViewType.ALL: 1}),
            ("attributes.status != 'RUNNING'", {ViewType.ALL: 0}),
        ],
    )
    def test_a_count_is_that_of_all_pages(self, store: TrackingStore, text: str, expected: dict[ViewType, int]) -> None:
        """Whatever the order, the size of a page and the token."""
        _store_runs(store)
        for view, count in expected.items():
            query = search.parse(search.RUNS, text, ["metrics.m"], view=view, max_results=2)
            assert store.count_runs(["0"], query) == count
            page = store.search_runs(["0"], query)
            again = search.parse(search.RUNS, text, ["metrics.m"], view=view, page_token=page.next_page_token)
            assert store.count_runs(["0"], again) == count

    def test_a_count_is_of_the_experiments_asked_for(self, store: TrackingStore) -> None:
        """Each once; unknown ones hold nothing."""
        _store_runs(store)
        other = store.create_experiment("other").experiment_id
        store.create_run(NewRun(other))
        query = search.parse(search.RUNS)
        for ids, count in (([], 0), ([other], 1), (["0", other, other, "987654", "no-number"], 6), (["987654"], 0)):
            assert store.count_runs(ids, query) == count

    def test_the_keys_of_runs_are_listed_with_how_many_runs_have_them(self, store: TrackingStore) -> None:
        """Ordered by kind and key; params and tags read as numbers where all their values do."""
        _store_runs(store)
        assert list(store.run_keys(["0"])) == [
            RunKey(KeyKind.METRIC, "M", ValueType.NUMBER, 1),
            RunKey(KeyKind.METRIC, "m", ValueType.NUMBER, 7),
            RunKey(KeyKind.PARAM, "both", ValueType.TEXT, 2),
            RunKey(KeyKind.PARAM, "p", ValueType.NUMBER, 7),
            RunKey(KeyKind.TAG, _NAME_TAG, ValueType.TEXT, 7),
            RunKey(KeyKind.TAG, "p", ValueType.NUMBER, 1),
            RunKey(KeyKind.TAG, "t", ValueType.TEXT, 4),
        ]

    def test_keys_are_counted_as_they_come_and_go(self, store: TrackingStore) -> None:
        """A key counts once for each run, however often it is logged; a removed tag counts no more."""
        ids = [store.create_run(NewRun("0", tags={"t": "1"})).info.run_id for _ in range(3)]
        for _ in range(2):
            store.log_batch(ids[0], Batch([Metric("m", 1.0), Metric("m", 2.0)], {"p": "1"}, {"t": "2"}))
        store.delete_tag(ids[0], "t")
        store.delete_tag(ids[1], "t")
        found = {(each.kind, each.key): each.runs for each in store.run_keys(["0"])}
        assert found == {("metric", "m"): 1, ("param", "p"): 1, ("tag", _NAME_TAG): 3, ("tag", "t"): 1}
        store.delete_tag(ids[2], "t")
        assert "t" not in {each.key for each in store.run_keys(["0"])}

    def test_keys_are_those_of_the_experiments_asked_for(self, store: TrackingStore) -> None:
        """Those of several are summed up."""
        other = store.create_experiment("other").experiment_id
        for place, value in (("0", "1"), (other, "1"), (other, "x")):
            run_id = store.create_run(NewRun(place)).info.run_id
            store.log_batch(run_id, Batch(params={"p": value, f"only-{place}": "1"}))
        found = {each.key: (each.type, each.runs) for each in store.run_keys(["0", other, "0", "987654"])}
        assert found["p"] == (ValueType.TEXT, 3)
        assert (found["only-0"], found[f"only-{other}"]) == ((ValueType.NUMBER, 1), (ValueType.NUMBER, 2))
        assert {each.key for each in store.run_keys(["0"])} == {"p", "only-0", _NAME_TAG}
        assert list(store.run_keys([])) == list(store.run_keys(["987654"])) == []

    def test_a_search_returns_the_columns_asked_for(self, store: TrackingStore) -> None:
        """Runs keep their info, the order and the filter see everything, and what was not asked for is not there."""
        _store_runs(store)
        columns = ["run_id", "metrics.m", "params.both", "tags.`mlflow.runName`", "metrics.missing"]
        query = search.parse(search.RUNS, "params.p = '0'", ["metrics.M", "metrics.m DESC"], columns=columns)
        whole = store.search_runs(["0"], search.parse(search.RUNS, "params.p = '0'", ["metrics.M", "metrics.m DESC"]))
        found = store.search_runs(["0"], query)
        assert [each.info for each in found.items] == [each.info for each in whole.items]
        assert [each.data.latest for each in found.items] == [{"m": each.data.latest["m"]} for each in whole.items]
        assert [dict(each.data.params) for each in found.items] == [{}, {"both": "x"}, {}]
        assert [dict(each.data.tags) for each in found.items] == [
            {_NAME_TAG: each.info.run_name} for each in whole.items
        ]
        assert not any(each.inputs.datasets or each.outputs.models for each in found.items)
        for run in store.search_runs(["0"], search.parse(search.RUNS, columns=[])).items:
            assert (run.data.params, run.data.latest, run.data.tags) == ({}, {}, {})

    def test_columns_may_change_from_page_to_page(self, store: TrackingStore) -> None:
        """A token belongs to the filter and the order."""
        _store_runs(store)
        first = store.search_runs(["0"], search.parse(search.RUNS, max_results=3, columns=["metrics.m"]))
        rest = store.search_runs(["0"], search.parse(search.RUNS, page_token=first.next_page_token))
        assert len({each.info.run_id for each in (*first.items, *rest.items)}) == 5


def _store_runs(store: TrackingStore) -> None:
    """Store seven runs, two of them deleted; all have the metric m, 0 to 6, and the param p, 0 or 1."""
    for number in range(7):
        run_id = store.create_run(NewRun("0", run_name=f"run-{number}", start_time=number)).info.run_id
        both = {"both": "1.5" if number == 1 else "x"} if number in (1, 2) else {}
        tags = {"t": "x"} if number % 2 == 0 else {}
        points = [Metric("m", float(number)), *([Metric("M", math.nan)] if number == 4 else [])]
        more = {"p": "0"} if number == 3 else {}
        store.log_batch(run_id, Batch(points, {"p": str(number % 2), **both}, {**tags, **more}))
        if number == 0:
            store.log_inputs(run_id, [DatasetInput(Dataset("d", "1")), DatasetInput(Dataset("d", "2"))])
        if number in (5, 6):
            store.update_run(run_id, _DELETED)
