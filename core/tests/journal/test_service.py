"""Journals: shipped in the background and by readers, removed when it is safe, ended when their process is gone."""

import os
import threading
from contextlib import suppress

import pytest
from attrs import asdict

from hookline.entities import Batch, Lease, NewRun, RunChange, RunStatus
from hookline.errors import DurabilityLost, InvalidState, Unavailable
from hookline.journal import service
from hookline.journal import writer as writing
from hookline.journal.background import Background
from hookline.journal.files import JournalFiles, journals
from hookline.liveness import observed_record
from hookline.testing import memory_workspace
from hookline.testing.memory_tracking import MemoryTrackingStore

FORKS = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")


class Durable(MemoryTrackingStore):
    """A store that notes when it is synced, and may fail to."""

    def __init__(self):
        super().__init__()
        self.events, self.is_broken = [], False

    def sync(self):
        if self.is_broken:
            raise Unavailable("the disk is broken")
        self.events.append("sync")


def log_end(writer, status="FINISHED"):
    writer.seal({"event": "changed", "status": status, "end_time": 5_000_000_000_000})


def test_what_is_logged_is_seen_at_once_by_another_process_of_this_machine(machine, log_points):
    process, reader = machine.process(), machine.process()
    writer = machine.start_run(process)
    for step in range(5):
        log_points(writer, step)
        reader.catch_up()
        assert machine.steps(writer.run_id) == list(range(step + 1))
    assert machine.status(writer.run_id) == "RUNNING"


def test_two_processes_log_into_one_run(machine, log_points):
    one, other = machine.process(), machine.process()
    writer = machine.start_run(one)
    one.flush(writer)
    second = other.open(writer.run_id, primary=False)
    for step in range(0, 20, 2):
        log_points(writer, step)
        log_points(second, step + 1)
    one.catch_up()
    assert sorted(machine.steps(writer.run_id)) == list(range(20))
    log_end(writer)
    second.seal()
    for process in (one, other):
        process._tick()
    assert (machine.files, machine.status(writer.run_id)) == ([], "FINISHED")
    assert not [tag for tag in machine.store.get_run(writer.run_id).data.tags if "lost" in tag]


def test_the_background_ships_and_tidies(machine, log_points):
    process = machine.process()
    writer = machine.start_run(process)
    log_points(writer, 1)
    assert process._tick()
    assert machine.steps(writer.run_id) == [1]
    log_points(writer, 2)
    log_end(writer)
    assert not process._tick()
    assert machine.steps(writer.run_id) == [1, 2]
    assert (machine.files, machine.status(writer.run_id)) == ([], "FINISHED")
    assert not list(machine.root.iterdir())


def test_files_are_removed_after_every_store_was_synced(make_machine, log_points, monkeypatch):
    machine = make_machine(Durable(), Durable())
    events = machine.stores[0].events
    machine.stores[1].events = events
    real = JournalFiles.remove_segment
    monkeypatch.setattr(JournalFiles, "remove_segment", lambda *args: (events.append("remove"), real(*args)))
    process = machine.process(max_bytes=2**16)
    writer = machine.start_run(process)
    log_points(writer, 1)
    process._tick()
    assert events == []
    log_points(writer, *range(2, 1000))
    process._tick()
    assert events[:3] == ["sync", "sync", "remove"]
    assert set(events[3:]) == {"remove"}
    del events[:]
    log_end(writer)
    process._tick()
    assert events[:3] == ["sync", "sync", "remove"]
    assert machine.files == []


@pytest.mark.parametrize("broken", [0, 1])
def test_nothing_is_removed_while_a_store_cannot_be_synced(make_machine, log_points, caplog, broken):
    machine = make_machine(Durable(), Durable())
    process, reader = machine.process(), machine.process()
    writer = machine.start_run(process)
    log_points(writer, 1)
    log_end(writer)
    machine.stores[broken].is_broken = True
    for _ in range(3):
        assert process._tick()
    assert caplog.text.count("the disk is broken") == 1
    assert len(machine.files) == 1
    machine.kill(process)
    reader.catch_up()
    assert len(machine.files) == 1
    machine.stores[broken].is_broken = False
    reader._away.clear()
    reader.catch_up()
    assert machine.files == []


def test_leases_are_renewed_at_every_store(make_machine, log_points, monkeypatch):
    machine = make_machine(MemoryTrackingStore(), MemoryTrackingStore())
    now = [1000.0]
    monkeypatch.setattr(service.time, "monotonic", lambda: now[0])
    moments = iter(range(10**6))
    monkeypatch.setattr("hookline.journal.identity.now_ms", lambda: next(moments))
    process = machine.process()
    writer = machine.start_run(process)
    log_points(writer, 1)
    process._tick()

    def renewed():
        return [store.get_run(writer.run_id).info.lease.renewed_at for store in machine.stores]

    before = renewed()
    now[0] += 9
    process._tick()
    assert renewed() == before
    now[0] += 1
    process._tick()
    assert all(new > old for new, old in zip(renewed(), before, strict=True))


# Processes that are gone ---------------------------------------------------------------------------------------------


def test_a_run_whose_process_is_gone_has_failed(machine, log_points):
    process, reader = machine.process(), machine.process()
    writer = machine.start_run(process)
    log_points(writer, 1, 2)
    machine.kill(process)
    reader.catch_up()
    record = observed_record(machine.store.get_run(writer.run_id))
    assert (record.info.status, record.info.status_reason) == (RunStatus.FAILED, "process gone")
    assert abs(record.info.end_time - record.info.start_time) < 60_000
    assert machine.steps(writer.run_id) == [1, 2]
    assert machine.files == []
    reader.catch_up()


def test_a_run_that_ended_before_its_process_was_gone_has_its_own_status(machine, log_points):
    process, reader = machine.process(), machine.process()
    writer = machine.start_run(process)
    log_points(writer, 1)
    log_end(writer, "KILLED")
    machine.kill(process)
    reader.catch_up()
    assert (machine.status(writer.run_id), machine.files) == ("KILLED", [])


def test_a_run_follows_its_primary_and_notes_a_lost_rank(machine, log_points):
    ranks = [machine.process() for _ in range(3)]
    reader = machine.process()
    writers = [machine.start_run(ranks[0])]
    ranks[0].flush(writers[0])
    writers += [rank.open(writers[0].run_id, primary=False) for rank in ranks[1:]]
    for rank, writer in enumerate(writers):
        log_points(writer, rank)
    run_id = writers[0].run_id
    machine.kill(ranks[1])
    reader.catch_up()
    tags = machine.store.get_run(run_id).data.tags
    assert machine.status(run_id) == "RUNNING"
    assert [tag for tag in tags if "lost" in tag] == [f"hookline.lost_writer.{writers[1].writer_id}"]
    machine.kill(ranks[0])
    reader.catch_up()
    assert machine.status(run_id) == "FAILED"
    assert machine.store.get_run(run_id).data.tags["hookline.status_reason"] == "process gone"
    log_points(writers[2], 7)
    writers[2].seal()
    ranks[2]._tick()
    assert (machine.status(run_id), machine.files) == ("FAILED", [])
    assert machine.steps(run_id) == [0, 1, 2, 7]


def test_a_process_that_was_gone_before_it_logged_anything_leaves_nothing(machine, caplog):
    process, reader = machine.process(), machine.process()
    writer = machine.start_run(process)
    (path,) = [path for _, path in writer.files.segments()]
    data = path.read_bytes()
    machine.kill(process)
    header = 8 + int.from_bytes(data[:4], "little")
    for size in (0, 5, header, header + 20):
        path.write_bytes(data[:size])
        reader.catch_up()
        assert (machine.files, caplog.text) == ([], ""), size


@pytest.mark.parametrize("is_dead", [False, True])
def test_a_rank_whose_journal_comes_before_that_of_the_first_waits_for_it(machine, log_points, is_dead):
    """The store was away, say, while both logged."""
    first, rank, reader = machine.process(), machine.process(), machine.process()
    for _ in range(8):  # the order of their random names must not matter
        writer = machine.start_run(first)
        second = rank.open(writer.run_id, primary=False)
        log_points(second, 1)
        log_points(writer, 2)
        if is_dead:
            machine.kill(first)
            machine.kill(rank)
            reader.catch_up()
            assert machine.status(writer.run_id) == "FAILED"
        else:
            rank.flush(second)
        assert machine.steps(writer.run_id) == [1, 2]
        assert reader.refused(writer.run_id) == []
    if is_dead:
        assert machine.files == []


@pytest.mark.parametrize("size", [1, 2])
def test_a_run_that_is_shipped_while_its_first_record_is_written_is_not_given_up(machine, log_points, size, caplog):
    """Its file has a header then, and nothing else; or what creates the run comes while that is found out."""
    process = machine.process()
    writer = process.open("1" * 32, primary=True)
    writer.event("read", datasets=[], models=[])
    path = writer.files.segments()[0][1]
    header = 8 + int.from_bytes(path.read_bytes()[:4], "little")
    os.truncate(path, header)
    writer.sequence, writer._size = 1, header
    created = {"event": "created", "experiment": "Default", "run": asdict(NewRun("0", run_id=writer.run_id))}
    track = process._tracks[writer]
    if size == 2:
        real = track.reader.is_empty
        track.reader.is_empty = lambda: (writer.batch(events=[created]), real())[1]
    process._tick()
    process.catch_up()
    if size == 1:
        writer.batch(events=[created])
    log_points(writer, 1)
    process.flush(writer)
    assert (machine.steps(writer.run_id), caplog.text) == ([1], "")


def test_a_rank_of_a_run_that_no_journal_creates_is_kept(machine, log_points, caplog):
    rank, reader = machine.process(), machine.process()
    writer = rank.open("0" * 32, primary=False)
    log_points(writer, 1)
    machine.kill(rank)
    for _ in range(2):
        reader.catch_up()
    assert [name.rpartition(".")[2] for name in machine.files] == ["not-stored"]
    assert caplog.text.count("does not have the run") == 1


def test_a_crash_between_sync_and_removal_leaves_nothing_twice(machine, log_points, monkeypatch):
    process, reader = machine.process(), machine.process()
    writer = machine.start_run(process)
    log_points(writer, 1, 2)
    log_end(writer)

    def crash(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(JournalFiles, "remove_segment", crash)
        with pytest.raises(KeyboardInterrupt):
            process._tick()
    machine.kill(process)
    reader.catch_up()
    assert (machine.steps(writer.run_id), machine.status(writer.run_id), machine.files) == ([1, 2], "FINISHED", [])


def test_the_journals_of_another_machine_are_delivered_and_stay(machine, log_points, tmp_path):
    process, here = machine.process(), machine.process()
    writer = machine.start_run(process)
    log_points(writer, 1, 2)
    machine.kill(process)
    elsewhere = tmp_path / "usb"
    machine.root.rename(elsewhere)
    before = sorted(path.name for path in elsewhere.rglob("*.journal"))
    for _ in range(2):
        assert list(here.deliver(elsewhere)) == [(writer.run_id, writer.sequence)]
    assert machine.steps(writer.run_id) == [1, 2]
    assert sorted(path.name for path in elsewhere.rglob("*.journal")) == before


# What this process does to itself ------------------------------------------------------------------------------------


def test_a_quota_stops_logging_until_the_store_has_taken_what_waits(machine, log_points):
    process = machine.process(max_bytes=2**16)
    writer = machine.start_run(process)
    taken = []
    with suppress(Unavailable):
        for step in range(10_000):
            log_points(writer, step)
            taken.append(step)
    for _ in range(2):
        with pytest.raises(Unavailable, match=r"journal\.max_bytes allows 65,536"):
            log_points(writer, 10_000)
    assert sum(path.stat().st_size for path in machine.root.rglob("*")) < 2**16 + 10_000
    process._tick()
    log_points(writer, 10_000)
    process.flush(writer)
    assert machine.steps(writer.run_id) == [*taken, 10_000]


def test_a_full_disk_gets_room_from_what_is_stored(machine, log_points, monkeypatch):
    """By a patched os.write that fails once: the file ends there, and what of it is stored goes, all but its header."""
    process, reader = machine.process(), machine.process()
    writer = machine.start_run(process)
    log_points(writer, *range(1000))
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda *_: 0)
        with pytest.raises(Unavailable, match="disk is full"):
            log_points(writer, 1000)
    process._tick()
    (path,) = [path for _, path in writer.files.segments()]
    assert path.stat().st_size < 400
    assert not reader.root.exists() or reader.catch_up() is None
    log_points(writer, 1001)
    process._tick()
    assert machine.steps(writer.run_id) == [*range(1000), 1001]
    process.close()
    machine.kill(process)
    reader.catch_up()
    assert (machine.status(writer.run_id), machine.files) == ("FAILED", [])
    assert reader.refused(writer.run_id) == []


def test_a_writer_that_began_files_since_it_was_seen_is_not_taken_for_gone(machine, log_points):
    process, reader = machine.process(max_bytes=2**16), machine.process()
    writer = machine.start_run(process)
    log_points(writer, *range(10))
    process._tick()
    seen = journals(machine.root)[writer.files]
    log_points(writer, *range(10, 600))
    process._sync()  # closes all files but the last and the first
    process._tick()
    assert [first for first, _ in writer.files.segments()] == [writer.begun[0], writer.begun[-1]]
    assert writer.files.segment(0).stat().st_size < 400
    reader._foreign._ship_one(writer.files, seen)
    assert (machine.status(writer.run_id), machine.steps(writer.run_id)) == ("RUNNING", [*range(600)])
    log_points(writer, 600)
    process.flush(writer)
    assert machine.steps(writer.run_id) == [*range(601)]


def test_a_disk_that_failed_is_told_once(machine, log_points, monkeypatch):
    process = machine.process()
    writer = machine.start_run(process)
    calls = []

    def broken(file):
        calls.append(file)
        raise OSError(5, "it broke")

    with monkeypatch.context() as patch:
        patch.setattr(writing, "sync_file", broken)
        process._sync()
        process._sync()
    assert len(calls) == 1
    with pytest.raises(DurabilityLost, match="it broke"):
        process.flush(writer)
    process.flush(writer)


def test_a_closed_workspace_ships_again_with_the_next_record(machine, log_points, monkeypatch):
    process = machine.process()
    writer = machine.start_run(process)
    log_points(writer, 1)
    process.close()
    assert machine.steps(writer.run_id) == [1]
    started = []
    monkeypatch.setattr(Background, "start", lambda each: started.append(each._name))
    log_points(writer, 2)
    assert started == ["hookline-journal", "hookline-journal-sync"]
    log_points(writer, 3)
    assert len(started) == 2
    process._tick()
    assert machine.steps(writer.run_id) == [1, 2, 3]
    assert [first for first, _ in writer.files.segments()] == writer.begun[:1] + writer.begun[-1:]


def test_what_the_background_began_before_a_close_does_not_open_the_stores_again(machine, log_points):
    process = machine.process()
    writer = machine.start_run(process)
    log_points(writer, 1)
    came, closed, ticked = threading.Event(), threading.Event(), []

    class Late:
        def __enter__(self):
            came.set()
            closed.wait(60)
            return real.__enter__()

        def __exit__(self, *error):
            return real.__exit__(*error)

    real, process._lock = process._lock, Late()
    thread = threading.Thread(target=lambda: ticked.append(process._tick()))
    thread.start()
    came.wait(60)
    process._lock = real
    process.close()
    log_points(writer, 2)
    closed.set()
    thread.join()
    assert ticked == [False]
    assert machine.steps(writer.run_id) == [1]


def test_the_end_of_a_process_seals_what_it_wrote(machine, log_points):
    process = machine.process()
    run = machine.store.create_run(NewRun("0"))
    writer = process.open(run.info.run_id, primary=False)
    log_points(writer, 1)
    process.finish()
    assert machine.files == []
    assert [(each.sealed, each.points) for each in machine.store.writers(writer.run_id)] == [(True, 1)]
    with pytest.raises(InvalidState):
        log_points(writer, 2)


def test_background_work_ends_when_nothing_is_left_and_begins_again():
    done, calls = threading.Semaphore(0), []

    def work():
        calls.append(1)
        done.release()
        return len(calls) % 3 != 0

    background = Background("a test", 0.001, work)
    for total in (3, 6):
        background.start()
        for _ in range(3):
            assert done.acquire(timeout=60)
        while background._stopped is not None:
            threading.Event().wait(0.001)
        assert len(calls) == total


def test_background_work_that_is_asked_for_while_it_ends_goes_on():
    seen = threading.Semaphore(0)

    def work():
        if not seen._value:
            background.start()
        seen.release()
        return False

    background = Background("a test", 0.001, work)
    background.start()
    for _ in range(2):
        assert seen.acquire(timeout=60)


def test_background_work_goes_on_after_an_error(caplog):
    calls = threading.Semaphore(0)

    def work():
        calls.release()
        raise RuntimeError("a mistake")

    background = Background("a test", 0.001, work)
    background.start()
    for _ in range(2):
        assert calls.acquire(timeout=60)
    background.stop()
    assert "a mistake" in caplog.text


def test_a_process_that_can_start_no_thread_logs_all_the_same(tmp_path, monkeypatch, log_points):
    """At the interpreter's exit, say; the end ships it."""

    def refuse(_thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with memory_workspace(tmp_path) as workspace:
        run = workspace.runs.start(sampled=False)
        run.log_metric("m", 1.0)
        run.end()
        assert workspace.runs.get(run.run_id).data.metrics == {"m": 1.0}


# Runs ----------------------------------------------------------------------------------------------------------------


def test_a_reopened_run_forgets_why_it_had_failed(tmp_path):
    with memory_workspace(tmp_path) as workspace:
        run_id = workspace.tracking.create_run(NewRun("0")).info.run_id
        workspace.tracking.update_run(run_id, RunChange(status=RunStatus.FAILED, end_time=1))
        workspace.tracking.log_batch(run_id, Batch(tags={"hookline.status_reason": "process gone"}))
        assert workspace.runs.get(run_id).info.status_reason == "process gone"
        workspace.runs.start(run_id=run_id).end("FAILED")
        found = workspace.runs.get(run_id).info
        assert (found.status, found.status_reason) == (RunStatus.FAILED, "")


def test_threads_that_log_while_a_run_ends_lose_nothing(tmp_path):
    with memory_workspace(tmp_path) as workspace:
        run = workspace.start_run()
        logged, ended = [[] for _ in range(3)], threading.Event()

        def work(mine, number):
            step = 0
            while not ended.is_set() or step < 100:
                run.log_metric("m", 1.0, number * 10**6 + step)
                mine.append(number * 10**6 + step)
                step += 1

        threads = [threading.Thread(target=work, args=(mine, n)) for n, mine in enumerate(logged)]
        for each in threads:
            each.start()
        while not all(logged):
            pass
        run.end()
        ended.set()
        for each in threads:
            each.join()
        run.flush()
        points = workspace.runs.history(run.run_id, "m")
        assert sorted(points.steps) == sorted(step for mine in logged for step in mine)


def test_ending_from_many_threads_ends_once(tmp_path):
    with memory_workspace(tmp_path) as workspace:
        run = workspace.start_run()
        threads = [threading.Thread(target=run.end, args=(status,)) for status in ("FAILED", "KILLED", "FINISHED") * 3]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert workspace.runs.get(run.run_id).info.status is run.info.status


@FORKS
def test_a_child_that_was_forked_while_a_thread_logged_can_log(tmp_path, in_child):
    with memory_workspace(tmp_path) as workspace:
        run = workspace.start_run()
        with run._lock, workspace.journals._lock, run._writer._lock:
            pid = threading.Thread(target=lambda: codes.append(in_child(lambda: run.log_param("p", 1))))
            codes = []
            pid.start()
            pid.join()
        assert codes == [0]
        run.end()


def test_a_lease_names_this_process(machine):
    process = machine.process()
    writer = machine.start_run(process)
    process.flush(writer)
    lease = machine.store.get_run(writer.run_id).info.lease
    assert isinstance(lease, Lease)
    assert lease.process.split()[0] == str(os.getpid())
