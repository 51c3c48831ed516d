"""How a model is served from a container: the keys that a deployment's configuration may have."""

from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen

from hookline.errors import InvalidValue
from hookline_lib_container.containers import size_in_bytes
from hookline_lib_scoring.settings import ServeSettings


@frozen
class ContainerSettings(ServeSettings):
    """How a model is served from a container.

    Attributes:
        memory: the most that it may use, such as `2g`; "" for no limit.
        cpus: how much of the processors it may use; 0: no limit.
    """

    memory: str = ""
    cpus: float = 0.0

    @classmethod
    def readers(cls) -> Mapping[str, Callable[[str, str], Any]]:
        """Return how the text of each key is read."""
        return {**super().readers(), "memory": _size, "cpus": _number}


def _size(key: str, value: str) -> str:
    try:
        size_in_bytes(value)
    except InvalidValue as error:
        raise InvalidValue(f"{key}: {error}") from error
    return value


def _number(key: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0 < number <= 4096:
        raise InvalidValue(f"{key} must be a number such as 1.5, not {value!r}.")
    return number
