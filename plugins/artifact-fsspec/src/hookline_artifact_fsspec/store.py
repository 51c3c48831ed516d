"""The artifact store of a folder of a remote file system."""

import hashlib
import io
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

from hookline.entities import FileInfo
from hookline.entities.rules import new_id
from hookline.errors import DigestMismatch, InvalidValue, of_local_file
from hookline.interfaces import ArtifactStore
from hookline.paths import check_key_path, join_key
from hookline_artifact_fsspec.connecting import filesystem_of
from hookline_artifact_fsspec.failures import Changed, Problem, Unsettled, told
from hookline_artifact_fsspec.filesystem import Entry, parent_of
from hookline_artifact_fsspec.options import RemoteOptions
from hookline_artifact_fsspec.reading import Opened, Stream

T = TypeVar("T")

STAGING = "~staging"
"""The folder below the root in which files lie until they are whole. It is no key: nothing else can be there."""
_KEPT_DAYS = 2
_PART = 1024 * 1024
_BUFFER = 256 * 1024
_ATTEMPTS = 5
_RACES = 100
_LOOKS, _MOMENT = 30, 0.1


class FilesystemArtifactStore(ArtifactStore):
    """Keeps each artifact as the file of the same name below a folder.

    What lies there and has no name that is a key is not listed. A file is written beside the artifacts and gets its
    name once it is whole; what a killed process left there is removed after two days.

    Args:
        uri: the folder, such as `sftp://user@host/folder`. options: how it is reached.

    Raises:
        InvalidValue: the URI names no such folder. ConfigError: an option is wrong, or a library is missing.
    """

    def __init__(self, uri: str, options: RemoteOptions | None = None) -> None:
        self._place, self._files = filesystem_of(uri, options)
        self._verifies = options is not None and options.verify_uploads
        self._staging = f"{self._place.root}/{STAGING}"
        self._prepared = False
        weakref.finalize(self, self._files.close)

    def __repr__(self) -> str:
        """Name the place."""
        return f"FilesystemArtifactStore({self._place.shown!r})"

    def put(self, key: str, source: Path) -> None:
        """Store a local file under a key: it is there once it is whole."""
        check_key_path(key)
        staged = self._new_name()
        with self._told("store", key), _Sent(source) as sent:
            try:
                self._upload(sent, staged)
                self._check_upload(staged, sent, key)
                self._move_into_place(staged, self._path(key))
            except BaseException:
                with suppress(Problem, FileNotFoundError):
                    self._files.remove(staged)
                raise

    def _upload(self, sent: "_Sent", staged: str) -> None:
        self._prepare()
        try:
            self._files.write(staged, sent.parts())
        except FileNotFoundError:  # somebody has removed the folder since
            self._files.make_folders(self._staging)
            try:
                self._files.write(staged, sent.parts())
            except FileNotFoundError:
                raise Problem(f"its folder {STAGING!r} was made, and is not there") from None

    def _check_upload(self, staged: str, sent: "_Sent", key: str) -> None:
        entry = self._files.stat(staged)
        if entry is None or entry.size != sent.size:
            there = "nothing" if entry is None else f"{entry.size} bytes"
            raise Problem(f"{sent.size} bytes were sent, and {there} arrived")
        if self._verifies:
            with self._stream(self._files.read(staged), key) as stream:
                arrived = hashlib.file_digest(stream, "sha256")  # type: ignore[arg-type]
            if arrived.digest() != sent.digest.digest():
                raise DigestMismatch(f"The artifact {key!r} arrived at {self._place.shown} with another content.")

    def _move_into_place(self, staged: str, target: str) -> None:
        """Give a file its name, again where its folder is removed at the same time by somebody else."""
        unsettled = 0
        for _ in range(_RACES):
            with suppress(FileNotFoundError):
                return self._files.move(staged, target)
            try:
                self._files.make_folders(parent_of(target))
            except FileNotFoundError:
                pass
            except Unsettled:
                unsettled += 1
                if unsettled == _LOOKS:
                    raise
                time.sleep(_MOMENT)
        raise Problem("its folder is removed again and again, or the file was removed before it got its name")

    def get(self, key: str, destination: Path) -> None:
        """Write a file's content to a local path, which appears once it is whole."""
        for attempt in range(_ATTEMPTS):
            try:
                return self._get(key, destination)
            except Changed:
                if attempt == _ATTEMPTS - 1:
                    raise
        return None

    def _get(self, key: str, destination: Path) -> None:
        opened = self._opened(key)
        partial_file = destination.with_name(f".{new_id()}.partial")
        with self._stream(opened, key) as stream:
            try:
                with partial_file.open("xb", buffering=0) as file:
                    while part := stream.read(_PART):
                        file.write(part)
                partial_file.replace(destination)
            except OSError as error:
                raise of_local_file(error, f"local folder {str(destination.parent)!r}", "write into") from error
            finally:
                partial_file.unlink(missing_ok=True)

    def open(self, key: str) -> BinaryIO:
        """Open a file for reading, from any position. It is the content of this moment."""
        return self._stream(self._opened(key), key)

    def _opened(self, key: str) -> Opened:
        check_key_path(key)
        with self._told("read", key):
            return self._settled(lambda: self._files.read(self._path(key)))

    def _stream(self, opened: Opened, key: str) -> BinaryIO:
        return cast(BinaryIO, io.BufferedReader(Stream(opened, key, partial(self._told, "read", key)), _BUFFER))

    def list(self, prefix: str = "") -> Sequence[FileInfo]:
        """Return the files and folders directly below a prefix."""
        check_key_path(prefix, allow_root=True)
        with self._told("list", prefix):
            with suppress(FileNotFoundError):
                return self._settled(lambda: self._listed(prefix))
            return []

    def _listed(self, prefix: str) -> Sequence[FileInfo]:
        path = self._path(prefix)
        found = self._files.entries(path)
        if found is None:
            entry = self._files.stat(path) if prefix else None
            if entry is None or entry.is_dir:
                raise FileNotFoundError(prefix)
            return [FileInfo(prefix, False, entry.size)]
        keys = ((join_key(prefix, each.name), each) for each in found)
        shown = [FileInfo(key, each.is_dir, each.size) for key, each in keys if _is_key(key) and self._holds(key, each)]
        if not shown and prefix:
            raise FileNotFoundError(prefix)
        return sorted(shown, key=lambda each: each.path)

    def _holds(self, key: str, entry: Entry) -> bool:
        """Return whether an entry is a file, or a folder below which there is one."""
        if not entry.is_dir or not self._files.keeps_empty_folders:
            return True
        inner = self._files.entries(self._path(key)) or ()
        keys = [(join_key(key, each.name), each) for each in sorted(inner, key=lambda each: each.is_dir)]
        return any(_is_key(each) and self._holds(each, found) for each, found in keys)

    def delete(self, key: str) -> None:
        """Remove a file, or a folder with all below it, which vanishes at once."""
        check_key_path(key)
        with self._told("delete", key):
            self._settled(lambda: self._discard(self._path(key)))

    def _discard(self, path: str) -> None:
        with suppress(FileNotFoundError):
            if self._files.stat(path) is None:
                return
            self._files.make_folders(self._staging)
            self._files.discard(path, self._new_name())
            above = parent_of(path)
            while above != self._place.root and self._files.remove_if_empty(above):
                above = parent_of(above)

    def close(self) -> None:
        """Close the connections."""
        self._files.close()

    def _path(self, key: str) -> str:
        return f"{self._place.root}/{key}" if key else self._place.root

    def _told(self, verb: str, key: str) -> AbstractContextManager[None]:
        return told(verb, key, self._place.shown)

    def _settled(self, ask: Callable[[], T]) -> T:
        """Ask, and where nothing is there ask again as long as files are on their way, of which one may replace it."""
        if not self._files.takes_away_first:
            return ask()
        seen_none = 0
        for _ in range(_LOOKS):
            with suppress(Unsettled):
                try:
                    return ask()
                except FileNotFoundError:
                    seen_none = 0 if self._files.entries(self._staging) else seen_none + 1
                if seen_none == 1:
                    continue  # one may have got its name since it was asked for
                if seen_none > 1:
                    break
            time.sleep(_MOMENT)
        return ask()

    def _new_name(self) -> str:
        return f"{self._staging}/{datetime.now(UTC):%Y%m%d}-{new_id()}"

    def _prepare(self) -> None:
        """Make, once, the folder for files that are not whole yet; remove what killed processes left there."""
        if self._prepared:
            return
        self._files.make_folders(self._staging)
        self._prepared = True
        oldest = f"{datetime.now(UTC) - timedelta(days=_KEPT_DAYS):%Y%m%d}"
        with suppress(Problem, FileNotFoundError):
            for each in self._files.entries(self._staging) or ():
                if each.name[:8].isdigit() and each.name[:8] < oldest:
                    self._files.remove(f"{self._staging}/{each.name}")


class _Sent:
    """A local file that is sent, and what was sent of it: its size and digest.

    Raises:
        NotFound, InvalidValue, Refused, Unavailable: it cannot be read.
    """

    def __init__(self, source: Path) -> None:
        if source.is_dir():
            raise InvalidValue(f"Cannot read the local file {str(source)!r}: it is a folder.")
        self._source = source
        with self._reading():
            self._file = source.open("rb", buffering=0)
        self._start()

    def __enter__(self) -> "_Sent":
        return self

    def __exit__(self, *_raised: object) -> None:
        self._file.close()

    def _start(self) -> None:
        self.size, self.digest = 0, hashlib.sha256()

    def parts(self) -> Iterator[bytes]:
        """Yield the file from its start."""
        self._start()
        with self._reading():
            self._file.seek(0)
        while part := self._next():
            self.size += len(part)
            self.digest.update(part)
            yield part

    def _next(self) -> bytes:
        with self._reading():
            return self._file.read(_PART)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise of_local_file(error, f"local file {str(self._source)!r}", "read") from error


def _is_key(key: str) -> bool:
    try:
        return bool(check_key_path(key))
    except InvalidValue:
        return False
