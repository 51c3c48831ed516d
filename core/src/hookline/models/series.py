"""Fitting a column of a DataFrame, or a one-dimensional array, to a type, with its library's own methods."""

from functools import lru_cache
from typing import Any

from hookline.errors import SignatureError
from hookline.models import kinds
from hookline.models.inference import is_missing
from hookline.models.schema import AnyType, Column, Scalar, describe
from hookline.models.values import EXACT, HAS_NO_MISSING, RANGE, fit_values, misfit
from hookline.providers import resolve

_WIDENS = {
    Scalar.LONG: (Scalar.INTEGER,),
    Scalar.FLOAT: (Scalar.INTEGER,),
    Scalar.DOUBLE: (Scalar.INTEGER, Scalar.LONG, Scalar.FLOAT),
}
"""By wanted type: which others are widened to it."""
_INEXACT = ((Scalar.LONG, Scalar.DOUBLE), (Scalar.INTEGER, Scalar.FLOAT))
"""Whole numbers that have more digits than the float: widened only where every value is exact."""


def fit_series(series: Any, column: Column, name: str | None) -> Any:
    """Return a Series or a one-dimensional array as `column` has it.

    Args:
        name: the column's name for messages.

    Raises:
        SignatureError: with the column, and the row of the first value that does not fit.
    """
    wanted = column.type
    if isinstance(wanted, AnyType):
        return series
    present = _present_type(series)
    if not isinstance(wanted, Scalar) or present is None:
        return _fit_objects(series, column, name)
    if present is wanted or present in _WIDENS.get(wanted, ()):
        if wanted in HAS_NO_MISSING and column.required:
            _refuse_missing(series, wanted, name)
        if (present, wanted) in _INEXACT:
            _refuse_inexact(series, wanted, name)
        return _cast(series, wanted)
    if present is Scalar.STRING and wanted in (Scalar.DATETIME, Scalar.BINARY):
        return _fit_objects(series, column, name)
    if _is_whole_with_gaps(series, column, present):
        return series
    raise _wrong_type(series, column, name)


@lru_cache(maxsize=1024)
def fits_unseen(dtype: Any, wanted: Scalar, *, required: bool) -> bool:
    """Return whether a column of a dtype is as a type has it, so that no value of it has to be looked at."""
    if kinds.scalar_of(dtype) is not wanted:
        return False
    if wanted in HAS_NO_MISSING and required and not type(dtype).__module__.startswith("numpy"):
        return False
    return kinds.DTYPES.get(wanted) in (None, kinds.dtype_name(dtype))


def values_of(series: Any) -> list[Any]:
    """Return the values of a Series or array as plain Python values."""
    listed = getattr(series, "to_list", None) or getattr(series, "tolist", None)
    return list(listed() if listed else series)


def _present_type(series: Any) -> Scalar | None:
    dtype = series.dtype
    if kinds.dtype_name(dtype) == "category":
        dtype = series.cat.categories.dtype
    return kinds.scalar_of(dtype)


def _refuse_missing(series: Any, wanted: Scalar, name: str | None) -> None:
    if kinds.is_series(series) and kinds.has_missing(series):
        row = next(row for row, value in enumerate(values_of(series)) if is_missing(value))
        raise misfit(None, wanted, name, row)


def _refuse_inexact(series: Any, wanted: Scalar, name: str | None) -> None:
    limit = EXACT[wanted]
    is_plain = kinds.is_series(series) and type(series.dtype).__module__.startswith("numpy")
    numbers = series.to_numpy() if is_plain else series  # ten times as fast for a few rows
    if len(numbers) and not (-limit <= numbers.min() and numbers.max() <= limit):
        for row, value in enumerate(values_of(series)):
            if not is_missing(value) and abs(value) > limit:
                raise misfit(value, wanted, name, row, ", which it cannot hold exactly")


def _cast(series: Any, wanted: Scalar) -> Any:
    target = kinds.DTYPES.get(wanted)
    if target is None or kinds.dtype_name(series.dtype) in (target, "category"):
        return series
    if kinds.is_a(series, "polars", "Series"):
        return (
            series
            if str(series.dtype) == kinds.POLARS[target]
            else series.cast(resolve(f"polars:{kinds.POLARS[target]}"))
        )
    if wanted in HAS_NO_MISSING and kinds.is_series(series) and kinds.has_missing(series):
        return series
    return series.astype(target)


def _fit_objects(series: Any, column: Column, name: str | None) -> Any:
    values = values_of(series)
    fitted = fit_values(values, column.type, required=column.required, column=name)
    unchanged = all(old is new or _both_missing(old, new) for old, new in zip(values, fitted, strict=True))
    if unchanged and not _becomes_typed(series, column.type):
        return series
    return _rebuilt(series, fitted, column.type)


def _both_missing(old: Any, new: Any) -> bool:
    return is_missing(old) and is_missing(new)


def _becomes_typed(series: Any, wanted: Any) -> bool:
    """Return whether a column of objects holds numbers or booleans, for which a dtype exists."""
    return wanted in kinds.DTYPES and kinds.dtype_name(series.dtype) == "object"


def _rebuilt(series: Any, values: list[Any], wanted: Any) -> Any:
    dtype = None if any(value is None for value in values) else kinds.DTYPES.get(wanted)
    if kinds.is_a(series, "polars", "Series"):
        return type(series)(series.name, values)
    if kinds.is_series(series):
        extra = {} if dtype is None else {"dtype": dtype}
        return type(series)(values, index=series.index, name=series.name, **extra)
    return resolve("numpy:array")(values, dtype=dtype or "object")


def _is_whole_with_gaps(series: Any, column: Column, present: Scalar) -> bool:
    """Whole numbers with missing values arrive as floats, since only those have a missing value (NaN)."""
    if column.required or present is not Scalar.DOUBLE or column.type not in (Scalar.INTEGER, Scalar.LONG):
        return False
    values = values_of(series)
    whole = all(is_missing(value) or float(value).is_integer() for value in values)
    return whole and any(is_missing(value) for value in values)


def _wrong_type(series: Any, column: Column, name: str | None) -> SignatureError:
    """Return the error that names the row to blame: where whole numbers are wanted, one that holds another number."""
    limit = RANGE[column.type] if isinstance(column.type, Scalar) and column.type in RANGE else 0
    present = None
    for row, value in enumerate(values_of(series)):
        if is_missing(value):
            if column.required and column.type in HAS_NO_MISSING:
                return misfit(value, column.type, name, row)
        elif not (isinstance(value, float) and value.is_integer() and -limit <= value < limit):
            return misfit(value, column.type, name, row)
        elif present is None:
            present = misfit(value, column.type, name, row)
    return present or SignatureError(f"expected {describe(column.type)}, got {series.dtype}.", column=name)
