"""Where journals lie: `FOLDER/RUN_ID.WRITER_ID-FIRST.journal`, all in one folder, since making folders costs the most.

`FIRST` is the sequence number of a file's first record. The process that writes holds a lock of the first file, which
stays until the journal ends. What a store refused lies in `RUN_ID.WRITER_ID.refused`, one JSON object a line; files
that wait to be stored as artifacts lie in `staged/`.
"""

import contextlib
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

from hookline.errors import Unavailable
from hookline.journal.frames import Damaged, end_of_frame
from hookline.system import HeldLock, sync_file, try_lock

SUFFIX, REFUSED_SUFFIX, NOT_STORED_SUFFIX = ".journal", ".refused", ".not-stored"
INTAKE_SUFFIX = ".intake"
STAGED = "staged"
_LONGEST_NAME = 200
_TRIES = 100
_LONGEST_HEADER = 1 << 16
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_NEW_FILE |= getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


@frozen
class Segment:
    """A file of a journal as it was seen: the number of its first record, its size, and its last change in ns."""

    first: int
    path: Path
    size: int
    changed: int


@frozen
class JournalFiles:
    """The files of one writer.

    Attributes:
        run: the run as names of files have it: see `run_name`.
    """

    folder: Path
    run: str
    writer_id: str

    def segment(self, first: int) -> Path:
        """Return the file whose first record has the number `first`."""
        return self.folder / f"{self.run}.{self.writer_id}-{first:012d}{SUFFIX}"

    def segments(self) -> list[tuple[int, Path]]:
        """Return the files that there are with the numbers of their first records, in order."""
        start = f"{self.run}.{self.writer_id}-"
        found = ((_parse(name), name) for name in _names(self.folder) if name.startswith(start))
        return sorted((each[2], self.folder / name) for each, name in found if each)

    def begin(self, first: int) -> int:
        """Make a file and return its descriptor: see `new_file`. The first one is locked."""
        return new_file(self.segment(first), locked=first == 0)

    def take_over(self, segments: Sequence[Segment]) -> HeldLock | None:
        """Lock the first of the files of a writer whose process is gone.

        None where the process lives, another takes over, all is gone, or nobody can tell.
        """
        with contextlib.suppress(OSError, Unavailable):  # Unavailable: this file system has no locks
            return HeldLock.try_take(segments[0].path, make=False)
        return None

    def remove_segment(self, first: int) -> None:
        """Remove a file of which every record is stored for good."""
        self.segment(first).unlink(missing_ok=True)

    def remove(self, firsts: Sequence[int]) -> None:
        """Remove files of the journal, the first one last; what was refused stays."""
        for first in reversed(firsts):
            self.remove_segment(first)

    def put_away(self) -> None:
        """Keep the files of a writer whose run no store takes under another name, so that nobody ships them again."""
        for _, path in self.segments():
            path.rename(path.with_suffix(NOT_STORED_SUFFIX))

    def set_aside(self, entry: dict[str, Any]) -> None:
        """Keep what a store refused, on the disk before this returns; setting the same aside again changes nothing."""
        path = self._refused
        if any(_what(each) == _what(entry) for each in _entries(path)):
            return
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0), 0o600)
        with os.fdopen(descriptor, "ab", buffering=0) as file:
            torn = file.tell() > 0 and path.read_bytes()[-1:] != b"\n"  # a dying process began a line
            line = json.dumps({"writer_id": self.writer_id, **entry}).encode() + b"\n"
            rest = memoryview(b"\n" * torn + line)
            while rest:
                rest = rest[file.write(rest) :]
            sync_file(descriptor)
        sync_file(self.folder)

    def refused(self) -> list[dict[str, Any]]:
        """Return what stores refused: see the function `refused`."""
        return _once(_entries(self._refused))

    @property
    def _refused(self) -> Path:
        return self.folder / f"{self.run}.{self.writer_id}{REFUSED_SUFFIX}"


def new_file(path: Path, *, locked: bool) -> int:
    """Make a file and return its descriptor, which appends; where it is `locked`, it is so until that is closed.

    Raises:
        OSError: it cannot be made. Unavailable: the file system cannot lock.
    """
    for _ in range(_TRIES):
        try:
            descriptor = os.open(path, _NEW_FILE, 0o600)
        except FileNotFoundError:  # somebody removed the folder
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            continue
        try:
            # Another process that saw it without a lock may have taken it for left over, and removed it.
            if not locked or (try_lock(descriptor, path) and os.fstat(descriptor).st_nlink):
                descriptor, made = -1, descriptor
                return made
        finally:
            if descriptor >= 0:
                os.close(descriptor)
        time.sleep(0.001)
    raise BlockingIOError(f"the file {path} cannot be used")


def run_name(run_id: str) -> str:
    """Return a run's id as names of files have it: one that is too long stands there as its digest."""
    return run_id if len(run_id) <= _LONGEST_NAME else "sha256-" + hashlib.sha256(run_id.encode()).hexdigest()


def journals(folder: Path, run_id: str | None = None) -> dict[JournalFiles, list[Segment]]:
    """Return the journals in a folder, or those of a run, with their files in order; the oldest first."""
    found: dict[JournalFiles, list[Segment]] = {}
    wanted = None if run_id is None else run_name(run_id)
    for entry in _scan(folder):
        parsed = _parse(entry.name)
        if parsed and wanted in (None, parsed[0]):
            run, writer_id, first = parsed
            with contextlib.suppress(FileNotFoundError):
                status = entry.stat()
                segment = Segment(first, Path(entry.path), status.st_size, status.st_mtime_ns)
                found.setdefault(JournalFiles(folder, run, writer_id), []).append(segment)
    for segments in found.values():
        segments.sort(key=lambda each: each.first)
    return dict(sorted(found.items(), key=lambda each: each[1][0].changed))


def folders_below(folder: Path) -> list[Path]:
    """Return the folders with journals among a folder and those directly in it, such as the one of several stores."""
    inner = sorted(Path(entry.path) for entry in _scan(folder) if entry.is_dir(follow_symlinks=False))
    return [each for each in (folder, *inner) if any(map(_parse, _names(each)))]


def remove_run(folder: Path, run_id: str) -> None:
    """Remove all that is kept of a run."""
    run = run_name(run_id)
    for name in list(_names(folder)):
        if _run_of(name) == run:
            (folder / name).unlink(missing_ok=True)
    shutil.rmtree(staged_folder(folder, run_id), ignore_errors=True)


def staged_folder(folder: Path, run_id: str) -> Path:
    """Return the folder for what waits to be stored as artifacts of a run."""
    return folder / STAGED / run_name(run_id)


def not_stored(folder: Path, run_id: str | None = None) -> list[Path]:
    """Return the files that were put away, of a run or of all."""
    wanted = None if run_id is None else run_name(run_id)
    away = (name for name in _names(folder) if name.endswith(NOT_STORED_SUFFIX))
    return sorted(folder / name for name in away if wanted in (None, _run_of(name)))


def intakes(folder: Path) -> list[Path]:
    """Return the files of intakes, those of one intake in their order."""
    return sorted(folder / name for name in _names(folder) if name.endswith(INTAKE_SUFFIX))


def intake_of(path: Path) -> str:
    """Return the id of the intake that a file belongs to."""
    return path.name.rpartition("-")[0]


def refused(folder: Path, run_id: str) -> list[dict[str, Any]]:
    """Return what stores refused of the records of a run.

    Each has `writer_id`, `sequence`, `count`, `store`, `reason`, `record` and `frame`.
    """
    run = run_name(run_id)
    names = sorted(name for name in _names(folder) if name.endswith(REFUSED_SUFFIX) and _run_of(name) == run)
    return _once([each for name in names for each in _entries(folder / name)])


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


def size_of(folder: Path) -> int:
    """Return how many bytes all files below a folder have."""
    total = 0
    for inner, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(inner, name)).st_size  # noqa: PTH118 - a walk of many files
    return total


def _header_size(path: Path) -> int:
    with path.open("rb") as file, contextlib.suppress(Damaged):
        return end_of_frame(file.read(_LONGEST_HEADER), 0, final=False) or 0
    return 0


def _parse(name: str) -> tuple[str, str, int] | None:
    """Return run, writer and first number of a journal's file; None where it is another one."""
    if not name.endswith(SUFFIX):
        return None
    stem, _, first = name[: -len(SUFFIX)].rpartition("-")
    run, _, writer_id = stem.rpartition(".")
    return (run, writer_id, int(first)) if run and writer_id and first.isdigit() else None


def _run_of(name: str) -> str:
    """Return the run of a file that belongs to a writer."""
    return name.rpartition(".")[0].rpartition(".")[0]


def _what(entry: dict[str, Any]) -> tuple[object, object]:
    return entry.get("sequence"), entry.get("store")


def _once(entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what was refused, each once: two processes may have set one aside."""
    once = {(each.get("writer_id"), *_what(each)): each for each in reversed(entries)}
    return list(reversed(once.values()))


def _entries(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    with contextlib.suppress(OSError):
        for line in path.read_bytes().splitlines():
            with contextlib.suppress(ValueError):  # a line that a dying process began
                found.append(json.loads(line))
    return found


def _names(folder: Path) -> Iterator[str]:
    return (entry.name for entry in _scan(folder))


def _scan(folder: Path) -> list[os.DirEntry[str]]:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        return list(entries)
    return []
