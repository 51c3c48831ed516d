"""Reading a journal: the records of one writer from any sequence number on, while it may still be writing."""

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from attrs import define, evolve, field

from hookline.errors import HooklineError, InvalidState
from hookline.journal.files import JournalFiles
from hookline.journal.frames import Damaged, Kind, content, frames, from_json
from hookline.journal.records import Passed, Raw, Records

_READ_SIZE = 1 << 20
LIMIT = 50_000
"""How many records are delivered at once: few enough that a store's other writers do not wait long."""


class MissingRecords(InvalidState):
    """Records are in no file: those from `sequence` on, up to the first that is left, which is `after`."""

    def __init__(self, files: JournalFiles, sequence: int, after: int) -> None:
        self.sequence, self.after = sequence, after
        super().__init__(
            f"The records {sequence} to {after - 1} of the writer {files.writer_id} are not in {files.folder}."
        )


class DamagedJournal(InvalidState):
    """Bytes in the middle of a journal are no records.

    Attributes:
        sequence: the number that they count for, however many records they were.
        length: how many bytes they are; a record follows them.
    """

    def __init__(self, path: Path, at: int, sequence: int, length: int) -> None:
        self.path, self.at, self.sequence, self.length = path, at, sequence, length
        super().__init__(f"{path}: {length} bytes from {at} on are damaged (record {sequence}).")


@define
class Place:
    """Where a reader stands: before record `sequence`, at `offset` of a file; `keys` are the numbers given there."""

    path: Path
    offset: int
    sequence: int
    keys: dict[int, str] = field(factory=dict)


class _Taker(Protocol):
    """What frames are taken into."""

    keys: dict[int, str]
    count: int

    def take(self, data: bytes, *, final: bool, limit: int) -> int: ...


class JournalReader:
    """Reads the records of one writer. It remembers its place, so that going on is cheap. Not thread safe.

    Attributes:
        ended: whether the writer is gone, so that what is not whole at the end of its last file never will be.
    """

    def __init__(self, files: JournalFiles) -> None:
        self.files, self.ended = files, False
        self._places: tuple[Place, ...] = ()

    def read(self, sequence: int, limit: int = LIMIT) -> Records:
        """Return the records from `sequence` on, at most `limit` and as far as they are whole; perhaps none.

        Raises:
            MissingRecords: the first of them is in no file. DamagedJournal: it is damaged; `skip` goes on behind it.
            InvalidValue: one of them contradicts an earlier one, or cannot be understood.
            OtherFormat: this version cannot read them.
        """
        while True:
            try:
                return self._read(sequence, limit)
            except FileNotFoundError:  # it was removed while it was read, since every store has it: look again
                self._places = ()

    def _read(self, sequence: int, limit: int) -> Records:
        start = self._at(sequence)
        if start is None:
            return Records({})
        place, records = evolve(start), Records(dict(start.keys))
        try:
            while records.count < limit and not records.sealed and self._go_on(place, records, limit):
                pass
        except (DamagedJournal, MissingRecords):
            if not records.count:
                self._places = (evolve(place, keys=records.keys),)
                raise
        self._places = (start, evolve(place, keys=dict(records.keys)))
        return records

    def is_empty(self) -> bool:
        """Whether nothing was logged, as far as can be read from the first record on."""
        try:
            found = self.read(0)
            return found.is_empty and not self.read(found.count).count  # where what followed was removed, this raises
        except HooklineError:
            return False

    def header(self, paths: Sequence[Path] = ()) -> dict[str, Any] | None:
        """Return what the header of the last file says; None where nothing was ever written.

        Where every header is damaged it is what the file's name says.

        Args:
            paths: the files in order, where somebody knows them: else they are looked for.
        """
        written = False
        for path in reversed(paths or [path for _, path in self.files.segments()]):
            try:
                first = next(frames(_bytes(path, 0, _READ_SIZE), final=True), None)
                if first is not None and content(first)[0] == Kind.HEADER:
                    found: dict[str, Any] = from_json(content(first)[1])
                    return found
                written = written or first is not None
            except FileNotFoundError:
                continue
            except (Damaged, ValueError):
                written = True
        return {"run_id": self.files.run} if written else None

    def raw(self, sequence: int, count: int = 1) -> bytes:
        """Return records as they lie in the file, their heads included; what is damaged or not there is left out."""
        place, taken = self._at(sequence), Raw()
        if place is not None:
            with contextlib.suppress(DamagedJournal, MissingRecords, FileNotFoundError):
                while taken.count < count and self._go_on(place, taken, count):
                    pass
        return taken.data

    def skip(self, problem: DamagedJournal | MissingRecords) -> tuple[int, bytes]:
        """Return the number of the record behind what is damaged or missing, and the bytes that are passed."""
        if isinstance(problem, MissingRecords):
            return problem.after, b""
        place = evolve(self._places[-1], offset=problem.at + problem.length, sequence=problem.sequence + 1)
        self._places = (place,)
        return place.sequence, _bytes(problem.path, problem.at, problem.length)

    def _go_on(self, place: Place, taker: _Taker, limit: int) -> bool:
        """Take what there is, or move to the file that follows; return whether there was either."""
        return self._take(place, taker, limit) or self._next_file(place, taker, limit)

    def _take(self, place: Place, taker: _Taker, limit: int, *, final: bool = False) -> bool:
        """Take what the present file has from a place on, and move it; return whether there was anything.

        Args:
            final: whether another file follows, so that nothing will be added to this one.
        """
        size = _READ_SIZE
        while True:
            data = _bytes(place.path, place.offset, size)
            before, at_end = taker.count, len(data) < size
            try:
                taken = taker.take(data, final=at_end and (final or self.ended), limit=limit)
            except Damaged as damage:
                place.sequence += taker.count - before
                place.offset += damage.at
                if damage.at:
                    return True
                raise DamagedJournal(place.path, place.offset, place.sequence, damage.length) from damage
            place.sequence += taker.count - before
            place.offset += taken
            if taken or at_end:
                return taken > 0
            size *= 4  # one record is longer than what was read

    def _next_file(self, place: Place, taker: _Taker, limit: int) -> bool:
        """Move to the file that follows, where there is one and the present one has nothing more."""
        later = self._later(place)
        if not later:
            return False
        if self._take(place, taker, limit, final=True):  # it was written after it was read and before the next was seen
            return True
        first, path = later[0]
        if first > place.sequence:
            raise MissingRecords(self.files, place.sequence, first)
        place.path, place.offset = path, 0
        taker.keys.clear()
        return True

    def _later(self, place: Place) -> list[tuple[int, Path]]:
        """Return the files behind a place; where records are missing, not the next one is there but another."""
        following = self.files.segment(place.sequence)
        if following != place.path and following.exists():
            return [(place.sequence, following)]
        return [each for each in self.files.segments() if each[0] >= place.sequence and each[1] != place.path]

    def _at(self, sequence: int) -> Place | None:
        """Return the place of a record; None where the journal ends before it."""
        known = [each for each in self._places if each.sequence <= sequence and each.path.exists()]
        place = evolve(known[-1]) if known else self._start_of_file(sequence)
        if place is None or place.sequence == sequence:
            return place
        passed = Passed(dict(place.keys))
        while place.sequence < sequence:
            try:
                if not self._go_on(place, passed, passed.count + sequence - place.sequence):
                    return None
            except DamagedJournal as damage:  # which was passed before, since the store has what follows
                place.offset, place.sequence = damage.at + damage.length, damage.sequence + 1
            except MissingRecords as gap:
                if gap.after > sequence:
                    raise MissingRecords(self.files, sequence, gap.after) from gap
                return self._at_start(gap.after, sequence)
        place.keys = passed.keys
        return place

    def _at_start(self, first: int, sequence: int) -> Place | None:
        """Return the place of a record that comes after the start of the file whose first record is `first`."""
        self._places = (Place(self.files.segment(first), 0, first),)
        return self._at(sequence)

    def _start_of_file(self, sequence: int) -> Place | None:
        exact = self.files.segment(sequence)
        if exact.exists():
            return Place(exact, 0, sequence)
        files = self.files.segments()
        before = [each for each in files if each[0] <= sequence]
        if files and not before:
            raise MissingRecords(self.files, sequence, files[0][0])
        return Place(before[-1][1], 0, before[-1][0]) if before else None


def _bytes(path: Path, offset: int, size: int) -> bytes:
    with path.open("rb", buffering=0) as file:
        file.seek(offset)
        return file.read(size) or b""
