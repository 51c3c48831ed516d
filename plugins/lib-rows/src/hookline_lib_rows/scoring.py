"""From chunks of rows to chunks of predictions."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import numpy as np
import pandas as pd

from hookline.errors import ExecutionFailed, HooklineError, InvalidValue, SignatureError
from hookline_lib_rows.tables import Chunk, Reader, Writer

PREDICTION = "prediction"


def score(
    model: Any, reader: Reader, writer: Writer, name: str, keep: Sequence[str], progress: Callable[[], None]
) -> int:
    """Write a row of predictions for each row that is read; return how many.

    Args:
        model: a `hookline.models.LoadedModel`.
        name: what the input is called in messages.
        keep: columns of the input to write before the predictions.
        progress: called after each chunk.

    Raises:
        SignatureError: a row does not fit the model; counted from the first row of the file, which is 0.
        InvalidValue: the file cannot be read, or the predictions cannot be written. ExecutionFailed: the model failed.
    """
    rows = 0
    for chunk in _ahead(reader):
        writer.write(predicted(model, chunk, name, keep))
        rows += len(chunk.frame)
        progress()
    if not rows:
        empty: dict[str, list[Any]] = {column: [] for column in [*keep, PREDICTION]}
        writer.write(Chunk(0, pd.DataFrame(empty, dtype="float64")))
    return rows


def _ahead(reader: Reader) -> Iterator[Chunk]:
    """Yield a file's chunks, each of which is read while the one before is worked on.

    Of a pipe they are read as they are asked for: nobody knows when the next one comes.
    """
    chunks = reader.chunks()
    if reader.length is None:
        yield from chunks
        return
    with closing(chunks), ThreadPoolExecutor(1, thread_name_prefix="hookline-rows") as thread:
        coming = thread.submit(next, chunks, None)
        while (chunk := coming.result()) is not None:
            coming = thread.submit(next, chunks, None)
            yield chunk


def predicted(model: Any, chunk: Chunk, name: str, keep: Sequence[str]) -> Chunk:
    """Return the predictions for a chunk, behind the columns of it that are kept; arguments and errors as `score`."""
    missing = [each for each in keep if each not in chunk.frame.columns]
    if missing:
        known = ", ".join(map(repr, chunk.frame.columns))
        raise InvalidValue(f"{name} has no column {missing[0]!r} to keep; it has: {known}.")
    frame = chunk.frame.reset_index(drop=True)
    try:
        predictions = as_frame(model.predict(frame), len(frame), chunk.first)
    except SignatureError as error:
        shifted = error.shifted(chunk.first)
        raise SignatureError(f"{shifted.problem} (in {name})", column=shifted.column, row=shifted.row) from error
    except HooklineError:
        raise
    except Exception as error:
        last = chunk.first + len(frame) - 1
        text = " ".join(f"{type(error).__name__}: {error}".split())
        raise ExecutionFailed(f"The model failed on the rows {chunk.first} to {last} of {name}: {text}") from error
    if keep:
        predictions = pd.concat([frame[list(keep)], predictions], axis=1)
    return Chunk(chunk.first, predictions)


def as_frame(predictions: Any, rows: int, first: int) -> pd.DataFrame:
    """Return what a model returned as a table: `prediction`, or `prediction_0`, `prediction_1`... for several columns.

    Raises:
        InvalidValue: it is not a prediction for each row.
    """
    if hasattr(predictions, "to_pandas"):  # polars and Arrow
        predictions = predictions.to_pandas()
    if isinstance(predictions, pd.DataFrame):
        frame = predictions.reset_index(drop=True)
    elif isinstance(predictions, pd.Series):
        name = PREDICTION if predictions.name is None else predictions.name
        frame = predictions.reset_index(drop=True).to_frame(name)
    elif isinstance(predictions, dict):
        frame = pd.DataFrame({key: list(value) for key, value in predictions.items()})
    else:
        frame = _of_values(predictions)
    if len(frame) != rows:
        raise InvalidValue(
            f"The model returned {len(frame)} predictions for the {rows} rows from row {first} on; "
            "a file is scored by a model that returns one for each row."
        )
    return frame


def _of_values(predictions: Any) -> pd.DataFrame:
    if isinstance(predictions, list | tuple) and predictions and isinstance(predictions[0], dict):
        return pd.DataFrame(list(predictions))
    if not isinstance(predictions, np.ndarray | list | tuple):
        raise InvalidValue(f"The model returned a {type(predictions).__name__}, not a prediction for each row.")
    if isinstance(predictions, np.ndarray) and predictions.ndim == 2:
        width = predictions.shape[1]
        names = [PREDICTION] if width == 1 else [f"{PREDICTION}_{number}" for number in range(width)]
        return pd.DataFrame(predictions, columns=names)
    flat = isinstance(predictions, np.ndarray) and predictions.ndim == 1
    return pd.DataFrame({PREDICTION: predictions if flat else list(predictions)})
