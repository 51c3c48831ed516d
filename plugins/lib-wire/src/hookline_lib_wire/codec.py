"""Reading requests and writing answers.

A body is decoded in one pass straight into a struct, numbers from texts where a client sends them so. What that refuses
is read again slowly: `null` counts as not given, and what is still wrong is told in the words that clients know.
"""

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar, get_type_hints

import msgspec

from hookline.errors import InvalidValue
from hookline_lib_wire.messages.base import Request

R = TypeVar("R", bound=Request)
MAX_DEPTH = 64
_SEE = "See the API docs for more information about request parameters."
_PLACE = re.compile(r" - at `\$\.?([^`]*)`$")
_encoder = msgspec.json.Encoder()


def encode(answer: Any) -> bytes:
    """Return an answer as JSON."""
    return _encoder.encode(answer)


@lru_cache(maxsize=512)
def _decoder(kind: type[R]) -> "msgspec.json.Decoder[R]":
    return msgspec.json.Decoder(kind, strict=False)


def decode_body(kind: type[R], body: bytes, in_path: Mapping[str, str] | None = None) -> R:
    """Return a request from its JSON body.

    Args:
        in_path: fields that the URL names; they win over the body.

    Raises:
        InvalidValue: a field is missing, or not of its type, or the body is no JSON object.
    """
    try:
        request = _decoder(kind).decode(body or b"{}")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        request = _slowly(kind, _plain(body))
    for name, value in (in_path or {}).items():
        setattr(request, name, value)
    return checked(request)


def decode_query(kind: type[R], pairs: Sequence[tuple[str, str]], in_path: Mapping[str, str] | None = None) -> R:
    """Return a request from the pairs of a query; a name that comes again is a list. Raises as `decode_body`."""
    lists = _lists_of(kind)
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name in lists:
            values.setdefault(name, []).append(value)
        else:
            values[name] = value
    return checked(_slowly(kind, {**values, **(in_path or {})}))


def checked(request: R) -> R:
    """Return a request that has all it needs. Raises `InvalidValue` for the first field that is missing."""
    for name in request.required:
        value = getattr(request, name)
        if value is None or value == "" or value == []:
            older = request.aliases.get(name)
            if older is None or not getattr(request, older):
                raise InvalidValue(f"Missing value for required parameter '{name}'. {_SEE}")
            setattr(request, name, getattr(request, older))
    return request


@lru_cache(maxsize=512)
def _lists_of(kind: type[Request]) -> frozenset[str]:
    hints = get_type_hints(kind)
    return frozenset(name for name in kind.__struct_fields__ if getattr(hints[name], "__origin__", None) is list)


def _plain(body: bytes) -> dict[str, Any]:
    """Return the object that a body holds, without what is `null`."""
    try:
        value = json.loads(body, parse_constant=float)
        if isinstance(value, str):  # some old clients encode the body twice
            value = json.loads(value, parse_constant=float)
        value = _without_nulls(value, MAX_DEPTH)
        json.dumps(value, ensure_ascii=False).encode()  # fails for half a character (a lone surrogate)
    except (ValueError, RecursionError) as error:
        raise InvalidValue("The body of the request is not a JSON object that can be read.") from error
    if not isinstance(value, dict):
        raise InvalidValue(f"The body of the request must be a JSON object, not {_name_of(value)}.")
    return value


def _without_nulls(value: Any, depth: int) -> Any:
    if depth < 0:
        raise ValueError("too deep")
    if isinstance(value, dict):
        return {key: _without_nulls(each, depth - 1) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_without_nulls(each, depth - 1) for each in value]
    return value


def _slowly(kind: type[R], values: dict[str, Any]) -> R:
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidValue(_explained(kind, values, str(error))) from error


def _explained(kind: type[Request], values: dict[str, Any], problem: str) -> str:
    """Say what is wrong with a request in the words that clients know."""
    missing = re.search(r"missing required field `([^`]*)`", problem)
    place = _PLACE.search(problem)
    path = place[1] if place else ""
    if missing:
        name = f"{path}.{missing[1]}" if path else missing[1]
        return f"Missing value for required parameter '{name}'. {_SEE}"
    value = _value_at(values, path)
    hint = f"Hint: Value was of type '{_name_of(value)}'."
    return f"Invalid value {_shown(value)} for parameter '{path}' supplied:  {hint} {_SEE}"


def _value_at(values: Any, path: str) -> Any:
    for part in re.findall(r"[^.\[\]]+", path):
        try:
            values = values[int(part)] if isinstance(values, list) else values[part]
        except (KeyError, IndexError, ValueError, TypeError):
            return values
    return values


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 200 else f"{text[:200]}..."


def _name_of(value: Any) -> str:
    return "NoneType" if value is None else type(value).__name__
