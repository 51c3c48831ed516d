"""Shipping: every record once, what is refused is set aside with its reason, and nothing stops what follows."""

import json
from pathlib import Path

import pytest

from hookline.entities import Batch, ExperimentChange, LifecycleStage, NewRun, RunChange
from hookline.entities.metric import as_points
from hookline.errors import RecordsRefused, Unavailable
from hookline.journal.files import JournalFiles, refused
from hookline.journal.frames import Kind, frame
from hookline.testing.memory_tracking import MemoryTrackingStore

DELETED = LifecycleStage.DELETED


class Flaky(MemoryTrackingStore):
    """A store that can be away, or whose answers can be lost on the way."""

    away = False
    loses_answers = False

    def apply(self, delivery):
        if self.away:
            raise Unavailable("it is away")
        super().apply(delivery)
        if self.loses_answers:
            raise Unavailable("the answer was lost")

    def writers(self, run_id):
        if self.away:
            raise Unavailable("it is away")
        return super().writers(run_id)


def refused_by(process, run_id):
    return [(each["sequence"], each["count"], each["store"], each["reason"]) for each in process.refused(run_id)]


def test_what_is_flushed_is_stored(machine, log_points):
    process = machine.process()
    writer = machine.start_run(process)
    log_points(writer, 1, 2, 3)
    process.flush(writer)
    assert machine.steps(writer.run_id) == [1, 2, 3]
    assert machine.store.get_run(writer.run_id).info.lease.primary


def test_a_refused_record_is_set_aside_and_what_follows_is_stored(machine, log_points):
    """Two processes set one param: the first that is stored has it."""
    one, other = machine.process(), machine.process()
    writer = machine.start_run(one)
    writer.batch(params={"p": "1"})
    one.flush(writer)
    second = other.open(writer.run_id, primary=False)
    log_points(second, 1)
    second.batch({"p": "2", "q": "1"}, {"t": "1"}, series=[as_points("m", [2.0], [2], [2])])
    log_points(second, 3)
    with pytest.raises(RecordsRefused, match="'p'") as told:
        other.flush(second)
    assert len(told.value.reasons) == 1
    assert machine.steps(writer.run_id) == [1, 3]
    assert machine.store.get_run(writer.run_id).data.params == {"p": "1"}
    (entry,) = one.refused(writer.run_id)
    assert (entry["writer_id"], entry["sequence"], entry["count"]) == (second.writer_id, 3, 1)
    assert entry["store"] == "store-0"
    assert entry["frame"][16:18] == "07"
    assert [each.cursor for each in machine.store.writers(writer.run_id)] == [writer.sequence, second.sequence]
    other.flush(second)  # told once


def test_a_single_refused_param_can_be_read_in_what_was_set_aside(machine):
    process = machine.process()
    writer = machine.start_run(process)
    process.flush(writer)
    machine.store.log_batch(writer.run_id, Batch(params={"p": "1"}))
    writer.batch(params={"p": "größer"})
    with pytest.raises(RecordsRefused):
        process.flush(writer)
    (entry,) = process.refused(writer.run_id)
    assert json.loads(entry["record"]) == {"p": "größer"}


def test_what_another_process_saw_refused_is_told_to_the_writer(machine):
    """The owner hears of it at its next flush, whoever shipped."""
    process, reader = machine.process(), machine.process()
    writer = machine.start_run(process)
    process.flush(writer)
    machine.store.log_batch(writer.run_id, Batch(params={"p": "1"}))
    writer.batch(params={"p": "2"})
    reader.catch_up()
    assert [cursor.cursor for cursor in machine.store.writers(writer.run_id)] == [writer.sequence]
    with pytest.raises(RecordsRefused):
        process.flush(writer)
    process.flush(writer)


def test_what_was_refused_is_told_also_when_the_background_was_faster(machine):
    process = machine.process()
    writer = machine.start_run(process)
    process.flush(writer)
    machine.store.log_batch(writer.run_id, Batch(params={"p": "1"}))
    writer.batch(params={"p": "2"})
    writer.seal()
    process._tick()
    assert not process._tracks
    with pytest.raises(RecordsRefused):
        process.flush(writer)
    process.flush(writer)
    assert machine.files == [f"{writer.run_id}.{writer.writer_id}.refused"]


def test_many_records_between_two_refused_ones_are_stored(machine, log_points):
    process = machine.process()
    writer = machine.start_run(process)
    process.flush(writer)
    machine.store.log_batch(writer.run_id, Batch(params={"p": "1"}))
    expected = []
    for block in range(7):
        steps = range(block * 1000, block * 1000 + 37 * block)
        log_points(writer, *steps)
        expected += steps
        writer.batch(params={"p": f"other {block}"})
    with pytest.raises(RecordsRefused) as told:
        process.flush(writer)
    assert len(told.value.reasons) == 7
    assert machine.steps(writer.run_id) == expected


def test_a_run_that_is_deleted_meanwhile_refuses_all_that_follows_at_once(machine, log_points):
    process = machine.process()
    writer = machine.start_run(process)
    log_points(writer, 1)
    process.flush(writer)
    machine.store.update_run(writer.run_id, RunChange(lifecycle_stage=DELETED))
    log_points(writer, *range(2, 500))
    with pytest.raises(RecordsRefused, match="deleted"):
        process.flush(writer)
    (entry,) = process.refused(writer.run_id)
    assert (entry["sequence"], entry["count"]) == (4, 498)
    assert len(bytes.fromhex(entry["frame"])) == 498 * 37
    machine.store.update_run(writer.run_id, RunChange(lifecycle_stage=LifecycleStage.ACTIVE))
    log_points(writer, 500)
    process.flush(writer)
    assert machine.steps(writer.run_id) == [1, 500]


@pytest.mark.parametrize("by", ["id", "name"])
@pytest.mark.parametrize("is_dead", [False, True])
def test_a_run_whose_experiment_is_deleted_is_kept(machine, log_points, by, is_dead):
    found = machine.store.create_experiment("gone")
    process, reader = machine.process(), machine.process()
    writer = machine.start_run(process, "gone", is_away=by == "name")
    machine.store.update_experiment(found.experiment_id, ExperimentChange(lifecycle_stage=DELETED))
    log_points(writer, 1)
    if is_dead:
        machine.kill(process)
        reader.catch_up()
        reader.catch_up()
        assert [name.rpartition(".")[2] for name in machine.files] == ["not-stored"]
    else:
        with pytest.raises(RecordsRefused, match="deleted"):
            process.flush(writer)
        log_points(writer, 2)
        process._tick()
        reader.catch_up()
        assert f"{writer.run_id}.{writer.writer_id}-000000000000.journal" in machine.files
        writer.seal()
        process._tick()
        assert not process._tracks
        with pytest.raises(RecordsRefused):  # the end of the run tells, too
            process.flush(writer)


def test_a_lost_answer_stores_nothing_twice(make_machine, log_points):
    machine = make_machine(Flaky())
    process = machine.process()
    writer = machine.start_run(process)
    log_points(writer, 1, 2)
    machine.store.loses_answers = True
    with pytest.raises(Unavailable):
        process.flush(writer)
    machine.store.loses_answers = False
    log_points(writer, 3)
    process.flush(writer)
    assert machine.steps(writer.run_id) == [1, 2, 3]


def test_a_store_that_is_replaced_by_an_empty_one_is_given_everything_again(make_machine, log_points):
    """As long as the journal holds everything; the experiment is found by its name."""
    machine = make_machine(MemoryTrackingStore())
    machine.store.create_experiment("squares")
    process = machine.process()
    writer = machine.start_run(process, "squares")
    log_points(writer, 1, 2)
    process.flush(writer)
    empty = MemoryTrackingStore()
    machine.stores = (empty,)
    machine.sinks[:] = type(machine)(machine.root, empty).sinks
    process._sinks = tuple(machine.sinks)
    log_points(writer, 3)
    process.flush(writer)
    assert machine.steps(writer.run_id) == [1, 2, 3]
    assert empty.get_experiment(empty.get_run(writer.run_id).info.experiment_id).name == "squares"


def test_an_empty_store_whose_run_cannot_be_made_again_is_told_and_keeps_the_rest(make_machine, log_points):
    machine = make_machine(MemoryTrackingStore())
    process = machine.process(max_bytes=2**16)
    writer = machine.start_run(process)
    log_points(writer, *range(1000))
    process._tick()
    assert writer.files.segment(0).stat().st_size < 400, "but for its header it was removed"
    empty = MemoryTrackingStore()
    machine.stores = (empty,)
    machine.sinks[:] = type(machine)(machine.root, empty).sinks
    process._sinks = tuple(machine.sinks)
    log_points(writer, 1000)
    for _ in range(2):
        with pytest.raises(RecordsRefused, match="is not in the store"):
            process.flush(writer)
    assert any(name.endswith(".journal") for name in machine.files)


def test_mirrors_have_cursors_of_their_own(make_machine, log_points):
    machine = make_machine(MemoryTrackingStore(), Flaky())
    mirror = machine.stores[1]
    process = machine.process(max_bytes=2**16)
    writer = machine.start_run(process)
    log_points(writer, *range(100))
    process.flush(writer)
    assert machine.steps(writer.run_id, store=mirror) == list(range(100))
    mirror.away = True
    log_points(writer, *range(100, 600))
    process.flush(writer)  # the mirror's absence is not told to who flushes
    assert machine.steps(writer.run_id) == list(range(600))
    assert len(machine.steps(writer.run_id, store=mirror)) == 100
    process._tick()
    assert (
        f"{writer.run_id}.{writer.writer_id}-000000000000.journal" in machine.files
    )  # it has not taken all of the first file
    writer.seal()
    process._away.clear()
    process._tick()
    assert process._tracks
    mirror.away = False
    process._away.clear()
    process._tick()
    assert machine.steps(writer.run_id, store=mirror) == list(range(600))
    assert (machine.files, process._tracks) == ([], {})


def test_a_mirror_that_has_not_the_run_hinders_nobody(make_machine, log_points):
    """It was named as a mirror after the run was created, say."""
    machine = make_machine(MemoryTrackingStore(), MemoryTrackingStore())
    process = machine.process()
    run = machine.store.create_run(NewRun("0"))
    writer = process.open(run.info.run_id, primary=True)
    log_points(writer, 1)
    process.flush(writer)
    log_points(writer, 2)
    process.flush(writer)
    assert machine.steps(run.info.run_id) == [1, 2]
    writer.seal()
    process._tick()
    assert machine.files == []


def test_a_mirror_that_is_away_when_a_process_dies_gets_everything_later(make_machine, log_points):
    machine = make_machine(MemoryTrackingStore(), Flaky())
    process, reader = machine.process(), machine.process()
    writer = machine.start_run(process)
    log_points(writer, 1, 2)
    machine.kill(process)
    machine.stores[1].away = True
    reader.catch_up()
    assert machine.steps(writer.run_id) == [1, 2]
    assert machine.status(writer.run_id) == "FAILED"
    reader.catch_up()
    machine.stores[1].away = False
    reader._away.clear()
    reader.catch_up()
    assert machine.steps(writer.run_id, store=machine.stores[1]) == [1, 2]
    assert machine.stores[1].get_run(writer.run_id).info.status.value == "FAILED"
    assert machine.files == []


# What is broken ------------------------------------------------------------------------------------------------------


def first_file(writer) -> Path:
    return writer.files.segments()[0][1]


@pytest.mark.parametrize("is_dead", [False, True])
@pytest.mark.parametrize("where", [12, -10 * 37 + 20])
def test_damage_is_set_aside_and_what_follows_is_stored(machine, log_points, where, is_dead):
    """Also in the header, which comes before the run is there."""
    process, reader = machine.process(), machine.process()
    writer = machine.start_run(process)
    log_points(writer, *range(20))
    if is_dead:
        machine.kill(process)
    data = bytearray(first_file(writer).read_bytes())
    data[where] ^= 4
    first_file(writer).write_bytes(bytes(data))
    reader.catch_up()
    if not is_dead:
        with pytest.raises(RecordsRefused, match="damaged"):
            process.flush(writer)
    lost = {10} if where < 0 else set()
    assert machine.steps(writer.run_id) == [step for step in range(20) if step not in lost]
    ((sequence, count, store, reason),) = refused_by(reader, writer.run_id)
    assert (sequence, count, store) == (13 if where < 0 else 0, 1, "store-0")
    assert "damaged" in reason
    if is_dead:
        assert machine.files == [f"{writer.run_id}.{writer.writer_id}.refused"]


def test_records_that_are_missing_are_told_and_what_follows_is_stored(machine, log_points):
    process = machine.process(max_bytes=2**16)
    writer = machine.start_run(process)
    log_points(writer, *range(1000))
    files = writer.files.segments()
    files[1][1].unlink()
    with pytest.raises(RecordsRefused, match=f"records {files[1][0]} to {files[2][0] - 1} "):
        process.flush(writer)
    lost = files[2][0] - files[1][0]
    assert len(machine.steps(writer.run_id)) == 1000 - lost + 2  # the file's header and name of the key
    assert machine.steps(writer.run_id)[-1] == 999


def test_a_record_that_nobody_understands_is_set_aside(machine, log_points):
    process = machine.process()
    writer = machine.start_run(process)
    log_points(writer, 1)
    with writer._lock:
        writer._append(frame(Kind.EVENT, b'{"event": "unheard of"}'), None)
    log_points(writer, 2)
    machine.process().catch_up()
    with pytest.raises(RecordsRefused, match="cannot be understood"):
        process.flush(writer)
    assert machine.steps(writer.run_id) == [1, 2]


def test_another_format_is_left_alone(machine, log_points, caplog):
    process, reader = machine.process(), machine.process()
    other, writer = machine.start_run(process), machine.start_run(process)
    log_points(writer, 1)
    log_points(other, 1)
    machine.kill(process)
    data = first_file(writer).read_bytes()
    head, body = data[:8], data[9 : 8 + int.from_bytes(data[:4], "little")]
    assert len(head) == 8
    first_file(writer).write_bytes(
        frame(Kind.HEADER, body.replace(b'"format":2', b'"format":3')) + data[9 + len(body) :]
    )
    for _ in range(2):
        reader.catch_up()
    assert machine.steps(other.run_id) == [1]
    assert first_file(writer).exists()
    assert caplog.text.count("Another version") == 1
    assert not reader._away


def test_what_is_set_aside_survives_a_line_that_a_dying_process_began(tmp_path):
    entry = {"sequence": 1, "count": 1, "store": "s", "reason": "r", "record": None, "frame": "00"}
    one, other = (JournalFiles(tmp_path, "run", writer_id) for writer_id in "wv")
    one.set_aside(entry)
    with (tmp_path / "run.w.refused").open("ab") as file:
        file.write(b'{"writer_id": "w", "seq')
    one.set_aside({**entry, "sequence": 2})
    one.set_aside({**entry, "sequence": 2})
    one.set_aside({**entry, "sequence": 2, "store": "mirror"})
    other.set_aside({**entry, "sequence": 2})
    JournalFiles(tmp_path, "another", "w").set_aside(entry)
    assert [(each["writer_id"], each["sequence"], each["store"]) for each in refused(tmp_path, "run")] == [
        ("v", 2, "s"),
        ("w", 1, "s"),
        ("w", 2, "s"),
        ("w", 2, "mirror"),
    ]
    assert len(one.refused()) == 3
    assert (tmp_path / "run.w.refused").stat().st_mode & 0o777 == 0o600
