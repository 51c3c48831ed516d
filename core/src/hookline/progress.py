"""How far a transfer of artifacts is, for whoever shows it."""

from pathlib import Path
from typing import Protocol

from hookline.interfaces import ArtifactStore


class Progress(Protocol):
    """What a transfer tells. Both may be called from any thread."""

    def expect(self, size: int) -> None:
        """Say how many bytes are to be moved in all; called once, before the first of them."""

    def moved(self, count: int) -> None:
        """Say that so many more bytes were moved. A part that is sent again counts again."""


def put(store: ArtifactStore, key: str, source: Path, progress: Progress | None) -> None:
    """Store a file, and say how far it is where somebody listens."""
    if progress is None:
        store.put(key, source)
    else:
        store.put_with_progress(key, source, progress.moved)


def get(store: ArtifactStore, key: str, destination: Path, progress: Progress | None) -> None:
    """Fetch a file, and say how far it is where somebody listens."""
    if progress is None:
        store.get(key, destination)
    else:
        store.get_with_progress(key, destination, progress.moved)
