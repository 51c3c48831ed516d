"""Writing CSV and JSON lines a chunk at a time."""

import base64
import json
import math
from datetime import date
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from hookline.errors import InvalidValue
from hookline_lib_rows.tables import Chunk


class CsvWriter:
    """Writes CSV with a header."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream, self._name = stream, name
        self._columns: list[str] | None = None

    def write(self, chunk: Chunk) -> None:
        """Add rows."""
        first = self._columns is None
        self._columns = same_columns(self._columns, chunk)
        frame = chunk.frame
        lines = _lines_of_numbers(frame)
        if lines is None:
            text = frame.to_csv(index=False, header=first, lineterminator="\n")
        else:
            text = (frame.head(0).to_csv(index=False, lineterminator="\n") if first else "") + lines
        self._stream.write(text.encode("utf-8", "surrogatepass"))

    def close(self) -> None:
        """Nothing is left to write."""


def _lines_of_numbers(frame: pd.DataFrame) -> str | None:
    """Return the lines that pandas would write, in half of its time, where all values are numbers; None otherwise.

    Python writes whole numbers, booleans and 64-bit floats as pandas does, but for missing ones.
    """
    columns = [frame.iloc[:, each].to_numpy() for each in range(frame.shape[1])]
    for each in columns:
        if each.dtype.kind not in "biu" and not (each.dtype == np.float64 and not np.isnan(each).any()):
            return None
    if not columns or not len(frame):
        return None
    texts = [map(repr, each.tolist()) for each in columns]
    return "\n".join(texts[0] if len(texts) == 1 else map(",".join, zip(*texts, strict=True))) + "\n"


class JsonLinesWriter:
    """Writes an object a line. NaN and other missing values are null; infinities, which JSON lacks, too."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream, self._name = stream, name
        self._columns: list[str] | None = None

    def write(self, chunk: Chunk) -> None:
        """Add rows."""
        self._columns = same_columns(self._columns, chunk)
        frame = chunk.frame
        columns = [[plain(value) for value in frame.iloc[:, each].tolist()] for each in range(len(self._columns))]
        for row in zip(*columns, strict=True):
            record = dict(zip(self._columns, row, strict=True))
            self._stream.write(json.dumps(record, ensure_ascii=False, allow_nan=False).encode() + b"\n")

    def close(self) -> None:
        """Nothing is left to write."""


def same_columns(known: list[str] | None, chunk: Chunk) -> list[str]:
    """Return a chunk's columns. Raises `InvalidValue` where they are not those of the chunks before."""
    columns = [str(each) for each in chunk.frame.columns]
    if known is not None and columns != known:
        raise InvalidValue(
            f"From row {chunk.first} on the model returned the columns {columns}, and before that {known}."
        )
    return columns


def plain(value: Any) -> Any:
    """Return a prediction as JSON has it. Raises `InvalidValue` for what has no form there."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, str | int | bool):
        return value
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind not in "cmMV":
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    raise InvalidValue(f"A prediction of the type {type(value).__name__!r} has no form in JSON; write Parquet or CSV.")
