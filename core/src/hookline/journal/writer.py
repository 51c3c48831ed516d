"""Writing a journal: one `write(2)` a call, so that what a call returned from outlives the process."""

import contextlib
import errno
import os
import secrets
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from threading import Lock
from types import MappingProxyType
from typing import Any
from zlib import crc32

from hookline.entities import Points, check_key, now_ms
from hookline.entities.metric import as_integer
from hookline.errors import InvalidState, InvalidValue, Unavailable
from hookline.journal.files import JournalFiles, run_name
from hookline.journal.frames import (
    FORMAT,
    HEAD,
    POINT,
    Kind,
    columns_frame,
    frame,
    json_frame,
    names_frame,
    row_frame,
    together,
)
from hookline.journal.recent import Part, Recent, Said
from hookline.journal.records import Records
from hookline.system import sync_file

_pack_head, _pack_point = HEAD.pack, POINT.pack
_POINT, _POINT_SIZE = int(Kind.POINT), POINT.size
_RECENT_BYTES = 1 << 20
"""How many bytes of frames are kept in memory for who ships them."""
_NOTHING_NEW: Mapping[str, int] = MappingProxyType({})
_TOO_LARGE = "A step or a timestamp does not fit into 64 bits."


class JournalWriter:
    """Appends the records of one run by one process. All methods may be called from any thread.

    In a forked child it is a writer of its own from the first record on. A file is made with the first record; when it
    has grown to `segment_bytes` the next one follows. The first one stays open and locked until the writer is closed,
    which says that its process lives.

    Args:
        folder: of the journals of its store.
        header: what every file's first record says beside the format, the run, the writer and its number.
        primary: whether the run's status follows this writer.
        segment_bytes: the size after which a new file is begun.
        room: called before a new file is begun, with the bytes that it may take; raises where there is no room for it.
        on_open: called when a file was begun, also in a forked child, so that somebody ships it.
        sync_each: whether every call waits for the disk.
    """

    def __init__(
        self,
        folder: Path,
        run_id: str,
        header: Callable[[bool], Mapping[str, Any]],
        *,
        primary: bool,
        segment_bytes: int,
        room: Callable[[int], None],
        on_open: "Callable[[JournalWriter], None]",
        sync_each: bool = False,
    ) -> None:
        self.folder, self.run_id, self.primary = folder, run_id, primary
        self._header, self._segment_bytes, self._room, self._on_open = header, segment_bytes, room, on_open
        self._sync_each = sync_each
        self._start()

    def _start(self) -> None:
        self.writer_id = secrets.token_hex(8)
        self.files = JournalFiles(self.folder, run_name(self.run_id), self.writer_id)
        self.sequence = 0
        """How many records there are."""
        self.sealed = False
        self.sync_failure: str | None = None
        """Why what was written may not outlive a power failure, where the disk said so."""
        self._lock, self._syncing = Lock(), Lock()
        self._keys: dict[str, int] = {}
        self._names: dict[int, str] = {}
        """The keys of the present file by their numbers."""
        self._recent: list[Part] | None = None
        """What the records from `_recent_first` on say; None where they are to be read."""
        self._recent_first = 0
        self._descriptor = self._first = -1
        """The file that records go into, and the first one."""
        self.begun: list[int] = []
        """The numbers of the first records of the files that there are, those removed by `forget` left out."""
        self._size = self._synced = 0
        self._look_at = self._segment_bytes
        """At which size the file is full, or what is kept of it is much."""
        self._writing, self._frames = 0, 1
        """How many bytes and frames are being written; not 0 afterwards where a signal's handler raised right then."""
        self._full: list[int] = []
        """Files that nothing is added to, until they are synced."""
        self._folder_synced = False

    def after_fork(self) -> None:
        """Become a new writer, in a forked child; the parent's file and lock stay the parent's."""
        for descriptor in self._open_files():
            with contextlib.suppress(OSError):  # another thread of the parent was closing it
                os.close(descriptor)
        self.primary = False
        self._start()

    # Records ---------------------------------------------------------------------------------------------------------

    def point(self, key: str, value: float, step: int, timestamp: int) -> None:
        """Append one point; the key is one that `check_key` allows and the value a float.

        Raises:
            InvalidValue: the step or the timestamp does not fit into 64 bits. Unavailable: it could not be kept.
        """
        with self._lock:
            number = self._keys.get(key)
            if number is None:
                number = self._number(key)
            try:
                content = _pack_point(_POINT, number, step, timestamp, value)
            except struct.error:
                content = _unusual_point(number, step, timestamp, value)
            self._append(_pack_head(_POINT_SIZE, crc32(content)) + content, content)
            if self._size >= self._look_at:
                self._look()

    def row(self, keys: tuple[str, ...], values: Sequence[float], step: int, timestamp: int) -> None:
        """Append a point of each of several keys, stored together or not at all; errors as for `point`."""
        if not keys:
            return
        with self._lock:
            named, new = b"", _NOTHING_NEW
            try:
                numbers = [self._keys[key] for key in keys]
            except KeyError:
                self._ensure_open()
                named, new = self._named(keys)
                numbers = [new[key] if key in new else self._keys[key] for key in keys]
            try:
                content = row_frame(step, timestamp, numbers, values)
            except struct.error as error:
                raise InvalidValue(_TOO_LARGE) from error
            self._append(named + content, (keys, values, step, timestamp), 2 if new else 1)
            self._know(new)
            if self._size >= self._look_at:
                self._look()

    def batch(
        self,
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
        events: Sequence[Mapping[str, Any]] = (),
        series: Sequence[Points] = (),
    ) -> None:
        """Append what is stored together or not at all. What is kept of it in memory are copies.

        Args:
            series: columns of points, for many of a key.
        """
        if not (params or tags or events or series):
            return
        with self._lock:
            self._ensure_open()
            parts = [json_frame(Kind.EVENT, each) for each in events]
            said: list[Said] = [(Records.add_event, each) for each in events]
            if params:
                parts.append(json_frame(Kind.PARAMS, params))
                said.append((Records.add_params, {**params}))
            if tags:
                parts.append(json_frame(Kind.TAGS, tags))
                said.append((Records.add_tags, {**tags}))
            named, new = self._named([each.key for each in series])
            numbers = {**self._keys, **new} if new else self._keys
            parts += [columns_frame(numbers[each.key], each) for each in series]
            said += [(Records.add_block, each.part(0)) for each in series]
            self._append(named + (parts[0] if len(parts) == 1 else together(parts)), said, 2 if new else 1)
            self._know(new)
            if self._size >= self._look_at:
                self._look()

    def event(self, event: str, **fields: Any) -> None:
        """Append an event."""
        self.batch(events=[{"event": event, **fields}])

    def seal(self, last: Mapping[str, Any] | None = None) -> None:
        """Say that nothing follows from this writer, together with a last event; another record is an error then.

        There is always room for it. Without a last event a writer that wrote nothing stays without a file.
        """
        with self._lock:
            if self.sealed or (last is None and not self.is_used):
                return
            self._ensure_open(needs_room=False)
            end = frame(Kind.SEALED)
            said: list[Said] = [(Records.seal, None)]
            if last is None:
                self._append(end, said)
            else:
                self._append(together([json_frame(Kind.EVENT, last), end]), [(Records.add_event, last), *said])
            self.sealed = True
            self._keys.clear()  # so that the next point, too, finds that it comes too late

    def rest(self) -> None:
        """Let the next record begin a new file, of which `on_open` hears."""
        with self._lock:
            self._finish_file()

    def take_recent(self, first: int) -> Recent | None:
        """Return the records from `first` on, where all are in memory; what follows is kept for the next time."""
        with self._lock:
            if self._writing:
                self._settle()
            kept, begins = self._recent, self._recent_first
            self._recent = [] if self._descriptor >= 0 and not self.sealed else None
            self._recent_first = self.sequence
            self._look_at = min(self._segment_bytes, self._size + _RECENT_BYTES)
            if kept is None or begins != first:
                return None
            return Recent(first, self.sequence - first, kept, self._names, self.begun[-1], self._size)

    def _look(self) -> None:
        """Finish the file that is full, or keep no more of it in memory."""
        self._recent, self._look_at = None, self._segment_bytes
        if self._size >= self._segment_bytes:
            self._finish_file()

    def _number(self, key: str) -> int:
        """Give a key its number in the present file, which is opened where there is none."""
        self._ensure_open()
        named, new = self._named([key])
        self._append(named, None)
        self._know(new)
        return new[key]

    def _know(self, new: Mapping[str, int]) -> None:
        self._keys.update(new)
        self._names.update((number, key) for key, number in new.items())

    def _named(self, keys: Iterable[str]) -> tuple[bytes, dict[str, int]]:
        """Return a frame that names those of some keys that have no number in the present file, and their numbers.

        A key is checked here, once. Where all have a number the frame is empty.
        """
        known = self._keys
        new: dict[str, int] = {}
        for key in keys:
            if key not in known and key not in new:
                check_key("metric", key)
                new[key] = len(known) + len(new)
        return (names_frame(len(known), new) if new else b""), new

    # The file --------------------------------------------------------------------------------------------------------

    @property
    def is_used(self) -> bool:
        """Whether there is a file that is not closed."""
        return self._first >= 0

    @property
    def rests_at(self) -> int | None:
        """The number of the next record, where it will begin a new file; None while a file is open."""
        with self._lock:
            return self.sequence if self._descriptor < 0 else None

    def _append(self, data: bytes, said: Part, frames: int = 1) -> None:
        """Write whole frames or nothing; the lock is held and a file is open.

        Args:
            said: what they say.
        """
        if self._writing:
            self._settle()
        self._frames, self._writing = frames, len(data)
        try:
            written = os.write(self._descriptor, data)
            if written != len(data):
                raise OSError(errno.ENOSPC, "the disk is full")
        except OSError as error:
            self._writing = 0
            self._take_back()
            self._finish_file()  # so that it can be removed once it is stored, which may be what makes room
            raise _not_kept(error.strerror or str(error)) from error
        if self._recent is not None:
            self._recent.append(said)
        self._size += written
        self.sequence += frames
        self._writing = 0
        if self._sync_each:
            self._sync_open_file(self._descriptor, self._size)

    def _settle(self) -> None:
        """Find out whether a record was written whose call was interrupted by a signal, such as that of Ctrl-C."""
        pending, self._writing, self._recent = self._writing, 0, None
        if os.fstat(self._descriptor).st_size == self._size + pending:
            self._size += pending
            self.sequence += self._frames
        elif not self._take_back():
            self._finish_file()  # so that no record comes behind such bytes

    def _take_back(self) -> bool:
        """Remove what was written of a frame; return whether that worked."""
        try:
            os.ftruncate(self._descriptor, self._size)
        except OSError:
            return False
        return True

    def _ensure_open(self, *, needs_room: bool = True) -> None:
        if self.sealed:
            raise InvalidState(f"The writer {self.writer_id} of the run {self.run_id} has ended its journal.")
        if self._writing:
            self._settle()
        if self._descriptor >= 0:
            return
        if needs_room:
            self._room(self._segment_bytes)
        try:
            self._begin_file()
        except OSError as error:
            raise _not_kept(f"{self.folder}: {error.strerror or error}") from error
        self._on_open(self)

    def _begin_file(self) -> None:
        """Begin a file with its header; only a whole header makes it one."""
        named = {"format": FORMAT, "run_id": self.run_id, "writer_id": self.writer_id, "first": self.sequence}
        described = {**named, "written_at": now_ms(), **self._header(self.primary)}
        header = json_frame(Kind.HEADER, described)
        descriptor = self.files.begin(self.sequence)
        try:
            if os.write(descriptor, header) != len(header):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except BaseException:
            self.files.remove_segment(self.sequence)
            os.close(descriptor)
            raise
        self._keys.clear()
        self._names = {}
        self._synced, self._size = 0, len(header)
        self._descriptor = descriptor
        if self._first < 0:
            self._first = descriptor
        self.begun.append(self.sequence)
        if not self.sequence:
            self._recent = [[(Records.add_header, described)]]
            self._look_at = min(self._segment_bytes, _RECENT_BYTES)
        self.sequence += 1
        if self._sync_each:
            self._sync_open_file(descriptor, self._size)

    def _finish_file(self) -> None:
        """Let the next record begin a new file; `sync` closes this one."""
        self._keys.clear()
        self._recent, self._look_at = None, self._segment_bytes
        if self._descriptor >= 0:
            self._full.append(self._descriptor)
        self._descriptor = -1

    def sync(self) -> None:
        """Return when what was written is on the disk. A failure is told by `sync_failure`, and is not tried again."""
        with self._syncing:
            with self._lock:
                full, self._full = self._full, []
                descriptor, size = self._descriptor, self._size
            for each in full:
                self._sync_open_file(each, None)
                if each != self._first:
                    os.close(each)
            if descriptor >= 0 and size > self._synced:
                self._sync_open_file(descriptor, size)

    def _sync_open_file(self, descriptor: int, size: int | None) -> None:
        try:
            if self._synced == 0:
                self._sync_folders()
            sync_file(descriptor)
        except OSError as error:
            self.sync_failure = error.strerror or str(error)
        if size is not None and descriptor == self._descriptor:
            self._synced = size

    def _sync_folders(self) -> None:
        """Sync the entry of the file, and once that of the folder, which may be new as well."""
        sync_file(self.folder)
        if not self._folder_synced:
            with contextlib.suppress(PermissionError):  # a folder that was there before, and is not this user's
                sync_file(self.folder.parent)
            self._folder_synced = True

    def forget(self, first: int) -> None:
        """Take note that the file with this first record was removed."""
        with self._lock:
            self.begun.remove(first)

    def remove(self) -> None:
        """Close the journal and remove its files, of which every record is stored for good."""
        self.close()
        self.files.remove(self.begun)

    def close(self) -> None:
        """Close the files, after which no other process takes this one for the writer."""
        with self._syncing, self._lock:
            for each in self._open_files():
                os.close(each)
            self._full, self._descriptor, self._first, self._recent = [], -1, -1, None

    def _open_files(self) -> set[int]:
        return {*self._full, self._first, self._descriptor} - {-1}


def _unusual_point(number: int, step: object, timestamp: int, value: float) -> bytes:
    """Pack a point whose step is no int but equal to one."""
    try:
        return _pack_point(_POINT, number, as_integer(step), timestamp, value)
    except struct.error as error:
        raise InvalidValue(_TOO_LARGE) from error


def _not_kept(reason: str) -> Unavailable:
    return Unavailable(
        f"The journal cannot take this record: {reason}. Nothing of this call was kept; what was logged before is safe."
    )
