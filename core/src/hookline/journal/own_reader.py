"""Reading what this process itself writes: most of it is in memory still."""

import contextlib

from hookline.errors import InvalidValue
from hookline.journal.reader import LIMIT, JournalReader, Place
from hookline.journal.records import UNREADABLE, Records
from hookline.journal.writer import JournalWriter


class OwnReader(JournalReader):
    """Reads the records of a writer of this process: those that it keeps from memory, others from the journal."""

    def __init__(self, writer: JournalWriter) -> None:
        super().__init__(writer.files)
        self._writer = writer
        self._last: tuple[int, Records] | None = None
        """What was read from memory, until something else is: a mirror is given it as well."""

    def read(self, sequence: int, limit: int = LIMIT) -> Records:
        """See `JournalReader.read`."""
        last, self._last = self._last, None
        found = last[1] if last is not None and last[0] == sequence else self._from_memory(sequence)
        if found is None or found.count > limit:
            return super().read(sequence, limit)
        if found.count:
            self._last = sequence, found
        return found

    def forget(self) -> None:
        """Read from the journal what was read from memory: who waits for a store that is away may wait for long."""
        self._last = None

    def _from_memory(self, sequence: int) -> Records | None:
        recent = self._writer.take_recent(sequence)
        if recent is None:
            return None
        with contextlib.suppress(InvalidValue, *UNREADABLE):  # whoever reads the file says which record it is
            records = recent.records()
            if not records.sealed:  # else nothing follows
                path = self.files.segment(recent.file)
                after = Place(path, recent.size, sequence + recent.count, recent.names)
                self._places = (*self._places[-1:], after)
            return records
        return None
