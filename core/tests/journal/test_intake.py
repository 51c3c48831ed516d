"""Tests of intakes: what a server answered for is stored once, whatever became of the server."""

import contextlib
import logging
import math
import os

import pytest
from attrs import evolve

from hookline.entities import Batch, Metric, NewRun, as_points
from hookline.errors import NotFound, Unavailable
from hookline.journal import files, intake
from hookline.journal.intake import Intake, deliver_intakes, hand_over
from hookline.system import HeldLock, sync_file
from hookline.testing.memory_tracking import MemoryTrackingStore

EVERYTHING = {
    "a run": NewRun("0", run_name="naïve ☃", user_id="me", start_time=7, tags={"t": "a\nb", "lone": "\ud800"}),
    "a point": ("run", Batch(metrics=[Metric("loss", 0.1, -3, 9)])),
    "what no JSON knows": (
        "run",
        Batch(metrics=[Metric("m", each, 1, 1) for each in (math.nan, math.inf, -math.inf, -0.0)]),
    ),
    "what was measured": ("run", Batch(metrics=[Metric("f1", 1.0, 2**63 - 1, 1, "m-1", "wine", "abc")])),
    "columns": (
        "run",
        Batch(
            [Metric("m", 0.5, 1, 1)],
            {"p": "1"},
            {"t": "v"},
            [as_points("m", [1.0, math.nan], [2, -1], [2**63 - 1, 0]), as_points("ü/x", [2.0]), as_points("m", [3.0])],
        ),
    ),
    "params and tags": ("run", Batch(params={"p": "x" * 10_000}, tags={"t": ""})),
}


class Store(MemoryTrackingStore):
    """A store that may be away, and that counts its transactions."""

    away = False
    transactions = 0

    @property
    def cursors_of_intakes(self):
        return self._intakes

    def write_together(self, writes, intake=None):
        if self.away:
            raise Unavailable("away")
        self.transactions += 1
        return super().write_together(writes, intake)


@pytest.fixture
def store():
    return Store()


@pytest.fixture
def run_id(store):
    return store.create_run(NewRun("0")).info.run_id


@pytest.fixture
def served(store, tmp_path):
    """An intake; it is given back at the end."""
    made = Intake(tmp_path, store.forget_intake)
    yield made
    made.close(made.after)


def point(run_id, number):
    return run_id, Batch(metrics=[Metric("m", number, number, number)])


def kill(served):
    """What the system does for a server that was killed: its files are closed, its locks are gone."""
    served.close(0)


class Crash(BaseException):
    """The process ends here."""


class Disk:
    """A folder whose power goes: what was not synced is as it was."""

    def __init__(self, folder):
        self.folder = folder
        self.kept = {path: path.read_bytes() for path in files.intakes(folder)}

    def sync(self, file):
        sync_file(file)
        if file == self.folder:
            self.kept = {path: content for path, content in self.kept.items() if path.exists()}
        elif file.exists():
            self.kept[file] = file.read_bytes()

    def cut(self):
        for path, content in self.kept.items():
            path.write_bytes(content)


def steps(store, run_id):
    return [one.step for block in store.metric_history(run_id, "m") for one in block]


@pytest.mark.parametrize("write", EVERYTHING.values(), ids=EVERYTHING)
def test_what_was_kept_comes_back_as_it_was(served, tmp_path, write):
    served.keep(write)
    kill(served)
    ((number, found),) = intake._read(files.intakes(tmp_path)[0])
    assert (number, repr(found)) == (0, repr(write))  # by their texts, since NaN equals nothing


def test_what_a_killed_server_left_is_stored_once(served, store, run_id, tmp_path):
    new = NewRun("0")
    for write in (new, *(point(run_id, n) for n in range(3)), point(new.run_id, 7)):
        served.keep(write)
    kill(served)
    for _ in range(2):
        deliver_intakes(tmp_path, store, "store")
    assert (steps(store, run_id), steps(store, new.run_id)) == ([0, 1, 2], [7])
    assert files.intakes(tmp_path) == []


@pytest.mark.parametrize("stored", range(6))
def test_what_the_store_has_already_is_not_stored_again(served, store, run_id, tmp_path, stored):
    kept = [(served.keep(write), write) for write in (point(run_id, n) for n in range(5))]
    if stored:
        hand_over(store, served.intake_id, kept[:stored], tmp_path, "store")
    kill(served)
    deliver_intakes(tmp_path, store, "store")
    assert steps(store, run_id) == [*range(5)]


def test_of_a_torn_file_all_is_stored_that_is_whole(served, store, tmp_path):
    """A server that dies while it writes has not answered for the last one."""
    for n in range(3):
        served.keep(point("run", n))
    kill(served)
    path = files.intakes(tmp_path)[0]
    whole = path.read_bytes()
    ends = [len(whole) - n * ((len(whole) - whole.index(b"[0,") + 9) // 3) for n in (2, 1, 0)]
    for size in range(len(whole) + 1):
        path.write_bytes(whole[:size])
        assert len([*intake._read(path)]) == sum(size >= end for end in ends), size
    assert not path.with_suffix(".damaged").exists()


def test_what_is_damaged_is_told_and_kept_and_all_else_is_stored(served, store, run_id, tmp_path, caplog):
    for n in range(5):
        served.keep(point(run_id, n))
    kill(served)
    path = files.intakes(tmp_path)[0]
    data = path.read_bytes()
    damaged = data.replace(b'[2,"', b'[2;"')
    path.write_bytes(damaged)
    with caplog.at_level(logging.ERROR):
        deliver_intakes(tmp_path, store, "store")
    assert steps(store, run_id) == [0, 1, 3, 4]
    assert "cannot be read" in caplog.text
    assert [each.read_bytes() for each in tmp_path.glob("*.damaged")] == [damaged]


def test_the_intake_of_a_living_server_is_left_alone(served, store, run_id, tmp_path):
    served.keep(point(run_id, 1))
    deliver_intakes(tmp_path, store, "store")
    assert steps(store, run_id) == []
    assert len(files.intakes(tmp_path)) == 1
    assert HeldLock.try_take(files.intakes(tmp_path)[0]) is None


def test_files_go_once_all_of_them_is_stored_for_good(served, store, run_id, tmp_path, monkeypatch):
    monkeypatch.setattr(intake, "FILE_BYTES", 200)
    kept = [(served.keep(write), write) for write in (point(run_id, n) for n in range(20))]
    before = len(files.intakes(tmp_path))
    assert before > 5
    served.forget(0)
    assert len(files.intakes(tmp_path)) == before
    hand_over(store, served.intake_id, kept[:10], tmp_path, "store")
    served.forget(10)
    assert 1 < len(files.intakes(tmp_path)) < before
    kill(served)
    deliver_intakes(tmp_path, store, "store")
    assert steps(store, run_id) == [*range(20)]


def test_many_writes_are_stored_in_few_transactions(served, store, run_id, tmp_path):
    for n in range(2 * intake.TOGETHER + 1):
        served.keep(point(run_id, n))
    kill(served)
    deliver_intakes(tmp_path, store, "store")
    assert store.transactions == 3
    assert len(steps(store, run_id)) == 2 * intake.TOGETHER + 1


def test_many_points_are_stored_in_several_transactions(served, store, run_id, tmp_path, monkeypatch):
    monkeypatch.setattr(intake, "POINTS_TOGETHER", 50)
    for first in range(0, 200, 20):
        rows = range(first, first + 20)
        served.keep((run_id, Batch(points=[as_points("m", rows, rows, rows)])))
    kill(served)
    deliver_intakes(tmp_path, store, "store")
    assert store.transactions == 4
    assert steps(store, run_id) == [*range(200)]


def test_a_store_that_is_away_is_given_everything_later(served, store, run_id, tmp_path):
    served.keep(point(run_id, 1))
    kill(served)
    store.away = True
    with pytest.raises(Unavailable):
        deliver_intakes(tmp_path, store, "store")
    store.away = False
    deliver_intakes(tmp_path, store, "store")
    assert steps(store, run_id) == [1]


def test_what_the_store_refuses_for_good_is_set_aside(served, store, run_id, tmp_path, caplog):
    for each in (run_id, "none", run_id):
        served.keep(point(each, 1))
    kill(served)
    deliver_intakes(tmp_path, store, "store")
    assert steps(store, run_id) == [1, 1]
    (entry,) = files.refused(tmp_path, "none")
    assert (entry["sequence"], entry["store"]) == (1, "store")
    assert "none" in entry["reason"]
    assert "cannot be stored" in caplog.text


@pytest.mark.parametrize("size", [0, 5])
def test_a_full_disk_keeps_all_or_nothing_of_a_write(served, store, run_id, tmp_path, monkeypatch, size):
    """And what comes when there is room again is kept."""
    served.keep(point(run_id, 1))
    write = os.write

    def full(descriptor, data):
        if not size:
            raise OSError(28, "No space left on device")
        return write(descriptor, data[:size])

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(OSError, match="No space"):
            served.keep(point(run_id, 2))
    served.keep(point(run_id, 3))
    kill(served)
    deliver_intakes(tmp_path, store, "store")
    assert steps(store, run_id) == [1, 3]


def test_two_that_deliver_at_once_store_everything_once(served, store, run_id, tmp_path):
    kept = [(served.keep(write), write) for write in (point(run_id, n) for n in range(4))]
    for start in (0, 2, 1):
        assert hand_over(store, served.intake_id, kept[start:], tmp_path, "store") == [None] * len(kept[start:])
    assert steps(store, run_id) == [0, 1, 2, 3]


def test_a_process_that_finds_a_part_of_an_intake_locked_leaves_all_of_it(served, store, run_id, tmp_path, monkeypatch):
    """What comes later would move the cursor past what the other process has still to deliver."""
    monkeypatch.setattr(intake, "FILE_BYTES", 200)
    monkeypatch.setattr(intake, "TOGETHER", 1)
    for n in range(9):
        served.keep(point(run_id, n))
    kill(served)
    assert len(files.intakes(tmp_path)) > 2
    write_together, transactions = store.write_together, []

    def at_once(writes, part):
        transactions.append(part.first)
        if len(transactions) == 1:
            deliver_intakes(tmp_path, store, "store")
        return write_together(writes, part)

    monkeypatch.setattr(store, "write_together", at_once)
    deliver_intakes(tmp_path, store, "store")
    assert steps(store, run_id) == [*range(9)]
    assert transactions == [*range(9)]


@pytest.mark.parametrize("how", ["closed", "killed"])
def test_of_an_intake_that_ended_the_store_keeps_no_cursor(served, store, run_id, tmp_path, how):
    kept = [(served.keep(write), write) for write in (point(run_id, n) for n in range(3))]
    hand_over(store, served.intake_id, kept[:2], tmp_path, "store")
    if how == "closed":
        hand_over(store, served.intake_id, kept[2:], tmp_path, "store")
        served.close(3)
    else:
        kill(served)
        deliver_intakes(tmp_path, store, "store")
    assert steps(store, run_id) == [0, 1, 2]
    assert (files.intakes(tmp_path), store.cursors_of_intakes) == ([], {})


@pytest.mark.parametrize("stored", [0, 2])
def test_of_an_intake_that_is_not_stored_yet_the_cursor_stays(served, store, run_id, tmp_path, stored):
    kept = [(served.keep(write), write) for write in (point(run_id, n) for n in range(3))]
    hand_over(store, served.intake_id, kept, tmp_path, "store")
    served.close(stored)  # as far as the disk has it
    assert store.cursors_of_intakes == {served.intake_id: 3}
    deliver_intakes(tmp_path, store, "store")
    assert steps(store, run_id) == [0, 1, 2]
    assert store.cursors_of_intakes == {}


@pytest.mark.parametrize("power_goes", [False, True], ids=["killed", "power goes"])
@pytest.mark.parametrize("closes", [False, True], ids=["delivering", "closing"])
@pytest.mark.parametrize("steps_done", range(12))
def test_an_intake_whose_end_is_cut_short_is_stored_once_and_leaves_nothing(
    served, store, run_id, tmp_path, monkeypatch, steps_done, closes, power_goes
):
    monkeypatch.setattr(intake, "FILE_BYTES", 200)
    kept = [(served.keep(write), write) for write in (point(run_id, n) for n in range(8))]
    hand_over(store, served.intake_id, kept[: len(kept) if closes else 3], tmp_path, "store")
    disk, left = Disk(tmp_path), [steps_done]
    served.forget(5 if closes else 0)  # what a power failure may bring back

    def cut_short(call):
        def do(*arguments, **named):
            left[0] -= 1
            if left[0] < 0:
                raise Crash
            return call(*arguments, **named)

        return do

    def end():
        if closes:
            served.close(served.after)
        else:
            deliver_intakes(tmp_path, store, "store")

    if not closes:
        kill(served)
    with monkeypatch.context() as patch:
        patch.setattr(intake, "sync_file", cut_short(disk.sync))
        patch.setattr(os, "truncate", cut_short(os.truncate))
        patch.setattr(type(tmp_path), "unlink", cut_short(type(tmp_path).unlink))
        patch.setattr(store, "forget_intake", cut_short(store.forget_intake))
        served._forget_cursor = store.forget_intake
        with contextlib.suppress(Crash):
            end()
    if power_goes:
        disk.cut()
    deliver_intakes(tmp_path, store, "store")
    assert steps(store, run_id) == [*range(8)]
    assert (files.intakes(tmp_path), store.cursors_of_intakes) == ([], {})


def test_a_cursor_that_cannot_be_forgotten_now_is_forgotten_later(served, store, run_id, tmp_path, monkeypatch):
    kept = [(served.keep(point(run_id, 1)), point(run_id, 1))]
    hand_over(store, served.intake_id, kept, tmp_path, "store")

    def away(_intake_id):
        raise Unavailable("away")

    monkeypatch.setattr(served, "_forget_cursor", away)
    served.close(1)
    assert store.cursors_of_intakes
    deliver_intakes(tmp_path, store, "store")
    assert steps(store, run_id) == [1]
    assert (files.intakes(tmp_path), store.cursors_of_intakes) == ([], {})


def test_a_run_that_is_not_there_is_no_reason_to_lose_another(store):
    """The errors are told in the order of the writes."""
    new = NewRun("0")
    told = store.write_together([("none", Batch()), new, evolve(new, run_id="other")])
    assert [type(each) for each in told] == [NotFound, type(None), type(None)]
