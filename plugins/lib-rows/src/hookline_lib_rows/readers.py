"""Reading CSV and JSON lines a chunk at a time."""

import csv
import io
import json
import os
import re
import stat
from collections.abc import Generator, Iterator
from itertools import islice
from typing import Any, BinaryIO

import pandas as pd

from hookline.errors import InvalidValue
from hookline.models.parsed import with_numbers
from hookline.models.schema import Schema
from hookline_lib_rows.tables import TEXTS, Chunk

_EXACT: Any = {} if tuple(map(int, pd.__version__.split(".")[:2])) >= (3, 1) else {"float_precision": "round_trip"}
"""Before 3.1, pandas reads some numbers with a wrong last digit unless it is told not to."""

_EXTRA = "\0values too many"


class CsvReader:
    """Reads CSV with a header.

    Args:
        stream: the file, or stdin.
        name: what it is called in messages.
        schema: what the model takes: its texts, times and bytes are kept as they are written ("007").
        rows: how many make a chunk.
    """

    def __init__(self, stream: BinaryIO, name: str, schema: Schema | None, rows: int) -> None:
        self._stream, self._name, self._schema, self._rows = stream, name, schema, rows
        self.length = length_of(stream)

    @property
    def position(self) -> int:
        """How many bytes were read."""
        return self._stream.tell() if self.length is not None else 0

    def chunks(self) -> Generator[Chunk, None, None]:
        """Yield the rows in order."""
        text = io.TextIOWrapper(self._stream, encoding="utf-8-sig", newline="")
        first = lines = 0
        try:
            names, lines = _header(text)
            with pd.read_csv(text, names=[*names, _EXTRA], header=None, **self._options()) as parts:
                for frame in parts:
                    yield Chunk(first, with_numbers(self._checked(frame, first), self._schema))
                    first += len(frame)
        except UnicodeDecodeError as error:
            byte = error.object[error.start]
            raise InvalidValue(f"{self._name}: it is not UTF-8 text, after row {first}: {byte:#04x}.") from error
        except (ValueError, OverflowError, csv.Error) as error:  # pandas' own errors of reading are ValueErrors
            problem = " ".join(str(error).split())
            problem = re.sub(r"\bline (\d+)", lambda found: f"line {int(found[1]) + lines}", problem)
            raise InvalidValue(f"{self._name}: it is not CSV with a header, after row {first}: {problem}.") from error
        finally:
            text.detach()

    def _options(self) -> dict[str, Any]:
        columns = self._schema.columns if self._schema else ()
        texts = {each.name: str for each in columns if each.type in TEXTS}
        return {"chunksize": self._rows, "dtype": texts, "low_memory": False, **_EXACT}

    def _checked(self, frame: pd.DataFrame, first: int) -> pd.DataFrame:
        """Return a chunk without the column for values too many, which pandas drops where they begin a chunk."""
        extra = frame.pop(_EXTRA).notna().to_numpy()
        is_shifted = not isinstance(frame.index, pd.RangeIndex)  # pandas makes an index of what is too much in row 0
        if is_shifted or extra.any():
            row = first + (0 if is_shifted else int(extra.argmax()))
            raise InvalidValue(f"{self._name}, row {row}: it has more values than the header has names.")
        return frame.reset_index(drop=True)


def _header(text: io.TextIOWrapper) -> tuple[list[str], int]:
    """Read the names of the columns, as pandas would name them, and how many lines they took."""
    records = csv.reader(text, strict=True)
    header = next((record for record in records if record), None)
    if header is None:
        raise ValueError("No columns to parse from file")
    names: list[str] = []
    for position, name in enumerate(header):
        name = unique = name or f"Unnamed: {position}"
        number = 0
        while unique in names:
            number += 1
            unique = f"{name}.{number}"
        names.append(unique)
    return names, records.line_num


class JsonLinesReader:
    """Reads a JSON object from each line; empty lines are passed over. Arguments as for `CsvReader`."""

    def __init__(self, stream: BinaryIO, name: str, schema: Schema | None, rows: int) -> None:
        self._stream, self._name, self._schema, self._rows = stream, name, schema, rows
        self.length = length_of(stream)

    @property
    def position(self) -> int:
        """How many bytes were read."""
        return self._stream.tell() if self.length is not None else 0

    def chunks(self) -> Generator[Chunk, None, None]:
        """Yield the rows in order."""
        records = self._records()
        first = 0
        while part := list(islice(records, self._rows)):
            names = dict.fromkeys(name for record in part for name in record)
            columns = {name: [record.get(name) for record in part] for name in names}
            yield Chunk(first, with_numbers(pd.DataFrame(columns, index=range(len(part))), self._schema))
            first += len(part)

    def _records(self) -> Iterator[dict[str, Any]]:
        for number, line in enumerate(self._stream, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
            except (ValueError, RecursionError) as error:
                raise InvalidValue(f"{self._name}, line {number}: it is not JSON: {error}.") from error
            if not isinstance(record, dict):
                raise InvalidValue(f'{self._name}, line {number}: expected an object such as {{"x": 1}}.')
            yield record


def length_of(stream: BinaryIO) -> int | None:
    """Return how many bytes a stream has, None for a pipe."""
    try:
        status = os.fstat(stream.fileno())
    except OSError:  # a stream without a file
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) and stream.seekable() else None
