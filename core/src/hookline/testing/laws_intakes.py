"""The laws of intakes: what a server answered for before is stored once; part of `TrackingStoreSuite`."""

import pytest

from hookline.entities import Batch, ExperimentChange, IntakePart, LifecycleStage, Metric, NewRun, RunChange, Write
from hookline.errors import CursorMoved, InvalidValue, NotFound, NotSupported, StoredThoughDeleted
from hookline.interfaces import TrackingStore
from hookline.interfaces.tracking import INTAKES
from hookline.testing.store_suite import StoreSuite


def _point(value: float) -> Batch:
    return Batch(metrics=(Metric("m", value, int(value), timestamp=int(value)),))


def _values(store: TrackingStore, run_id: str) -> list[float]:
    return [value for block in store.metric_history(run_id, "m") for value in block.values]


class IntakeLaws(StoreSuite):
    """A stretch of an intake is stored once, with its cursor, and nothing that was answered for is turned away."""

    @pytest.fixture
    def takes(self, store: TrackingStore) -> bool:
        """Whether the store takes intakes; one that does not says so."""
        if INTAKES in store.capabilities:
            return True
        with pytest.raises(NotSupported):
            store.write_together([], IntakePart("i", 0, 0))
        return False

    def test_a_stretch_is_stored_once(self, store: TrackingStore, takes: bool) -> None:
        """Delivered again it is told how far the store is; another intake has a cursor of its own."""
        if takes:
            run = NewRun("0")
            writes: list[Write] = [run, (run.run_id, _point(1)), (run.run_id, _point(2))]
            assert store.write_together(writes, IntakePart("one", 0, 3)) == [None] * 3
            for first in (0, 1, 2):
                with pytest.raises(CursorMoved) as moved:
                    store.write_together(writes[first:], IntakePart("one", first, 3))
                assert moved.value.cursor == 3
            assert store.write_together([(run.run_id, _point(3))], IntakePart("one", 3, 4)) == [None]
            assert store.write_together([(run.run_id, _point(4))], IntakePart("two", 0, 1)) == [None]
            assert _values(store, run.run_id) == [1, 2, 3, 4]

    def test_what_is_missing_before_a_stretch_does_not_hold_it_up(self, store: TrackingStore, takes: bool) -> None:
        """It may be damaged, or the store another one; what is before it comes no more."""
        if takes:
            run = NewRun("0")
            assert store.write_together([run], IntakePart("one", 7, 8)) == [None]
            with pytest.raises(CursorMoved):
                store.write_together([(run.run_id, _point(1))], IntakePart("one", 0, 1))
            assert _values(store, run.run_id) == []

    def test_what_was_deleted_meanwhile_takes_what_was_answered_for(self, store: TrackingStore, takes: bool) -> None:
        """Restored, the run has it; a run whose experiment was deleted is deleted with it."""
        if takes:
            run_id = store.create_run(NewRun("0")).info.run_id
            store.update_run(run_id, RunChange(lifecycle_stage=LifecycleStage.DELETED))
            gone = store.create_experiment("gone").experiment_id
            store.update_experiment(gone, ExperimentChange(lifecycle_stage=LifecycleStage.DELETED))
            late = NewRun(gone)
            told = store.write_together([(run_id, _point(1)), late, (late.run_id, _point(2))], IntakePart("i", 0, 3))
            assert [type(problem) for problem in told] == [StoredThoughDeleted] * 3
            for each, values in ((run_id, [1]), (late.run_id, [2])):
                assert store.get_run(each).info.lifecycle_stage is LifecycleStage.DELETED
                assert _values(store, each) == values
                with pytest.raises(InvalidValue):
                    store.log_batch(each, _point(3))
            assert store.get_experiment(gone).lifecycle_stage is LifecycleStage.DELETED

    def test_what_cannot_be_stored_is_told_and_passed(self, store: TrackingStore, takes: bool) -> None:
        """The cursor passes it, and all else is stored."""
        if takes:
            run_id = store.create_run(NewRun("0")).info.run_id
            writes: list[Write] = [
                (run_id, _point(1)),
                ("none", _point(2)),
                (run_id, Batch(tags={"t": "\ud800"})),
                (run_id, _point(3)),
            ]
            told = store.write_together(writes, IntakePart("i", 0, 4))
            assert (told[0], type(told[1]), told[3]) == (None, NotFound, None)
            assert told[2] is None or isinstance(told[2], InvalidValue)  # some stores hold it
            assert _values(store, run_id) == [1, 3]
            with pytest.raises(CursorMoved):
                store.write_together(writes, IntakePart("i", 0, 4))

    def test_a_cursor_that_is_forgotten_begins_anew(self, store: TrackingStore, takes: bool) -> None:
        """Those of other intakes stay. Forgetting what is not known is no error, also where none are known."""
        store.forget_intake("none")
        if takes:
            run_id = store.create_run(NewRun("0")).info.run_id
            for each in ("one", "two"):
                assert store.write_together([(run_id, _point(1))], IntakePart(each, 0, 1)) == [None]
            for _ in range(2):
                store.forget_intake("one")
            assert store.write_together([(run_id, _point(2))], IntakePart("one", 0, 1)) == [None]
            with pytest.raises(CursorMoved):
                store.write_together([(run_id, _point(3))], IntakePart("two", 0, 1))
            assert _values(store, run_id) == [1, 1, 2]
