"""The rules that values obey, checked once, where an entity is made.

Limits and messages are those that MLflow's clients depend on.
"""

import os
import posixpath
import re
import time
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from attrs import Attribute

from hookline.errors import InvalidValue

MAX_KEY_LENGTH = 250
MAX_EXPERIMENT_NAME_LENGTH = 500
_KEY = re.compile(r"[/\w.\- :]*")
_RUN_ID = re.compile(r"[a-zA-Z0-9][\w\-]{0,255}", re.ASCII)
_ALIAS = re.compile(r"[\w\-]{1,255}", re.ASCII)
_VERSION_LIKE = re.compile(r"v\d+", re.IGNORECASE)
DRAWN = 32
"""Identifiers that are drawn together."""
_drawn: list[str] = []
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_drawn.clear)  # or parent and child would give the same


def now_ms() -> int:
    """Return the present time in milliseconds since the Unix epoch."""
    return time.time_ns() // 1_000_000


def new_id() -> str:
    """Return a new random identifier: 32 hexadecimal digits."""
    try:
        return _drawn.pop()
    except IndexError:
        digits = os.urandom(16 * DRAWN).hex()  # the system takes as long for one as for all of them
        first, *others = (digits[at : at + 32] for at in range(0, len(digits), 32))
        _drawn.extend(others)
        return first


def fits_int64(_instance: object, attribute: object, value: int) -> None:
    """Validate that a number is one that every store can hold; raise `InvalidValue` otherwise."""
    if not -(2**63) <= value < 2**63:
        raise InvalidValue(f"{getattr(attribute, 'name', 'value')} {value} does not fit into 64 bits.")


def check_key(kind: str, key: object) -> str:
    """Return `key` if it may name a metric, a param or a tag; raise `InvalidValue` otherwise.

    Allowed are at most 250 characters: letters, digits, `_ - . / :` and spaces, in the form of a relative,
    normalised path, since stores of files use keys as paths.
    """
    if not isinstance(key, str) or not key:
        raise InvalidValue(f"The name of a {kind} must be a text that is not empty, not {key!r}.")
    return _checked_key(kind, key)


@lru_cache(maxsize=8192)  # the same few keys come again with every point
def _checked_key(kind: str, key: str) -> str:
    if len(key) > MAX_KEY_LENGTH:
        raise InvalidValue(
            f"The name of a {kind} has {len(key)} characters; at most {MAX_KEY_LENGTH} are allowed: {key[:60]!r}..."
        )
    if not _KEY.fullmatch(key):
        raise InvalidValue(
            f"Invalid {kind} name {key!r}: letters, digits, '_', '-', '.', '/', ':' and spaces are allowed."
        )
    if key.startswith(("/", "..")) or key == "." or posixpath.normpath(key) != key:
        raise InvalidValue(
            f"Invalid {kind} name {key!r}: it must read as a relative, normalised path such as 'train/loss'."
        )
    return key


def check_run_id(run_id: object) -> str:
    """Return `run_id` if it may identify a run; raise `InvalidValue` otherwise."""
    if not isinstance(run_id, str) or not _RUN_ID.fullmatch(run_id):
        raise InvalidValue(f"Invalid run id {run_id!r}: 1 to 256 letters, digits, '_' and '-' are allowed.")
    return run_id


def check_model_name(name: object) -> str:
    """Return `name` if it may name a registered model: a text that is not empty and has no '/' or ':'."""
    if not isinstance(name, str) or not name.strip():
        raise InvalidValue("Registered model name cannot be empty.")
    if "/" in name or ":" in name:
        raise InvalidValue(f"Invalid model name {name!r}: '/' and ':' are not allowed.")
    return name


def check_alias(alias: object) -> str:
    """Return `alias` if it may point at a model version: not `latest`, not like `v1`."""
    if not isinstance(alias, str) or not _ALIAS.fullmatch(alias):
        raise InvalidValue(f"Invalid alias {alias!r}: 1 to 255 letters, digits, '_' and '-' are allowed.")
    if alias.lower() == "latest" or _VERSION_LIKE.fullmatch(alias):
        raise InvalidValue(f"Invalid alias {alias!r}: 'latest' and names like 'v1' are reserved for versions.")
    return alias


def check_experiment_name(name: object) -> str:
    """Return `name` if it may name an experiment: 1 to 500 characters."""
    if not isinstance(name, str) or not name.strip():
        raise InvalidValue(f"Invalid experiment name {name!r}: it must be a text that is not empty.")
    if len(name) > MAX_EXPERIMENT_NAME_LENGTH:
        raise InvalidValue(
            f"The experiment name has {len(name)} characters; at most {MAX_EXPERIMENT_NAME_LENGTH} are allowed."
        )
    return name


def require_mapping(kind: str, values: object) -> None:
    """Raise `InvalidValue` for what maps no names to values."""
    if type(values) is not dict and not isinstance(values, Mapping):
        raise InvalidValue(f"Give {kind}s as a mapping of names to values, such as {{'name': 1}}, not {values!r}.")


def require_list(what: str, values: object, example: str) -> None:
    """Raise `InvalidValue` for what is no list of texts, such as a single text."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise InvalidValue(f"{what} is a list, such as [{example!r}], not {values!r}.")


def check_text(what: str, value: str) -> str:
    """Return a text if it consists of characters; raise `InvalidValue` where a half of one (a lone surrogate) is left.

    Such halves come from names of files that are not UTF-8, and cannot be stored or sent.
    """
    try:
        value.encode()
    except UnicodeEncodeError as error:
        half = value[error.start]
        raise InvalidValue(f"The {what} holds {half!r}, which is no character (a lone surrogate).") from error
    return value


def check_texts(kind: str, texts: Mapping[str, object]) -> None:
    """Raise `InvalidValue` where one of the values is a text that `check_text` refuses."""
    for key, text in texts.items():
        if isinstance(text, str) and not text.isascii():
            check_text(f"{kind} {key!r}", text)


def text_map(kind: str, values: Mapping[str, Any]) -> dict[str, str]:
    """Return `values` with checked keys and every value as text, as params and tags are stored."""
    require_mapping(kind, values)
    return {check_key(kind, key): value if isinstance(value, str) else str(value) for key, value in values.items()}


def param_texts(values: Mapping[str, object]) -> dict[str, str]:
    """Return params as they are stored."""
    return text_map("param", values)


def tag_texts(values: Mapping[str, object]) -> dict[str, str]:
    """Return tags as they are stored."""
    return text_map("tag", values)


def validate_key(_instance: object, attribute: "Attribute[str]", value: object) -> None:
    """An attrs validator around `check_key`; the attribute's metadata may name the `kind`."""
    check_key(str(attribute.metadata.get("kind", attribute.name)), value)
