"""Types of columns, tensors and params, with their JSON form: that of the `signature` in an `MLmodel` file.

A schema is a list of columns or a list of tensors. In JSON a column is
`{"type": T, "name": N, "required": B}`; T is a scalar's name, `"any"`, or a nested type with its `items`, `values` or
`properties` beside it. A tensor is `{"type": "tensor", "tensor-spec": {"dtype": D, "shape": [-1, 3]}, "name": N}`.
"""

import json
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from attrs import evolve, field, frozen

from hookline.errors import InvalidValue


class Scalar(StrEnum):
    """The types of single values. `integer` has 32 bits, `long` 64, `float` 32, `double` 64."""

    BOOLEAN = "boolean"
    INTEGER = "integer"
    LONG = "long"
    FLOAT = "float"
    DOUBLE = "double"
    STRING = "string"
    BINARY = "binary"
    DATETIME = "datetime"


@frozen
class AnyType:
    """A type that is not checked. `name` differs from "any" for types of other tools, which are kept as they are."""

    name: str = "any"


@frozen
class ArrayType:
    """A list of values of one type."""

    items: "Type"


@frozen
class MapType:
    """A mapping of texts to values of one type."""

    values: "Type"


@frozen
class Property:
    """A named part of an object; one that is not `required` may be missing or None."""

    name: str
    type: "Type"
    required: bool = True


def _by_name(properties: Iterable[Property]) -> tuple[Property, ...]:
    return tuple(sorted(properties, key=lambda each: each.name))


@frozen
class ObjectType:
    """A mapping with known keys, ordered by name."""

    properties: tuple[Property, ...] = field(converter=_by_name)


Type = Scalar | AnyType | ArrayType | MapType | ObjectType
ANY = AnyType()


@frozen
class Column:
    """A column of a table. `name` is None where columns go by position, and may be a number, as pandas makes them."""

    type: Type
    name: str | int | None = None
    required: bool = True


@frozen
class Tensor:
    """An array: numpy's name of its dtype, and its shape with -1 for dimensions of any size."""

    dtype: str
    shape: tuple[int, ...]
    name: str | None = None


@frozen
class Param:
    """A value that callers may give beside the data.

    Attributes:
        default: its value where none is given.
        is_list: whether it is a list of values of `type`; in JSON `"shape": [-1]`.
    """

    name: str
    type: Type
    default: Any = None
    is_list: bool = False


@frozen
class Schema:
    """What a model takes or returns: columns or tensors, never both."""

    columns: tuple[Column, ...] = ()
    tensors: tuple[Tensor, ...] = ()

    def __attrs_post_init__(self) -> None:
        if bool(self.columns) == bool(self.tensors):
            raise InvalidValue("A schema holds columns or tensors: one of them, and at least one.")
        names = [each.name for each in self.columns or self.tensors]
        if len(names) > 1 and len(set(names)) < len(names) and set(names) != {None}:
            raise InvalidValue(f"The names in a schema must differ: {names}.")
        if len(self.tensors) > 1 and None in names:
            raise InvalidValue("Several tensors need a name each.")

    @property
    def has_names(self) -> bool:
        """Whether columns or tensors go by name rather than by position."""
        return (self.columns or self.tensors)[0].name is not None

    @property
    def names(self) -> list[str | int | None]:
        """The names in their order."""
        return [each.name for each in self.columns or self.tensors]

    def to_json(self) -> str:
        """Return the JSON text that `MLmodel` holds."""
        return json.dumps([*map(_column_to_plain, self.columns), *map(_tensor_to_plain, self.tensors)])

    @classmethod
    def from_json(cls, text: str) -> "Schema":
        """Read the JSON text of `MLmodel`; unknown types become `AnyType` with their name.

        Raises:
            InvalidValue: it is not such a text.
        """
        rows = _rows(text)
        tensors = [row for row in rows if row.get("type") == "tensor"]
        if not tensors:
            return cls(columns=tuple(map(_column_from_plain, rows)))
        if len(tensors) < len(rows):
            raise InvalidValue("A signature's schema mixes columns and tensors.")
        return cls(tensors=tuple(map(_tensor_from_plain, rows)))


def params_to_json(params: Iterable[Param]) -> str:
    """Return the JSON text of params."""
    rows = []
    for param in params:
        shape = [-1] if param.is_list else None
        row = {"name": param.name, "default": _default_to_plain(param.default), "shape": shape}
        rows.append({**row, **_type_to_plain(param.type)})
    return json.dumps(rows)


def params_from_json(text: str) -> tuple[Param, ...]:
    """Read the JSON text of params; `dtype` is read where older files lack `type`. Raises `InvalidValue`."""
    params = []
    for row in _rows(text):
        if not isinstance(row.get("name"), str):
            raise InvalidValue(f"A param of a signature has no name: {row!r}.")
        kind = _type_from_plain({**row, "type": row.get("type", row.get("dtype"))})
        params.append(Param(row["name"], kind, row.get("default"), row.get("shape") is not None))
    return tuple(params)


def describe(kind: Type) -> str:
    """Return a type for messages, such as `array of long`."""
    match kind:
        case ArrayType():
            return f"array of {describe(kind.items)}"
        case MapType():
            return f"map of {describe(kind.values)}"
        case ObjectType():
            inside = (f"{each.name}{'' if each.required else '?'}: {describe(each.type)}" for each in kind.properties)
            return "{" + ", ".join(inside) + "}"
        case AnyType():
            return kind.name
        case Scalar():
            return kind.value


def _default_to_plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_default_to_plain(each) for each in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


def _type_to_plain(kind: Type) -> dict[str, Any]:
    match kind:
        case ArrayType():
            return {"type": "array", "items": _type_to_plain(kind.items)}
        case MapType():
            return {"type": "map", "values": _type_to_plain(kind.values)}
        case ObjectType():
            inside = {each.name: {**_type_to_plain(each.type), "required": each.required} for each in kind.properties}
            return {"type": "object", "properties": inside}
        case AnyType():
            return {"type": kind.name}
        case Scalar():
            return {"type": kind.value}


def _type_from_plain(row: Mapping[str, Any]) -> Type:
    name = row.get("type")
    if not isinstance(name, str):
        raise InvalidValue(f"A signature names no type: {row!r}.")
    if name == "array":
        return ArrayType(_type_from_plain(_part(row, "items")))
    if name == "map":
        return MapType(_type_from_plain(_part(row, "values")))
    if name == "object":
        parts = _part(row, "properties")
        return ObjectType(Property(key, _type_from_plain(parts[key]), _is_required(parts[key])) for key in parts)
    return Scalar(name) if name in Scalar.__members__.values() else AnyType(name)


def _part(row: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    inner = row.get(key)
    if not isinstance(inner, Mapping):
        raise InvalidValue(f"The {row['type']} type of a signature lacks {key!r}: {row!r}.")
    return inner


def _is_required(row: Mapping[str, Any]) -> bool:
    """Older files say `optional`, newer ones `required`; both default to a value that must be there."""
    return bool(row["required"]) if row.get("required") is not None else not row.get("optional", False)


def _column_to_plain(column: Column) -> dict[str, Any]:
    named = {} if column.name is None else {"name": column.name}
    return {**_type_to_plain(column.type), **named, "required": column.required}


def _column_from_plain(row: Mapping[str, Any]) -> Column:
    name = row.get("name")
    if not isinstance(name, str | int | None):
        raise InvalidValue(f"A column's name must be a text or a number, not {name!r}.")
    return Column(_type_from_plain(row), name, _is_required(row))


def _tensor_to_plain(tensor: Tensor) -> dict[str, Any]:
    plain = {"type": "tensor", "tensor-spec": {"dtype": tensor.dtype, "shape": list(tensor.shape)}}
    return plain if tensor.name is None else {"name": tensor.name, **plain}


def _tensor_from_plain(row: Mapping[str, Any]) -> Tensor:
    spec = row.get("tensor-spec")
    shape = spec.get("shape") if isinstance(spec, Mapping) else None
    if not isinstance(spec, Mapping) or not isinstance(spec.get("dtype"), str) or not isinstance(shape, list):
        raise InvalidValue(f"A tensor of a signature needs 'tensor-spec' with 'dtype' and 'shape': {row!r}.")
    if not all(isinstance(size, int) for size in shape):
        raise InvalidValue(f"The shape of a tensor must be a list of whole numbers, not {shape!r}.")
    return Tensor(spec["dtype"], tuple(shape), row.get("name"))


def _rows(text: str) -> list[Mapping[str, Any]]:
    try:
        rows = json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidValue(f"A signature's schema is not JSON: {error}.") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InvalidValue("A signature's schema must be a JSON list of objects.")
    return rows


_WIDTH = (Scalar.INTEGER, Scalar.LONG, Scalar.FLOAT, Scalar.DOUBLE)


def merge(first: Type, second: Type) -> Type:
    """Return the narrowest type that holds both: numbers widen, objects unite, what does not fit is `any`."""
    if first == second:
        return first
    if first in _WIDTH and second in _WIDTH:
        wide = max(first, second, key=_WIDTH.index)
        return Scalar.DOUBLE if wide is Scalar.FLOAT and Scalar.LONG in (first, second) else wide
    if isinstance(first, ArrayType) and isinstance(second, ArrayType):
        return ArrayType(merge(first.items, second.items))
    if isinstance(first, MapType) and isinstance(second, MapType):
        return MapType(merge(first.values, second.values))
    if isinstance(first, ObjectType) and isinstance(second, ObjectType):
        return ObjectType(_united(first, second))
    return ANY


def _united(first: ObjectType, second: ObjectType) -> Iterable[Property]:
    others = {each.name: each for each in second.properties}
    for each in first.properties:
        other = others.pop(each.name, None)
        if other is None:
            yield evolve(each, required=False)
        else:
            yield Property(each.name, merge(each.type, other.type), each.required and other.required)
    yield from (evolve(each, required=False) for each in others.values())
