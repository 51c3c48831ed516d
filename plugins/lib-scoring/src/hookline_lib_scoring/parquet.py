"""Reading Parquet, where pyarrow is installed: the one module that imports it."""

import io
from collections.abc import Callable

import pandas as pd
import pyarrow.lib
import pyarrow.parquet

from hookline_lib_scoring.bodies import BadRequest


def read(body: bytes, check_size: Callable[[int, int], None]) -> pd.DataFrame:
    """Return the table in a Parquet file.

    Args:
        check_size: called with the numbers of rows and columns before they are read.

    Raises:
        BadRequest: it is no Parquet file.
    """
    try:
        file = pyarrow.parquet.ParquetFile(io.BytesIO(body))
        check_size(file.metadata.num_rows, file.metadata.num_columns)
        return file.read().to_pandas()
    except (pyarrow.lib.ArrowException, OSError, ValueError) as error:
        raise BadRequest(f"The body is no Parquet file: {' '.join(str(error).split())}.") from error
