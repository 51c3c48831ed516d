"""What the readers and writers share: formats and chunks."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pandas as pd
from attrs import frozen

from hookline.errors import InvalidValue
from hookline.models.schema import Scalar

SUFFIXES = {
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
FORMATS = ("csv", "jsonl", "parquet")
STREAM = "-"
"""How stdin and stdout are named."""
TEXTS = (Scalar.STRING, Scalar.BINARY, Scalar.DATETIME)


@frozen
class Chunk:
    """A few rows of a file.

    Attributes:
        first: how many rows of the file come before them.
    """

    first: int
    frame: pd.DataFrame


class Reader(Protocol):
    """Reads a file a chunk at a time; `position` of `length` (bytes, or rows) is how far it has come."""

    length: int | None

    @property
    def position(self) -> int:
        """How much was read."""

    def chunks(self) -> Iterator[Chunk]:
        """Yield the file's rows in order. Raises `InvalidValue` where it cannot be read, with the place."""


class Writer(Protocol):
    """Writes a file a chunk at a time."""

    def write(self, chunk: Chunk) -> None:
        """Add rows. Raises `InvalidValue` where they do not fit those before, with the rows."""

    def close(self) -> None:
        """Write what is left; the stream stays open."""


def format_of(name: str, given: str | None, option: str) -> str:
    """Return the format of a file: the given one, or that of its suffix.

    Raises:
        InvalidValue: nothing says it; the text names the option.
    """
    found = given or SUFFIXES.get(Path(name).suffix.lower())
    if found is None:
        raise InvalidValue(f"The format of {name!r} is not known: pass {option} with one of {', '.join(FORMATS)}.")
    return found
