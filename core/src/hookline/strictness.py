"""Makes a cattrs converter take no value for another kind of value, where cattrs itself would convert almost anything.

A number for a text is understood, since YAML reads `12` as one; a text for a number or a truth value is read, since the
command line's `-o key=value` gives texts. Anything else is an error that says what was expected.
"""

from collections.abc import Callable, Iterable, Mapping, MutableMapping, MutableSequence, Sequence
from enum import Enum
from types import GenericAlias
from typing import Any, Literal, get_args, get_origin

import attrs
from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, make_mapping_structure_fn

Hook = Callable[[Any, Any], Any]
_TRUTHS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_SEQUENCES = (tuple, list, Sequence)
_MAPPINGS = (dict, Mapping, MutableMapping)


def make_strict(converter: Converter) -> Converter:
    """Register the rules of this module and return the converter."""
    hooks: list[tuple[type, Hook]] = [(str, _text), (int, _whole_number), (float, _number), (bool, _truth)]
    for kind, hook in hooks:
        converter.register_structure_hook(kind, _unless_enum(hook))  # which finds subclasses too, such as a StrEnum
    factories: list[tuple[Callable[[Any], bool], Callable[[Any, Converter], Hook]]] = [
        (lambda wanted: get_origin(wanted) is Literal, _choice_hook),
        (lambda wanted: get_origin(wanted) in _SEQUENCES and len(_items(wanted)) == 1, _sequence_hook),
        (lambda wanted: get_origin(wanted) in _MAPPINGS, _mapping_hook),
        (attrs.has, _class_hook),
    ]
    for matches, factory in factories:
        converter.register_structure_hook_factory(matches, factory)
    return converter


def _unless_enum(hook: Hook) -> Hook:
    def structure(value: Any, wanted: Any) -> Any:
        return _member(value, wanted) if issubclass(wanted, Enum) else hook(value, wanted)

    return structure


def _member(value: Any, wanted: type[Enum]) -> Enum:
    try:
        return wanted(value)
    except ValueError:
        raise ValueError(f"expected {_either(each.value for each in wanted)}, not {value!r}") from None


def _either(choices: Iterable[Any]) -> str:
    return " or ".join(repr(each) for each in choices)


def _text(value: Any, _wanted: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise ValueError(f"expected a text, not {value!r}" + (" (quote it)" if isinstance(value, bool | float) else ""))


def _whole_number(value: Any, _wanted: Any) -> int:
    if isinstance(value, int | str) and not isinstance(value, bool):
        try:
            return int(value)
        except ValueError:
            pass
    raise ValueError(f"expected a whole number, not {value!r}")


def _number(value: Any, _wanted: Any) -> float:
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        try:
            return float(value)
        except (ValueError, OverflowError):
            pass
    raise ValueError(f"expected a number, not {value!r}")


def _truth(value: Any, _wanted: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _TRUTHS:
        return _TRUTHS[value.lower()]
    raise ValueError(f"expected true or false, not {value!r}")


def _choice_hook(wanted: Any, _converter: Converter) -> Hook:
    choices = get_args(wanted)

    def structure(value: Any, _wanted: Any) -> Any:
        for choice in choices:
            if type(value) is type(choice) and value == choice:
                return choice
        raise ValueError(f"expected {_either(choices)}, not {value!r}")

    return structure


def _items(wanted: Any) -> tuple[Any, ...]:
    """Return the type of a sequence's items; several where each place has its own."""
    return tuple(each for each in get_args(wanted) if each is not Ellipsis)


def _sequence_hook(wanted: Any, converter: Converter) -> Hook:
    inner: Any = GenericAlias(MutableSequence, _items(wanted))
    structure_items = converter.get_structure_hook(inner)
    make = tuple if get_origin(wanted) is tuple else list

    def structure(value: Any, _wanted: Any) -> Any:
        if isinstance(value, str | bytes) or not isinstance(value, Sequence):
            raise ValueError(f"expected a list such as [a, b], not {value!r}")
        return make(structure_items(value, inner))

    return structure


def _mapping_hook(wanted: Any, converter: Converter) -> Hook:
    return _checked(make_mapping_structure_fn(wanted, converter, detailed_validation=True))


def _class_hook(wanted: Any, converter: Converter) -> Hook:
    return _checked(make_dict_structure_fn(wanted, converter))


def _checked(structure: Hook) -> Hook:
    def checked(value: Any, wanted: Any) -> Any:
        if not isinstance(value, Mapping):
            raise ValueError(f"expected keys and values, not {value!r}")
        return structure(value, wanted)

    return checked
