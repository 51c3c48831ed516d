"""A journal that this process writes, on its way to the stores."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from attrs import define, field

from hookline.journal.own_reader import OwnReader
from hookline.journal.shipping import Sink
from hookline.journal.writer import JournalWriter


@define(eq=False)
class Track:
    """How far a journal of this process is with each store.

    Attributes:
        cursors, renewed_at, compacted: by the sinks' names; the last is the cursor at which it was last compacted.
        given_up: why a sink does not take the run at all, by its name.
        told: the numbers of the refused records that `flush` told of.
        looks: whether some may have been refused, so that it is to be looked.
    """

    writer: JournalWriter
    reader: OwnReader
    cursors: dict[str, int]
    renewed_at: dict[str, float] = field(factory=dict)
    compacted: dict[str, int] = field(factory=dict)
    given_up: dict[str, str] = field(factory=dict)
    told: set[int] = field(factory=set)
    looks: bool = False

    def look(self) -> None:
        """Note that something may have been refused."""
        self.looks = True

    def is_behind(self, sink: Sink) -> bool:
        """Return whether a sink wants records that it does not have."""
        return self.cursors[sink.name] < self.writer.sequence and sink.name not in self.given_up

    @property
    def stored(self) -> int:
        """How many records every store has that wants the run."""
        return min((cursor for name, cursor in self.cursors.items() if name not in self.given_up), default=0)

    def is_done(self, sinks: Sequence[Sink]) -> bool:
        """Return whether nothing is added any more and every sink has what it wants."""
        return self.writer.sealed and not any(self.is_behind(sink) for sink in sinks)

    def shipped_files(self, primary: Sink) -> list[int]:
        """Return which files, but the first, are followed by another and shipped whole to every store."""
        if primary.name in self.given_up:
            return []
        cursor = self.stored
        return [first for first, after in pairwise(self.writer.begun) if first and after <= cursor]

    def resting_files(self, primary: Sink) -> list[Path]:
        """Return the files that stay although nothing is added to them and they are shipped whole to every store.

        Their headers stay: the first file is the lock of the journal, and the last one says whose process is gone if
        the next record never comes.
        """
        writer, cursor = self.writer, self.stored
        if primary.name in self.given_up or not writer.begun:
            return []
        first, *others = writer.begun
        ends = others[0] if others else writer.rests_at
        found = [first] if ends is not None and ends <= cursor else []
        rests_at = writer.rests_at
        if others and rests_at is not None and others[-1] < rests_at <= cursor:
            found.append(others[-1])
        return [writer.files.segment(each) for each in found]

    def refusals(self, primary: Sink) -> tuple[str, ...]:
        """Return what the primary refused and nobody was told of, whichever process had shipped it."""
        reasons = []
        for each in self.writer.files.refused() if self.looks else ():
            if each.get("store") == primary.name and each["sequence"] not in self.told:
                self.told.add(each["sequence"])
                reasons.append(str(each["reason"]))
        if primary.name in self.given_up:
            reasons.append(self.given_up[primary.name])
        return tuple(reasons)
