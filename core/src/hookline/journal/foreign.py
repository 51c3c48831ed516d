"""Journals of other processes: shipped while they are written, finished where their process is gone."""

import contextlib
import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

from attrs import define

from hookline.errors import HooklineError
from hookline.journal import folders
from hookline.journal.absences import Absences
from hookline.journal.reader import JournalReader
from hookline.journal.records import NewerFormat, Records
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
        seen: the names and sizes of its files when all of it was shipped.
        told: problems that were told of.
    """

    reader: JournalReader
    header: dict[str, Any]
    seen: tuple[tuple[str, int], ...] = ()
    told: tuple[str, ...] = ()

    @property
    def run_id(self) -> str:
        return str(self.header["run_id"])

    def files(self) -> tuple[tuple[str, int], ...]:
        sizes = []
        for _, path in folders.segments(self.reader.folder, self.reader.writer_id):
            with contextlib.suppress(FileNotFoundError):
                sizes.append((path.name, path.stat().st_size))
        return tuple(sizes)

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
        self._known: dict[tuple[Path, str], _Known] = {}

    def ship_all(self, root: Path, own: Collection[str]) -> None:
        """Ship every journal below a folder but those of the writers `own`; end those whose process is gone."""
        there = folders.run_folders(root)
        for folder in there:
            writer_ids = self._in_order(folder)
            if not writer_ids:
                folders.remove_leftovers(folder)
            self._ship(folder, writer_ids, own)
        kept = set(there)
        self._known = {key: each for key, each in self._known.items() if key[0] in kept}

    def ship_run(self, folder: Path, own: Collection[str]) -> None:
        """Ship every journal of a run but those of the writers `own`."""
        self._ship(folder, self._in_order(folder), own)

    def _ship(self, folder: Path, writer_ids: Sequence[str], own: Collection[str]) -> None:
        for writer_id in writer_ids:
            if writer_id not in own:
                self._ship_one(folder, writer_id)

    def deliver(self, root: Path) -> Iterator[tuple[str, int]]:
        """Ship every journal below a folder and leave it as it is; yield each run's id and its count of records."""
        for folder in folders.run_folders_below(root):
            for writer_id in self._in_order(folder):
                known = self._of(folder, writer_id)
                if known is not None:
                    known.reader.ended = True
                    yield known.run_id, max(ship(self._shipment(known), sink) for sink in self._sinks)

    def pending(self, folder: Path) -> list[str]:
        """Return what of a run's journals the primary does not have, a sentence each."""
        found = [f"{path} was refused as a whole." for path in folders.not_stored(folder)]
        for writer_id in folders.writer_ids(folder):
            known = self._of(folder, writer_id)
            if known is None:
                continue
            cursor = cursor_of(self._sinks[0].store(), known.run_id, writer_id).cursor
            try:
                if known.reader.read(cursor, limit=1).count:
                    found.append(f"The records from {cursor} on in {folder} ({writer_id}) are not in the store yet.")
            except HooklineError as error:
                found.append(str(error))
        return found

    def _in_order(self, folder: Path) -> list[str]:
        """Return the writers of a run, those that may have created it first."""
        writer_ids = folders.writer_ids(folder)
        if len(writer_ids) < 2:
            return writer_ids
        return sorted(writer_ids, key=lambda each: not self._is_primary(folder, each))

    def _is_primary(self, folder: Path, writer_id: str) -> bool:
        with contextlib.suppress(OSError):
            known = self._of(folder, writer_id)
            return known is not None and bool(known.header.get("primary"))
        return False

    def _of(self, folder: Path, writer_id: str) -> _Known | None:
        """Return what is known of a journal; None where nothing was written yet."""
        key = (folder, writer_id)
        if key not in self._known:
            reader = JournalReader(folder, writer_id)
            header = reader.header()
            if header is None:
                return None
            self._known[key] = _Known(reader, header)
        return self._known[key]

    def _shipment(self, known: _Known) -> Shipment:
        return Shipment(
            known.run_id, known.reader, stored=self._stored, refused=lambda reason: log.warning("%s", reason)
        )

    def _ship_one(self, folder: Path, writer_id: str) -> None:
        held = folders.try_take(folder, writer_id)
        with contextlib.ExitStack() as stack:
            if held is not None:
                stack.callback(held.release)
            try:
                self._ship_held(folder, writer_id, is_held=held is not None)
            except OSError as error:  # it is another user's, say: no reason not to read what other journals have
                log.debug("The journal of the writer %s in %s cannot be read: %s", writer_id, folder, error)

    def _ship_held(self, folder: Path, writer_id: str, *, is_held: bool) -> None:
        known = self._of(folder, writer_id)
        if known is None:
            if is_held:  # nothing ever will be
                folders.remove_writer(folder, writer_id)
            return
        now = known.files()
        if now == known.seen and known.reader.ended == is_held:
            return
        if self._ship_known(known, finish=is_held):
            known.seen = now

    def _ship_known(self, known: _Known, *, finish: bool) -> bool:
        """Ship a journal; where its writer is gone, it ends here. Return whether nothing is left to do for now."""
        known.reader.ended = finish
        sinks = self._sinks if finish else self._sinks[:1]
        outcomes = [self._ship_to(known, sink, finish) for sink in sinks]
        if _Outcome.WAITS in outcomes:
            known.reader.ended = False  # so that it is tried again, whether it has grown or not
            return False
        if finish:
            if outcomes[0] is _Outcome.REFUSED:
                folders.put_away(known.reader.folder, known.reader.writer_id)
            else:
                folders.remove_writer(known.reader.folder, known.reader.writer_id)
            self._known.pop((known.reader.folder, known.reader.writer_id), None)
        return True

    def _ship_to(self, known: _Known, sink: Sink, finish: bool) -> _Outcome:
        if sink is not self._sinks[0] and self._away.rests(sink.name):
            return _Outcome.WAITS
        with self._away.tolerated(sink.name):
            try:
                cursor = ship(self._shipment(known), sink)
            except NotShipped as error:
                known.tell(error)
                return _Outcome.REFUSED
            except NewerFormat as error:
                known.tell(error)
                return _Outcome.WAITS
            except RunNotThere:
                return self._without_run(known, sink, finish)
            if finish:
                self._end(known, sink, cursor)
            return _Outcome.TAKEN
        return _Outcome.WAITS

    def _without_run(self, known: _Known, sink: Sink, finish: bool) -> _Outcome:
        """Say what to do with a journal of a run that is not in a store."""
        folder, own = known.reader.folder, known.reader.writer_id
        others = [each for each in folders.writer_ids(folder) if each != own]
        if not finish or any(self._is_primary(folder, each) for each in others):  # which creates it
            return _Outcome.WAITS
        if known.reader.is_empty():  # its process was gone before anything was logged
            return _Outcome.TAKEN
        known.tell(f"The store {sink.name} does not have the run {known.run_id}; what was logged stays in {folder}.")
        return _Outcome.REFUSED

    def _end(self, known: _Known, sink: Sink, cursor: int) -> None:
        header, store = known.reader.header(), sink.store()
        if header is not None:
            end_lost_writer(self._shipment(known), store, cursor, header, known.reader.last_written())
        store.sync()
