"""How much a user may do with a thing: MLflow's words, each of which includes those before it."""

from enum import IntEnum

from hookline.errors import InvalidValue
from hookline_lib_wire.permissions import Action


class Level(IntEnum):
    """A permission. `USE` reads: nothing here is used in another way."""

    NO_PERMISSIONS = 0
    READ = 1
    USE = 2
    EDIT = 3
    MANAGE = 4


NEEDED = {Action.READ: Level.READ, Action.EDIT: Level.EDIT, Action.MANAGE: Level.MANAGE}
"""The level that each action asks for."""


def level_of(given: str) -> Level:
    """Return a level by its name. Raises `InvalidValue`."""
    name = "NO_PERMISSIONS" if given.upper() == "DENY" else given.upper()
    if name not in Level.__members__:
        raise InvalidValue(f"Invalid permission {given[:100]!r}: use {', '.join(Level.__members__)}.")
    return Level[name]
