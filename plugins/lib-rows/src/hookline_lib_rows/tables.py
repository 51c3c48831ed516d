"""What the readers and writers share; importing it imports no pandas."""

from collections.abc import Generator
from typing import TYPE_CHECKING, Protocol

from attrs import frozen

from hookline.models.schema import Scalar

if TYPE_CHECKING:
    import pandas as pd

TEXTS = (Scalar.STRING, Scalar.BINARY, Scalar.DATETIME)


@frozen
class Chunk:
    """A few rows of a file.

    Attributes:
        first: how many rows of the file come before them.
    """

    first: int
    frame: "pd.DataFrame"


class Reader(Protocol):
    """Reads a file a chunk at a time; `position` of `length` (bytes, or rows) is how far it has come."""

    length: int | None

    @property
    def position(self) -> int:
        """How much was read."""

    def chunks(self) -> Generator[Chunk, None, None]:
        """Yield the file's rows in order. Raises `InvalidValue` where it cannot be read, with the place."""


class Writer(Protocol):
    """Writes a file a chunk at a time."""

    def write(self, chunk: Chunk) -> None:
        """Add rows. Raises `InvalidValue` where they do not fit those before, with the rows."""

    def close(self) -> None:
        """Write what is left; the stream stays open."""
