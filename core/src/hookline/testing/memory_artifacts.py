"""The in-memory reference of `ArtifactStore`."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from hookline.entities import FileInfo
from hookline.errors import NotFound
from hookline.interfaces import ArtifactStore
from hookline.paths import check_key_path


class MemoryArtifactStore(ArtifactStore):
    """Keeps each file as bytes under its key; a folder is nothing but the first parts of the keys below it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._files: dict[str, bytes] = {}

    def put(self, key: str, source: Path) -> None:
        """See `ArtifactStore.put`."""
        key = check_key_path(key)
        try:
            data = source.read_bytes()
        except OSError as error:
            raise NotFound(f"There is no local file {str(source)!r} that can be read.") from error
        with self._lock:
            self._files[key] = data

    def get(self, key: str, destination: Path) -> None:
        """See `ArtifactStore.get`."""
        destination.write_bytes(self._read(key))

    def open(self, key: str) -> BinaryIO:
        """See `ArtifactStore.open`."""
        return BytesIO(self._read(key))

    def _read(self, key: str) -> bytes:
        with self._lock:
            data = self._files.get(check_key_path(key))
        if data is None:
            raise NotFound(f"There is no artifact {key!r}.")
        return data

    def list(self, prefix: str = "") -> Sequence[FileInfo]:
        """See `ArtifactStore.list`."""
        start = f"{check_key_path(prefix)}/" if prefix else ""
        with self._lock:
            sizes = {key: len(data) for key, data in self._files.items()}
        if prefix in sizes:
            return [FileInfo(prefix, False, sizes[prefix])]
        found = {}
        for key, size in sizes.items():
            if key.startswith(start):
                name, _, below = key.removeprefix(start).partition("/")
                found[name] = FileInfo(start + name, bool(below), None if below else size)
        return [found[name] for name in sorted(found)]

    def delete(self, key: str) -> None:
        """See `ArtifactStore.delete`."""
        start = f"{check_key_path(key)}/"
        with self._lock:
            for each in [each for each in self._files if each == key or each.startswith(start)]:
                del self._files[each]
