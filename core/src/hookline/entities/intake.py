"""Writes that a store takes together, and where in an intake they stand."""

from typing import TypeAlias

from attrs import frozen

from hookline.entities.metric import Batch
from hookline.entities.run import NewRun

Write: TypeAlias = NewRun | tuple[str, Batch]
"""A run to create, or what to log into the run with an id."""


@frozen
class IntakePart:
    """A stretch of an intake: of the log of a server that answers once a write is in there, and stores it then.

    Attributes:
        intake_id: of the log.
        first: the number of the first write, counted over the whole log. after: the number that follows the last one.
    """

    intake_id: str
    first: int
    after: int
