"""The laws of searching runs; part of `TrackingStoreSuite`."""

import math

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from hookline import search
from hookline.entities import (
    Batch,
    Dataset,
    DatasetInput,
    LifecycleStage,
    Metric,
    NewRun,
    RunChange,
    RunRecord,
    RunStatus,
    ViewType,
)
from hookline.errors import InvalidValue
from hookline.interfaces import TrackingStore
from hookline.testing import strategies
from hookline.testing.laws_logging import bits
from hookline.testing.store_suite import StoreSuite, walk

_METRICS = {"low": -1.0, "high": 2.5, "infinite": math.inf, "minus": -math.inf, "nan": math.nan}
_FILTERS = [
    ("", ["low", "high", "infinite", "minus", "nan", "none"]),
    ("metrics.m > 0", ["high", "infinite"]),
    ("metrics.m <= -1", ["low", "minus"]),
    ("metrics.m = 2.5", ["high"]),
    ("metrics.m = 0", []),
    ("metrics.m != 2.5", ["low", "infinite", "minus", "nan"]),
    ("metrics.m < 1e308 AND metrics.m > -1e308", ["low", "high"]),
    ("params.p = 'low'", ["low"]),
    ("params.p != 'low'", ["high", "infinite", "minus", "nan"]),
    ("params.p IS NULL", ["none"]),
    ("params.p IS NOT NULL AND params.p LIKE '%i%'", ["high", "infinite", "minus"]),
    ("params.p LIKE 'N%'", []),
    ("params.p ILIKE 'N%'", ["nan"]),
    ("params.p LIKE '___'", ["low", "nan"]),
    ("params.`P` IS NULL AND tags.`größe` ILIKE 'É%'", ["high"]),
    ("tags.`größe` LIKE 'É%'", []),
    ('tags."größe" = "é\'s 100%_"', ["high"]),
    ("tags.`größe` LIKE '%100\\%%'", []),
    ("tags.`größe` = ''' OR 1=1 --'", []),
    ("run_name = 'nan'", ["nan"]),
    ("attributes.run_name ILIKE 'N%'", ["nan", "none"]),
    ("run_name != 'nan' and start_time >= 3", ["minus", "none"]),
    ("status = 'FINISHED'", ["low"]),
    ("status != 'RUNNING' AND end_time = 77", ["low"]),
    ("end_time < 78", ["low"]),
    ("end_time != 78", ["low"]),
    ("user_id LIKE 'a%'", ["low", "high", "infinite", "minus", "nan", "none"]),
    ("artifact_uri LIKE 'artifacts:/0/%/artifacts'", ["low", "high", "infinite", "minus", "nan", "none"]),
    ("dataset.name = 'iris'", ["low", "high"]),
    ("datasets.name = 'iris' AND dataset.context != 'training'", ["high"]),
    ("dataset.digest IN ('d2', 'd3')", ["high"]),
    ("dataset.digest NOT IN ('d1')", ["high"]),
    ("dataset.context ILIKE 'TRAIN%'", ["low", "high"]),
]
_ORDERS = [
    (["metrics.m"], ["minus", "low", "high", "infinite", "nan", "none"]),
    (["metrics.m DESC"], ["infinite", "high", "low", "minus", "nan", "none"]),
    (["params.p"], ["high", "infinite", "low", "minus", "nan", "none"]),
    (["params.p DESC"], ["nan", "minus", "low", "infinite", "high", "none"]),
    (["end_time DESC", "run_name"], ["low", "high", "infinite", "minus", "nan", "none"]),
    (["created"], ["low", "high", "infinite", "minus", "nan", "none"]),
    ([], ["none", "nan", "minus", "infinite", "high", "low"]),
]


class RunSearchLaws(StoreSuite):
    """A search answers as `hookline.search.evaluate` does over what `get_run` returns."""

    def test_only_the_experiments_asked_for_are_searched(self, store: TrackingStore) -> None:
        """Unknown ids find nothing, equal ids find once, no ids find nothing."""
        other = store.create_experiment("other").experiment_id
        here, there = (store.create_run(NewRun(one)).info.run_id for one in ("0", other))
        query = search.parse(search.RUNS)
        assert _ids(store.search_runs(["0"], query).items) == [here]
        assert _ids(store.search_runs([other, "987654", "no-number"], query).items) == [there]
        assert set(_ids(store.search_runs(["0", other, "0"], query).items)) == {here, there}
        assert len(store.search_runs(["0", other, "0"], query).items) == 2
        assert list(store.search_runs([], query).items) == []

    def test_what_is_found_is_what_get_returns(self, store: TrackingStore) -> None:
        """With data, inputs and outputs."""
        run_id = store.create_run(NewRun("0", tags={"t": "1"})).info.run_id
        store.log_batch(run_id, Batch([Metric("m", 1.0, 3)], {"p": "1"}))
        store.log_inputs(run_id, [DatasetInput(Dataset("d", "1"), {"k": "v"})])
        (found,) = store.search_runs(["0"], search.parse(search.RUNS)).items
        assert found == store.get_run(run_id)

    @pytest.mark.parametrize("view", list(ViewType))
    def test_a_view_selects_by_lifecycle(self, store: TrackingStore, view: ViewType) -> None:
        """Active runs, deleted ones, or both."""
        runs = {store.create_run(NewRun("0", run_name=stage)).info.run_id: stage for stage in LifecycleStage}
        for run_id, stage in runs.items():
            store.update_run(run_id, RunChange(lifecycle_stage=stage))
        found = store.search_runs(["0"], search.parse(search.RUNS, view=view)).items
        assert {one.info.run_name for one in found} == {stage for stage in LifecycleStage if view.admits(stage)}

    @pytest.mark.parametrize(("text", "expected"), _FILTERS)
    def test_a_filter_finds(self, store: TrackingStore, text: str, expected: list[str]) -> None:
        """The grammar, clause by clause; what lacks a field matches `IS NULL` alone."""
        _store_named_runs(store)
        found = store.search_runs(["0"], search.parse(search.RUNS, text)).items
        assert sorted(one.info.run_name for one in found) == sorted(expected)

    @pytest.mark.parametrize(("order", "expected"), _ORDERS)
    def test_an_order_puts_nan_after_values_and_what_is_missing_last(
        self, store: TrackingStore, order: list[str], expected: list[str]
    ) -> None:
        """In both directions."""
        _store_named_runs(store)
        found = store.search_runs(["0"], search.parse(search.RUNS, "", order)).items
        assert [one.info.run_name for one in found] == expected

    def test_runs_that_tie_are_ordered_by_start_and_id(self, store: TrackingStore) -> None:
        """The latest start first, then by id: every order is total."""
        runs = [(start, store.create_run(NewRun("0", start_time=start)).info.run_id) for start in (5, 7, 5, 5, 7)]
        expected = [run_id for _, run_id in sorted(runs, key=lambda one: (-one[0], one[1]))]
        assert _ids(store.search_runs(["0"], search.parse(search.RUNS)).items) == expected
        assert _ids(store.search_runs(["0"], search.parse(search.RUNS, "", ["metrics.none DESC"])).items) == expected

    @pytest.mark.parametrize(
        "order", [[], ["metrics.m"], ["metrics.m DESC"], ["params.p DESC", "tags.t"], ["end_time"]]
    )
    @pytest.mark.parametrize("size", [1, 3])
    def test_pages_hold_every_run_once(self, store: TrackingStore, order: list[str], size: int) -> None:
        """Also where values tie, are NaN or missing."""
        values = [None, 1.0, math.nan, 1.0, -2.0, None, math.inf]
        for number, value in enumerate(values):
            run_id = store.create_run(NewRun("0", start_time=number // 3)).info.run_id
            points = [] if value is None else [Metric("m", value)]
            store.log_batch(run_id, Batch(points, {"p": str(number % 2)} if number % 3 else {}, {"t": str(number % 2)}))
        query = search.parse(search.RUNS, "start_time < 100", order, max_results=size)
        found = _ids(walk(lambda asked: store.search_runs(["0"], asked), query))
        assert len(set(found)) == len(found) == len(values)
        whole = search.parse(search.RUNS, "start_time < 100", order)
        assert found == _ids(store.search_runs(["0"], whole).items)

    @pytest.mark.parametrize("order", [[], ["metrics.m"], ["params.p DESC"], ["run_name", "metrics.m DESC"]])
    @pytest.mark.parametrize("text", ["", "metrics.m != 1 AND params.p != 'x'"])
    def test_runs_of_several_experiments_come_in_one_order(
        self, store: TrackingStore, order: list[str], text: str
    ) -> None:
        """On all pages, also where an experiment has no runs, or deleted ones."""
        places = [store.create_experiment(f"e{number}").experiment_id for number in range(4)]
        records = []
        for number, value in enumerate([2.0, 1.0, math.nan, None, 3.0, 1.0, math.inf, 0.5, None]):
            new = NewRun(places[number % 3], f"{number * 7 % 10}-run", f"name-{number % 4}", start_time=number // 2)
            store.create_run(new)
            points = [] if value is None else [Metric("m", value)]
            store.log_batch(new.run_id, Batch(points, {"p": str(number % 3)} if number % 4 else {}))
            if number % 5 == 4:
                store.update_run(new.run_id, RunChange(lifecycle_stage=LifecycleStage.DELETED))
            records.append(store.get_run(new.run_id))
        for view in ViewType:
            query = search.parse(search.RUNS, text, order, view=view, max_results=2)
            expected = _ids(walk(lambda asked: search.page(asked, records), query))
            assert _ids(walk(lambda asked: store.search_runs([*places, "987654"], asked), query)) == expected

    def test_a_token_belongs_to_its_query(self, store: TrackingStore) -> None:
        """Another filter, order, view or place, or a damaged token, is `InvalidValue`."""
        for _ in range(3):
            store.create_run(NewRun("0"))
        other = store.create_experiment("other").experiment_id
        token = store.search_runs(["0"], search.parse(search.RUNS, max_results=2)).next_page_token
        assert token is not None
        # The size of a page may change from page to page.
        assert len(store.search_runs(["0"], search.parse(search.RUNS, max_results=5, page_token=token)).items) == 1
        for strange in (
            search.parse(search.RUNS, "start_time > 0", page_token=token),
            search.parse(search.RUNS, "", ["run_name"], page_token=token),
            search.parse(search.RUNS, view=ViewType.ALL, page_token=token),
            search.parse(search.RUNS, page_token=token[:-6]),
            search.parse(search.RUNS, page_token="not a token"),
            search.parse(search.RUNS, page_token="W10="),
            search.parse(search.RUNS, page_token="é"),
        ):
            with pytest.raises(InvalidValue, match="Invalid page token"):
                store.search_runs(["0"], strange)
        with pytest.raises(InvalidValue, match="Invalid page token"):
            store.search_runs([other], search.parse(search.RUNS, max_results=2, page_token=token))

    def test_wide_filters_and_long_lists_are_answered(self, store: TrackingStore) -> None:
        """150 clauses and lists of 5,000 items."""
        run_id = store.create_run(NewRun("0")).info.run_id
        store.log_batch(run_id, Batch(params={f"p{number}": str(number) for number in range(150)}))
        clauses = " AND ".join(f"params.p{number} = '{number}'" for number in range(150))
        assert _ids(store.search_runs(["0"], search.parse(search.RUNS, clauses)).items) == [run_id]
        listed = ", ".join(f"'{number:06}'" for number in range(5000))
        assert _ids(store.search_runs(["0"], search.parse(search.RUNS, f"run_id NOT IN ({listed})")).items) == [run_id]
        assert store.search_runs(["0"], search.parse(search.RUNS, f"run_id IN ({listed})")).items == []

    def test_a_search_answers_as_the_reference_does(self, store: TrackingStore) -> None:
        """The oracle: the same filter and order over what `get_run` returns, for random runs and random queries."""

        @strategies.bounded
        @given(specs=st.lists(strategies.run_specs(), min_size=2, max_size=5), data=st.data())
        def check(specs: list[strategies.RunSpec], data: st.DataObject) -> None:
            experiment_id = store.create_experiment(f"example {len(done)}").experiment_id
            done.append(experiment_id)
            records = [_store_run(store, experiment_id, number, spec) for number, spec in enumerate(specs)]
            for _ in range(8):
                text, order, view, size = data.draw(strategies.queries(search.RUNS, records))
                note(f"filter: {text!r}, order: {order}, view: {view}, size of a page: {size}")
                query = search.parse(search.RUNS, text, order, view=view, max_results=size)
                found = walk(lambda asked: store.search_runs([experiment_id], asked), query)
                expected = walk(lambda asked: search.page(asked, records), query)
                assert _ids(found) == _ids(expected)
                assert [_comparable(one) for one in found] == [_comparable(one) for one in expected]

        done: list[str] = []
        check()


def _ids(records: object) -> list[str]:
    assert isinstance(records, list | tuple)
    return [one.info.run_id for one in records]


def _comparable(record: RunRecord) -> object:
    """A record with NaN equal to itself."""
    latest = {
        key: (one.step, one.timestamp, bits(one.value + 0.0 if one.value else 0.0))
        for key, one in record.data.latest.items()
    }
    return (record.info, record.data.params, record.data.tags, latest, record.inputs, record.outputs)


def _store_named_runs(store: TrackingStore) -> None:
    """Store one run per value of `_METRICS`, named so, and one without any, started at 0, 1, 2, ..."""
    for start, (name, value) in enumerate(_METRICS.items()):
        run_id = store.create_run(NewRun("0", run_name=name, user_id="ann", start_time=start)).info.run_id
        store.log_batch(run_id, Batch([Metric("m", value)], {"p": name}))
        if name in ("low", "high"):
            digest, contexts = ("d1", ["training"]) if name == "low" else ("d2", ["training", "test"])
            datasets = [Dataset("iris" if one == "test" else name, digest) for one in contexts]
            datasets[-1] = Dataset("iris", digest)
            pairs = zip(datasets, contexts, strict=True)
            store.log_inputs(run_id, [DatasetInput(one, {"mlflow.data.context": context}) for one, context in pairs])
        if name == "high":
            store.log_batch(run_id, Batch(tags={"größe": "é's 100%_"}))
        if name == "low":
            store.update_run(run_id, RunChange(status=RunStatus.FINISHED, end_time=77))
    store.create_run(NewRun("0", run_name="none", user_id="ann", start_time=len(_METRICS)))


def _store_run(store: TrackingStore, experiment_id: str, number: int, spec: strategies.RunSpec) -> RunRecord:
    run_id = f"{spec.prefix}-{experiment_id}-{number}"
    store.create_run(NewRun(experiment_id, run_id, spec.run_name, spec.user_id, spec.start_time))
    store.log_batch(run_id, spec.batch)
    store.log_inputs(run_id, spec.datasets)
    stage = LifecycleStage.DELETED if spec.deleted else None
    store.update_run(run_id, RunChange(status=spec.status, end_time=spec.end_time, lifecycle_stage=stage))
    return store.get_run(run_id)
