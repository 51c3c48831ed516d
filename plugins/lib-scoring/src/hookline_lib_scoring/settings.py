"""How a model is served: the keys that a deployment's configuration may have, read from texts."""

import difflib
from collections.abc import Callable, Mapping
from typing import Any, Self

from attrs import fields, frozen

from hookline.errors import InvalidValue
from hookline_lib_scoring.scoring import MOST_ROWS
from hookline_lib_serving import addresses

MEGABYTE = 2**20
_YES_NO = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@frozen
class ServeSettings:
    """How a model is served.

    Attributes:
        host: the address to listen on; other machines reach only what is not 127.0.0.1, ::1 or localhost.
        port: 0 takes a free one.
        timeout: seconds that an answer may take; 0: no limit.
        start_timeout: seconds that loading the model may take.
        max_body_mb: the largest request, in megabytes of 2^20 bytes.
        batch_rows: how many rows of requests that wait are answered together by a model that predicts row by row; 1:
            each request alone.
        allow_unauthenticated: whether `host` may be an address that other machines reach.
    """

    host: str = "127.0.0.1"
    port: int = 0
    timeout: float = 60.0
    start_timeout: float = 300.0
    max_body_mb: int = 64
    batch_rows: int = MOST_ROWS
    allow_unauthenticated: bool = False

    @property
    def max_body(self) -> int:
        """The largest request, in bytes."""
        return self.max_body_mb * MEGABYTE

    @classmethod
    def from_config(cls, config: Mapping[str, str]) -> Self:
        """Read a deployment's configuration.

        Raises:
            InvalidValue: a key is unknown, or a value is not of its type or range; the text names what is allowed.
            Refused: other machines could reach the host, and `allow_unauthenticated` is not true.
        """
        allowed = [each.name for each in fields(cls)]
        for key in config:
            if key not in allowed:
                close = difflib.get_close_matches(key, allowed, n=1)
                hint = f" (did you mean {close[0]!r}?)" if close else ""
                raise InvalidValue(f"Unknown key {key!r}{hint} of such a deployment; allowed: {', '.join(allowed)}.")
        settings = cls(**{key: cls.readers()[key](key, value) for key, value in config.items()})
        addresses.check_host(
            settings.host,
            allow_unauthenticated=settings.allow_unauthenticated,
            flag="allow_unauthenticated=true",
            what="the model",
        )
        return settings

    @classmethod
    def readers(cls) -> Mapping[str, Callable[[str, str], Any]]:
        """Return how the text of each key is read; a target with further keys adds theirs."""
        return _READERS


def _text(key: str, value: str) -> str:
    if not value.strip():
        raise InvalidValue(f"{key} must not be empty.")
    return value.strip()


def whole(low: int, high: int) -> Callable[[str, str], int]:
    """Return a function that reads a whole number within a range."""

    def read(key: str, value: str) -> int:
        text = str(value).strip()
        if not (text.isascii() and text.isdecimal() and len(text) < 10 and low <= int(text) <= high):
            raise InvalidValue(f"{key} must be a whole number from {low} to {high}, not {value!r}.")
        return int(text)

    return read


def _seconds(key: str, value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 86_400:
        raise InvalidValue(f"{key} must be a number of seconds from 0 to 86400, not {value!r}.")
    return seconds


def _yes_no(key: str, value: str) -> bool:
    try:
        return _YES_NO[str(value).strip().lower()]
    except KeyError:
        raise InvalidValue(f"{key} must be true or false, not {value!r}.") from None


_READERS: dict[str, Callable[[str, str], Any]] = {
    "host": _text,
    "port": whole(0, 65_535),
    "timeout": _seconds,
    "start_timeout": _seconds,
    "max_body_mb": whole(1, 4096),
    "batch_rows": whole(1, 100_000),
    "allow_unauthenticated": _yes_no,
}
