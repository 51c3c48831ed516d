"""Reading what requests say: enums by name or number, tags, pages."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TypeVar

from attrs import evolve

from hookline.entities import RunStatus, ViewType
from hookline.errors import InvalidValue
from hookline.search.syntax import Comparison, Query
from hookline_lib_wire.messages.base import Tag

E = TypeVar("E", bound=StrEnum)
VIEWS: Mapping[int, ViewType] = {1: ViewType.ACTIVE_ONLY, 2: ViewType.DELETED_ONLY, 3: ViewType.ALL}
STATUSES: Mapping[int, RunStatus] = dict(enumerate(RunStatus, start=1))
"""The numbers that protobuf gives them."""


def view_of(given: str | int) -> ViewType:
    """Return a view by its name or number. Raises `InvalidValue`."""
    found = named(ViewType, VIEWS, given)
    if found is None:
        raise InvalidValue(f"Invalid view type {given!r}: use {', '.join(ViewType)}.")
    return found


def status_of(given: str | int | None) -> RunStatus | None:
    """Return a run's status by its name or number; None for one that is unknown, which MLflow passes over."""
    return None if given is None else named(RunStatus, STATUSES, given)


def named(kind: type[E], numbers: Mapping[int, E], given: str | int) -> E | None:
    """Return the member of a name or a number, or None."""
    if isinstance(given, int) or given.isdigit():
        return numbers.get(int(given))
    return kind(given) if given in list(kind) else None


def member(kind: type[E], given: str) -> E:
    """Return the member with a name. Raises `InvalidValue`."""
    if given not in list(kind):
        raise InvalidValue(f"{given[:100]!r} is no {kind.__name__}: use {', '.join(kind)}.")
    return kind(given)


def as_stored(query: Query, attribute: str) -> Query:
    """Return a search in which locations are named as they are stored, where clients name them as they see them."""
    return evolve(query, where=tuple(_located(each) if each.field.key == attribute else each for each in query.where))


def _located(asked: Comparison) -> Comparison:
    value = asked.value
    if isinstance(value, tuple):
        return evolve(asked, value=tuple(each.removeprefix("mlflow-") for each in value))
    return evolve(asked, value=value.removeprefix("mlflow-")) if isinstance(value, str) else asked


def texts(tags: Iterable[Tag]) -> dict[str, str]:
    """Return tags as a mapping; of those with one key the last counts."""
    return {each.key: each.value for each in tags}
