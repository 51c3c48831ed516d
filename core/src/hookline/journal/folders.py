"""Where journals lie: `FOLDER/RUN_ID/WRITER_ID-FIRST.journal`, with `WRITER_ID.lock` beside it while its process lives.

`FIRST` is the sequence number of a file's first record. What a store refused lies in `WRITER_ID.refused`, one JSON
object a line; files that wait to be stored as artifacts lie in `staged/`.
"""

import contextlib
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hookline.errors import Unavailable
from hookline.journal.frames import Damaged, end_of_frame
from hookline.system import HeldLock, sync_file

SUFFIX, LOCK_SUFFIX, REFUSED_SUFFIX, NOT_STORED_SUFFIX = ".journal", ".lock", ".refused", ".not-stored"
STAGED = "staged"
_LONGEST_NAME = 200
_TRIES = 100
_LONGEST_HEADER = 1 << 16
_LEFT_OVER_AFTER = 60.0


def run_folder(root: Path, run_id: str) -> Path:
    """Return the folder of a run; an id that is too long for a file's name stands there as its digest."""
    name = run_id if len(run_id) <= _LONGEST_NAME else "sha256-" + hashlib.sha256(run_id.encode()).hexdigest()
    return root / name


def run_folders(root: Path) -> list[Path]:
    """Return the folders of all runs that have a journal here, the oldest first."""
    try:
        with os.scandir(root) as entries:
            found = [(entry.stat().st_mtime_ns, entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    return [Path(path) for _, path in sorted(found)]


def run_folders_below(folder: Path) -> list[Path]:
    """Return the folders of runs in a folder of journals, or in the one of several stores."""
    return [each for found in run_folders(folder) for each in ([found] if writer_ids(found) else run_folders(found))]


def segment_path(folder: Path, writer_id: str, first: int) -> Path:
    """Return the file whose first record has the number `first`."""
    return folder / f"{writer_id}-{first:012d}{SUFFIX}"


def segments(folder: Path, writer_id: str) -> list[tuple[int, Path]]:
    """Return the files of a writer with the numbers of their first records, in order."""
    found = []
    for name in _names(folder):
        if name.startswith(f"{writer_id}-") and name.endswith(SUFFIX):
            number = name[len(writer_id) + 1 : -len(SUFFIX)]
            if number.isdigit():
                found.append((int(number), folder / name))
    return sorted(found)


def writer_ids(folder: Path) -> list[str]:
    """Return the ids of the writers that have files in a run's folder."""
    return sorted({name.rpartition("-")[0] for name in _names(folder) if name.endswith(SUFFIX)} - {""})


def take(folder: Path, writer_id: str) -> HeldLock:
    """Make a run's folder where it is not there, and hold the lock that says that the writer lives.

    Raises:
        OSError: neither can be made.
    """
    for _ in range(_TRIES):
        with contextlib.suppress(FileNotFoundError):  # another process removed the folder, which was empty
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            held = HeldLock.try_take(folder / f"{writer_id}{LOCK_SUFFIX}")
            if held is not None:
                return held
        time.sleep(0.001)
    raise BlockingIOError(f"the folder {folder} cannot be used")


def try_take(folder: Path, writer_id: str) -> HeldLock | None:
    """Take over the journal of a writer whose process is gone; None where it lives, or another process takes over."""
    with contextlib.suppress(OSError, Unavailable):  # Unavailable: this file system has no locks, so nobody can tell
        return HeldLock.try_take(folder / f"{writer_id}{LOCK_SUFFIX}")
    return None


def remove_leftovers(folder: Path) -> None:
    """Remove what a process that was interrupted left of a run: locks without files, and an empty folder."""
    writers = set(writer_ids(folder))
    for name in _names(folder):
        path = folder / name
        with contextlib.suppress(OSError):
            old = time.time() - path.stat().st_mtime > _LEFT_OVER_AFTER
            if name.endswith(LOCK_SUFFIX) and old and name.removesuffix(LOCK_SUFFIX) not in writers:
                held = try_take(folder, name.removesuffix(LOCK_SUFFIX))
                if held is not None:  # else its process lives, and has nothing that is not stored
                    path.unlink()
                    held.release()
    with contextlib.suppress(OSError):
        folder.rmdir()


def remove_segment(path: Path) -> None:
    """Remove a file of which every record is stored for good."""
    path.unlink(missing_ok=True)


def keep_header(path: Path) -> None:
    """Remove all but the header of a file of which every record is stored for good."""
    with contextlib.suppress(FileNotFoundError):
        if size := _header_size(path):
            os.truncate(path, size)


def is_more_than_header(path: Path) -> bool:
    """Return whether a file has a header, and something that follows it."""
    with contextlib.suppress(FileNotFoundError):
        return 0 < _header_size(path) < path.stat().st_size
    return False


def _header_size(path: Path) -> int:
    with path.open("rb") as file, contextlib.suppress(Damaged):
        return end_of_frame(file.read(_LONGEST_HEADER), 0, final=False) or 0
    return 0


def remove_writer(folder: Path, writer_id: str) -> None:
    """Remove the files of a writer, and the run's folder where nothing else is in it."""
    for _, path in segments(folder, writer_id):
        path.unlink(missing_ok=True)
    (folder / f"{writer_id}{LOCK_SUFFIX}").unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        folder.rmdir()


def put_away(folder: Path, writer_id: str) -> None:
    """Keep the files of a writer whose run no store takes under another name, so that nobody ships them again."""
    for _, path in segments(folder, writer_id):
        path.rename(path.with_suffix(NOT_STORED_SUFFIX))
    (folder / f"{writer_id}{LOCK_SUFFIX}").unlink(missing_ok=True)


def not_stored(folder: Path) -> list[Path]:
    """Return the files that were put away."""
    return sorted(folder / name for name in _names(folder) if name.endswith(NOT_STORED_SUFFIX))


def set_aside(folder: Path, writer_id: str, entry: dict[str, Any]) -> None:
    """Keep what a store refused, on the disk before this returns; setting the same aside again changes nothing."""
    path = folder / f"{writer_id}{REFUSED_SUFFIX}"
    if any(_what(each) == _what(entry) for each in _entries(path)):
        return
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0), 0o600)
    with os.fdopen(descriptor, "ab", buffering=0) as file:
        torn = file.tell() > 0 and path.read_bytes()[-1:] != b"\n"  # a dying process began a line
        line = json.dumps({"writer_id": writer_id, **entry}).encode() + b"\n"
        rest = memoryview(b"\n" * torn + line)
        while rest:
            rest = rest[file.write(rest) :]
        sync_file(descriptor)
    sync_file(folder)


def _what(entry: dict[str, Any]) -> tuple[object, object]:
    return entry.get("sequence"), entry.get("store")


def refused(folder: Path, writer_id: str = "") -> list[dict[str, Any]]:
    """Return what stores refused of the records of a run, or of one writer.

    Each has `writer_id`, `sequence`, `count`, `store`, `reason`, `record` and `frame`.
    """
    names = [writer_id + REFUSED_SUFFIX] if writer_id else sorted(_names(folder))
    found = [each for name in names if name.endswith(REFUSED_SUFFIX) for each in _entries(folder / name)]
    once = {(each.get("writer_id"), *_what(each)): each for each in reversed(found)}  # two processes may set one aside
    return list(reversed(once.values()))


def _entries(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    with contextlib.suppress(OSError):
        for line in path.read_bytes().splitlines():
            with contextlib.suppress(ValueError):  # a line that a dying process began
                found.append(json.loads(line))
    return found


def size_of(root: Path) -> int:
    """Return how many bytes all files below a folder have."""
    total = 0
    for folder, _, names in os.walk(root):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(folder, name)).st_size  # noqa: PTH118 - a walk of many files
    return total


def remove_run(folder: Path) -> None:
    """Remove all that is kept of a run."""
    shutil.rmtree(folder, ignore_errors=True)


def _names(folder: Path) -> Iterator[str]:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        yield from [entry.name for entry in entries]
