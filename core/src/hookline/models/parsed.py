"""Numbers as text formats have them: JSON has one kind of number, CSV none, where a signature has four.

`2.0` is a `long` when no digit is lost, `1` a `double`, a number within quotes is a number. That much is converted;
everything else stays as it came, for `Signature.fit` to accept or to refuse with the column and the row. For data that
arrives with types of its own (a DataFrame, Parquet) `Signature.fit` alone decides.
"""

from typing import Any

from hookline.models.kinds import DTYPES, is_a
from hookline.models.schema import Column, Scalar, Schema
from hookline.providers import resolve

_NUMBERS = (Scalar.INTEGER, Scalar.LONG, Scalar.FLOAT, Scalar.DOUBLE)


def columns_of(schema: Schema | None, names: list[Any]) -> dict[Any, Column]:
    """Return a schema's columns by the names that a table has for them: the same, or by position without names."""
    if schema is None or not schema.columns:
        return {}
    if not schema.has_names:
        return dict(zip(names, schema.columns, strict=False))
    by_text = {str(each.name): each for each in schema.columns}
    return {name: by_text[str(name)] for name in names if str(name) in by_text}


def with_numbers(frame: Any, schema: Schema | None) -> Any:
    """Return a pandas DataFrame that was read from text with the number types of a schema, as far as no value changes.

    The frame itself is changed.
    """
    if not frame.columns.is_unique:
        return frame
    names = list(frame.columns)
    for name, column in columns_of(schema, names).items():
        if isinstance(column.type, Scalar) and column.type in _NUMBERS:
            given = frame[name]
            _replace(frame, name, given, _as_number(_from_text(given), DTYPES[column.type]))
    for name, dtype in _dtypes(schema, names).items():
        given = frame[name]
        _replace(frame, name, given, _as_number(given, dtype))
    return frame


def _replace(frame: Any, name: Any, given: Any, fitted: Any) -> None:
    if fitted is not given:
        frame[name] = fitted


def _dtypes(schema: Schema | None, names: list[Any]) -> dict[Any, str]:
    """Return the dtypes of numbers that tensors want of a table's columns: one without a name is all of them."""
    if schema is None:
        return {}
    by_name = {
        each.name: each.dtype for each in schema.tensors if each.dtype.removeprefix("u").startswith(("int", "float"))
    }
    found = {name: by_name.get(None) or by_name.get(str(name)) for name in names}
    return {name: dtype for name, dtype in found.items() if dtype}


def _as_number(series: Any, dtype: str) -> Any:
    """Return a column of numbers with a dtype, `series` itself where it has that or may not be changed."""
    if not len(series):
        return series.astype(dtype)
    if series.dtype.kind not in "iuf" or series.dtype == dtype:
        return series
    return series.astype(dtype) if dtype.startswith("float") else _as_whole(series, dtype)


def _as_whole(series: Any, dtype: str) -> Any:
    """Return numbers as whole ones of a dtype; where some do not fit, those that do as Python's, for the fit to see."""
    bits = int(dtype.removeprefix("u").removeprefix("int"))
    least, limit = (0, 2**bits) if dtype.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1))
    fitting = (series == series.round()) & (series >= least) & (series < limit)  # NaN is not equal to itself
    if fitting.all():
        return series.astype(dtype)
    if (fitting | series.isna()).all():
        return series
    pairs = zip(series.tolist(), fitting.tolist(), strict=True)
    values = [int(value) if fits else value for value, fits in pairs]
    return type(series)(values, index=series.index, name=series.name, dtype=object)


def _from_text(series: Any) -> Any:
    """Return a column of objects or texts with what reads as a number as numbers, all else as it is."""
    if series.dtype.kind in "biufcMm" or not is_a(series, "pandas", "Series"):
        return series
    missing = series.isna()
    readable = ~missing & ~series.map(lambda value: isinstance(value, bool)).astype(bool)
    numbers = resolve("pandas:to_numeric")(series.where(readable), errors="coerce")
    is_nan = series.map(lambda value: isinstance(value, str) and value.strip().lower() == "nan").astype(bool)
    known = readable & (numbers.notna() | is_nan)
    if (known | missing).all():
        return numbers
    return series.astype(object).mask(known, numbers)
