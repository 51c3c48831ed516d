"""What the engines share is tested through them, in every format; here is what they do not reach."""

import io

import numpy as np
import pandas as pd
import pytest

from hookline_lib_rows.formats import open_reader, open_writer
from hookline_lib_rows.scoring import as_frame
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
