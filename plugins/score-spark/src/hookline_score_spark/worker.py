"""What the workers run: they load the model once, and predict for the chunks of rows that Spark hands them."""

import base64
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow
from attrs import frozen
from pyspark import SparkFiles, TaskContext

from hookline.entities import ModelFolder
from hookline.models import LoadedModel
from hookline.models.checked import load_checked
from hookline.models.schema import Schema
from hookline.plugins import Plugins
from hookline_lib_rows.formats import open_reader, open_writer
from hookline_lib_rows.scoring import predicted
from hookline_lib_rows.tables import Chunk
from hookline_score_spark.problems import telling

TEXTS = "value string, size long, columns string"
"""What `texts` makes: a chunk of the output as text, how many rows it has, and its columns as JSON."""
_loaded: dict[str, LoadedModel] = {}


@frozen
class Work:
    """What a worker is told.

    Attributes:
        model: the model; its path is the name of the archive that was sent.
        allow, disable: the plugins that this workspace allows and disables.
        name: of the rows, for messages. keep: columns to write before the predictions.
    """

    model: ModelFolder
    allow: tuple[str, ...] | None
    disable: tuple[str, ...]
    format: str
    output_format: str
    name: str
    keep: tuple[str, ...]

    def texts(self, frames: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        """Yield the predictions for each chunk as text, with what is counted beside it."""
        with telling(_partition()):
            stream = io.BytesIO()
            writer = open_writer(self.output_format, stream, "the output")
            for chunk in self._predictions(frames):
                writer.write(chunk)
                text = stream.getvalue().decode("utf-8", "surrogatepass").removesuffix("\n")
                stream.seek(0)
                stream.truncate()
                columns = json.dumps([str(each) for each in chunk.frame.columns])
                yield pd.DataFrame({"value": [text], "size": [len(chunk.frame)], "columns": [columns]})

    def tables(self, frames: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        """Yield the predictions for each chunk as a table."""
        with telling(_partition()):
            for chunk in self._predictions(frames):
                yield chunk.frame.set_axis([str(each) for each in chunk.frame.columns], axis=1)

    def schemas(self, frames: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        """Yield what Arrow takes the predictions for each chunk for: a schema, in base 64."""
        with telling(_partition()):
            for chunk in self._predictions(frames):
                schema = pyarrow.Table.from_pandas(chunk.frame, preserve_index=False).schema.remove_metadata()
                yield pd.DataFrame({"schema": [base64.b64encode(schema.serialize().to_pybytes()).decode("ascii")]})

    def _predictions(self, frames: Iterable[pd.DataFrame]) -> Iterator[Chunk]:
        model = self._load()
        schema = model.signature.inputs if model.signature is not None else None
        first = 0
        for frame in frames:
            for chunk in self._typed(frame, schema):
                yield predicted(model, Chunk(first + chunk.first, chunk.frame), self.name, self.keep)
            first += len(frame)

    def _typed(self, frame: pd.DataFrame, schema: Schema | None) -> Iterable[Chunk]:
        """Return rows with the types that they would have if this machine had read them from their file."""
        if self.format == "parquet" or not len(frame):
            return [Chunk(0, frame)] if len(frame) else []
        if self.format == "csv":
            text = frame.to_csv(index=False, lineterminator="\n")
        else:
            text = "\n".join(frame["value"])
        stream = io.BytesIO(text.encode("utf-8", "surrogatepass"))
        return open_reader(self.format, stream, self.name, schema, len(frame)).chunks()

    def _load(self) -> LoadedModel:
        key = f"{self.model.path}"
        if key not in _loaded:
            _loaded.clear()  # a worker lives on; the model of an earlier job is not wanted again
            folder = Path(SparkFiles.get(str(self.model.path)))
            here = ModelFolder(
                self.model.uri, folder, self.model.digest, trusted=self.model.trusted, vouched=self.model.vouched
            )
            _loaded[key] = load_checked(here, Plugins.discover(self.allow, self.disable))
        return _loaded[key]


def _partition() -> int:
    context: Any = TaskContext.get()
    return 0 if context is None else int(context.partitionId())
