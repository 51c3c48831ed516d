"""Rows of several requests as one table for the model, and its predictions as an answer to each."""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from hookline_lib_scoring.inputs import Call


class NotSplit(Exception):
    """Predictions are not a row for a row, so that nobody can tell whose they are."""


def alike(call: Call) -> Hashable | None:
    """Return what calls that may be joined have in common; None for one that stands alone."""
    data = call.data
    if call.params:
        return None
    if isinstance(data, np.ndarray) and data.ndim:
        return ("array", data.dtype.str, data.shape[1:])
    if isinstance(data, pd.DataFrame) and isinstance(data.index, pd.RangeIndex) and data.index.start == 0:
        return ("table", tuple(data.columns), tuple(data.dtypes))
    return None


def groups(calls: Sequence[Call], most_rows: int) -> list[list[int]]:
    """Return the positions of calls in groups that may be joined, none with more than so many rows if it is several."""
    if len(calls) == 1:
        return [[0]]
    found: list[list[int]] = []
    open_groups: dict[Hashable, tuple[list[int], int]] = {}
    for position, call in enumerate(calls):
        key = alike(call)
        rows = 0 if key is None else len(call.data)
        group, before = open_groups.get(key, ([], 0)) if rows else ([], 0)
        if not group or before + rows > most_rows:
            group, before = [], 0
            found.append(group)
        group.append(position)
        if rows:
            open_groups[key] = (group, before + rows)
    return found


def joined(calls: Sequence[Call]) -> Any:
    """Return the data of calls that are `alike`, one below the other."""
    tables = [call.data for call in calls]
    if isinstance(tables[0], np.ndarray):
        return np.concatenate(tables)
    first = tables[0]
    if len(set(first.dtypes)) == 1 and isinstance(first.dtypes.iloc[0], np.dtype):  # several times as fast
        return pd.DataFrame(np.concatenate([each.to_numpy() for each in tables]), columns=first.columns)
    return pd.concat(tables, ignore_index=True)


def split(predictions: Any, calls: Sequence[Call]) -> list[Any]:
    """Return the predictions for each of some calls. Raises `NotSplit`."""
    sizes = [len(call.data) for call in calls]
    is_table = isinstance(predictions, pd.DataFrame | pd.Series)
    if not (is_table or isinstance(predictions, list) or (isinstance(predictions, np.ndarray) and predictions.ndim)):
        raise NotSplit
    if len(predictions) != sum(sizes):
        raise NotSplit
    parts, begin = [], 0
    for size in sizes:
        parts.append(predictions.iloc[begin : begin + size] if is_table else predictions[begin : begin + size])
        begin += size
    return parts
