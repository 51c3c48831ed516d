"""What the engines share is tested through them, in every format; here is what they do not reach."""

import io
from contextlib import nullcontext

import numpy as np
import pandas as pd
import pytest

from hookline.errors import ExecutionFailed, InvalidValue
from hookline_lib_rows.formats import open_reader, open_writer
from hookline_lib_rows.scoring import as_frame, score
from hookline_lib_rows.tables import Chunk

ROWS = pd.DataFrame({"a": [1.5, 2.0, 3.5], "b": ["x", "y, z", '"']})


@pytest.mark.parametrize("format", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("rows", [1, 2, 10])
def test_what_is_written_is_read_again(format, rows):
    stream = io.BytesIO()
    writer = open_writer(format, stream, "rows")
    for first in range(0, len(ROWS), rows):
        writer.write(Chunk(first, ROWS.iloc[first : first + rows].reset_index(drop=True)))
    writer.close()
    chunks = list(open_reader(format, io.BytesIO(stream.getvalue()), "rows", None, rows).chunks())
    assert [chunk.first for chunk in chunks] == list(range(0, len(ROWS), rows))
    pd.testing.assert_frame_equal(pd.concat([chunk.frame for chunk in chunks], ignore_index=True), ROWS)


@pytest.mark.parametrize(
    ("predictions", "columns"),
    [
        ([1, 2], ["prediction"]),
        (np.ones(2), ["prediction"]),
        (np.ones((2, 1)), ["prediction"]),
        (np.ones((2, 2)), ["prediction_0", "prediction_1"]),
        (pd.Series([1, 2], name="kind"), ["kind"]),
        (pd.DataFrame({"a": [1, 2], "b": [3, 4]}), ["a", "b"]),
        ([{"a": 1}, {"a": 2}], ["a"]),
        ({"a": [1, 2]}, ["a"]),
    ],
)
def test_predictions_of_every_shape_become_columns(predictions, columns):
    assert list(as_frame(predictions, 2, 0).columns) == columns


NUMBERS = [0.1, -0.0, 1e16, 1e-7, 123456789.123456789, float("inf"), -2.5e-320, 1 / 3]


@pytest.mark.parametrize(
    "columns",
    [
        {"prediction": np.array([1, -2, 2**62])},
        {"prediction": np.array([1, 2], "uint8"), "sure": np.array([True, False])},
        {"a, b": np.array(NUMBERS), "c": np.arange(len(NUMBERS), dtype="int32")},
        {"a": np.array([1.5, float("nan")])},
        {"a": np.array([0.1, 1e-7, 16777216], "float32")},
        {"a": pd.array([1, None], "Int64")},
        {"a": ["x", None], "b": [1, 2]},
        {"a": np.array([], "float64")},
    ],
    ids=["whole", "mixed", "floats", "a missing one", "single precision", "pandas' own", "texts", "no row"],
)
def test_csv_is_written_as_pandas_writes_it(columns):
    frame = pd.DataFrame(columns)
    stream = io.BytesIO()
    writer = open_writer("csv", stream, "rows")
    writer.write(Chunk(0, frame))
    writer.write(Chunk(len(frame), frame))
    once = frame.to_csv(index=False, lineterminator="\n")
    assert stream.getvalue().decode() == once + frame.to_csv(index=False, header=False, lineterminator="\n")


class Numbers:
    """A reader of numbers that notes how far it was read, and fails in the end."""

    position = 0

    def __init__(self, length, fails=False):
        self.length, self.fails, self.closed = length, fails, False

    def chunks(self):
        try:
            for self.position in range(4):
                yield Chunk(self.position, pd.DataFrame({"x": [self.position]}))
            if self.fails:
                raise InvalidValue("the file ends in the middle")
        finally:
            self.closed = True


class Kept:
    def __init__(self):
        self.rows = []

    def write(self, chunk):
        self.rows += chunk.frame["prediction"].tolist()


class Doubles:
    def predict(self, frame):
        return frame["x"].to_numpy() * 2


@pytest.mark.parametrize("length", [100, None], ids=["a file, read ahead", "a pipe"])
@pytest.mark.parametrize("fails", [False, True])
def test_chunks_are_scored_in_order_and_readers_are_closed(length, fails):
    reader, kept = Numbers(length, fails), Kept()
    with pytest.raises(InvalidValue, match="in the middle") if fails else nullcontext():
        assert score(Doubles(), reader, kept, "rows", [], lambda: None) == 4
    assert kept.rows == [0, 2, 4, 6]
    assert reader.closed


@pytest.mark.parametrize(("length", "most"), [(100, 2), (None, 1)], ids=["a file, read ahead", "a pipe"])
def test_no_more_is_read_than_the_next_chunk(length, most):
    reader, seen = Numbers(length), []

    class Fails:
        def predict(self, frame):
            seen.append(reader.position)
            if len(seen) == 2:
                raise ValueError("no")
            return frame["x"].to_numpy()

    with pytest.raises(ExecutionFailed, match="rows 1 to 1"):
        score(Fails(), reader, Kept(), "rows", [], lambda: None)
    assert reader.position <= most
    assert reader.closed
