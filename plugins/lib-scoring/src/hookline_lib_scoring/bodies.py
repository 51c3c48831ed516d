"""Reading JSON bodies: quickly where they are strict JSON of the expected shape, leniently otherwise.

The first pass finds the keys of the outermost object and leaves each value as the bytes it is written in, so that a
table of numbers can be decoded straight to floats. Python's own encoder writes `NaN` and `Infinity`, which strict JSON
does not know: such bodies are read by `json`, which does.
"""

import json
from collections.abc import Mapping
from typing import Any

import msgspec
from attrs import frozen

from hookline.errors import HooklineError

_keys = msgspec.json.Decoder(dict[str, msgspec.Raw])
_numbers = msgspec.json.Decoder(list[list[float | None]])


class BadRequest(HooklineError):
    """A request that cannot be read; its text goes to the client."""

    code = "BAD_REQUEST"
    exit_code = 2


@frozen
class Part:
    """A JSON value within a body.

    Attributes:
        given: its text as `msgspec.Raw`, or the value itself where it was decoded already.
    """

    given: Any

    def value(self) -> Any:
        """Return it as plain Python values. Raises `BadRequest`."""
        return _decode(bytes(self.given)) if isinstance(self.given, msgspec.Raw) else self.given

    def numbers(self) -> list[list[float | None]] | None:
        """Return it as rows of numbers where it is nothing else, None otherwise."""
        if not isinstance(self.given, msgspec.Raw):
            return None
        try:
            return _numbers.decode(self.given)
        except (msgspec.MsgspecError, RecursionError):
            return None

    def fields(self) -> Mapping[str, "Part"] | None:
        """Return the values of an object by key; None where it is no object. Raises `BadRequest`."""
        if isinstance(self.given, msgspec.Raw):
            try:
                return {key: Part(raw) for key, raw in _keys.decode(self.given).items()}
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                pass  # no object, or not strict JSON: the slow way tells which
        value = self.value()
        return {key: Part(each) for key, each in value.items()} if isinstance(value, dict) else None


def parse(body: bytes) -> Part:
    """Return a body as a value that is decoded as far as it is asked for."""
    return Part(msgspec.Raw(body))


def _decode(text: bytes) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return json.loads(text.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise BadRequest(f"The body is not UTF-8: byte {error.start} is {text[error.start]:#04x}.") from error
    except RecursionError as error:
        raise BadRequest("The JSON of the body is nested too deeply.") from error
    except ValueError as error:
        raise BadRequest(f"The body is not valid JSON: {error}.") from error
