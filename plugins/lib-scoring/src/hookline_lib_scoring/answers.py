"""From what a model returned to the bytes of an answer.

The shapes are those of MLflow's scoring protocol: `{"predictions": ...}` with a list of records for a DataFrame or a
Series and nested lists for an array. NaN and infinities are the bare words `NaN`, `Infinity` and `-Infinity`, which
Python's `json` reads and strict JSON does not know: MLflow's clients rely on them.
"""

import base64
import json
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

import msgspec
import numpy as np
import pandas as pd


def encode(predictions: Any) -> bytes:
    """Return the JSON text of an answer.

    Raises:
        TypeError: something in it has no form in JSON.
    """
    if isinstance(predictions, np.ndarray) and _is_plain_number(predictions):
        return msgspec.json.encode({"predictions": predictions.tolist()})
    return json.dumps({"predictions": predictions}, default=plain).encode()


def _is_plain_number(array: np.ndarray) -> bool:
    """Whether the fast encoder may take it: that one writes NaN as null."""
    kind, bits = array.dtype.kind, array.dtype.itemsize * 8
    return kind in "biu" or (kind == "f" and bits <= 64 and bool(np.isfinite(array).all()))


def plain(value: Any) -> Any:
    """Return a value that `json` does not know in terms of values that it knows."""
    if isinstance(value, np.ndarray | np.generic):
        return _listed(value)
    if isinstance(value, pd.DataFrame):
        return _records(value)
    if isinstance(value, pd.Series):
        return _records(value.to_frame("0" if value.name is None else str(value.name)))
    if value is pd.NA:
        return None
    if isinstance(value, datetime | date | time):
        return value.isoformat()  # of NaT: "NaT"
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a value of type {type(value).__name__!r} has no form in JSON")


def _listed(value: "np.ndarray | np.generic") -> Any:
    if value.dtype.kind == "M":
        return np.datetime_as_string(np.asarray(value)).tolist()
    if value.dtype.kind in "cmV":
        raise TypeError(f"a value of the NumPy type {value.dtype} has no form in JSON")
    is_long = value.dtype.kind == "f" and value.dtype.itemsize > 8  # which Python has no number for
    return value.astype("float64").tolist() if is_long else value.tolist()


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    names = [str(name) for name in frame.columns]
    columns = [frame.iloc[:, position].tolist() for position in range(len(names))]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
