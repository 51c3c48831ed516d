"""Writing: what a call returned from is whole in the file, whatever happens around it."""

import asyncio
import errno
import os
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from hookline import system
from hookline.entities.metric import as_points
from hookline.errors import InvalidState, InvalidValue, Unavailable
from hookline.journal import files
from hookline.journal import writer as writing
from hookline.journal.files import journals
from hookline.journal.frames import frames
from hookline.journal.reader import JournalReader

linux_root = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0 or shutil.which("mount") is None, reason="only root can mount"
)


@contextmanager
def mounted(folder, size):
    """A file system in memory of so many bytes."""
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip(f"cannot mount: {done.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def paths(writer):
    return [path for _, path in writer.files.segments()]


def whole_frames(writer):
    """Every frame of a journal; its files hold nothing else."""
    found = []
    for path in paths(writer):
        data = path.read_bytes()
        found += (inside := list(frames(data, final=True)))
        assert sum(map(len, inside)) == len(data)
    return found


def steps(writer, key="m"):
    reader, sequence, found = JournalReader(writer.files), 0, []
    while (records := reader.read(sequence)).count:
        sequence += records.count
        found += [step for one in records.points() if one.key == key for step in one.steps]
    assert sequence == writer.sequence
    return found


def log(writer, *which):
    for step in which:
        writer.point("m", 1.0, step, step)


def test_nothing_is_made_before_the_first_record(make_writer):
    writer = make_writer()
    writer.seal()
    writer.sync()
    assert not writer.folder.exists()
    assert not writer.is_used


def test_files_are_for_this_user_only(make_writer):
    writer = make_writer()
    log(writer, 1)
    assert writer.folder.stat().st_mode & 0o777 == 0o700
    assert [path.stat().st_mode & 0o777 for path in writer.folder.iterdir()] == [0o600]


def test_a_new_file_follows_one_that_has_grown(make_writer):
    writer = make_writer(segment_bytes=400)
    log(writer, *range(50))
    writer.batch(tags={"t": "x" * 1000}, series=[as_points("m", [1.0], [50], [50])])
    log(writer, 51)
    names = [path.name for path in paths(writer)]
    assert len(names) == len(writer.begun) > 5
    assert names == sorted(names)
    assert all(path.stat().st_size < 400 + 37 for path in paths(writer)[:-2])
    assert len(whole_frames(writer)) == writer.sequence
    assert steps(writer) == list(range(52))


def test_a_record_of_any_kind_ends_a_full_file(make_writer):
    writer = make_writer(segment_bytes=1)
    writer.event("read", datasets=[], models=[])
    writer.batch(tags={"t": "1"})
    writer.batch(params={"p": "1"})
    log(writer, 1)
    writer.seal()
    assert len(paths(writer)) == 5
    assert steps(writer) == [1]


def test_no_room_is_told_and_forgotten_once_there_is_room(make_writer):
    full = []

    def room(_more):
        if full:
            raise Unavailable("no room")

    writer = make_writer(segment_bytes=300, room=room)
    log(writer, *range(6))
    full.append(True)
    taken = []
    for step in range(6, 30):
        try:
            log(writer, step)
            taken.append(step)
        except Unavailable:
            break
    before = writer.sequence
    for attempt in (lambda: log(writer, 99), lambda: writer.batch(tags={"t": "1"}), lambda: writer.event("read")):
        with pytest.raises(Unavailable, match="no room"):
            attempt()
    assert writer.sequence == before
    full.clear()
    log(writer, 30)
    assert steps(writer) == [*range(6), *taken, 30]


def test_there_is_always_room_for_the_end(make_writer):
    full = []

    def room(_more):
        if full:
            raise Unavailable("no room")

    writer = make_writer(segment_bytes=1, room=room)
    log(writer, 1)
    full.append(True)
    writer.seal({"event": "changed", "status": "FINISHED", "end_time": 5})
    records = JournalReader(writer.files).read(0)
    assert (records.change.status.value, records.sealed) == ("FINISHED", True)


def test_a_sealed_journal_takes_nothing_more(make_writer):
    writer = make_writer()
    log(writer, 1)
    writer.seal()
    writer.seal()
    before = writer.sequence
    for late in (
        lambda: log(writer, 2),  # with a key that has a number
        lambda: writer.point("new", 1.0, 2, 2),
        lambda: writer.batch(tags={"t": "1"}),
        lambda: writer.event("read", datasets=[], models=[]),
    ):
        with pytest.raises(InvalidState, match="has ended its journal"):
            late()
    assert writer.sequence == before == len(whole_frames(writer))


@pytest.mark.parametrize(("step", "timestamp"), [(2**63, 0), (-(2**63) - 1, 0), (0, 2**63), (2**70, 2**70)])
def test_what_does_not_fit_leaves_nothing(make_writer, step, timestamp):
    writer = make_writer()
    log(writer, 1)
    for attempt in (
        lambda: writer.point("m", 1.0, step, timestamp),
        lambda: writer.row(("m", "new"), [1.0, 1.0], step, timestamp),
    ):
        with pytest.raises(InvalidValue, match="64 bits"):
            attempt()
    assert steps(writer) == [1]


@pytest.mark.parametrize("key", ["", "../up", "x" * 251, "\udc80", "a\nb"])
def test_a_key_that_is_not_allowed_leaves_nothing(make_writer, key):
    writer = make_writer()
    for attempt in (lambda: writer.point(key, 1.0, 1, 1), lambda: writer.row((key,), [1.0], 1, 1)):
        with pytest.raises(InvalidValue):
            attempt()
    assert JournalReader(writer.files).is_empty()


def test_a_step_that_equals_a_whole_number_is_one(make_writer):
    writer = make_writer()
    writer.point("m", 1.0, 3.0, 1)
    assert steps(writer) == [3]


# The disk ------------------------------------------------------------------------------------------------------------


@linux_root
def test_a_full_disk_keeps_whole_records_only_and_takes_more_when_it_has_room(make_writer, tmp_path):
    """A real one, of 64 KiB."""
    with mounted(tmp_path / "disk", 65536) as disk:
        writer = make_writer(disk / "run", segment_bytes=20_000)
        filler = disk / "filler"
        filler.write_bytes(bytes(12_000))
        taken, refused = [], set()
        for step in range(3000):
            try:
                log(writer, step)
                taken.append(step)
            except Unavailable as error:
                refused.add(str(error).partition(": ")[2].partition(". Nothing")[0].rpartition(": ")[2])
        with pytest.raises(Unavailable):
            writer.batch(tags={"t": "x" * 30_000})
        assert refused
        assert refused <= {"the disk is full", "No space left on device"}
        assert steps(writer) == taken
        filler.unlink()
        log(writer, 3000)
        writer.batch(tags={"t": "x"})
        assert steps(writer) == [*taken, 3000]
        assert len(whole_frames(writer)) == writer.sequence
        writer.close()


@linux_root
def test_a_disk_that_is_full_at_first_leaves_no_file_without_a_header(make_writer, tmp_path):
    """Whose records no reader could tell from garbage."""
    with mounted(tmp_path / "disk", 16384) as disk:
        opened = []
        writer = make_writer(disk / "run", on_open=opened.append)
        (disk / "filler").write_bytes(bytes(16384))
        for _ in range(2):
            with pytest.raises(Unavailable):
                log(writer, 1)
        assert (writer.sequence, writer.is_used, opened) == (0, False, [])
        assert not list(disk.rglob("*.journal"))
        (disk / "filler").unlink()
        log(writer, 2)
        assert (steps(writer), opened) == ([2], [writer])
        writer.close()


def test_a_short_write_is_taken_back(make_writer, monkeypatch):
    """By a patched os.write: half of the bytes are written."""
    writer = make_writer()
    log(writer, 1)
    real = os.write
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda descriptor, data: real(descriptor, data[: len(data) // 2]))
        for attempt in (lambda: log(writer, 2), lambda: writer.point("new", 1.0, 2, 2)):
            with pytest.raises(Unavailable, match=r"disk is full|No space left"):
                attempt()
    log(writer, 3)
    assert steps(writer) == [1, 3]
    assert len(whole_frames(writer)) == writer.sequence


def test_what_cannot_be_taken_back_stays_at_the_end_of_its_file(make_writer, monkeypatch):
    """By a patched os.write and os.ftruncate."""
    writer = make_writer()
    log(writer, 1)
    real = os.write

    def fail(*_):
        raise OSError(errno.EIO, "it broke")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda descriptor, data: real(descriptor, data[: len(data) // 2]))
        patch.setattr(os, "ftruncate", fail)
        with pytest.raises(Unavailable):
            log(writer, 2)
    log(writer, 3)
    assert len(paths(writer)) == 2
    assert steps(writer) == [1, 3]


@pytest.mark.parametrize("segment_bytes", [1, 1 << 20])
def test_a_header_that_is_not_whole_makes_no_file(make_writer, monkeypatch, segment_bytes):
    """By a patched os.write, at the first file and at a later one."""
    writer = make_writer(segment_bytes=segment_bytes)
    real = os.write
    for step in (1, 2):
        if step == 1 or segment_bytes == 1:
            with monkeypatch.context() as patch:
                patch.setattr(os, "write", lambda descriptor, data: real(descriptor, data[:20]))
                with pytest.raises(Unavailable):
                    log(writer, step)
        log(writer, step)
    assert steps(writer) == [1, 2]


@linux_root
def test_a_read_only_disk_is_told(make_writer, tmp_path):
    with mounted(tmp_path / "disk", 65536) as disk:
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        writer = make_writer(disk / "run")
        with pytest.raises(Unavailable, match=r"disk/run: Read-only file system"):
            log(writer, 1)
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
        log(writer, 1)
        assert steps(writer) == [1]
        writer.close()


def test_a_file_that_was_taken_for_left_over_is_made_again(make_writer, monkeypatch):
    """Another process saw it before it was locked: holds its lock first, and has removed it then."""
    writer, tries = make_writer(), []

    def try_lock(descriptor, path):
        tries.append(path)
        if len(tries) == 2:
            path.unlink()
        return len(tries) > 1 and system.try_lock(descriptor, path)

    monkeypatch.setattr(files, "try_lock", try_lock)
    log(writer, 1)
    assert (len(tries), steps(writer)) == (3, [1])


def test_a_writer_lives_while_its_first_file_is_locked(make_writer):
    writer = make_writer(segment_bytes=1)
    for step in range(3):
        log(writer, step)
        seen = journals(writer.folder)[writer.files]
        assert writer.files.take_over(seen) is None
        writer.sync()
        assert writer.files.take_over(seen) is None
    writer.rest()
    writer.sync()
    assert writer.files.take_over(seen) is None
    writer.close()
    held = writer.files.take_over(seen)
    assert held is not None
    assert writer.files.take_over(seen) is None
    held.release()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_told(make_writer, tmp_path):
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(Unavailable, match="Permission denied"):
        log(make_writer(tmp_path / "closed" / "run"), 1)


def test_a_folder_that_is_a_file_is_told(make_writer, tmp_path):
    (tmp_path / "run").write_text("")
    with pytest.raises(Unavailable, match="Nothing of this call was kept"):
        log(make_writer(tmp_path / "run"), 1)


def test_a_folder_that_was_removed_is_made_again_by_the_next_file(make_writer):
    writer = make_writer(segment_bytes=1)
    log(writer, 1)
    shutil.rmtree(writer.folder)
    log(writer, 2)
    assert [path.name[-9:] for path in paths(writer)] == [f"{number}.journal" for number in (3,)]


class Disk:
    """Counts what is synced, and fails when it is told to."""

    def __init__(self, monkeypatch):
        self.synced, self.fails = [], False
        monkeypatch.setattr(writing, "sync_file", self.sync)

    def sync(self, file):
        if self.fails:
            raise OSError(errno.EIO, "it broke")
        self.synced.append(str(Path(f"/proc/self/fd/{file}").readlink()) if isinstance(file, int) else str(file))


@pytest.fixture
def disk(monkeypatch):
    if sys.platform != "linux":
        pytest.skip("names of open files")
    return Disk(monkeypatch)


def test_a_sync_reaches_the_file_its_folder_and_those_above(make_writer, disk):
    writer = make_writer(segment_bytes=1)
    log(writer, 1)
    writer.sync()
    folder = writer.folder
    assert disk.synced == [*map(str, (folder, folder.parent)), str(paths(writer)[0])]
    del disk.synced[:]
    writer.sync()
    assert disk.synced == []
    log(writer, 2, 3)
    writer.sync()
    assert disk.synced == [str(folder), str(paths(writer)[1]), str(folder), str(paths(writer)[2])]


def test_nothing_is_synced_twice(make_writer, disk):
    writer = make_writer()
    log(writer, 1)
    writer.sync()
    log(writer, 2)
    del disk.synced[:]
    writer.sync()
    writer.sync()
    assert disk.synced == [str(paths(writer)[0])]


def test_a_failed_sync_is_told_and_not_tried_again(make_writer, disk):
    writer = make_writer()
    log(writer, 1)
    disk.fails = True
    writer.sync()
    assert writer.sync_failure == "it broke"
    disk.fails, disk.synced = False, []
    writer.sync()
    assert disk.synced == []
    log(writer, 2)
    writer.sync()
    assert disk.synced
    assert writer.sync_failure == "it broke"


def test_every_call_waits_for_the_disk_where_that_is_asked_for(make_writer, disk):
    writer = make_writer(sync_each=True)
    for step in range(3):
        before = len(disk.synced)
        log(writer, step)
        assert len(disk.synced) > before


# Others --------------------------------------------------------------------------------------------------------------


def test_threads_share_a_journal(make_writer):
    writer = make_writer(segment_bytes=2000)

    def work(thread):
        for step in range(200):
            if step % 10:
                writer.point(f"k{step % 3}", 1.0, thread * 1000 + step, step)
            else:
                writer.row(("m",), [1.0], thread * 1000 + step, step)
                writer.batch(tags={f"t{thread}": str(step)})
            if step % 50 == 0:
                writer.sync()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    found = [step for key in ("m", "k0", "k1", "k2") for step in steps(writer, key)]
    assert sorted(found) == sorted(thread * 1000 + step for thread in range(4) for step in range(200))


def test_tasks_share_a_journal(make_writer):
    writer = make_writer(segment_bytes=500)

    async def work(task):
        for step in range(50):
            log(writer, task * 100 + step)
            await asyncio.sleep(0)

    async def everything():
        await asyncio.gather(*map(work, range(5)))

    asyncio.run(everything())
    assert sorted(steps(writer)) == sorted(task * 100 + step for task in range(5) for step in range(50))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_child_is_a_writer_of_its_own(make_writer, in_child):
    writer = make_writer(segment_bytes=300)
    log(writer, *range(10))

    def child():
        writer.after_fork()
        assert (writer.primary, writer.sequence) == (False, 0)
        log(writer, *range(100, 110))

    assert in_child(child) == 0
    log(writer, *range(10, 20))
    assert steps(writer) == list(range(20))
    found = journals(writer.folder)
    (other,) = set(found) - {writer.files}
    reader = JournalReader(other)
    assert [step for one in reader.read(0).points() for step in one.steps] == list(range(100, 110))
    assert reader.header()["primary"] is False
    assert writer.files.take_over(found[writer.files]) is None  # the parent lives
    held = other.take_over(found[other])
    assert held is not None
    held.release()


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers")
@pytest.mark.parametrize("segment_bytes", [300, 1 << 20])
@pytest.mark.parametrize(
    "log",
    [
        lambda writer, step: writer.point("m", 0.0, step, 1),
        lambda writer, step: writer.row(("m", f"new{step}"), [0.0, 0.0], step, 1),
    ],
    ids=["a point", "a batch that names a metric"],
)
def test_an_interrupt_in_the_middle_of_a_write_leaves_the_count_right(make_writer, monkeypatch, segment_bytes, log):
    """By a patched os.write: Ctrl-C comes before or after the bytes are in the file."""
    writer, real, taken = make_writer(segment_bytes=segment_bytes), os.write, []
    for step in range(60):
        if step % 4 == 0:

            def interrupted(descriptor, data, late=step % 8 == 0):
                if late:
                    real(descriptor, data)
                raise KeyboardInterrupt

            with monkeypatch.context() as patch:
                patch.setattr(os, "write", interrupted)
                with pytest.raises(KeyboardInterrupt):
                    log(writer, 1000 + step)
        else:
            log(writer, step)
            taken.append(step)
    writer.seal()
    assert [step for step in steps(writer) if step < 1000] == taken
    assert len(whole_frames(writer)) == writer.sequence
    points = JournalReader(writer.files).read(0).points()
    assert all(each.key in ("m", f"new{each.steps[0]}") for each in points)
