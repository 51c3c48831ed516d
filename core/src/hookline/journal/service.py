"""The journals of a workspace: opened for runs, shipped in the background, caught up with before something is read."""

import contextlib
import logging
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock, RLock
from typing import Any

from hookline.config import JournalSettings
from hookline.entities import Delivery, Lease
from hookline.errors import CursorMoved, DurabilityLost, HooklineError, RecordsRefused, Unavailable
from hookline.journal import files
from hookline.journal.absences import FILES, Absences
from hookline.journal.background import Background
from hookline.journal.foreign import ForeignJournals
from hookline.journal.identity import this_process
from hookline.journal.intake import Intake, deliver_intakes
from hookline.journal.own_reader import OwnReader
from hookline.journal.places import make_root
from hookline.journal.records import Records
from hookline.journal.shipping import NotShipped, RunNotThere, Shipment, Sink, ship
from hookline.journal.tidying import Tidying
from hookline.journal.track import Track
from hookline.journal.writer import JournalWriter
from hookline.system import at_exit_of_child, tell_of_forks

SEGMENT_BYTES = 16 * 2**20
RENEW_SECONDS = 10.0
COMPACT_AFTER = 500
"""Records that a store was given since it was last asked to rearrange what it has."""
log = logging.getLogger("hookline")


class Journals:
    """The journals of one store and its mirrors. Thread safe; a forked child ships what it writes itself.

    Args:
        root: returns the folder that they lie in.
        sinks: the stores; the first one is the primary, whose absence is told to who flushes.
        stored: called with a run's id and its records after the primary has stored them.
        deliver_staged: called with the folder of journals whenever a store may be back: files wait there as well.
    """

    def __init__(
        self,
        root: Callable[[], Path],
        sinks: Sequence[Sink],
        settings: JournalSettings,
        stored: Callable[[str, Records], None] = lambda _run_id, _records: None,
        deliver_staged: Callable[[Path], None] = lambda _root: None,
    ) -> None:
        self._find_root, self._sinks, self._settings, self._stored = root, tuple(sinks), settings, stored
        self._primary = self._sinks[0]
        self._deliver_staged = deliver_staged
        self._writers: weakref.WeakSet[JournalWriter] = weakref.WeakSet()
        self._usage = (0.0, 0)
        self._start()
        tell_of_forks(self)

    def _start(self) -> None:
        self._lock = RLock()
        self._tracking = Lock()
        self._tidying = Tidying(self._sinks, self._lock)
        self._tracks: dict[JournalWriter, Track] = {}
        self._untold: weakref.WeakKeyDictionary[JournalWriter, tuple[str, ...]] = weakref.WeakKeyDictionary()
        # Two threads, since what was logged must be on the disk in time also while a store keeps its caller waiting.
        self._shipper = Background("hookline-journal", self._settings.ship_seconds, self._tick)
        self._syncer = Background("hookline-journal-sync", self._settings.fsync_seconds, self._sync)
        self._ends_with_process = False
        self._closings = 0
        self._away = Absences(lambda: self.root)
        self._foreign = ForeignJournals(self._sinks, self._stored, self._away)

    def after_fork(self) -> None:
        """Begin anew, in a forked child."""
        self._start()
        for writer in list(self._writers):
            writer.after_fork()

    @cached_property
    def root(self) -> Path:
        """The folder of the journals, readable by this user only; made when something is logged."""
        return self._find_root()

    # Writing ---------------------------------------------------------------------------------------------------------

    @cached_property
    def _made_root(self) -> Path:
        make_root(self.root)
        return self.root

    def open(self, run_id: str, *, primary: bool) -> JournalWriter:
        """Return a writer for a run; nothing is written before its first record.

        Raises:
            Refused: the folder of the journals cannot be made.
        """
        writer = JournalWriter(
            self._made_root,
            run_id,
            this_process().header,
            primary=primary,
            segment_bytes=min(SEGMENT_BYTES, max(4096, self._settings.max_bytes // 8)),
            room=self.require_room,
            on_open=self._track,
            sync_each=self._settings.fsync_seconds == 0,
        )
        self._writers.add(writer)
        return writer

    def _track(self, writer: JournalWriter) -> None:
        """See that a writer's records are shipped. The writer's lock may be held, so that others are only touched."""
        with self._tracking:
            if writer not in self._tracks:
                cursors = {sink.name: 0 for sink in self._sinks}
                self._tracks[writer] = Track(writer, OwnReader(writer), cursors)
            if not self._ends_with_process:
                self._ends_with_process = True
                at_exit_of_child(self.finish)
        self._shipper.start()
        if self._settings.fsync_seconds:
            self._syncer.start()

    def staged_folder(self, run_id: str) -> Path:
        """Return the folder for what waits to be stored as artifacts of a run; it need not be there."""
        return files.staged_folder(self._made_root, run_id)

    def require_room(self, more: int) -> None:
        """Raise `Unavailable` where the journals are as large as they may be."""
        checked_at, used = self._usage
        if time.monotonic() - checked_at > 1.0 or used + more > self._settings.max_bytes:
            self._usage = (time.monotonic(), files.size_of(self.root))
        checked_at, used = self._usage
        if used >= self._settings.max_bytes:
            raise Unavailable(
                f"The journals in {self.root} hold {used:,} bytes that are not stored yet; journal.max_bytes allows "
                f"{self._settings.max_bytes:,}. See why with: hookline sync"
            )
        self._usage = (checked_at, used + more)  # at most: how much it was is seen at the next look

    # Shipping --------------------------------------------------------------------------------------------------------

    def seal(self, writer: JournalWriter, last: Mapping[str, Any]) -> None:
        """Seal a journal with a last event. Where the disk has no room for it, what is stored is removed to make some.

        Raises:
            Unavailable: there is no room, and the stores are away, too.
        """
        try:
            writer.seal(last)
        except Unavailable:
            with self._lock:
                self._tick()
            writer.seal(last)

    def flush(self, writer: JournalWriter) -> None:
        """Return when all that a writer wrote is stored.

        Raises:
            RecordsRefused: the primary refused some of it since the last flush, and all else is stored.
            Unavailable, or what else the primary says: it is away; the journal keeps the rest, and ships it later.
            DurabilityLost: the disk did not take what was written.
        """
        if writer.is_used and writer not in self._tracks:  # the call that began it was interrupted
            self._track(writer)
        with self._lock:
            reasons = self._untold.pop(writer, ())
            track = self._tracks.get(writer)
            if track is not None:
                for sink in self._sinks:
                    with self._away.tolerated(sink.name, raises=sink is self._primary):
                        self._ship(track, sink)
                reasons = track.refusals(self._primary)
        if reasons:
            raise RecordsRefused(writer.run_id, reasons)
        failure, writer.sync_failure = writer.sync_failure, None
        if failure:
            raise DurabilityLost(writer.run_id, failure)

    def catch_up(self) -> None:
        """Ship to the primary what any process of this machine has logged and it does not have yet."""
        with self._lock:
            for track in list(self._tracks.values()):
                with self._away.tolerated(self._primary.name):
                    self._ship(track, self._primary)
            self._foreign.ship_all(self.root, self._own)
            with self._away.tolerated(self._primary.name):
                self.deliver_intakes()
            self._ship_staged()

    def deliver_intakes(self) -> None:
        """Store what servers of the store that are gone had answered for. Raises `Unavailable` where it is away."""
        with self._lock:
            deliver_intakes(self.root, self._primary.store(), self._primary.name)

    def intake(self) -> Intake:
        """Return an intake for a server of the store. Raises `Refused` where the folder cannot be made."""
        return Intake(self._made_root, lambda intake_id: self._primary.store().forget_intake(intake_id))

    @property
    def _own(self) -> set[files.JournalFiles]:
        return {track.writer.files for track in list(self._tracks.values())}

    def deliver(self, root: Path) -> Iterator[tuple[str, int]]:
        """Ship the journals of another folder, such as one from another machine; yield runs and counts of records."""
        with self._lock:
            yield from self._foreign.deliver(root)

    def forget(self, run_id: str) -> None:
        """Remove all that is kept here of a run that was deleted for good, unless a process still logs into it."""
        with contextlib.ExitStack() as locks:
            for journal, segments in files.journals(self.root, run_id).items():
                held = journal.take_over(segments)
                if held is None:
                    return
                locks.callback(held.release)
            files.remove_run(self.root, run_id)

    def pending(self, run_id: str) -> list[str]:
        """Return what of a run's journals on this machine the primary does not have, a sentence each."""
        return self._foreign.pending(self.root, run_id)

    def waiting(self) -> list[str]:
        """Return the same of all runs."""
        return self._foreign.pending(self.root)

    def refused(self, run_id: str) -> list[dict[str, object]]:
        """Return what stores refused of a run's records."""
        return files.refused(self.root, run_id)

    def _ship(self, track: Track, sink: Sink) -> None:
        if not track.is_behind(sink):
            return
        try:
            try:
                self._hand_over(track, sink)
            except RunNotThere:
                if not track.reader.is_empty():  # else what creates the run is being written in this moment
                    self._hand_over_after_others(track, sink)
        except NotShipped as error:
            track.given_up[sink.name] = str(error)
            log.error("%s", error)

    def _hand_over_after_others(self, track: Track, sink: Sink) -> None:
        """Ship the other journals of a run first, one of which creates it."""
        run_id = track.writer.run_id
        self._foreign.ship_run(self.root, run_id, self._own)
        for other in list(self._tracks.values()):
            if other.writer.run_id == run_id and other is not track and other.is_behind(sink):
                with contextlib.suppress(RunNotThere):
                    self._hand_over(other, sink)
        try:
            self._hand_over(track, sink)
        except RunNotThere as error:
            if set(files.journals(self.root, run_id)) > {track.writer.files}:
                raise
            raise NotShipped(
                f"The run {run_id} is not in the store {sink.name}, which cannot take what is logged into it; that "
                f"stays in {self.root}."
            ) from error

    def _hand_over(self, track: Track, sink: Sink) -> None:
        primary = sink is self._primary
        shipment = Shipment(
            track.writer.run_id,
            track.reader,
            lease=lambda: self._lease(track, sink),
            stored=self._stored if primary else _nothing,
            refused=_nobody if primary else _warn_mirror(sink),
            noticed=track.look if primary else _nothing_noticed,
        )
        try:
            track.cursors[sink.name] = ship(shipment, sink, track.cursors[sink.name])
        except HooklineError:
            track.reader.forget()
            raise

    def _lease(self, track: Track, sink: Sink) -> Lease:
        track.renewed_at[sink.name] = time.monotonic()
        return this_process().lease(track.writer.primary)

    # In the background -----------------------------------------------------------------------------------------------

    def _sync(self) -> bool:
        for track in list(self._tracks.values()):
            # What every store has is about to be on their disks, unless one of them cannot.
            if self._tidying.waits_for_a_disk or not track.is_done(self._sinks):
                track.writer.sync()
        return bool(self._tracks)

    def _tick(self) -> bool:
        """Ship and tidy up; return whether there is more to come."""
        closings = self._closings
        with self._lock:
            if closings != self._closings:  # closed meanwhile: the stores are not opened again for this
                return False
            for track in list(self._tracks.values()):
                for sink in self._sinks:
                    if not self._away.rests(sink.name):
                        with self._away.tolerated(sink.name):
                            self._ship(track, sink)
                            self._renew(track, sink)
            self._ship_staged()
        if closings == self._closings:
            self._compact()
        self._tidy()
        return bool(self._tracks)

    def _compact(self) -> None:
        """Let the stores rearrange what was shipped since the last time; nobody waits for it."""
        for track in list(self._tracks.values()):
            for sink in self._sinks:
                cursor = track.cursors[sink.name]
                if cursor - track.compacted.get(sink.name, 0) >= COMPACT_AFTER and not track.writer.sealed:
                    track.compacted[sink.name] = cursor
                    with self._away.tolerated(sink.name):
                        sink.store().compact(track.writer.run_id)

    def _ship_staged(self) -> None:
        if not self._away.rests(FILES):
            with self._away.tolerated(FILES):
                self._deliver_staged(self.root)

    def _renew(self, track: Track, sink: Sink) -> None:
        cursor, renewed_at = track.cursors[sink.name], track.renewed_at.get(sink.name, 0.0)
        if cursor and not track.writer.sealed and time.monotonic() - renewed_at >= RENEW_SECONDS:
            with contextlib.suppress(CursorMoved):
                sink.store().apply(
                    Delivery(track.writer.run_id, track.writer.writer_id, cursor, 0, lease=self._lease(track, sink))
                )

    def _tidy(self) -> None:
        """Remove files that every store has for good."""
        for track, reasons in self._tidying.tidy(self._tracks):
            with self._lock:
                self._tracks.pop(track.writer, None)
                if reasons:
                    self._untold[track.writer] = reasons

    def close(self) -> None:
        """Ship what can be shipped, remove what every store has, and end the work in the background.

        Journals of runs that go on stay open, and are shipped again with their next record.
        """
        self._sync()
        with self._lock:
            self._closings += 1
            self._shipper.stop()
            self._syncer.stop()
            for track in list(self._tracks.values()):
                track.writer.rest()
                for sink in self._sinks:
                    with self._away.tolerated(sink.name):
                        self._ship(track, sink)
            self._ship_staged()
            self._sync()
        self._tidy()

    def finish(self) -> None:
        """Seal all journals of this process, which ends, and ship them."""
        with self._lock:
            for track in list(self._tracks.values()):
                with contextlib.suppress(HooklineError):
                    track.writer.seal()
        self.close()


def _nothing(_run_id: str, _records: Records) -> None:
    pass


def _nothing_noticed() -> None:
    pass


def _nobody(_reason: str) -> None:
    pass  # `flush` tells it


def _warn_mirror(sink: Sink) -> Callable[[str], None]:
    return lambda reason: log.warning("The mirror %s refused a record: %s", sink.name, reason)
