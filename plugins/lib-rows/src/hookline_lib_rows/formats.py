"""The readers and writers of rows, by their formats."""

from typing import BinaryIO

from hookline.errors import NotSupported
from hookline.models.schema import Schema
from hookline.providers import resolve
from hookline_lib_rows.tables import Reader, Writer

_READERS = {
    "csv": "hookline_lib_rows.readers:CsvReader",
    "jsonl": "hookline_lib_rows.readers:JsonLinesReader",
    "parquet": "hookline_lib_rows.parquet:ParquetReader",
}
_WRITERS = {
    "csv": "hookline_lib_rows.writers:CsvWriter",
    "jsonl": "hookline_lib_rows.writers:JsonLinesWriter",
    "parquet": "hookline_lib_rows.parquet:ParquetWriter",
}


def open_reader(format: str, stream: BinaryIO, name: str, schema: Schema | None, rows: int) -> Reader:
    """Return a reader of a format. Raises `NotSupported` where what it needs is not installed."""
    reader: Reader = _load(_READERS[format])(stream, name, schema, rows)
    return reader


def open_writer(format: str, stream: BinaryIO, name: str) -> Writer:
    """Return a writer of a format. Raises `NotSupported` where what it needs is not installed."""
    writer: Writer = _load(_WRITERS[format])(stream, name)
    return writer


def _load(target: str) -> type:
    try:
        found: type = resolve(target)
    except ImportError as error:
        raise NotSupported(
            "Parquet needs pyarrow, which is not installed: pip install 'hookline-lib-rows[parquet]'"
        ) from error
    return found
