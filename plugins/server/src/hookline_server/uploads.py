"""Files that are written while they come, and become artifacts once they are whole."""

import itertools
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from hookline.errors import Unavailable
from hookline.interfaces import ArtifactStore
from hookline.system import HeldLock

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_PREFIX, _LOCK = "hookline-uploads-", "lock"
_ATTEMPTS = 100
_SECONDS_OF_NOBODY = 24 * 3600
"""How long a folder without a lock is left alone: its process may be about to take it."""


class Uploads:
    """The files that come to this process, in a folder of its own.

    It holds the lock of its folder for as long as it lives: what a process that was killed has left is told from what
    is coming to another one, which may serve the same store. Thread safe.

    Args:
        place: where the folders of all processes lie; None: where the system has its temporary files.
    """

    def __init__(self, place: Path | None) -> None:
        self._place, self._is_private = place or Path(tempfile.gettempdir()), place is None
        self._mutex, self._numbers = threading.Lock(), itertools.count()
        self._own: tuple[Path, HeldLock | None] | None = None

    def begin(self) -> "Upload":
        """Return a new file; nothing is written yet."""
        return Upload(self)

    def create(self) -> tuple[Path, int]:
        """Make a new file; return its path, and its descriptor."""
        mode = 0o600 if self._is_private else 0o666
        for _ in range(_ATTEMPTS):
            path = self._folder() / str(next(self._numbers))
            with suppress(FileNotFoundError):  # somebody cleared the folder away, as happens to temporary ones
                return path, os.open(path, _NEW, mode)
            self._forget(path.parent)
        raise FileNotFoundError(f"There is no way to keep a folder in {self._place}.")

    def sweep(self) -> None:
        """Remove what processes that have ended left behind."""
        with suppress(FileNotFoundError), os.scandir(self._place) as entries:
            for each in entries:
                if each.name.startswith(_PREFIX) and _is_own_folder(each):
                    _remove_if_abandoned(Path(each.path))

    def close(self) -> None:
        """Remove the folder of this process."""
        with self._mutex:
            own, self._own = self._own, None
        if own is not None:
            shutil.rmtree(own[0], ignore_errors=True)
            if own[1] is not None:
                own[1].release()

    def _folder(self) -> Path:
        with self._mutex:
            if self._own is None:
                self._own = self._made()
            return self._own[0]

    def _forget(self, folder: Path) -> None:
        with self._mutex:
            if self._own is not None and self._own[0] == folder:
                self._own = None

    def _made(self) -> tuple[Path, HeldLock | None]:
        self._place.mkdir(mode=0o700, parents=True, exist_ok=True)
        for _ in range(_ATTEMPTS):
            folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=self._place))
            try:
                held = HeldLock.try_take(folder / _LOCK)
            except Unavailable:  # no locks on this file system: nobody can sweep here either
                return folder, None
            except FileNotFoundError:
                continue
            if held is not None and (folder / _LOCK).exists():  # else a sweep came between its making and its lock
                return folder, held
        raise FileNotFoundError(f"There is no way to keep a folder in {self._place}.")


class Upload:
    """A file that comes. All methods wait for the disk; one at a time may be called."""

    def __init__(self, uploads: Uploads) -> None:
        self._uploads = uploads
        self._path: Path | None = None
        self._descriptor: int | None = None

    def write(self, parts: Sequence[bytes]) -> None:
        """Append what came."""
        if self._descriptor is None:
            self._path, self._descriptor = self._uploads.create()
        rest = memoryview(parts[0] if len(parts) == 1 else b"".join(parts))
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]

    def become(self, store: ArtifactStore, key: str, parts: Sequence[bytes]) -> None:
        """Append the last parts, and store the file under a key."""
        self.write(parts or [b""])
        self._close()
        assert self._path is not None
        store.take(key, self._path)
        self.give_up()  # where it was copied

    def give_up(self) -> None:
        """Remove the file."""
        self._close()
        if self._path is not None:
            with suppress(FileNotFoundError):
                self._path.unlink()

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def _is_own_folder(entry: "os.DirEntry[str]") -> bool:
    """Return whether a folder is of this user, since anybody may make one among the temporary files."""
    try:
        owner = entry.stat(follow_symlinks=False).st_uid
        return entry.is_dir(follow_symlinks=False) and (not hasattr(os, "geteuid") or owner == os.geteuid())
    except FileNotFoundError:
        return False


def _remove_if_abandoned(folder: Path) -> None:
    lock = folder / _LOCK
    try:
        if not lock.exists():
            if _last_touched(folder) < time.time() - _SECONDS_OF_NOBODY:
                shutil.rmtree(folder, ignore_errors=True)
            return
        held = HeldLock.try_take(lock)
    except (OSError, Unavailable):  # it is gone, or nobody can tell
        return
    if held is not None:
        shutil.rmtree(folder, ignore_errors=True)
        held.release()


def _last_touched(folder: Path) -> float:
    with suppress(FileNotFoundError):
        return max(each.stat().st_mtime for each in (folder, *folder.iterdir()))
    return time.time()
