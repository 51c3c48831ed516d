"""Fitting single values, and lists of them, to a type."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from hookline.errors import SignatureError
from hookline.models import kinds
from hookline.models.inference import is_missing
from hookline.models.schema import AnyType, ArrayType, MapType, ObjectType, Scalar, Type, describe

EXACT = {Scalar.DOUBLE: 2**53, Scalar.FLOAT: 2**24}
"""The largest whole number up to which every whole number has a float of its own."""
HAS_NO_MISSING = (Scalar.BOOLEAN, Scalar.INTEGER, Scalar.LONG)
RANGE = {Scalar.INTEGER: 2**31, Scalar.LONG: 2**63}
"""Whole numbers lie from minus this to below this."""
_SHOWN = 60


def fit_value(value: Any, kind: Type, *, required: bool, column: str | None = None, row: int | None = None) -> Any:
    """Return a value as its type has it: a whole number as float where one is wanted, base64 text as bytes, ISO 8601
    text as a time.

    A missing value passes where it is not `required`, and where the type has one of its own: NaN, no text, no time.

    Raises:
        SignatureError: it has another type, or a number does not fit exactly.
    """
    if isinstance(kind, AnyType):
        return value
    if is_missing(value):
        if required and (kind in HAS_NO_MISSING or not isinstance(kind, Scalar)):
            raise misfit(value, kind, column, row)
        return float("nan") if kind in EXACT else None
    match kind:
        case ArrayType():
            return _fit_array(value, kind, column, row)
        case MapType():
            return _fit_map(value, kind, column, row)
        case ObjectType():
            return _fit_object(value, kind, column, row)
        case _:
            return _fit_scalar(value, kind, column, row)


def fit_values(values: Sequence[Any], kind: Type, *, required: bool, column: str | None) -> list[Any]:
    """Return the values of a column, one for a row; raises as `fit_value` does, naming the row."""
    if kind is Scalar.STRING and set(map(type, values)) <= {str}:
        return list(values)
    return [fit_value(value, kind, required=required, column=column, row=row) for row, value in enumerate(values)]


def misfit(value: Any, kind: Type, column: str | None, row: int | None, hint: str = "") -> SignatureError:
    """Return the error for a value that is not of its type."""
    return SignatureError(f"expected {describe(kind)}, got {_shown(value)}{hint}.", column=column, row=row)


def _shown(value: Any) -> str:
    if is_missing(value):
        return "a missing value"
    text = repr(value.item() if kinds.is_numpy_scalar(value) else value)
    text = text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
    return f"the text {text}" if isinstance(value, str) else f"{text} ({type(value).__name__})"


def _fit_array(value: Any, kind: ArrayType, column: str | None, row: int | None) -> Any:
    if hasattr(value, "tolist") and hasattr(value, "dtype") and len(value.shape):
        fitted = _fit_array(value.tolist(), kind, column, row)
        return value if kinds.scalar_of(value.dtype) == kind.items else fitted
    if not isinstance(value, list | tuple):
        raise misfit(value, kind, column, row)
    inside = column or ""
    fitted = [
        fit_value(each, kind.items, required=False, column=f"{inside}[{position}]", row=row)
        for position, each in enumerate(value)
    ]
    return value if all(old is new for old, new in zip(value, fitted, strict=True)) else fitted


def _fit_map(value: Any, kind: MapType, column: str | None, row: int | None) -> Any:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise misfit(value, kind, column, row)
    fitted = {
        key: fit_value(each, kind.values, required=False, column=_below(column, key), row=row)
        for key, each in value.items()
    }
    return value if _same(value, fitted) else fitted


def _fit_object(value: Any, kind: ObjectType, column: str | None, row: int | None) -> Any:
    if not isinstance(value, Mapping):
        raise misfit(value, kind, column, row)
    fitted = {}
    for part in kind.properties:
        if value.get(part.name) is not None:
            place = _below(column, part.name)
            fitted[part.name] = fit_value(value[part.name], part.type, required=part.required, column=place, row=row)
        elif part.required:
            raise SignatureError("it is required and missing.", column=_below(column, part.name), row=row)
        elif part.name in value:
            fitted[part.name] = None
    return value if _same(value, fitted) else fitted


def _same(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    return len(old) == len(new) and all(key in new and new[key] is each for key, each in old.items())


def _below(column: str | None, key: str) -> str:
    return f"{column}.{key}" if column else key


def _fit_scalar(value: Any, kind: Scalar, column: str | None, row: int | None) -> Any:
    if kind is Scalar.DATETIME:
        return _fit_time(value, column, row)
    if kind is Scalar.BINARY:
        return _fit_bytes(value, column, row)
    plain = value.item() if kinds.is_numpy_scalar(value) else value
    if kind is Scalar.STRING and isinstance(plain, str):
        return plain
    if kind is Scalar.BOOLEAN and isinstance(plain, bool):
        return plain
    if isinstance(plain, bool):
        raise misfit(value, kind, column, row)
    if kind in RANGE and isinstance(plain, int):
        if not -RANGE[kind] <= plain < RANGE[kind]:
            raise misfit(value, kind, column, row, ", which is out of range")
        return plain
    if kind in EXACT and isinstance(plain, float):
        return plain
    if kind in EXACT and isinstance(plain, int):
        if abs(plain) > EXACT[kind]:
            raise misfit(value, kind, column, row, ", which it cannot hold exactly")
        return float(plain)
    raise misfit(value, kind, column, row)


def _fit_time(value: Any, column: str | None, row: int | None) -> Any:
    if isinstance(value, date) or (hasattr(value, "dtype") and kinds.scalar_of(value.dtype) is Scalar.DATETIME):
        return value
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            hint = "; a time is written as 2024-05-31T12:00:00"
            raise misfit(value, Scalar.DATETIME, column, row, hint) from None
    raise misfit(value, Scalar.DATETIME, column, row)


def _fit_bytes(value: Any, column: str | None, row: int | None) -> Any:
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    if isinstance(value, str):
        try:
            return base64.b64decode("".join(value.split()), validate=True)
        except (binascii.Error, ValueError):
            raise misfit(value, Scalar.BINARY, column, row, "; bytes are written as base64") from None
    raise misfit(value, Scalar.BINARY, column, row)
