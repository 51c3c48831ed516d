"""Reading and writing Parquet a chunk at a time: the one module that imports pyarrow."""

from collections.abc import Generator
from typing import BinaryIO

import pyarrow
import pyarrow.parquet

from hookline.errors import InvalidValue
from hookline.models.schema import Schema
from hookline_lib_rows.tables import Chunk
from hookline_lib_rows.writers import same_columns


class ParquetReader:
    """Reads a Parquet file; its types are its own, so that none is guessed. Arguments as for `CsvReader`."""

    def __init__(self, stream: BinaryIO, name: str, _schema: Schema | None, rows: int) -> None:
        self._name, self._rows = name, rows
        self.position = 0
        if not stream.seekable():
            raise InvalidValue(f"{name}: Parquet has its table of contents at its end and cannot be read from a pipe.")
        try:
            # Without a buffer of its own for each column pyarrow keeps whole row groups, or all of them, in memory.
            self._file = pyarrow.parquet.ParquetFile(stream, pre_buffer=False, buffer_size=256 * 1024)
        except (pyarrow.lib.ArrowException, OSError, ValueError) as error:
            raise InvalidValue(f"{name}: it is no Parquet file: {' '.join(str(error).split())}.") from error
        self.length: int | None = self._file.metadata.num_rows

    def chunks(self) -> Generator[Chunk, None, None]:
        """Yield the rows in order."""
        try:
            for batch in self._file.iter_batches(batch_size=self._rows):
                yield Chunk(self.position, batch.to_pandas())
                self.position += batch.num_rows
        except (pyarrow.lib.ArrowException, OSError) as error:
            problem = " ".join(str(error).split())
            raise InvalidValue(f"{self._name}: it cannot be read after row {self.position}: {problem}.") from error


class ParquetWriter:
    """Writes a Parquet file; the types are those of the first chunk."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream, self._name = stream, name
        self._writer: pyarrow.parquet.ParquetWriter | None = None
        self._columns: list[str] | None = None

    def write(self, chunk: Chunk) -> None:
        """Add rows."""
        self._columns = same_columns(self._columns, chunk)
        frame = chunk.frame.set_axis(self._columns, axis=1)
        schema = self._writer.schema if self._writer else None
        try:
            table = pyarrow.Table.from_pandas(frame, schema=schema, preserve_index=False)
            if self._writer is None:
                table = table.replace_schema_metadata(None)
                self._writer = pyarrow.parquet.ParquetWriter(self._stream, table.schema)
            self._writer.write_table(table)
        except (pyarrow.lib.ArrowException, OverflowError) as error:
            problem = " ".join(str(error).split())
            raise InvalidValue(
                f"{self._name}: the predictions from row {chunk.first} on do not fit those before: {problem}."
            ) from error

    def close(self) -> None:
        """Write the file's table of contents."""
        if self._writer is not None:
            self._writer.close()
