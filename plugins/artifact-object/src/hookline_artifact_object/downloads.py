"""Writing a file as it comes, and going on where an earlier try stopped.

What a try has got is kept beside the destination as `.NAME.VERSION.partial` when the connection or the person broke it
off; VERSION is a digest of what names the content in the store, so that another content is never continued. A process
that is killed keeps nothing.
"""

import hashlib
import os
import re
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from hookline.entities.rules import new_id
from hookline.errors import Unavailable
from hookline_artifact_object.failures import Changed
from hookline_artifact_object.reading import Source

_NAME = 40
"""Characters of a file's name in that of what was kept: both have to fit into 255 bytes."""


class Download:
    """A file on its way to a destination.

    Args:
        worth: bytes from which on it is worth to keep what there is.

    Attributes:
        size: bytes that are there; at the start those of an earlier try.
    """

    def __init__(self, source: Source, destination: Path, worth: int) -> None:
        self._source, self._destination, self._worth = source, destination, worth
        self._working = destination.parent / f".{new_id()}.partial"
        self._resumes = source.version is not None and source.size > worth
        self.size = 0

    def __enter__(self) -> "Download":
        """Open the file; taking over what was kept is one rename, so that only one of several does."""
        if self._resumes:
            with suppress(FileNotFoundError):
                self._kept.rename(self._working)
        self._file: BinaryIO = self._working.open("ab", buffering=0)
        self.size = self._file.tell()
        if self.size > self._source.size:
            self._file.truncate(0)
            self.size = 0
        return self

    @cached_property
    def _kept(self) -> Path:
        return self._destination.with_name(f".{self._destination.name[:_NAME]}.{_mark(self._source)}.partial")

    def write(self, part: memoryview) -> None:
        """Write a part after the last one."""
        while part:
            count = self._file.write(part)
            part = part[count:]
            self.size += count

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Put the whole file in its place; keep what there is where going on is worth it; or remove it."""
        with self._file:
            broken_off = isinstance(error, (Unavailable, KeyboardInterrupt)) and not isinstance(error, Changed)
            keep = broken_off and self._resumes and self.size >= self._worth
            if keep:
                os.fsync(self._file.fileno())  # a name that promises content is not to outlive it
        if error is None:
            self._working.replace(self._destination)
            self._forget_others()
        elif keep:
            self._working.replace(self._kept)
        else:
            self._working.unlink(missing_ok=True)

    def _forget_others(self) -> None:
        """Remove what was kept of other contents, which nobody will continue."""
        if not self._resumes:
            return
        pattern = re.compile(rf"\.{re.escape(self._destination.name[:_NAME])}\.[0-9a-f]{{32}}\.partial")
        for each in self._destination.parent.iterdir():
            if pattern.fullmatch(each.name):
                each.unlink(missing_ok=True)


def _mark(source: Source) -> str:
    text = f"{source.path}\0{source.version}\0{source.size}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]
