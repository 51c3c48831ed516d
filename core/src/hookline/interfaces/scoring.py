"""The interface of a scoring engine: predictions for the rows of files.

Laws (`hookline.testing.ScoringEngineSuite` holds them): there is a row of predictions for each row, in the order of the
rows; the target is complete or not there, and what was there before an error is there after it; a row that does not
fit the model's signature is an error that names it.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from attrs import frozen

from hookline.entities import ModelFolder, ScoringJob

ScoringProgress = Callable[[int, int | None], None]
"""Called with how much is done and how much there is, in a unit of the engine's own; None where that is not known."""


@frozen
class ScoringModel:
    """The model to score with, found when it is asked for.

    Attributes:
        uri: how the user named it.
        fetch: gives its folder on local disk, checked, for as long as the block lasts.
        load: returns it loaded into this process, a `hookline.models.LoadedModel`.

    Both raise what `hookline.models.Models.load` does.
    """

    uri: str
    fetch: Callable[[], AbstractContextManager[ModelFolder]]
    load: Callable[[], Any]


class ScoringEngine(ABC):
    """Predicts for the rows of files. A provider's target is called as `target(folder, options)`."""

    @abstractmethod
    def score(self, model: ScoringModel, job: ScoringJob, progress: ScoringProgress) -> int:
        """Write a row of predictions for each row; return how many.

        Where a model returns one value a row the column is `prediction`; several are `prediction_0`, `prediction_1`...;
        a table, objects and a series with a name have columns of their own.

        Raises:
            InvalidValue: the rows cannot be read, or the predictions cannot be written; a format, a column to keep or
                a setting is none that there is. SignatureError: a row does not fit the model. ExecutionFailed: the
                model failed. Unavailable: where the engine runs cannot be reached.
        """
