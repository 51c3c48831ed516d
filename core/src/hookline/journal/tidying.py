"""Removing files of journals of which every store has all records for good."""

import logging
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from threading import Lock
from typing import Any

from hookline.errors import HooklineError
from hookline.journal import files
from hookline.journal.shipping import Sink
from hookline.journal.track import Track
from hookline.journal.writer import JournalWriter

log = logging.getLogger("hookline")


class Tidying:
    """Removes what is not needed any more. Thread safe. Nobody who ships or flushes waits for the disk meanwhile.

    Args:
        sinks: the stores, the primary first. shipping: held while somebody ships.
    """

    def __init__(self, sinks: Sequence[Sink], shipping: AbstractContextManager[Any]) -> None:
        self._sinks, self._primary, self._shipping = tuple(sinks), sinks[0], shipping
        self._lock = Lock()
        self._not_durable: set[str] = set()

    @property
    def waits_for_a_disk(self) -> bool:
        """Whether a store could not say that it has on its disk what it has."""
        return bool(self._not_durable)

    def tidy(self, tracks: Mapping[JournalWriter, Track]) -> list[tuple[Track, tuple[str, ...]]]:
        """Remove files; return the journals that are gone, with what the primary refused of each untold."""
        with self._lock:
            done: list[Track] = []
            full: list[tuple[JournalWriter, int]] = []
            resting = []
            with self._shipping:
                for track in list(tracks.values()):
                    if track.is_done(self._sinks):
                        done.append(track)
                        continue
                    full += [(track.writer, first) for first in track.shipped_files(self._primary)]
                    resting += track.resting_files(self._primary)
            resting = [path for path in resting if files.is_more_than_header(path)]
            if not (done or full or resting) or not all(map(self._is_durable, self._sinks)):
                return []
            for writer, first in full:
                writer.files.remove_segment(first)
                writer.forget(first)
            for path in resting:
                files.keep_header(path)
            return [(track, self._removed(track)) for track in done]

    def _removed(self, track: Track) -> tuple[str, ...]:
        reasons = track.refusals(self._primary)
        if self._primary.name in track.given_up:
            track.writer.close()
        else:
            track.writer.remove()
        return reasons

    def _is_durable(self, sink: Sink) -> bool:
        """Wait until a store has what it has on the disk; False where it cannot, and so nothing is removed."""
        try:
            sink.store().sync()
        except HooklineError as error:
            if sink.name not in self._not_durable:
                log.error("What the store %s has is not on its disk; the journals are kept: %s", sink.name, error)
            self._not_durable.add(sink.name)
            return False
        self._not_durable.discard(sink.name)
        return True
