"""Journals of other processes: shipped while they are written, finished where their process is gone."""

import contextlib
import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

from attrs import define

from hookline.errors import HooklineError
from hookline.journal.absences import Absences
from hookline.journal.files import JournalFiles, Segment, folders_below, journals, not_stored
from hookline.journal.reader import JournalReader
from hookline.journal.records import OtherFormat, Records
from hookline.journal.shipping import NotShipped, RunNotThere, Shipment, Sink, cursor_of, end_lost_writer, ship

log = logging.getLogger("hookline")


class _Outcome(Enum):
    """What became of a journal at a store: it has all of it, is to be asked again, or does not want the run."""

    TAKEN = 0
    WAITS = 1
    REFUSED = 2


@define(eq=False)
class _Known:
    """What is known of another writer's journal.

    Attributes:
        seen: its files when all of it was shipped.
        told: problems that were told of.
    """

    reader: JournalReader
    header: dict[str, Any]
    seen: Sequence[Segment] = ()
    told: tuple[str, ...] = ()

    @property
    def run_id(self) -> str:
        return str(self.header["run_id"])

    def tell(self, problem: object) -> None:
        """Say once what the problem is."""
        if str(problem) not in self.told:
            self.told = (*self.told, str(problem))
            log.error("%s", problem)


class ForeignJournals:
    """Ships journals that this process does not write. Not thread safe.

    Args:
        sinks: the stores; mirrors are given what its own process can no longer give them.
        away: which stores are away, as the own journals know it, too.
    """

    def __init__(
        self,
        sinks: Sequence[Sink],
        stored: Callable[[str, Records], None],
        away: Absences,
    ) -> None:
        self._sinks, self._stored, self._away = sinks, stored, away
        self._known: dict[JournalFiles, _Known] = {}

    def ship_all(self, root: Path, own: Collection[JournalFiles]) -> None:
        """Ship every journal in a folder but those of the writers `own`; end those whose process is gone."""
        found = journals(root)
        for files in self._in_order(found):
            if files not in own:
                self._ship_one(files, found[files])
        self._known = {files: each for files, each in self._known.items() if files in found}

    def ship_run(self, root: Path, run_id: str, own: Collection[JournalFiles]) -> None:
        """Ship every journal of a run but those of the writers `own`."""
        found = journals(root, run_id)
        for files in self._in_order(found):
            if files not in own:
                self._ship_one(files, found[files])

    def deliver(self, root: Path) -> Iterator[tuple[str, int]]:
        """Ship every journal below a folder and leave it as it is; yield each run's id and its count of records."""
        for folder in folders_below(root):
            for files in self._in_order(journals(folder)):
                known = self._of(files)
                if known is not None:
                    known.reader.ended = True
                    yield known.run_id, max(ship(self._shipment(known), sink) for sink in self._sinks)

    def pending(self, root: Path, run_id: str | None = None) -> list[str]:
        """Return what of the journals of a run, or of all, the primary does not have, a sentence each."""
        found = [f"{path} was refused as a whole." for path in not_stored(root, run_id)]
        for files in journals(root, run_id):
            known = self._of(files)
            if known is None:
                continue
            cursor = cursor_of(self._sinks[0].store(), known.run_id, files.writer_id).cursor
            try:
                if known.reader.read(cursor, limit=1).count:
                    found.append(f"The records from {cursor} on in {files.segment(0)} are not in the store yet.")
            except HooklineError as error:
                found.append(str(error))
        return found

    def _in_order(self, found: Collection[JournalFiles]) -> list[JournalFiles]:
        """Return journals run by run, of each run those first that may have created it."""
        writers = Counter(each.run for each in found)
        first = {each.run: place for place, each in reversed(list(enumerate(found)))}

        def place(files: JournalFiles) -> tuple[int, bool]:
            return first[files.run], writers[files.run] > 1 and not self._is_primary(files)

        return sorted(found, key=place)

    def _is_primary(self, files: JournalFiles) -> bool:
        with contextlib.suppress(OSError):
            known = self._of(files)
            return known is not None and bool(known.header.get("primary"))
        return False

    def _of(self, files: JournalFiles, now: Sequence[Segment] = ()) -> _Known | None:
        """Return what is known of a journal; None where nothing was written yet."""
        if files not in self._known:
            reader = JournalReader(files)
            header = reader.header([each.path for each in now])
            if header is None:
                return None
            self._known[files] = _Known(reader, header)
        return self._known[files]

    def _shipment(self, known: _Known) -> Shipment:
        return Shipment(
            known.run_id, known.reader, stored=self._stored, refused=lambda reason: log.warning("%s", reason)
        )

    def _ship_one(self, files: JournalFiles, now: Sequence[Segment]) -> None:
        held = files.take_over(now)
        with contextlib.ExitStack() as stack:
            if held is not None:
                stack.callback(held.release)
            try:
                self._ship_seen(files, now, is_held=held is not None)
            except OSError as error:  # it is another user's, say: no reason not to read what other journals have
                log.debug("The journal %s cannot be read: %s", files.segment(0), error)

    def _ship_seen(self, files: JournalFiles, now: Sequence[Segment], *, is_held: bool) -> None:
        known = self._of(files, now)
        if known is None:
            if is_held:  # nothing ever will be
                files.remove([each.first for each in now])
            return
        if now == known.seen and known.reader.ended == is_held:
            return
        if self._ship_known(known, now, finish=is_held):
            known.seen = now

    def _ship_known(self, known: _Known, now: Sequence[Segment], *, finish: bool) -> bool:
        """Ship a journal; where its writer is gone, it ends here. Return whether nothing is left to do for now."""
        files = known.reader.files
        known.reader.ended = finish
        sinks = self._sinks if finish else self._sinks[:1]
        outcomes = [self._ship_to(known, sink, now if finish else None) for sink in sinks]
        if _Outcome.WAITS in outcomes:
            known.reader.ended = False  # so that it is tried again, whether it has grown or not
            return False
        if finish:
            if outcomes[0] is _Outcome.REFUSED:
                files.put_away()
            else:
                files.remove([each.first for each in now])
            self._known.pop(files, None)
        return True

    def _ship_to(self, known: _Known, sink: Sink, final: Sequence[Segment] | None) -> _Outcome:
        """Ship a journal to a store, `final` being its files where its process is gone."""
        if sink is not self._sinks[0] and self._away.rests(sink.name):
            return _Outcome.WAITS
        with self._away.tolerated(sink.name):
            try:
                cursor = ship(self._shipment(known), sink)
            except NotShipped as error:
                known.tell(error)
                return _Outcome.REFUSED
            except OtherFormat as error:
                known.tell(error)
                return _Outcome.WAITS
            except RunNotThere:
                return self._without_run(known, sink, finish=final is not None)
            if final is not None:
                self._end(known, sink, cursor, final)
            return _Outcome.TAKEN
        return _Outcome.WAITS

    def _without_run(self, known: _Known, sink: Sink, *, finish: bool) -> _Outcome:
        """Say what to do with a journal of a run that is not in a store."""
        files = known.reader.files
        others = [each for each in journals(files.folder, known.run_id) if each != files]
        if not finish or any(map(self._is_primary, others)):  # which creates it
            return _Outcome.WAITS
        if known.reader.is_empty():  # its process was gone before anything was logged
            return _Outcome.TAKEN
        known.tell(
            f"The store {sink.name} does not have the run {known.run_id}; what was logged stays in {files.folder}."
        )
        return _Outcome.REFUSED

    def _end(self, known: _Known, sink: Sink, cursor: int, final: Sequence[Segment]) -> None:
        header, store = known.reader.header([each.path for each in final]), sink.store()
        if header is not None:
            seen = max(each.changed for each in final) // 1_000_000
            end_lost_writer(self._shipment(known), store, cursor, header, seen)
        store.sync()
