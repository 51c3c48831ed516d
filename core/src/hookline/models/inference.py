"""Inferring a schema from data: tables, arrays, mappings, lists and single values."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import reduce
from typing import Any

from hookline.errors import InvalidValue
from hookline.models import kinds
from hookline.models.schema import (
    ANY,
    ArrayType,
    Column,
    ObjectType,
    Param,
    Property,
    Scalar,
    Schema,
    Tensor,
    Type,
    merge,
)

_PLAIN: dict[type, Scalar] = {
    bool: Scalar.BOOLEAN,
    int: Scalar.LONG,
    float: Scalar.DOUBLE,
    str: Scalar.STRING,
    bytes: Scalar.BINARY,
    bytearray: Scalar.BINARY,
    date: Scalar.DATETIME,
}


def infer_schema(data: Any) -> Schema:
    """Return the schema of data.

    Tables give a column each; arrays and sparse matrices a tensor whose first dimension is free; a mapping of arrays
    named tensors; another mapping a column for each key; a list of mappings (records) the columns that they share,
    those that some lack not required; any other list or value one column without a name. A column that holds a missing
    value is not required. What no type holds is `any`.
    """
    if kinds.is_frame(data):
        return Schema(tuple(_series_column(data[name], _name(name)) for name in data.columns))
    if kinds.is_series(data):
        return Schema((_series_column(data, None if data.name in (None, "") else _name(data.name)),))
    if kinds.is_sparse(data) or (kinds.is_tensor(data) and len(data.shape)):
        return Schema(tensors=(_tensor(data),))
    if isinstance(data, Mapping) and data:
        return _of_mapping(data)
    if isinstance(data, list | tuple) and data:
        return _of_list(data)
    kind, required = infer_type([data])
    return Schema((Column(kind, None, required),))


def infer_params(params: Mapping[str, Any]) -> tuple[Param, ...]:
    """Return the declaration of params from their default values: single values, flat lists of one type, mappings.

    Raises:
        InvalidValue: for another value; the text names the param.
    """
    return tuple(_param(name, value) for name, value in params.items())


def infer_type(values: Sequence[Any]) -> tuple[Type, bool]:
    """Return the narrowest type that holds all values, and whether none of them is missing (None, NaN, NaT)."""
    types = set(map(type, values))
    if len(types) == 1 and (only := next(iter(types))) in _PLAIN:
        return _PLAIN[only], only is not float or not any(value != value for value in values)
    present = [value for value in values if not is_missing(value)]
    if not present:
        floats = types == {float}
        return (Scalar.DOUBLE if floats else ANY), False
    return reduce(merge, _distinct(present)), len(present) == len(values)


def is_missing(value: Any) -> bool:
    """Return whether a single value stands for a missing one."""
    if value is None:
        return True
    if isinstance(value, str | bytes | int | list | tuple | Mapping) or len(getattr(value, "shape", ())):
        return False
    if type(value).__name__ == "NAType":
        return True
    try:
        return bool(value != value)
    except (TypeError, ValueError):
        return False


def _distinct(values: Iterable[Any]) -> Iterable[Type]:
    """Yield the types of values, those of plain values once each."""
    seen: set[type] = set()
    for value in values:
        if type(value) not in seen:
            if type(value) in _PLAIN:
                seen.add(type(value))
            yield _type_of(value)


def _type_of(value: Any) -> Type:
    if type(value) in _PLAIN:
        return _PLAIN[type(value)]
    if isinstance(value, Mapping):
        return _object_of(value) if value else ANY
    if isinstance(value, list | tuple):
        return ArrayType(infer_type(value)[0]) if value else ANY
    if kinds.is_series(value) or (kinds.is_tensor(value) and len(value.shape)):
        return _nested_array(value)
    if hasattr(value, "dtype"):
        return kinds.scalar_of(value.dtype) or ANY
    return next((scalar for plain, scalar in _PLAIN.items() if isinstance(value, plain)), ANY)


def _object_of(value: Mapping[Any, Any]) -> Type:
    if not all(isinstance(key, str) for key in value):
        return ANY
    return ObjectType(Property(key, *infer_type([inner])) for key, inner in value.items())


def _nested_array(value: Any) -> Type:
    scalar = kinds.scalar_of(value.dtype)
    if scalar is None:
        return ArrayType(infer_type(value.tolist())[0])
    kind: Type = scalar
    for _dimension in value.shape:
        kind = ArrayType(kind)
    return kind


def _series_column(series: Any, name: str | int | None) -> Column:
    dtype = series.dtype
    if kinds.dtype_name(dtype) == "category":
        dtype = series.cat.categories.dtype
    scalar = kinds.scalar_of(dtype)
    if scalar is not None:
        return Column(scalar, name, not kinds.has_missing(series))
    if kinds.dtype_name(dtype) == "uint64":
        return Column(ANY, name, not kinds.has_missing(series))
    return Column(*_typed(series.to_list() if hasattr(series, "to_list") else list(series), name))


def _typed(values: Sequence[Any], name: str | int | None) -> tuple[Type, str | int | None, bool]:
    kind, required = infer_type(values)
    return kind, name, required


def _tensor(data: Any, name: str | None = None) -> Tensor:
    return Tensor(kinds.tensor_dtype(data.dtype), (-1, *(int(size) for size in data.shape[1:])), name)


def _of_mapping(data: Mapping[Any, Any]) -> Schema:
    if all(kinds.is_tensor(value) and len(value.shape) for value in data.values()):
        return Schema(tensors=tuple(_tensor(value, str(name)) for name, value in data.items()))
    return Schema(tuple(_mapping_column(_name(name), value) for name, value in data.items()))


def _mapping_column(name: str | int, value: Any) -> Column:
    if kinds.is_series(value):
        return _series_column(value, name)
    return Column(*_typed([value], name))


def _of_list(data: Sequence[Any]) -> Schema:
    if all(isinstance(each, Mapping) and each for each in data):
        kind, _required = infer_type(data)
        if isinstance(kind, ObjectType):
            types = {each.name: each for each in kind.properties}
            order = dict.fromkeys(name for each in data for name in each)
            return Schema(tuple(Column(types[name].type, name, types[name].required) for name in order))
    kind, required = infer_type(data)
    return Schema((Column(kind, None, required),))


def _name(name: Any) -> str | int:
    """Return a column's name as JSON can hold it; numbers stay numbers, since pandas names columns so."""
    if isinstance(name, bool | str):
        return str(name)
    if isinstance(name, int):
        return name
    return int(name) if kinds.is_numpy_scalar(name) and name.dtype.kind in "iu" else str(name)


def _param(name: str, value: Any) -> Param:
    plain = value.tolist() if hasattr(value, "tolist") and hasattr(value, "dtype") else value
    is_list = isinstance(plain, list | tuple)
    if is_list:
        kind = infer_type(plain)[0] if plain else ANY
    else:
        kind = _type_of(value) if plain is value else kinds.scalar_of(value.dtype) or ANY
    nested = isinstance(kind, ArrayType) or (is_list and isinstance(kind, ObjectType))
    if value is None or nested or kind is Scalar.BINARY or (kind is ANY and not is_list):
        raise InvalidValue(
            f"The param {name!r} cannot have the default {value!r}: a number, a text, a boolean, a time, "
            "a flat list of one of these, or a mapping is needed."
        )
    if is_list and kind is ANY and plain:
        raise InvalidValue(f"The param {name!r} has a list of several types as its default: {value!r}.")
    return Param(name, Scalar.STRING if kind is ANY else kind, plain, is_list)
