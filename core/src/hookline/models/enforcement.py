"""Fitting data to a schema: every form that a table comes in, params, and the words of the errors."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hookline.errors import SignatureError, kind_of
from hookline.models import kinds
from hookline.models.arrays import fit_tensors
from hookline.models.schema import AnyType, Column, Param, Scalar, Schema
from hookline.models.series import fit_series, fits_unseen
from hookline.models.values import fit_value, fit_values

_FORMS = "a DataFrame, a list of records or a mapping of columns"


def fit(schema: Schema, data: Any) -> Any:
    """Return data as a schema has it, of the same kind as it came; `Signature.fit` says more."""
    if schema.tensors:
        return fit_tensors(schema.tensors, data)
    columns = schema.columns
    if kinds.is_frame(data):
        return _fit_frame(columns, data)
    if len(columns) == 1 and columns[0].name is None:
        return _fit_only(columns[0], data)
    if kinds.is_series(data):
        return _fit_lone_series(columns, data)
    if kinds.is_sparse(data) or kinds.is_tensor(data):
        return _fit_matrix(columns, data)
    if isinstance(data, Mapping):
        return _fit_mapping(columns, data)
    if isinstance(data, list | tuple):
        return _fit_rows(columns, data)
    raise _no_table(columns, data)


def fit_params(params: Iterable[Param], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return every declared param with its value or its default; what is not declared is left out."""
    return {each.name: _fit_param(each, given[each.name]) if each.name in given else each.default for each in params}


def _fit_param(param: Param, value: Any) -> Any:
    plain = value.tolist() if hasattr(value, "tolist") and len(getattr(value, "shape", ())) else value
    try:
        if param.is_list:
            if not isinstance(plain, list | tuple):
                raise SignatureError(f"expected a list, got {plain!r}.")
            return fit_values(plain, param.type, required=True, column=None)
        return None if plain is None else fit_value(plain, param.type, required=True)
    except SignatureError as error:
        raise SignatureError(f"param {param.name!r}: {error.problem}") from error


def _fit_only(column: Column, data: Any) -> Any:
    """Fit data to one column without a name: a list of values, or a single value."""
    if isinstance(column.type, AnyType):
        return data
    if kinds.is_series(data) or (kinds.is_array(data) and len(data.shape) == 1):
        return fit_series(data, column, None)
    if kinds.is_array(data) and len(data.shape) > 1:
        if isinstance(column.type, Scalar):
            raise SignatureError(f"expected one column, got an array of the shape {data.shape}.")
        return fit_values(data.tolist(), column.type, required=column.required, column=None)
    if isinstance(data, list | tuple):
        return fit_values(data, column.type, required=column.required, column=None)
    return fit_value(data, column.type, required=column.required)


def _fit_frame(columns: Sequence[Column], frame: Any) -> Any:
    pairs = _matched(columns, kinds.column_names(frame))
    chosen = [name for name, _column in pairs]
    fitted = frame if chosen == kinds.column_names(frame) else frame[chosen]
    changed = {}
    for (name, column), dtype in zip(pairs, fitted.dtypes, strict=True):
        if isinstance(column.type, Scalar) and fits_unseen(dtype, column.type, required=column.required):
            continue
        series = fitted[name]
        new = fit_series(series, column, str(name))
        if new is not series:
            changed[name] = new
    return _with_columns(fitted, changed) if changed else fitted


def _with_columns(frame: Any, changed: Mapping[Any, Any]) -> Any:
    if kinds.is_a(frame, "polars", "DataFrame"):
        return frame.with_columns(list(changed.values()))
    copied = frame.copy(deep=False)
    for name, series in changed.items():
        copied[name] = series
    return copied


def _matched(columns: Sequence[Column], given: Sequence[Any]) -> list[tuple[Any, Column]]:
    """Return (the given name, the column) for every column that is there, by name, or by position without names.

    Raises:
        SignatureError: a required column is missing.
    """
    if columns[0].name is None:
        if len(given) < len(columns):
            raise SignatureError(f"the model takes {len(columns)} columns, got {len(given)}.")
        return list(zip(given, columns, strict=False))
    by_text = {str(name): name for name in given}
    if len(by_text) < len(given):
        twice = sorted(name for name, times in Counter(map(str, given)).items() if times > 1)
        raise SignatureError(f"several columns have one name: {_listed(twice)}.")
    found = [(by_text[str(each.name)], each) for each in columns if str(each.name) in by_text]
    missing = [str(each.name) for each in columns if each.required and str(each.name) not in by_text]
    if missing:
        wanted, verb = ("the column", "is") if len(missing) == 1 else ("the columns", "are")
        names = f"{wanted} {_listed(missing)} of the model's signature"
        raise SignatureError(f"{names} {verb} missing; given: {_listed(given)}.")
    return found


def _listed(names: Iterable[Any]) -> str:
    shown = [repr(each) for each in names]
    return ", ".join(shown[:20]) + (f" and {len(shown) - 20} more" if len(shown) > 20 else "") if shown else "none"


def _fit_lone_series(columns: Sequence[Column], series: Any) -> Any:
    if len(columns) == 1 and str(columns[0].name) == str(series.name):
        return fit_series(series, columns[0], str(series.name))
    raise SignatureError(f"the model takes the columns {_listed(each.name for each in columns)}; pass {_FORMS}.")


def _fit_matrix(columns: Sequence[Column], data: Any) -> Any:
    """Fit a two-dimensional array to columns that go by position; those of pandas' default names do as well."""
    if not _by_position(columns):
        raise _no_table(columns, data)
    if len(data.shape) != 2 or data.shape[1] != len(columns):
        raise SignatureError(f"expected {len(columns)} columns, got an array of the shape {tuple(data.shape)}.")
    if kinds.is_array(data):
        for position, column in enumerate(columns):
            fit_series(data[:, position], column, str(position))
    return data


def _by_position(columns: Sequence[Column]) -> bool:
    return all(each.name in (None, position) for position, each in enumerate(columns))


def _fit_mapping(columns: Sequence[Column], data: Mapping[Any, Any]) -> dict[Any, Any]:
    if columns[0].name is None:
        raise SignatureError(f"the model takes {len(columns)} columns by position; pass a list of rows.")
    return {name: _fit_entry(data[name], column, str(name)) for name, column in _matched(columns, list(data))}


def _fit_entry(value: Any, column: Column, name: str) -> Any:
    """Fit one entry of a mapping: a whole column, or a single value."""
    if isinstance(column.type, AnyType):
        return value
    if kinds.is_series(value) or (kinds.is_array(value) and len(value.shape) and isinstance(column.type, Scalar)):
        return fit_series(value, column, name)
    if isinstance(value, list | tuple) and isinstance(column.type, Scalar):
        return fit_values(value, column.type, required=column.required, column=name)
    try:
        return fit_value(value, column.type, required=column.required, column=name)
    except SignatureError:
        if not isinstance(value, list | tuple) or not all(isinstance(each, list | tuple | Mapping) for each in value):
            raise
    return fit_values(value, column.type, required=column.required, column=name)


def _fit_rows(columns: Sequence[Column], rows: Sequence[Any]) -> list[Any]:
    return [_fit_row(columns, each, row) for row, each in enumerate(rows)]


def _fit_row(columns: Sequence[Column], values: Any, row: int) -> Any:
    if isinstance(values, Mapping) and columns[0].name is not None:
        return _fit_record(columns, values, row)
    if isinstance(values, list | tuple) and _by_position(columns):
        if len(values) != len(columns):
            raise SignatureError(f"expected {len(columns)} values, got {len(values)}.", row=row)
        return [
            fit_value(value, each.type, required=each.required, column=str(position), row=row)
            for position, (value, each) in enumerate(zip(values, columns, strict=True))
        ]
    raise _no_table(columns, values, row)


def _fit_record(columns: Sequence[Column], record: Mapping[Any, Any], row: int) -> dict[Any, Any]:
    fitted = {}
    for column in columns:
        name = str(column.name)
        if name in record:
            fitted[name] = fit_value(record[name], column.type, required=column.required, column=name, row=row)
        elif column.required:
            raise SignatureError("it is required and missing.", column=name, row=row)
    return fitted


def _no_table(columns: Sequence[Column], data: Any, row: int | None = None) -> SignatureError:
    if columns[0].name is None:
        problem = f"the model takes {len(columns)} columns by position; pass a list of rows or an array"
    else:
        problem = f"the model takes columns by name ({_listed(each.name for each in columns)}); pass {_FORMS}"
    return SignatureError(f"{problem}, not {kind_of(data)}.", row=row)
