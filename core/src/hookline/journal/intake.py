"""An intake: the log of what a server answered for before its store has it.

One server has one, for all runs. A write is in the file before the server answers, so that killing it takes nothing,
and is stored a moment later, together with what else came. What a server that is gone left is stored by whoever opens
the store's journals next. Each write is stored once: the store moves the intake's cursor with it.
"""

import contextlib
import errno
import logging
import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from json import JSONEncoder
from pathlib import Path
from typing import Any

from attrs import define, evolve, fields

from hookline.entities import Batch, IntakePart, Metric, NewRun, Points, RunStatus, Write, now_ms
from hookline.errors import CursorMoved, HooklineError, StoredThoughDeleted
from hookline.interfaces import TrackingStore
from hookline.journal.files import INTAKE_SUFFIX, JournalFiles, intake_of, intakes, new_file, run_name
from hookline.journal.frames import (
    FORMAT,
    Damaged,
    Kind,
    columns,
    columns_frame,
    content,
    frame,
    frames,
    from_json,
    inside,
    json_frame,
    together,
)
from hookline.system import HeldLock, sync_file

FILE_BYTES = 4 * 2**20
TOGETHER, POINTS_TOGETHER = 1000, 50_000
"""Writes and points that are delivered in one transaction, which other writers wait for."""
_OF_SOME_RUNS = [(each.name, each.default) for each in fields(NewRun) if isinstance(each.default, str | None)]
_OF_RUN = [each.name for each in fields(NewRun) if (each.name, each.default) not in _OF_SOME_RUNS]
"""What is written of a new run where it is not the default, a plain value; and what is written of each."""
_encode = JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
log = logging.getLogger("hookline")


@define(eq=False)
class _File:
    """A file that is locked, and the number that follows its last write."""

    path: Path
    descriptor: int
    after: int
    size: int = 0


class Intake:
    """The intake of one server. `keep` is called from one thread; all else from any, also at the same time.

    Args:
        folder: that of the store's journals. forget_cursor: `TrackingStore.forget_intake` of the store.
    """

    def __init__(self, folder: Path, forget_cursor: Callable[[str], object]) -> None:
        self.folder, self.intake_id = folder, secrets.token_hex(8)
        self._forget_cursor = forget_cursor
        self.after = 0
        """The number that follows that of the last write."""
        self._files: list[_File] = []

    def keep(self, write: Write) -> int:
        """Append a write, and return its number. It outlives the process from here on.

        Raises:
            OSError: the disk does not take it, and nothing of it was kept. Unavailable: the file system cannot lock.
        """
        if not self._files or self._files[-1].size >= FILE_BYTES:
            self._files.append(self._begin())
        file, number = self._files[-1], self.after
        file.size += _append(file.descriptor, file.size, _frame(number, write))
        file.after = self.after = number + 1
        return number

    def _begin(self) -> _File:
        path = self.folder / f"{self.intake_id}-{self.after:012d}{INTAKE_SUFFIX}"
        file = _File(path, new_file(path, locked=True), self.after)
        header = {"format": FORMAT, "intake_id": self.intake_id, "first": self.after, "written_at": now_ms()}
        try:
            file.size = _append(file.descriptor, 0, json_frame(Kind.HEADER, header))
        except OSError:
            _remove(file)
            raise
        return file

    def sync(self) -> None:
        """Return when all that was kept is on the disk. Raises `OSError` where it is not."""
        for file in list(self._files):
            sync_file(file.descriptor)
        if self._files:
            sync_file(self.folder)

    def forget(self, stored: int) -> None:
        """Remove the files that hold none but writes before the number `stored`, which are stored for good."""
        while len(self._files) > 1 and self._files[0].after <= stored:
            _remove(self._files.pop(0))

    def close(self, stored: int) -> None:
        """End the intake where all of it is stored for good, else leave the files to who comes next."""
        try:
            if self._files and self._files[-1].after <= stored:
                _end(self.intake_id, [file.path for file in self._files], self._forget_cursor)
        except (OSError, HooklineError) as error:
            log.debug("Whoever opens the journals next removes the intake: %s", error)
        finally:
            for file in self._files:
                os.close(file.descriptor)
            self._files = []


def deliver_intakes(folder: Path, store: TrackingStore, name: str) -> None:
    """Store what servers that are gone have left in a folder of journals.

    Args:
        name: of the store, for what it refuses.

    Raises:
        Unavailable: the store is away; the files stay.
    """
    for intake_id in dict.fromkeys(map(intake_of, intakes(folder))):
        with contextlib.suppress(OSError), contextlib.ExitStack() as locks:  # somebody else has just delivered it
            if left := _take_over(folder, intake_id, locks):
                for path in left:
                    _deliver(path, store, name)
                store.sync()
                _end(intake_id, left, store.forget_intake)


def _take_over(folder: Path, intake_id: str, locks: contextlib.ExitStack) -> list[Path]:
    """Lock all files of an intake, and return them in order; none where its server lives, or somebody else delivers it.

    All of them: who delivered a later one alone would move the cursor past what another process is about to deliver. A
    server holds its last file until it is gone, so that none comes once that is locked here.
    """
    held: list[Path] = []
    while more := [path for path in intakes(folder) if intake_of(path) == intake_id and path not in held]:
        for path in more:
            lock = HeldLock.try_take(path, make=False)
            if lock is None:
                return []
            locks.callback(lock.release)
            held.append(path)
    return held


def _end(intake_id: str, paths: Sequence[Path], forget_cursor: Callable[[str], object]) -> None:
    """Remove the files of an intake, all of which is stored for good, and its cursor from the store.

    The cursor goes once the disk says that nothing is left that could be delivered again. The files go after it: who
    finds an empty one, since this process ended here, does the rest.
    """
    for path in paths:
        os.truncate(path, 0)
        sync_file(path)
    sync_file(paths[0].parent)  # of others, which went before
    forget_cursor(intake_id)
    for path in paths:
        path.unlink(missing_ok=True)


def _deliver(path: Path, store: TrackingStore, name: str) -> None:
    writes = _read(path)
    while some := portion(writes):
        hand_over(store, intake_of(path), some, path.parent, name)


def portion(writes: Iterator[tuple[int, Write]]) -> list[tuple[int, Write]]:
    """Take of some writes those that are to be stored in one transaction."""
    some: list[tuple[int, Write]] = []
    points = 0
    for each in writes:
        some.append(each)
        points += points_of(each[1])
        if len(some) >= TOGETHER or points >= POINTS_TOGETHER:
            break
    return some


def points_of(write: Write) -> int:
    """Return how many points a write holds."""
    return 0 if isinstance(write, NewRun) else write[1].size


def hand_over(
    store: TrackingStore, intake_id: str, writes: Sequence[tuple[int, Write]], folder: Path, name: str
) -> list[HooklineError | None]:
    """Store writes of an intake that the store does not have yet, and set aside what it refuses.

    Args:
        writes: in the order of their numbers. folder: of the journals. name: of the store, for what it refuses.

    Returns:
        What became of each, as `TrackingStore.write_together` says; None for those that the store had.

    Raises:
        Unavailable: the store is away, and nothing was stored.
    """
    new, had = writes, 0
    while new:
        part = IntakePart(intake_id, new[0][0], new[-1][0] + 1)
        try:
            problems = store.write_together([write for _, write in new], part)
        except CursorMoved as moved:
            new = [each for each in writes if each[0] >= moved.cursor]
            had = len(writes) - len(new)
            continue
        for (number, write), problem in zip(new, problems, strict=True):
            if problem is not None and not isinstance(problem, StoredThoughDeleted):
                _set_aside(folder, intake_id, (number, write), name, problem)
        return [None] * had + list(problems)
    return [None] * len(writes)


def _set_aside(folder: Path, intake_id: str, kept: tuple[int, Write], name: str, problem: HooklineError) -> None:
    number, write = kept
    run_id = write.run_id if isinstance(write, NewRun) else write[0]
    log.error("What was answered for cannot be stored, and lies beside the journals: %s", problem)
    entry = {"sequence": number, "count": 1, "store": name, "reason": str(problem), "record": _text(number, write)}
    JournalFiles(folder, run_name(run_id), intake_id).set_aside({**entry, "frame": _frame(number, write).hex()})


# The file ------------------------------------------------------------------------------------------------------------


def _frame(number: int, write: Write) -> bytes:
    event = frame(Kind.EVENT, _text(number, write).encode("utf-8", "surrogatepass"))
    parts = () if isinstance(write, NewRun) else write[1].points
    return together([event, *map(columns_frame, range(len(parts)), parts)]) if parts else event


def _text(number: int, write: Write) -> str:
    if isinstance(write, NewRun):
        said = {name: getattr(write, name) for name in _OF_RUN}
        for name, default in _OF_SOME_RUNS:
            if (value := getattr(write, name)) != default:
                said[name] = value
        return _encode([number, {**said, "tags": dict(write.tags)}])
    run_id, batch = write
    keys = [[part.key for part in batch.points]] if batch.points else []
    points = [*map(_point, batch.metrics)]
    return _encode([number, run_id, points, {**batch.params}, {**batch.tags}, *keys])


def _point(point: Metric) -> list[object]:
    plain: list[object] = [point.key, point.value, point.step, point.timestamp]
    if point.model_id is None and point.dataset_name is None and point.dataset_digest is None:
        return plain
    return [*plain, point.model_id, point.dataset_name, point.dataset_digest]


def _read(path: Path) -> Iterator[tuple[int, Write]]:
    """Yield the writes of a file with their numbers. Where it is damaged, what cannot be read is told and passed."""
    data = path.read_bytes()
    offset = 0
    while offset < len(data):
        try:
            for one in frames(data[offset:], final=True):
                offset += len(one)
                kind, body = content(one)
                if kind == Kind.EVENT:
                    yield _written(from_json(body), [])
                elif kind == Kind.TOGETHER:
                    (_, event), *parts = inside(body)
                    yield _written(from_json(event), [columns(part)[1] for _, part in parts])
            return  # what follows, if anything, is what a dying process began
        except Damaged as damage:
            offset += damage.length
            kept = path.with_suffix(".damaged")
            kept.write_bytes(data)
            log.error("%d bytes of what a server answered for cannot be read; they stay in %s", damage.length, kept)


def _written(said: Sequence[Any], parts: Sequence[Points]) -> tuple[int, Write]:
    if len(said) == 2:
        given: Mapping[str, Any] = {**said[1]}
        return said[0], NewRun(**{**given, "status": RunStatus(given.get("status", RunStatus.RUNNING))})
    number, run_id, points, params, tags, *keys = said
    named = [evolve(part, key=key) for part, key in zip(parts, *keys, strict=True)] if keys else []
    return number, (run_id, Batch([Metric(*each) for each in points], params, tags, named))


def _append(descriptor: int, size: int, data: bytes) -> int:
    """Append bytes to a file of `size` bytes, all or none; return how many they are."""
    written = -1
    try:
        written = os.write(descriptor, data)
        if written != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError:
        if written > 0:
            os.ftruncate(descriptor, size)
        raise
    return written


def _remove(file: _File) -> None:
    file.path.unlink(missing_ok=True)
    os.close(file.descriptor)
