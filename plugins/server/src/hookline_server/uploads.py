"""A file that is written while it comes, and becomes an artifact once it is whole."""

import os
import secrets
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from hookline.interfaces import ArtifactStore

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


class Upload:
    """A file in a folder of the server's own. All methods wait for the disk; one at a time may be called.

    Args:
        folder: where it is written; None: where the system has its temporary files.
    """

    def __init__(self, folder: Path | None) -> None:
        self._path = (folder or Path(tempfile.gettempdir())) / f"hookline-upload-{secrets.token_hex(8)}"
        self._is_private = folder is None
        self._descriptor: int | None = None

    def write(self, parts: Sequence[bytes]) -> None:
        """Append what came."""
        if self._descriptor is None:
            self._descriptor = os.open(self._path, _NEW, 0o600 if self._is_private else 0o666)
        rest = memoryview(parts[0] if len(parts) == 1 else b"".join(parts))
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]

    def become(self, store: ArtifactStore, key: str, parts: Sequence[bytes]) -> None:
        """Append the last parts, and store the file under a key."""
        self.write(parts or [b""])
        self._close()
        store.take(key, self._path)
        self.give_up()  # where it was copied

    def give_up(self) -> None:
        """Remove the file."""
        self._close()
        with suppress(FileNotFoundError):
            self._path.unlink()

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)
