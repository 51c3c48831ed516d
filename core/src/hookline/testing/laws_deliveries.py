"""The laws of a tracking store for what journals deliver; part of `TrackingStoreSuite`."""

from array import array
from collections.abc import Callable, Sequence
from functools import partial
from random import Random
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from hookline.entities import (
    Batch,
    Dataset,
    DatasetInput,
    Delivery,
    ExperimentChange,
    Lease,
    LifecycleStage,
    Metric,
    ModelInput,
    ModelOutput,
    NewRun,
    Points,
    RunChange,
    RunStatus,
    Writer,
    checksum_of,
)
from hookline.errors import CursorMoved, InvalidValue, NotFound
from hookline.interfaces import TrackingStore
from hookline.testing import strategies
from hookline.testing.store_suite import StoreSuite, at_once

THREADS = 4


def delivery(run_id: str, first: int, values: Sequence[float], writer_id: str = "w", **more: Any) -> Delivery:
    """Return a delivery of as many points of the series `m`, whose steps are their places in the journal."""
    steps = range(first, first + len(values))
    points = Points("m", array("q", steps), array("q", steps), array("d", values))
    return Delivery(run_id, writer_id, first, len(values), points=(points,), **more)


def steps(store: TrackingStore, run_id: str, key: str = "m") -> list[int]:
    """Return the steps of a series, in the order of its history."""
    return [point.step for block in store.metric_history(run_id, key) for point in block]


class DeliveryLaws(StoreSuite):
    """Records and their writer's cursor are stored together, so that each record is stored once, whatever happens."""

    def test_a_delivery_creates_its_run_and_everything_in_it(self, store: TrackingStore) -> None:
        """As the other methods would, in one call."""
        new = NewRun("0", run_name="run", user_id="ann", tags={"first": "1"})
        given_input = DatasetInput(Dataset("d", "1"), {"mlflow.data.context": "training"})
        store.apply(
            delivery(
                new.run_id,
                0,
                [1.0, float("nan"), float("inf")],
                created=new,
                metrics=(Metric("with model", 3.0, 7, 8, model_id="m-1"),),
                params={"p": 1},
                tags={"t": "2"},
                datasets=(given_input,),
                model_inputs=(ModelInput("m-2"),),
                model_outputs=(ModelOutput("m-3", 4),),
                change=RunChange(status=RunStatus.FINISHED, end_time=5_000_000_000_000),
            )
        )
        found = store.get_run(new.run_id)
        assert (found.info.run_name, found.info.user_id, found.info.status) == ("run", "ann", RunStatus.FINISHED)
        assert found.info.end_time == 5_000_000_000_000
        assert found.data.params == {"p": "1"}
        assert found.data.tags == {"first": "1", "t": "2", "mlflow.runName": "run"}
        assert found.data.metrics == {"m": float("inf"), "with model": 3.0}
        assert steps(store, new.run_id) == [0, 1, 2]
        assert (found.inputs.datasets, found.inputs.models) == ((given_input,), (ModelInput("m-2"),))
        assert found.outputs.models == (ModelOutput("m-3", 4),)

    def test_a_delivery_goes_on_where_the_cursor_is(self, store: TrackingStore) -> None:
        """One that was stored already, and one with a gap before it, say where the cursor is and change nothing."""
        run_id = store.create_run(NewRun("0")).info.run_id
        assert list(store.writers(run_id)) == []
        store.apply(delivery(run_id, 0, [0.0, 1.0]))
        store.apply(delivery(run_id, 2, [2.0]))
        for first in (0, 1, 2, 4, 100):
            with pytest.raises(CursorMoved) as moved:
                store.apply(delivery(run_id, first, [9.0], params={"p": "1"}, tags={"t": "1"}))
            assert moved.value.cursor == 3
        assert steps(store, run_id) == [0, 1, 2]
        assert (store.get_run(run_id).data.params, "t" in store.get_run(run_id).data.tags) == ({}, False)
        assert [writer.cursor for writer in store.writers(run_id)] == [3]

    def test_a_large_delivery_is_stored_whole(self, store: TrackingStore) -> None:
        """Tens of thousands of points of a series come in one call."""
        new, count = NewRun("0"), 20_000
        numbers = array("q", range(count))
        columns = tuple(Points(key, numbers, numbers, array("d", numbers)) for key in ("m", "other"))
        store.apply(Delivery(new.run_id, "w", 0, 2, created=new, points=columns))
        assert steps(store, new.run_id) == steps(store, new.run_id, "other") == list(range(count))
        assert [writer.points for writer in store.writers(new.run_id)] == [2 * count]

    def test_writers_of_a_run_have_cursors_of_their_own(self, store: TrackingStore) -> None:
        """In the order of their first deliveries; equal points of two writers are two points."""
        run_id = store.create_run(NewRun("0")).info.run_id
        for writer_id in ("b", "a"):
            store.apply(delivery(run_id, 0, [1.0, 2.0], writer_id))
        store.apply(delivery(run_id, 2, [3.0], "b", sealed=True))
        found = store.writers(run_id)
        assert [(one.writer_id, one.cursor, one.points, one.sealed) for one in found] == [
            ("b", 3, 3, True),
            ("a", 2, 2, False),
        ]
        assert sorted(steps(store, run_id)) == [0, 0, 1, 1, 2]
        assert list(store.writers("0" * 32)) == []

    def test_a_refused_delivery_leaves_nothing(self, store: TrackingStore) -> None:
        """Not even the cursor; skipped by one that changes nothing, what follows is stored."""
        run_id = store.create_run(NewRun("0")).info.run_id
        store.apply(delivery(run_id, 0, [0.0], params={"p": "1"}))
        with pytest.raises(InvalidValue):
            store.apply(delivery(run_id, 1, [1.0], params={"p": "2", "q": "1"}, tags={"t": "1"}))
        assert (steps(store, run_id), store.get_run(run_id).data.params) == ([0], {"p": "1"})
        assert [writer.cursor for writer in store.writers(run_id)] == [1]
        store.apply(Delivery(run_id, "w", 1, 1))
        store.apply(delivery(run_id, 2, [2.0]))
        assert steps(store, run_id) == [0, 2]

    def test_a_run_that_is_not_there_or_deleted_takes_nothing(self, store: TrackingStore) -> None:
        """A deleted run lets a cursor move past what it refused."""
        with pytest.raises(NotFound):
            store.apply(delivery("0" * 32, 0, [1.0]))
        run_id = store.create_run(NewRun("0")).info.run_id
        store.update_run(run_id, RunChange(lifecycle_stage=LifecycleStage.DELETED))
        ended = RunChange(status=RunStatus.FINISHED)
        for refused in (delivery(run_id, 0, [1.0]), Delivery(run_id, "w", 0, 1, change=ended)):
            with pytest.raises(InvalidValue):
                store.apply(refused)
        store.apply(Delivery(run_id, "w", 0, 1, sealed=True))
        assert [(writer.cursor, writer.sealed) for writer in store.writers(run_id)] == [(1, True)]
        deleted = store.create_experiment("deleted").experiment_id
        store.update_experiment(deleted, ExperimentChange(lifecycle_stage=LifecycleStage.DELETED))
        new = NewRun(deleted)
        with pytest.raises(InvalidValue):
            store.apply(delivery(new.run_id, 0, [1.0], created=new))
        with pytest.raises(NotFound):
            store.get_run(new.run_id)

    def test_creating_a_run_that_is_there_changes_nothing_of_it(self, store: TrackingStore) -> None:
        """As when a first delivery came through and its answer was lost."""
        new = NewRun("0", run_name="run")
        store.create_run(new)
        store.update_run(new.run_id, RunChange(run_name="renamed"))
        store.apply(delivery(new.run_id, 0, [1.0], created=new))
        assert store.get_run(new.run_id).info.run_name == "renamed"

    def test_a_lease_is_shown_while_the_run_goes_on(self, store: TrackingStore) -> None:
        """That of the last primary writer; renewing it needs no record."""
        run_id = store.create_run(NewRun("0")).info.run_id
        assert store.get_run(run_id).info.lease is None
        held = Lease("host", "boot", "17 4711", 1_000, primary=True)
        store.apply(delivery(run_id, 0, [1.0], lease=held))
        store.apply(delivery(run_id, 0, [1.0], "rank 1", lease=evolve(held, process="18 1", primary=False)))
        assert store.get_run(run_id).info.lease == held
        store.apply(Delivery(run_id, "w", 1, 0, lease=evolve(held, renewed_at=2_000)))
        store.apply(delivery(run_id, 1, [1.0]))
        assert store.get_run(run_id).info.lease == evolve(held, renewed_at=2_000)
        assert [writer.lease and writer.lease.renewed_at for writer in store.writers(run_id)] == [2_000, 1_000]
        store.update_run(run_id, RunChange(status=RunStatus.FINISHED))
        assert store.get_run(run_id).info.lease is None

    def test_checksums_tell_what_the_series_hold(self, store: TrackingStore) -> None:
        """Whatever was delivered, in whatever pieces: the sum over the stored series is that of the writers."""

        @strategies.bounded
        @given(st.lists(st.lists(strategies.metrics(), max_size=20), max_size=4))
        def check(parts: list[list[Metric]]) -> None:
            run_id = store.create_run(NewRun("0")).info.run_id
            cursor = 0
            for part in parts:
                store.apply(Delivery(run_id, "w", cursor, len(part) + 1, metrics=tuple(part)))
                cursor += len(part) + 1
            stored = [block for key in store.get_run(run_id).data.latest for block in store.metric_history(run_id, key)]
            (writer,) = store.writers(run_id) or (Writer("w"),)
            assert writer.points == sum(map(len, stored)) == sum(map(len, parts))
            assert writer.checksum == sum(map(checksum_of, stored)) & (2**63 - 1)

        check()

    def test_racing_deliveries_store_every_record_once(self, store: TrackingStore) -> None:
        """Threads deliver the same journal, each from wherever the cursor is, in pieces of its own."""
        run_id = store.create_run(NewRun("0")).info.run_id
        count = 60

        def deliver(worker: int) -> None:
            pieces, cursor = Random(worker), 0
            while cursor < count:
                size = min(pieces.randint(1, 9), count - cursor)
                try:
                    store.apply(delivery(run_id, cursor, [1.0] * size))
                    cursor += size
                except CursorMoved as moved:
                    cursor = moved.cursor

        at_once(*(partial(deliver, worker) for worker in range(THREADS)))
        assert steps(store, run_id) == list(range(count))

    def test_what_was_delivered_is_there_when_the_store_is_opened_again(
        self, store: TrackingStore, reopen: Callable[[], TrackingStore]
    ) -> None:
        """With its cursor, and after `sync`."""
        self.require_persistent()
        new = NewRun("0")
        store.apply(delivery(new.run_id, 0, [1.0, 2.0], created=new, sealed=True))
        store.sync()
        expected = store.writers(new.run_id)
        store.close()
        again = reopen()
        assert (again.writers(new.run_id), steps(again, new.run_id)) == (expected, [0, 1])

    def test_deliveries_and_batches_may_mix(self, store: TrackingStore) -> None:
        """One run, logged into by a journal and directly."""
        run_id = store.create_run(NewRun("0")).info.run_id
        store.apply(delivery(run_id, 0, [1.0]))
        store.log_batch(run_id, Batch([Metric("m", 5.0, 5, 5)], {"p": "1"}))
        store.apply(delivery(run_id, 1, [2.0], params={"p": "1"}))
        assert steps(store, run_id) == [0, 1, 5]
