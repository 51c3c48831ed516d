"""Folders below a root, entered without following a link, whatever is swapped for what meanwhile.

Each folder is opened from the one above it through that one's descriptor, with `O_NOFOLLOW`: between a check and a use
there is no path left that could come to mean another place. Where the system has no such calls (Windows), the same
steps are taken by path, each checked before it is taken.
"""

import errno
import os
import re
import secrets
import stat
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from hookline.errors import Unavailable
from hookline.system import HeldLock, try_lock

HAS_DESCRIPTORS = (
    {os.open, os.mkdir, os.stat, os.unlink, os.rmdir, os.rename} <= os.supports_dir_fd
    and os.scandir in os.supports_fd
    and hasattr(os, "O_NOFOLLOW")
)
_CLOSED = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_UNFOLLOWED = _CLOSED | getattr(os, "O_NOFOLLOW", 0)
_READ = os.O_RDONLY | _UNFOLLOWED | getattr(os, "O_NONBLOCK", 0)  # a pipe must not make us wait for its writer
_LOCK = os.O_RDWR | _UNFOLLOWED | getattr(os, "O_NONBLOCK", 0)  # a lock over NFS needs a file open for writing
_FOLDER = os.O_RDONLY | _CLOSED | getattr(os, "O_DIRECTORY", 0)
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _UNFOLLOWED
_CHUNK = 1024 * 1024
_BUFFER = 65_536
"""Bytes: most files come with one read. Where it is left out, Python asks whether the file is a terminal."""
_AT_ONCE = 1024 * 1024 * 1024
_UNLISTED = re.compile(" hookline-[0-9a-f]{16}")
_SECONDS_OF_A_WRITER = 24 * 3600
"""How long what somebody may be writing is left alone, held or not: other machines may see no lock of ours."""


class Folder:
    """A folder that is held open. A context manager; every method may raise `OSError`.

    Args:
        path: where it is, where its entries are reached through that. descriptor: through which they are reached else.
    """

    def __init__(self, path: Path | None, descriptor: int | None) -> None:
        self._path, self._descriptor = path, descriptor

    @classmethod
    def at(cls, path: Path, *, by_descriptor: bool = HAS_DESCRIPTORS) -> "Folder":
        """Open a folder by its path; links on the way there are followed."""
        if by_descriptor:
            return cls(None, os.open(path, _FOLDER))
        if not path.is_dir():
            number = errno.ENOTDIR if path.exists() else errno.ENOENT
            raise OSError(number, os.strerror(number), str(path))
        return cls(path, None)

    def close(self) -> None:
        """Let go of it."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def __enter__(self) -> "Folder":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def _name(self, name: str) -> str:
        return name if self._path is None else str(self._path / name)

    def status(self, name: str) -> os.stat_result | None:
        """Return what an entry is, a link as a link; None where there is none."""
        try:
            return os.stat(self._name(name), dir_fd=self._descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def enter(self, name: str, *, make: bool = False) -> "Folder":
        """Open a folder in this one, which `make` makes where there is none."""
        try:
            if self._path is not None:
                self._refuse_link(name)
                return Folder.at(self._path / name, by_descriptor=False)
            return Folder(None, os.open(name, _FOLDER | _UNFOLLOWED, dir_fd=self._descriptor))
        except FileNotFoundError:
            if not make:
                raise
        except OSError:
            self._refuse_link(name)  # which systems report in different ways
            raise
        with suppress(FileExistsError):
            os.mkdir(self._name(name), dir_fd=self._descriptor)
        return self.enter(name)

    def _refuse_link(self, name: str) -> None:
        found = self.status(name)
        if found is not None and stat.S_ISLNK(found.st_mode):
            raise OSError(errno.ELOOP, "a symbolic link, which is not followed", name)

    def read(self, name: str) -> BinaryIO:
        """Open a file for reading, as a stream that the caller closes."""
        if self._path is not None:
            self._refuse_link(name)
        try:
            descriptor = os.open(self._name(name), _READ, dir_fd=self._descriptor)
        except OSError:
            self._refuse_link(name)
            raise
        return os.fdopen(_regular(descriptor, name), "rb", _BUFFER)

    def write(self, name: str, source: int) -> None:
        """Write what a descriptor holds to a file, which appears, or replaces what was there, when it is complete."""
        temporary = _unlisted()
        target = os.open(self._name(temporary), _NEW, 0o666, dir_fd=self._descriptor)
        try:
            with _held(target):
                try:
                    copy(source, target)
                finally:
                    os.close(target)  # before it gets its name: over a network, some errors are told only here
                self._rename(temporary, self, name)
        except BaseException:
            with suppress(OSError):
                os.unlink(self._name(temporary), dir_fd=self._descriptor)
            raise

    def adopt(self, path: Path, name: str) -> None:
        """Move a file from elsewhere on this file system into this folder, replacing what was there."""
        os.replace(path, self._name(name), dst_dir_fd=self._descriptor)

    def _rename(self, name: str, folder: "Folder", new: str) -> None:
        os.replace(self._name(name), folder._name(new), src_dir_fd=self._descriptor, dst_dir_fd=folder._descriptor)

    def entries(self) -> list[tuple[str, os.stat_result]]:
        """Return the names in this folder and what they are, links as links, in no order."""
        found = []
        with os.scandir(self._descriptor if self._path is None else self._path) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):  # it has gone meanwhile
                    found.append((entry.name, entry.stat(follow_symlinks=False)))
        return found

    def is_abandoned(self, name: str, found: os.stat_result) -> bool:
        """Return whether an entry, as `entries` told it, was left by a writer or a remover that has died.

        Of a folder that is being taken apart, it does not matter who goes on with that.
        """
        if not _UNLISTED.fullmatch(name):
            return False
        if not stat.S_ISREG(found.st_mode):
            return stat.S_ISDIR(found.st_mode)
        if found.st_mtime > time.time() - _SECONDS_OF_A_WRITER or not HAS_DESCRIPTORS:
            return False
        try:
            descriptor = os.open(self._name(name), _LOCK, dir_fd=self._descriptor)
        except OSError:  # it has got its name meanwhile, or it is somebody else's
            return False
        try:
            return try_lock(descriptor, Path(name))
        except Unavailable:  # no locks on this file system: nobody can tell
            return False
        finally:
            os.close(descriptor)

    def remove(self, name: str) -> None:
        """Remove an entry, with all that is below it; of a link, the link. A missing one is no error.

        A folder vanishes at once, and is taken apart afterwards: what is below it is moved up, so that no depth is too
        deep. A file that is being written into it at the same time goes with it.
        """
        found = self.status(name)
        if found is None:
            return
        if not stat.S_ISDIR(found.st_mode):
            with suppress(FileNotFoundError):
                os.unlink(self._name(name), dir_fd=self._descriptor)
            return
        waiting = [_unlisted()]
        try:
            self._rename(name, self, waiting[0])
        except FileNotFoundError:
            return
        while waiting:
            waiting += self._emptied(waiting[-1])
            with suppress(FileNotFoundError):
                try:
                    os.rmdir(self._name(waiting[-1]), dir_fd=self._descriptor)
                except OSError as error:
                    if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                        raise
                    continue
            waiting.pop()

    def _emptied(self, name: str) -> list[str]:
        """Empty a folder in this one; return the names under which its folders now lie in this one.

        Somebody else may do the same at the same time.
        """
        moved = []
        with suppress(FileNotFoundError), self.enter(name) as folder:
            for inner, found in folder.entries():
                with suppress(FileNotFoundError):
                    if stat.S_ISDIR(found.st_mode):
                        new = _unlisted()
                        folder._rename(inner, self, new)
                        moved.append(new)
                    else:
                        os.unlink(folder._name(inner), dir_fd=folder._descriptor)
        return moved

    def remove_if_empty(self, name: str) -> bool:
        """Remove a folder in this one if nothing is in it; return whether it was."""
        try:
            os.rmdir(self._name(name), dir_fd=self._descriptor)
        except OSError:
            return False
        return True


def opened(root: Path, parts: Iterable[str], *, make: bool = False, by_descriptor: bool = True) -> Folder:
    """Open the folder below a root that the parts lead to, for a `with` block.

    Args:
        make: whether to make what is missing: the root for its owner only, the others as the umask says.
    """
    if make and not root.is_dir():
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = Folder.at(root, by_descriptor=by_descriptor and HAS_DESCRIPTORS)
    try:
        for part in parts:
            inner = folder.enter(part, make=make)
            folder.close()
            folder = inner
    except BaseException:
        folder.close()
        raise
    return folder


@contextmanager
def opened_source(path: Path) -> Iterator[int]:
    """Open a local file, to be read from its start."""
    descriptor = _regular(os.open(path, os.O_RDONLY | _CLOSED | getattr(os, "O_NONBLOCK", 0)), str(path))
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def copy(source: int, target: int) -> None:
    """Copy what a descriptor still holds to another one, within the kernel where it can, which may share the blocks."""
    if hasattr(os, "copy_file_range"):
        with suppress(OSError):  # other file systems, special files: the loop below does it, or says what is wrong
            while os.copy_file_range(source, target, _AT_ONCE):
                pass
    while chunk := os.read(source, _CHUNK):
        rest = memoryview(chunk)
        while rest:
            rest = rest[os.write(target, rest) :]


@contextmanager
def _held(descriptor: int) -> Iterator[None]:
    """Hold the lock of an open file, also after the descriptor is closed; it goes with this process.

    By this a working file is told from one whose writer was killed. Where files have no locks, or where an open file
    cannot be renamed (Windows), nothing is held, and nothing is ever taken for abandoned.
    """
    held = HeldLock(os.dup(descriptor)) if HAS_DESCRIPTORS else None
    try:
        if held is not None:
            with suppress(Unavailable):
                try_lock(descriptor, Path())
        yield
    finally:
        if held is not None:
            held.release()


def is_only_name_of_file(path: Path) -> bool:
    """Return whether a path leads to a file, by no link, that has no other name."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_nlink == 1


def holds_links(path: Path) -> bool:
    """Return whether anything below a folder is neither a folder nor a file of its own."""
    waiting = [str(path)]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                elif not entry.is_file(follow_symlinks=False):
                    return True
    return False


def _regular(descriptor: int, name: str) -> int:
    """Return a descriptor of a file; close one of anything else and raise."""
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return descriptor
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "a folder", name)
    raise OSError(errno.EINVAL, "neither a file nor a folder", name)


def _unlisted() -> str:
    """Return a new name that `hookline.paths.check_key_path` refuses, so that it is never listed, read or taken."""
    return f" hookline-{secrets.token_hex(8)}"
