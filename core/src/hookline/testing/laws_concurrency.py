"""The laws of a tracking store under several threads and processes; part of `TrackingStoreSuite`."""

from collections.abc import Callable
from functools import partial
from random import Random
from threading import Event

from hookline.entities import Batch, Metric, NewRun
from hookline.errors import AlreadyExists, InvalidValue
from hookline.interfaces import TrackingStore
from hookline.testing.other_process import in_other_process
from hookline.testing.store_suite import StoreSuite, at_once

THREADS = 6
BATCHES = 10


class ConcurrencyLaws(StoreSuite):
    """Any thread and any process may call any method; nothing accepted is lost, nothing is half there."""

    def test_threads_on_one_run_lose_no_point(self, store: TrackingStore) -> None:
        """Every accepted point is in the series, and the latest is the greatest."""
        run_id = store.create_run(NewRun("0")).info.run_id

        def log(worker: int) -> None:
            for step in range(BATCHES):
                store.log_batch(run_id, Batch([Metric("m", worker, step, timestamp=worker)]))

        at_once(*(partial(log, worker) for worker in range(THREADS)))
        points = [one for block in store.metric_history(run_id, "m") for one in block]
        expected = [(worker, step, worker) for worker in range(THREADS) for step in range(BATCHES)]
        assert [(one.timestamp, one.step, one.value) for one in points] == expected
        latest = store.get_run(run_id).data.latest["m"]
        assert (latest.step, latest.timestamp) == (BATCHES - 1, THREADS - 1)

    def test_batches_of_many_keys_in_different_orders_do_not_block_each_other(self, store: TrackingStore) -> None:
        """No deadlock, whatever the order of keys and runs; nothing is lost."""
        run_ids = [store.create_run(NewRun("0")).info.run_id for _ in range(2)]
        keys = [f"key/{number}" for number in range(30)]

        def log(worker: int) -> None:
            shuffled = Random(worker)
            for step in range(BATCHES):
                mine, targets = keys.copy(), run_ids.copy()
                shuffled.shuffle(mine)
                shuffled.shuffle(targets)
                points = [Metric(key, worker, step, timestamp=worker) for key in mine]
                for run_id in targets:
                    store.log_batch(
                        run_id, Batch(points, dict.fromkeys(mine, "same"), {key: str(worker) for key in mine})
                    )

        at_once(*(partial(log, worker) for worker in range(THREADS)))
        for run_id in run_ids:
            data = store.get_run(run_id).data
            assert data.params == dict.fromkeys(keys, "same")
            assert {(one.step, one.value) for one in data.latest.values()} == {(BATCHES - 1, THREADS - 1)}
            assert sorted(data.latest) == sorted(keys)
            for key in (keys[0], keys[-1]):
                assert sum(map(len, store.metric_history(run_id, key))) == THREADS * BATCHES

    def test_of_threads_that_set_one_param_one_wins(self, store: TrackingStore) -> None:
        """The others are refused with everything that came in their batches."""
        run_id = store.create_run(NewRun("0")).info.run_id

        def log(worker: int) -> bool:
            try:
                store.log_batch(run_id, Batch([Metric(f"from/{worker}", 1.0)], {"p": str(worker)}))
            except InvalidValue:
                return False
            return True

        won = at_once(*(partial(log, worker) for worker in range(THREADS)))
        assert won.count(True) == 1
        data = store.get_run(run_id).data
        assert data.params == {"p": str(won.index(True))}
        assert set(data.latest) == {f"from/{won.index(True)}"}, "the refused batches left nothing"

    def test_a_run_that_threads_make_at_once_is_one_run(self, store: TrackingStore) -> None:
        """A retry that overtakes its first try is harmless too."""
        new = NewRun("0")
        made = at_once(*[lambda: store.create_run(new)] * THREADS)
        assert len({one.info.run_name for one in made}) == 1
        assert store.get_run(new.run_id).info == made[0].info

    def test_of_threads_that_take_one_experiment_name_one_wins(self, store: TrackingStore) -> None:
        """The others see `AlreadyExists`."""

        def create() -> str | None:
            try:
                return store.create_experiment("contested").experiment_id
            except AlreadyExists:
                return None

        won = [one for one in at_once(*[create] * THREADS) if one is not None]
        found = store.get_experiment_by_name("contested")
        assert found is not None
        assert won == [found.experiment_id]

    def test_experiments_made_at_once_have_ids_of_their_own(self, store: TrackingStore) -> None:
        """No id is given twice."""
        made = at_once(*(partial(store.create_experiment, f"e{worker}") for worker in range(THREADS)))
        assert len({one.experiment_id for one in made}) == THREADS

    def test_a_reader_never_sees_half_a_batch(self, store: TrackingStore) -> None:
        """Reading a run shows each batch whole or not at all."""
        run_id = store.create_run(NewRun("0")).info.run_id
        finished = Event()

        def write() -> None:
            try:
                for step in range(3 * BATCHES):
                    points = [Metric("first", step, step), Metric("second", step, step)]
                    store.log_batch(run_id, Batch(points, {f"p{step}": "1"}, {"t": str(step)}))
            finally:
                finished.set()

        def read() -> int:
            looks = 0
            while not finished.is_set() or not looks:
                data = store.get_run(run_id).data
                seen = {data.metrics.get("first"), data.metrics.get("second"), _number(data.tags.get("t"))}
                assert len(seen) == 1, "metrics and tags of different batches were seen together"
                assert len(data.params) == int(data.metrics.get("first", -1.0)) + 1
                looks += 1
            return looks

        assert at_once(write, read, read)[1] > 0

    def test_what_was_stored_is_there_when_the_store_is_opened_again(
        self, store: TrackingStore, reopen: Callable[[], TrackingStore]
    ) -> None:
        """Beside an open store and after it was closed; closing twice is no error."""
        self.require_persistent()
        run_id = store.create_run(NewRun("0")).info.run_id
        store.log_batch(run_id, Batch([Metric("m", 1.5)], {"p": "1"}, {"t": "2"}))
        expected = store.get_run(run_id)
        assert reopen().get_run(run_id) == expected, "beside the store that is still open"
        store.close()
        store.close()
        assert reopen().get_run(run_id) == expected

    def test_another_process_sees_what_was_stored(self, store: TrackingStore, uri: str) -> None:
        """At once, and in both directions."""
        self.require_persistent()
        run_id = store.create_run(NewRun("0", run_name="shared")).info.run_id
        store.log_batch(run_id, Batch([Metric("m", 1.5)], {"p": "größe"}))
        found = in_other_process(self.target, uri, "read_run", run_id)
        assert found == {"name": "shared", "params": {"p": "größe"}, "metrics": {"m": 1.5}}
        in_other_process(self.target, uri, "log_param", run_id, "theirs", "1")
        assert store.get_run(run_id).data.params == {"p": "größe", "theirs": "1"}

    def test_two_processes_write_one_store_at_once(self, store: TrackingStore, uri: str) -> None:
        """Processes queue; no point is lost."""
        self.require_persistent()
        run_id = store.create_run(NewRun("0")).info.run_id
        count = 50

        def log_here() -> None:
            for step in range(count):
                store.log_batch(run_id, Batch([Metric("shared", step, step, timestamp=step)]))

        at_once(
            partial(in_other_process, self.target, uri, "log_points", run_id, "shared", count),
            partial(in_other_process, self.target, uri, "log_points", run_id, "shared", count),
            log_here,
        )
        steps = [one.step for block in store.metric_history(run_id, "shared") for one in block]
        assert steps == [step for step in range(count) for _ in range(3)]


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)
