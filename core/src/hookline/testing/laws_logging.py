"""The laws of logging: metrics, params, tags, inputs and outputs; part of `TrackingStoreSuite`."""

import math
import struct

import pytest
from hypothesis import given

from hookline.entities import (
    Batch,
    Dataset,
    DatasetInput,
    DatasetSummary,
    LifecycleStage,
    Metric,
    ModelInput,
    ModelOutput,
    NewRun,
    RunChange,
    as_points,
)
from hookline.errors import InvalidValue, NotFound
from hookline.interfaces import TrackingStore
from hookline.testing import strategies
from hookline.testing.store_suite import StoreSuite

_LARGEST = 2**63 - 1
_FLOATS = [0.0, -0.0, 0.1, 5e-324, 1.7976931348623157e308, math.inf, -math.inf, math.nan, 1 / 3, -1e-12]
_LATEST = {
    "the greatest step": ([(1, 9, 1.0), (3, 1, 2.0), (2, 5, 3.0)], 2.0),
    "not the last to arrive": ([(5, 1, 1.0), (4, 2, 2.0)], 1.0),
    "of equal steps the greatest timestamp": ([(1, 9, 1.0), (1, 10, 2.0), (1, 3, 9.0)], 2.0),
    "of equal times the greatest value": ([(1, 1, 2.0), (1, 1, 3.0), (1, 1, 1.0)], 3.0),
    "NaN as the greatest value": ([(1, 1, math.nan), (1, 1, math.inf), (1, 1, 1.0)], math.nan),
    "not NaN of a smaller step": ([(0, 1, math.nan), (1, 1, -1.0)], -1.0),
    "negative steps": ([(-5, 1, 1.0), (-2, 1, 2.0), (-9, 1, 3.0)], 2.0),
}


def bits(value: float) -> bytes:
    """Return the bytes of a float, so that equal NaNs and different zeros compare as they are; all NaNs are one."""
    return b"nan" if math.isnan(value) else struct.pack("d", value)


def history(store: TrackingStore, run_id: str, key: str) -> list[tuple[int, int, bytes]]:
    """Return a series as (timestamp, step, bits of the value)."""
    points = []
    for block in store.metric_history(run_id, key):
        assert block.key == key
        assert (block.steps.typecode, block.timestamps.typecode, block.values.typecode) == ("q", "q", "d")
        columns = zip(block.timestamps, block.steps, block.values, strict=True)
        points += [(timestamp, step, bits(value)) for timestamp, step, value in columns]
    return points


def in_order(points: list[Metric]) -> list[tuple[int, int, bytes]]:
    """Return points as `history` must: by timestamp, step and value, NaN last."""
    ordered = sorted(points, key=lambda point: (point.timestamp, point.step, *point.rank[2:]))
    return [(point.timestamp, point.step, bits(point.value)) for point in ordered]


class LoggingLaws(StoreSuite):
    """A batch is stored whole or not at all; values come back as they were; params never change."""

    @pytest.fixture
    def run_id(self, store: TrackingStore) -> str:
        """The id of an active run in the experiment "0"."""
        return store.create_run(NewRun("0", run_name="run")).info.run_id

    def test_batches_of_several_runs_are_stored_each_whole_or_not_at_all(self, store: TrackingStore) -> None:
        """What is wrong with one of them is told, and the others are stored, in their order."""
        first, second, deleted = (store.create_run(NewRun("0")).info.run_id for _ in range(3))
        store.update_run(deleted, RunChange(lifecycle_stage=LifecycleStage.DELETED))
        batches = {
            "stored": (first, Batch(metrics=(Metric("m", 1.0, 1, 1),), params={"p": "1"}, tags={"t": "old"})),
            "of another run": (second, Batch(metrics=(Metric("m", 2.0, 1, 1),))),
            "a param that changes": (first, Batch(metrics=(Metric("m", 9.0, 2, 1),), params={"q": "1", "p": "2"})),
            "no such run": ("none", Batch(tags={"t": "v"})),
            "a deleted run": (deleted, Batch(metrics=(Metric("m", 1.0, 1, 1),))),
            "a text that is none": (second, Batch(tags={"t": "\ud800"})),
            "later": (first, Batch(metrics=(Metric("m", 3.0, 3, 1),), tags={"t": "new"})),
        }
        told = dict(zip(batches, store.write_together(list(batches.values())), strict=True))
        kinds = {name: type(problem) for name, problem in told.items() if problem is not None}
        assert kinds.pop("a text that is none", InvalidValue) is InvalidValue  # some stores hold it
        assert kinds == {"a param that changes": InvalidValue, "no such run": NotFound, "a deleted run": InvalidValue}
        assert [value for _, _, value in history(store, first, "m")] == [bits(1.0), bits(3.0)]
        assert [value for _, _, value in history(store, second, "m")] == [bits(2.0)]
        data = store.get_run(first).data
        assert (data.params, data.tags["t"]) == ({"p": "1"}, "new")

    def test_runs_are_created_together_with_what_is_logged_into_them(self, store: TrackingStore) -> None:
        """Making one again changes nothing, and one in no experiment is told of; the others are there."""
        known, new, lost = NewRun("0", run_name="known"), NewRun("0", tags={"t": "v"}), NewRun("987654321")
        store.create_run(known)
        told = store.write_together([new, (new.run_id, Batch(params={"p": "1"})), known, lost])
        assert [type(problem) for problem in told] == [type(None), type(None), type(None), NotFound]
        assert store.get_run(new.run_id).data.params == {"p": "1"}
        assert store.get_run(new.run_id).data.tags["t"] == "v"
        assert store.get_run(known.run_id).info.run_name == "known"

    def test_a_batch_is_stored_whole(self, store: TrackingStore, run_id: str) -> None:
        """Metrics, params and tags of one call; values that are no text become text."""
        points = [Metric("loss", 1 / step, step, timestamp=step) for step in range(1, 4)]
        store.log_batch(run_id, Batch([*points, Metric("f1", 0.5, 7, timestamp=9)], {"p": 1, "q": None}, {"t": True}))
        data = store.get_run(run_id).data
        assert data.metrics == {"loss": 1 / 3, "f1": 0.5}
        assert (data.latest["f1"].step, data.latest["f1"].timestamp) == (7, 9)
        assert data.params == {"p": "1", "q": "None"}
        assert data.tags == {"t": "True", "mlflow.runName": "run"}
        assert history(store, run_id, "loss") == in_order(points)

    def test_columns_of_a_batch_are_the_points_that_they_hold(self, store: TrackingStore, run_id: str) -> None:
        """Also where several columns, and points one by one, are of one series; columns stay as they were given."""
        parts = [as_points("loss", [1.0, math.nan], [3, 4], [3, 4]), as_points("loss", [0.5], [1], [1])]
        single = Metric("loss", 2.0, 2, timestamp=2)
        store.log_batch(run_id, Batch([single], points=[*parts, as_points("f1", [0.25, 0.5], [1, 2], [1, 2])]))
        expected = [*parts[0], *parts[1], single]
        assert history(store, run_id, "loss") == in_order(expected)
        assert store.get_run(run_id).data.metrics["f1"] == 0.5
        assert [len(part) for part in parts] == [2, 1]

    def test_an_empty_batch_changes_nothing(self, store: TrackingStore, run_id: str) -> None:
        """And is no error."""
        before = store.get_run(run_id)
        store.log_batch(run_id, Batch())
        assert store.get_run(run_id) == before

    def test_a_param_may_be_logged_again_and_never_changed(self, store: TrackingStore, run_id: str) -> None:
        """The error names the key and both values, in the words that clients match on."""
        store.log_batch(run_id, Batch(params={"p": "1", "q": "x"}))
        store.log_batch(run_id, Batch(params={"p": "1", "r": "new"}))
        with pytest.raises(InvalidValue) as single:
            store.log_batch(run_id, Batch(params={"p": "2"}))
        assert str(single.value) == (
            "Changing param values is not allowed. Param with key='p' was already logged with value='1' "
            f"for run ID='{run_id}'. Attempted logging new value '2'."
        )
        with pytest.raises(InvalidValue) as several:
            store.log_batch(run_id, Batch(params={"p": "2", "q": "x", "r": "old"}))
        assert str(several.value).startswith(
            "Changing param values is not allowed. Params were already logged='[{'key'"
        )
        assert f"for run ID='{run_id}'" in str(several.value)
        assert store.get_run(run_id).data.params == {"p": "1", "q": "x", "r": "new"}

    def test_a_refused_batch_leaves_nothing(self, store: TrackingStore, run_id: str) -> None:
        """Neither points nor params nor tags, nor the new name."""
        store.log_batch(run_id, Batch(params={"p": "1"}))
        before = store.get_run(run_id)
        refused = Batch([Metric("m", 1.0)], {"a": "first", "p": "2", "z": "last"}, {"t": "1", "mlflow.runName": "no"})
        with pytest.raises(InvalidValue):
            store.log_batch(run_id, refused)
        assert store.get_run(run_id) == before
        assert history(store, run_id, "m") == []

    def test_of_a_tag_the_last_value_stays(self, store: TrackingStore, run_id: str) -> None:
        """An empty text is a value."""
        for value in ("1", "2", ""):
            store.log_batch(run_id, Batch(tags={"t": value}))
            assert store.get_run(run_id).data.tags["t"] == value

    @pytest.mark.parametrize(("points", "expected"), list(_LATEST.values()), ids=list(_LATEST))
    @pytest.mark.parametrize("batched", [True, False], ids=["in one batch", "one by one"])
    def test_the_latest_point_is(
        self, store: TrackingStore, run_id: str, points: list[tuple[int, int, float]], expected: float, batched: bool
    ) -> None:
        """The greatest by `Metric.rank`, not the last to arrive."""
        logged = [Metric("m", value, step, timestamp=timestamp) for step, timestamp, value in points]
        for batch in [logged] if batched else [[one] for one in logged]:
            store.log_batch(run_id, Batch(batch))
        assert bits(store.get_run(run_id).data.metrics["m"]) == bits(expected)
        assert history(store, run_id, "m") == in_order(logged)

    def test_every_float_comes_back_as_it_was(self, store: TrackingStore, run_id: str) -> None:
        """NaN, infinities, the smallest and the greatest, bit for bit."""
        logged = [Metric("m", value, step, timestamp=1) for step, value in enumerate(_FLOATS)]
        logged += [Metric(f"alone/{step}", value) for step, value in enumerate(_FLOATS)]
        store.log_batch(run_id, Batch(logged))
        assert history(store, run_id, "m") == in_order(logged[: len(_FLOATS)])
        latest = store.get_run(run_id).data.metrics
        assert [bits(latest[f"alone/{step}"]) for step in range(len(_FLOATS))] == [bits(value) for value in _FLOATS]

    def test_steps_and_times_are_64_bits_wide(self, store: TrackingStore, run_id: str) -> None:
        """Signed steps; times up to the greatest."""
        logged = [Metric("m", 1.0, step, timestamp=_LARGEST) for step in (-_LARGEST - 1, -1, 0, 2**53 + 1, _LARGEST)]
        store.log_batch(run_id, Batch(logged))
        assert history(store, run_id, "m") == in_order(logged)
        assert store.get_run(run_id).data.latest["m"].step == _LARGEST

    def test_equal_points_are_points_of_their_own(self, store: TrackingStore, run_id: str) -> None:
        """Each call is a point."""
        point = Metric("m", 1.0, 1, timestamp=1)
        store.log_batch(run_id, Batch([point, point]))
        store.log_batch(run_id, Batch([point]))
        assert len(history(store, run_id, "m")) == 3

    def test_a_long_series_comes_back_in_order(self, store: TrackingStore, run_id: str) -> None:
        """By timestamp, step and value, over however many blocks."""
        logged = [Metric("m", float(number), number, timestamp=(number * 7919) % 5003) for number in range(5000)]
        for start in range(0, len(logged), 1250):
            store.log_batch(run_id, Batch([*logged[start : start + 1250], Metric("other", 0.0)]))
        assert history(store, run_id, "m") == in_order(logged)
        assert len(history(store, run_id, "other")) == 4

    def test_a_series_that_is_not_there_is_empty(self, store: TrackingStore, run_id: str) -> None:
        """Keys compare by case."""
        store.log_batch(run_id, Batch([Metric("m", 1.0)]))
        assert history(store, run_id, "M") == []

    def test_keys_differ_by_case_and_may_hold_any_letter(self, store: TrackingStore, run_id: str) -> None:
        """For metrics, params and tags alike, up to 250 characters."""
        keys = ["m", "M", "größe", "GRÖSSE", "日本/語", "a b", "a.b-c_d:e", "k" * 250]
        values = {key: f"value {number}" for number, key in enumerate(keys)}
        store.log_batch(run_id, Batch([Metric(key, float(n)) for n, key in enumerate(keys)], values, values))
        data = store.get_run(run_id).data
        assert data.metrics == {key: float(number) for number, key in enumerate(keys)}
        assert data.params == values
        assert data.tags == {**values, "mlflow.runName": "run"}

    def test_long_values_are_kept_whole(self, store: TrackingStore, run_id: str) -> None:
        """And compared whole, when a param is logged again."""
        value = "日" * 50_000 + "\n\t'\"\\%_" + "x" * 50_000
        store.log_batch(run_id, Batch(params={"p": value}, tags={"t": value, "mlflow.note.content": value}))
        data = store.get_run(run_id).data
        assert data.params["p"] == data.tags["t"] == data.tags["mlflow.note.content"] == value
        store.log_batch(run_id, Batch(params={"p": value}))

    def test_a_wide_batch_is_stored(self, store: TrackingStore, run_id: str) -> None:
        """Thousands of keys in one call."""
        values = {f"key {number}": str(number) for number in range(1500)}
        store.log_batch(run_id, Batch([Metric(key, float(text)) for key, text in values.items()], values, values))
        data = store.get_run(run_id).data
        assert data.params == values
        assert data.metrics == {key: float(text) for key, text in values.items()}
        assert len(data.tags) == len(values) + 1

    def test_runs_do_not_mix(self, store: TrackingStore, run_id: str) -> None:
        """Each run has metrics, params and tags of its own."""
        other = store.create_run(NewRun("0")).info.run_id
        store.log_batch(run_id, Batch([Metric("m", 1.0)], {"p": "1"}, {"t": "1"}))
        store.log_batch(other, Batch([Metric("m", 2.0)], {"p": "2"}, {"t": "2"}))
        data = store.get_run(run_id).data
        assert (data.metrics, data.params, data.tags["t"]) == ({"m": 1.0}, {"p": "1"}, "1")

    def test_any_batches_round_trip(self, store: TrackingStore) -> None:
        """Random batches, one after the other: series, latest points, params and tags are as logged."""

        @strategies.bounded
        @given(first=strategies.batches(), second=strategies.batches())
        def check(first: Batch, second: Batch) -> None:
            run_id = store.create_run(NewRun("0", run_name="run")).info.run_id
            # Params do not change, so those of the first batch come again with their values.
            again = Batch(second.metrics, {**second.params, **first.params}, second.tags)
            store.log_batch(run_id, first)
            store.log_batch(run_id, again)
            data = store.get_run(run_id).data
            assert data.params == again.params
            assert data.tags == {"mlflow.runName": "run", **first.tags, **again.tags}
            logged = [*first.metrics, *again.metrics]
            assert set(data.latest) == {point.key for point in logged}
            for key, latest in data.latest.items():
                series = [point for point in logged if point.key == key]
                assert history(store, run_id, key) == in_order(series)
                greatest = max(series, key=lambda point: point.rank)
                assert (latest.step, latest.timestamp) == (greatest.step, greatest.timestamp)
                assert latest.rank == greatest.rank

        check()

    def test_datasets_are_noted_and_their_tags_replaced(self, store: TrackingStore, run_id: str) -> None:
        """The same dataset (name and digest) again is the same input."""
        full = Dataset("größe", "abc", "http", '{"url": "x"}', schema="s" * 10_000, profile='{"rows": 5}')
        bare = Dataset("bare", "1")
        store.log_inputs(run_id, [DatasetInput(full, {"mlflow.data.context": "training"}), DatasetInput(bare)])
        store.log_inputs(run_id, [DatasetInput(full, {"mlflow.data.context": "test", "more": "x"})])
        found = {one.dataset.name: one for one in store.get_run(run_id).inputs.datasets}
        assert found["größe"] == DatasetInput(full, {"mlflow.data.context": "test", "more": "x"})
        assert found["bare"] == DatasetInput(bare)
        assert len(found) == len(store.get_run(run_id).inputs.datasets) == 2

    def test_models_that_a_run_read_and_made_are_noted_once(self, store: TrackingStore, run_id: str) -> None:
        """Noting the same again changes nothing."""
        for _ in range(2):
            store.log_inputs(run_id, [], [ModelInput("m-1"), ModelInput("m-2")])
            store.log_outputs(run_id, [ModelOutput("m-3", step=4)])
        found = store.get_run(run_id)
        assert sorted(one.model_id for one in found.inputs.models) == ["m-1", "m-2"]
        assert found.outputs.models == (ModelOutput("m-3", step=4),)

    def test_datasets_of_experiments_are_distinct(self, store: TrackingStore, run_id: str) -> None:
        """By experiment, name, digest and context, over all runs."""
        other = store.create_experiment("other").experiment_id
        runs = [run_id, store.create_run(NewRun("0")).info.run_id, store.create_run(NewRun(other)).info.run_id]
        training = DatasetInput(Dataset("d", "1"), {"mlflow.data.context": "training"})
        for one in runs:
            store.log_inputs(one, [training])
        store.log_inputs(runs[1], [DatasetInput(Dataset("d", "2"))])
        assert set(store.search_datasets(["0"])) == {
            DatasetSummary("0", "d", "1", "training"),
            DatasetSummary("0", "d", "2", None),
        }
        assert len(store.search_datasets(["0"])) == 2
        assert list(store.search_datasets([other])) == [DatasetSummary(other, "d", "1", "training")]
        assert list(store.search_datasets([])) == []
