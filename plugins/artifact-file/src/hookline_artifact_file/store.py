"""The artifact store of a folder."""

import builtins
import errno
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, NamedTuple

from hookline.entities import FileInfo
from hookline.errors import HooklineError, InvalidState, InvalidValue, NotFound, Refused, Unavailable
from hookline.interfaces import ArtifactStore
from hookline.paths import check_key_path, join_key
from hookline.uris import file_path
from hookline_artifact_file.folders import Folder, holds_links, is_only_name_of_file, opened, opened_source

_ATTEMPTS = 100
_NOTHING_THERE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
_CANNOT_MOVE = (errno.EXDEV, errno.EPERM, errno.EACCES, errno.EBUSY)
"""Why a file is copied into the store where it could have been moved."""
_ERRORS: Mapping[int, type[HooklineError]] = MappingProxyType(
    {
        errno.ENOENT: NotFound,
        errno.ENOTDIR: NotFound,
        errno.EISDIR: NotFound,
        errno.EEXIST: Refused,
        errno.ELOOP: Refused,
        errno.EACCES: Refused,
        errno.EPERM: Refused,
        errno.EROFS: Refused,
        errno.EINVAL: InvalidValue,
        errno.ENAMETOOLONG: InvalidValue,
    }
)
"""What an error of the operating system is to the caller. The others, such as a full disk, may pass: `Unavailable`."""
_IN_THE_WAY: Mapping[int, type[HooklineError]] = MappingProxyType(
    {errno.ENOTDIR: InvalidState, errno.EISDIR: InvalidState}
)


class FileArtifactStore(ArtifactStore):
    """Keeps each artifact as a file of the same name below a folder, which is made when first written to.

    Links below the folder are neither followed nor listed; files whose names are no keys are not listed. A folder lasts
    as long as there is something in it.

    Args:
        uri: a path or a `file:` URI of the folder.
        by_descriptor: whether to reach files through descriptors of their folders, where the system can.
    """

    def __init__(self, uri: str, options: None = None, *, by_descriptor: bool = True) -> None:
        self.root = file_path(uri).absolute()
        self._by_descriptor = by_descriptor

    def put(self, key: str, source: Path) -> None:
        """Store a copy of a local file; see `ArtifactStore.put`.

        Raises:
            NotFound: there is no such local file. InvalidValue: the key is not allowed.
            InvalidState: a folder has this key, or a file has the key of a folder above. Refused: this user may not.
            Unavailable: the disk is full or failed.
        """
        *above, name = check_key_path(key).split("/")
        local = _errors("read", _Thing(f"local file {str(source)!r}"), {errno.EISDIR: InvalidValue})
        with local, opened_source(source) as data:  # noqa: SIM117 - in order
            with _errors("store", self._named(key), _IN_THE_WAY):
                self._put(above, name, data)

    def take(self, key: str, source: Path) -> None:
        """Move a local file into the store where both lie on one file system; see `ArtifactStore.take`."""
        *above, name = check_key_path(key).split("/")
        if not is_only_name_of_file(source):  # a link stays what it is, and what has other names is changed by those
            self.put(key, source)
            return
        with _errors("store", self._named(key), _IN_THE_WAY):
            try:
                self._within(above, lambda folder: folder.adopt(source, name))
            except OSError as error:
                if error.errno not in _CANNOT_MOVE:
                    raise
            else:
                return
        self.put(key, source)

    def _put(self, above: builtins.list[str], name: str, data: int) -> None:
        def write(folder: Folder) -> None:
            os.lseek(data, 0, os.SEEK_SET)
            folder.write(name, data)

        self._within(above, write)

    def _within(self, above: builtins.list[str], work: Callable[[Folder], None]) -> None:
        """Do something in a folder, which is made where it is missing, and again where somebody removed it."""
        for attempt in range(_ATTEMPTS):
            try:
                with self._opened(above, make=True) as folder:
                    work(folder)
                return
            except (FileNotFoundError, NotADirectoryError):
                if attempt == _ATTEMPTS - 1:
                    raise

    def get(self, key: str, destination: Path) -> None:
        """Copy an artifact to a local file, which is replaced when the copy is complete; see `ArtifactStore.get`."""
        folder = destination.absolute().parent
        with self.open(key) as stream, _errors("write into", _Thing(f"local folder {str(folder)!r}"), _IN_THE_WAY):  # noqa: SIM117
            with Folder.at(folder) as place:
                place.write(destination.name, stream.fileno())

    def open(self, key: str) -> BinaryIO:
        """Open an artifact; the stream goes on reading what was there when it was opened."""
        *above, name = check_key_path(key).split("/")
        try:
            with self._opened(above) as folder:
                return folder.read(name)
        except OSError as error:
            raise _failure(error, "read", self._named(key)) from error

    def list(self, prefix: str = "") -> Sequence[FileInfo]:
        """See `ArtifactStore.list`."""
        parts = _parts(prefix)
        with _errors("list", self._named(prefix)):
            try:
                found = self._status(parts)
                if found is None or stat.S_ISREG(found.st_mode):
                    return [FileInfo(prefix, False, found.st_size)] if found else []
                with self._opened(parts) as folder:
                    entries = folder.entries()
            except OSError as error:
                if error.errno in _NOTHING_THERE:
                    return []
                raise
        shown = (_info(join_key(prefix, name), found) for name, found in entries)
        return sorted((each for each in shown if each), key=lambda each: each.path)

    def delete(self, key: str) -> None:
        """See `ArtifactStore.delete`. A link is removed, and what it leads to stays."""
        parts = check_key_path(key).split("/")
        with _errors("delete", self._named(key)):
            try:
                with self._opened(parts[:-1]) as folder:
                    folder.remove(parts[-1])
            except (FileNotFoundError, NotADirectoryError):
                return
            self._remove_empty(parts[:-1])

    def _remove_empty(self, parts: builtins.list[str]) -> None:
        while parts:
            try:
                with self._opened(parts[:-1]) as folder:
                    if not folder.remove_if_empty(parts[-1]):
                        return
            except OSError:  # somebody was faster
                return
            parts = parts[:-1]

    def local_path(self, key: str) -> Path | None:
        """Return where an artifact lies; None where there is none, or where a link is on the way to it or below it."""
        parts = _parts(key)
        path = self.root.joinpath(*parts)
        try:
            found = self._status(parts)
            return None if found is None or (stat.S_ISDIR(found.st_mode) and holds_links(path)) else path
        except OSError:
            return None

    def local_root(self) -> Path:
        """Return the folder of the store, which may be yet to be made."""
        return self.root

    def sweep(self, *, remove: bool = True) -> Sequence[int]:
        """Remove working files of writers that were killed, and what is left of folders whose remover was.

        Nothing is taken that was written to within a day, or whose writer lives.
        """
        sizes, lost = self._abandoned()
        for above, name in lost if remove else ():
            with suppress(OSError):  # another time
                with self._opened(above) as folder:
                    folder.remove(name)
                self._remove_empty(above)
        return sizes

    def _abandoned(self) -> tuple[builtins.list[int], builtins.list[tuple[builtins.list[str], str]]]:
        """Return the sizes of the files that nobody will finish or remove, and the folders and names to remove."""
        sizes: builtins.list[int] = []
        lost: builtins.list[tuple[builtins.list[str], str]] = []
        waiting: builtins.list[tuple[builtins.list[str], bool]] = [([], False)]
        while waiting:
            parts, is_below_lost = waiting.pop()
            with suppress(OSError), self._opened(parts) as folder:  # what cannot be read, or has gone, is passed over
                for name, found in folder.entries():
                    is_lost = not is_below_lost and folder.is_abandoned(name, found)
                    if is_lost:
                        lost.append((parts, name))
                    if stat.S_ISDIR(found.st_mode):
                        waiting.append(([*parts, name], is_lost or is_below_lost))
                    elif is_lost or is_below_lost:
                        sizes.append(found.st_size)
        return sizes, lost

    def _status(self, parts: builtins.list[str]) -> os.stat_result | None:
        """Return what lies at a key; None for nothing and for what is neither a file nor a folder."""
        if not parts:
            with self._opened([]):
                return self.root.stat()
        with self._opened(parts[:-1]) as folder:
            found = folder.status(parts[-1])
        return found if found and (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)) else None

    def _opened(self, parts: builtins.list[str], *, make: bool = False) -> Folder:
        return opened(self.root, parts, make=make, by_descriptor=self._by_descriptor)

    def _named(self, key: str) -> "_Thing":
        return _Thing(f"artifact {key!r}", f" in {str(self.root)!r}")


class _Thing(NamedTuple):
    """What an error is about, and where that is."""

    name: str
    place: str = ""


@contextmanager
def _errors(action: str, thing: "_Thing", special: Mapping[int, type[HooklineError]] | None = None) -> Iterator[None]:
    """Turn errors of the operating system into ours; `special` goes before the general rules."""
    try:
        yield
    except OSError as error:
        raise _failure(error, action, thing, special) from error


def _failure(
    error: OSError, action: str, thing: "_Thing", special: Mapping[int, type[HooklineError]] | None = None
) -> HooklineError:
    number = error.errno or 0
    kind = (special or {}).get(number) or _ERRORS.get(number, Unavailable)
    if number == errno.ENOENT:
        return kind(f"There is no {thing.name}.")
    # What is about a key alone a server tells its clients, who must not learn where its files are.
    place = thing.place if issubclass(kind, Refused | Unavailable) else ""
    return kind(f"Cannot {action} the {thing.name}{place}: {error.strerror or error}.")


def _parts(key: str) -> builtins.list[str]:
    return check_key_path(key, allow_root=True).split("/") if key else []


def _info(key: str, found: os.stat_result) -> FileInfo | None:
    """Return an entry as it is listed; None for links and the like, and for names that are no keys."""
    try:
        check_key_path(key)
    except InvalidValue:
        return None
    if stat.S_ISDIR(found.st_mode):
        return FileInfo(key, True)
    return FileInfo(key, False, found.st_size) if stat.S_ISREG(found.st_mode) else None
