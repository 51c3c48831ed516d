"""Files and models that wait for a store which is away: beside the journals of their runs, until they can be stored.

Each lies in a folder of its own, `staged/RUN/NUMBER/`, which appears whole: `content`, a file or a model's folder, and
`description.json`, which says where it belongs and the SHA-256 of every file.
"""

import contextlib
import hashlib
import json
import logging
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from time import time_ns
from typing import Any

from hookline.errors import DigestMismatch, InvalidValue, NotFound, Unavailable
from hookline.journal import Journals
from hookline.journal.files import STAGED
from hookline.system import HeldLock, sync_file

CONTENT, DESCRIPTION, LOCK = "content", "description.json", ".lock"
_FOR_GOOD = (InvalidValue, NotFound, DigestMismatch)
log = logging.getLogger("hookline")


class Staging:
    """Keeps what cannot be stored now, and stores it later. Thread safe; several processes may deliver.

    Args:
        deliver: by the kind of what is staged, a function that stores it: `deliver(run_id, content, details)`, which
            may be called again for the same.
    """

    def __init__(
        self, journals: Callable[[], Journals], deliver: Mapping[str, Callable[[str, Path, Any], None]]
    ) -> None:
        self._journals, self._deliver = journals, deliver

    def add(self, run_id: str, kind: str, content: Path, details: Mapping[str, Any]) -> None:
        """Keep a copy of a file or folder, on the disk before this returns.

        Raises:
            Unavailable: there is no room for it, or the disk failed; nothing of it was kept.
        """
        folder, name = self._journals().staged_folder(run_id), details.get("key") or content.name
        temporary = folder / f".{secrets.token_hex(8)}"
        try:
            self._journals().require_room(_size(content))
            temporary.mkdir(parents=True, mode=0o700)
            digests = _copied(content, temporary / CONTENT)
            text = json.dumps({"run_id": run_id, "kind": kind, "details": dict(details), "sha256": digests})
            (temporary / DESCRIPTION).write_text(text, encoding="utf-8")
            sync_file(temporary / DESCRIPTION)
            temporary.rename(folder / f"{time_ns():020d}-{secrets.token_hex(4)}")
            sync_file(folder)
        except OSError as error:
            shutil.rmtree(temporary, ignore_errors=True)
            _remove_empty(folder)
            raise Unavailable(f"{name!r} cannot be kept until the store is back: {error.strerror or error}.") from error
        log.warning("A store is away; the %s %r of the run %s is kept in %s until then.", kind, name, run_id, folder)

    def deliver(self, root: Path) -> None:
        """Store what waits below a folder of journals, in the order in which it came, as far as the stores are there.

        What a store refuses for good stays, with the reason in the log.
        """
        for staged in _runs(root):
            self._deliver_run(staged)

    def waiting(self, root: Path) -> int:
        """Return how many files and models wait below a folder of journals."""
        return sum(len(list(_entries(staged))) for staged in _runs(root))

    def _deliver_run(self, staged: Path) -> None:
        try:
            held = HeldLock.try_take(staged / LOCK)
        except FileNotFoundError:  # another process delivered it all
            return
        if held is None:
            return
        try:
            for entry in _entries(staged):
                try:
                    self._deliver_one(entry)
                except _FOR_GOOD as error:
                    log.error("%s was refused and stays: %s", entry, error)
                else:
                    shutil.rmtree(entry)
        finally:
            held.release()
        if not list(_entries(staged)):
            (staged / LOCK).unlink(missing_ok=True)
            _remove_empty(staged)

    def _deliver_one(self, entry: Path) -> None:
        described = json.loads((entry / DESCRIPTION).read_text(encoding="utf-8"))
        content = entry / CONTENT
        for key, digest in described["sha256"].items():
            if _digest(content / key if key else content) != digest:
                raise DigestMismatch(f"{content / key} is not what was logged.")
        self._deliver[described["kind"]](described["run_id"], content, described["details"])


def _runs(root: Path) -> list[Path]:
    """Return the folders of runs for which something waits, the one that was added to first at the start."""
    with contextlib.suppress(OSError):
        return sorted((root / STAGED).iterdir(), key=lambda each: each.stat().st_mtime_ns)
    return []


def _remove_empty(staged: Path) -> None:
    """Remove the folder of a run for which nothing waits, and that of all runs where it was the last."""
    with contextlib.suppress(OSError):
        staged.rmdir()
        staged.parent.rmdir()


def _entries(staged: Path) -> Iterator[Path]:
    with contextlib.suppress(OSError):
        yield from sorted(each for each in staged.iterdir() if not each.name.startswith("."))


def _copied(content: Path, target: Path) -> dict[str, str]:
    """Copy a file, or the files of a folder; return the digest of each by its path, which is "" for a single one."""
    if content.is_file():
        return {"": _copied_file(content, target)}
    target.mkdir()
    digests = {}
    for path in sorted(each for each in content.rglob("*") if each.is_file()):
        key = path.relative_to(content).as_posix()
        (target / key).parent.mkdir(parents=True, exist_ok=True)
        digests[key] = _copied_file(path, target / key)
    return digests


def _copied_file(source: Path, target: Path) -> str:
    shutil.copyfile(source, target)
    sync_file(target)
    return _digest(target)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _size(content: Path) -> int:
    if content.is_file():
        return content.stat().st_size
    return sum(os.lstat(each).st_size for each in content.rglob("*") if each.is_file())
