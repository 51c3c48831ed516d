"""The laws of deleting for good; part of `TrackingStoreSuite`, for stores with the capability `PURGE`."""

from collections.abc import Callable
from functools import partial

import pytest
from attrs import evolve

from hookline import search
from hookline.entities import (
    DEFAULT_EXPERIMENT_ID,
    Batch,
    Dataset,
    DatasetInput,
    Delivery,
    ExperimentChange,
    LifecycleStage,
    LoggedModelChange,
    Metric,
    NewLoggedModel,
    NewRun,
    Purged,
    PurgedKind,
    RunChange,
    ViewType,
    now_ms,
)
from hookline.errors import Gone, HooklineError, InvalidState, NotFound, NotSupported
from hookline.interfaces import LoggedModels, TrackingStore
from hookline.interfaces.tracking import PURGE
from hookline.testing.store_suite import StoreSuite, at_once

HOUR = 3_600_000
_RUN_DELETED = RunChange(lifecycle_stage=LifecycleStage.DELETED)
_RUN_RESTORED = RunChange(lifecycle_stage=LifecycleStage.ACTIVE)
_DELETED = ExperimentChange(lifecycle_stage=LifecycleStage.DELETED)
_RESTORED = ExperimentChange(lifecycle_stage=LifecycleStage.ACTIVE)
_MODEL_DELETED = LoggedModelChange(lifecycle_stage=LifecycleStage.DELETED)


class PurgeLaws(StoreSuite):
    """What is deleted for good is gone for good; nothing that is in use is touched."""

    @pytest.fixture
    def purging(self, store: TrackingStore) -> TrackingStore:
        """The store, if it deletes for good; one that does not says so."""
        if PURGE not in store.capabilities:
            with pytest.raises(NotSupported):
                store.purge(now_ms())
            pytest.skip("the store does not have the capability PURGE")
        return store

    def test_only_what_is_deleted_goes(self, purging: TrackingStore) -> None:
        """Active runs keep everything, also what they share with deleted ones."""
        active, deleted = (_filled_run(purging) for _ in range(2))
        purging.update_run(deleted, _RUN_DELETED)
        before = purging.get_run(active)
        uri = purging.get_run(deleted).info.artifact_uri
        expected = [Purged(PurgedKind.RUN, deleted, uri)]
        assert list(purging.purge(now_ms())) == expected
        assert purging.get_run(deleted).data.metrics == {"m": 1.0}, "nothing changes without `discard`"
        discarded: list[Purged] = []
        assert list(purging.purge(now_ms(), discard=discarded.append)) == discarded == expected
        assert purging.get_run(active) == before
        assert sum(map(len, purging.metric_history(active, "m"))) == 1
        with pytest.raises(NotFound):
            purging.get_run(deleted)

    def test_what_is_gone_is_not_found_and_never_comes_back(self, purging: TrackingStore) -> None:
        """Neither by a retry of the client that made it, nor by restoring; purging again finds nothing."""
        new = NewRun("0", run_name="gone")
        late = Delivery(new.run_id, "writer", 0, 1, created=new, params={"late": "1"})
        purging.create_run(new)
        purging.log_batch(new.run_id, Batch([Metric("m", 1.0)], {"p": "1"}))
        purging.update_run(new.run_id, _RUN_DELETED)
        _purge(purging)
        assert _purge(purging) == list(purging.purge(now_ms())) == []
        for again in (partial(purging.create_run, new), partial(purging.apply, late)):
            with pytest.raises(Gone, match="deleted for good"):
                again()
        for attempt in (
            partial(purging.apply, evolve(late, created=None)),
            partial(purging.update_run, new.run_id, _RUN_RESTORED),
            partial(purging.log_batch, new.run_id, Batch([Metric("m", 2.0)])),
            lambda: list(purging.metric_history(new.run_id, "m")),
        ):
            with pytest.raises(NotFound):
                attempt()
        everything = search.parse(search.RUNS, view=ViewType.ALL)
        assert list(purging.search_runs(["0"], everything).items) == []
        assert purging.count_runs(["0"], everything) == 0
        assert list(purging.run_keys(["0"])) == []

    def test_what_was_deleted_later_stays(self, purging: TrackingStore) -> None:
        """The time of a deletion is that of the first one; restoring forgets it."""
        run_id, other = (purging.create_run(NewRun("0")).info.run_id for _ in range(2))
        before = now_ms() - HOUR
        for each in (run_id, other):
            purging.update_run(each, _RUN_DELETED)
        purging.update_run(other, _RUN_RESTORED)
        assert list(purging.purge(before)) == []
        assert [each.id for each in purging.purge(now_ms())] == [run_id]

    def test_an_experiment_goes_with_all_that_is_in_it(self, purging: TrackingStore) -> None:
        """Its name is free again, its id is not used again, and other experiments stay."""
        gone, stays = (purging.create_experiment(name, tags={"t": "1"}).experiment_id for name in ("gone", "stays"))
        runs = {place: _filled_run(purging, place) for place in (gone, stays)}
        models = {place: _model(purging, place, runs[place]) for place in (gone, stays)}
        purging.update_experiment(gone, _DELETED)
        found = _purge(purging)
        expected = [(PurgedKind.RUN, runs[gone]), *_if_there(models[gone]), (PurgedKind.EXPERIMENT, gone)]
        assert [(each.kind, each.id) for each in found] == expected
        assert _purge(purging) == []
        for missing in (partial(purging.get_experiment, gone), partial(purging.get_run, runs[gone])):
            with pytest.raises(NotFound):
                missing()
        assert purging.get_run(runs[stays]).data.metrics == {"m": 1.0}
        if isinstance(purging, LoggedModels):
            assert purging.get_logged_model(str(models[stays])).name == "model"
        assert purging.create_experiment("gone").experiment_id != gone

    def test_an_experiment_with_an_active_run_stays(self, purging: TrackingStore) -> None:
        """A run that was restored by itself keeps it; the deleted ones go."""
        place = purging.create_experiment("e").experiment_id
        active, deleted = (_filled_run(purging, place) for _ in range(2))
        purging.update_experiment(place, _DELETED)
        purging.update_run(active, _RUN_RESTORED)
        assert [each.id for each in _purge(purging)] == [deleted]
        assert purging.get_experiment(place).lifecycle_stage is LifecycleStage.DELETED
        assert purging.get_run(active).data.metrics == {"m": 1.0}
        purging.update_run(active, _RUN_DELETED)
        assert [each.id for each in _purge(purging)] == [active, place]

    def test_the_default_experiment_stays(self, purging: TrackingStore) -> None:
        """Clients take it for granted."""
        run_id = purging.create_run(NewRun(DEFAULT_EXPERIMENT_ID)).info.run_id
        purging.update_experiment(DEFAULT_EXPERIMENT_ID, _DELETED)
        assert [each.id for each in _purge(purging)] == [run_id]
        assert purging.update_experiment(DEFAULT_EXPERIMENT_ID, _RESTORED).name == "Default"

    def test_a_deleted_logged_model_goes(self, purging: TrackingStore) -> None:
        """Its id is not used again; its run keeps its own points."""
        if not isinstance(purging, LoggedModels):
            pytest.skip("the store keeps no logged models")
        run_id = purging.create_run(NewRun("0")).info.run_id
        new, other = (NewLoggedModel("0", "model", source_run_id=run_id) for _ in range(2))
        for each in (new, other):
            purging.create_logged_model(each)
            purging.log_batch(run_id, Batch([Metric("m", 1.0, model_id=each.model_id)], tags={"t": "1"}))
        purging.update_logged_model(new.model_id, _MODEL_DELETED)
        (gone,) = _purge(purging)
        assert (gone.kind, gone.id) == (PurgedKind.LOGGED_MODEL, new.model_id)
        assert gone.artifact_uri.endswith(f"/{new.model_id}/artifacts")
        with pytest.raises(InvalidState, match="deleted for good"):
            purging.create_logged_model(new)
        assert [point.value for point in purging.get_logged_model(other.model_id).metrics] == [1.0]
        assert sum(map(len, purging.metric_history(run_id, "m"))) == 2

    def test_what_is_to_be_kept_stays(self, purging: TrackingStore) -> None:
        """A run or a logged model, and the experiment that it is in; the rest goes."""
        places = [purging.create_experiment(name).experiment_id for name in ("a", "b")]
        runs = [[_filled_run(purging, place) for _ in range(2)] for place in places]
        model = _model(purging, places[1], runs[1][0])
        for place in places:
            purging.update_experiment(place, _DELETED)
        keep = {runs[0][0], model or runs[1][0]}
        found = {each.id for each in _purge(purging, keep=keep)}
        assert found == {runs[0][1], *runs[1]} - keep
        assert {each.id for each in _purge(purging)} == {*keep, *places}

    def test_where_discarding_fails_the_next_purge_goes_on(self, purging: TrackingStore) -> None:
        """What was claimed is not there any more, and is handed to `discard` until that returns."""
        place = purging.create_experiment("e").experiment_id
        runs = {_filled_run(purging, place) for _ in range(3)}
        purging.update_experiment(place, _DELETED)
        seen: list[str] = []

        def fail_at_the_second(doomed: Purged) -> None:
            seen.append(doomed.id)
            if len(seen) == 2:
                raise OSError("no such disk")

        with pytest.raises(OSError, match="no such disk"):
            purging.purge(now_ms(), discard=fail_at_the_second)
        with pytest.raises(NotFound):
            purging.get_run(seen[1])
        assert seen[1] not in {each.id for each in purging.purge(now_ms(), keep=[seen[1]])}
        rest = _purge(purging)
        assert [each.id for each in rest if each.id == seen[1]] == [seen[1]]
        assert {seen[0], *(each.id for each in rest)} == {*runs, place}
        assert _purge(purging) == []

    def test_a_store_that_is_opened_again_goes_on(
        self, purging: TrackingStore, reopen: Callable[[], TrackingStore]
    ) -> None:
        """What was claimed, and what is gone, is so for every process."""
        self.require_persistent()
        runs = [NewRun("0") for _ in range(2)]
        for each in runs:
            purging.create_run(each)
            purging.update_run(each.run_id, _RUN_DELETED)
        with pytest.raises(KeyboardInterrupt):
            purging.purge(now_ms(), discard=_interrupt)
        again = reopen()
        assert {each.id for each in _purge(again)} == {each.run_id for each in runs}
        for store in (purging, reopen()):
            assert _purge(store) == []
            for each in runs:
                with pytest.raises(InvalidState, match="deleted for good"):
                    store.create_run(each)

    def test_what_is_claimed_cannot_be_restored(self, purging: TrackingStore) -> None:
        """From before its first file is removed."""
        run_id = _filled_run(purging)
        purging.update_run(run_id, _RUN_DELETED)

        def restore(doomed: Purged) -> None:
            with pytest.raises(NotFound):
                purging.update_run(doomed.id, _RUN_RESTORED)

        assert [each.id for each in purging.purge(now_ms(), discard=restore)] == [run_id]

    def test_what_is_restored_meanwhile_is_whole_or_gone(self, purging: TrackingStore) -> None:
        """Purges, restores and experiments that are restored run side by side."""
        place = purging.create_experiment("e").experiment_id
        runs = [_filled_run(purging, place) for _ in range(12)]
        purging.update_experiment(place, _DELETED)
        discarded: list[str] = []

        def purge() -> None:
            purging.purge(now_ms(), discard=lambda doomed: discarded.append(doomed.id))

        tasks: list[Callable[[], object]] = [
            purge,
            purge,
            lambda: _attempt(purging.update_experiment, place, _RESTORED),
        ]
        tasks += [partial(_attempt, purging.update_run, run_id, _RUN_RESTORED) for run_id in runs[::4]]
        at_once(*tasks)
        for run_id in runs:
            if run_id in discarded:
                with pytest.raises(NotFound):
                    purging.get_run(run_id)
            else:
                found = purging.get_run(run_id)
                assert found.info.lifecycle_stage is LifecycleStage.ACTIVE
                assert (found.data.metrics, found.data.params) == ({"m": 1.0}, {"p": "1"})
                assert sum(map(len, purging.metric_history(run_id, "m"))) == 1


def _purge(store: TrackingStore, keep: set[str] | None = None) -> list[Purged]:
    """Purge; nothing is discarded that is not returned."""
    discarded: list[Purged] = []
    gone = list(store.purge(now_ms(), keep=keep or (), discard=discarded.append))
    assert discarded == gone
    return gone


def _filled_run(store: TrackingStore, experiment_id: str = "0") -> str:
    run_id = store.create_run(NewRun(experiment_id)).info.run_id
    store.log_batch(run_id, Batch([Metric("m", 1.0)], {"p": "1"}, {"t": "1"}))
    store.log_inputs(run_id, [DatasetInput(Dataset("d", "1"))])
    return run_id


def _model(store: TrackingStore, experiment_id: str, run_id: str) -> str | None:
    """Make a logged model where the store keeps some, and return its id."""
    if not isinstance(store, LoggedModels):
        return None
    new = NewLoggedModel(experiment_id, "model", source_run_id=run_id, tags={"t": "1"}, params={"p": "1"})
    return store.create_logged_model(new).model_id


def _if_there(model_id: str | None) -> list[tuple[PurgedKind, str]]:
    return [(PurgedKind.LOGGED_MODEL, model_id)] if model_id else []


def _attempt(action: Callable[..., object], *args: object) -> None:
    """Do what may come too late."""
    try:
        action(*args)
    except HooklineError:
        return


def _interrupt(_doomed: Purged) -> None:
    raise KeyboardInterrupt
