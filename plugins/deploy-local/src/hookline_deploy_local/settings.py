"""How a model is served on this machine."""

from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen

from hookline_lib_scoring.settings import ServeSettings, whole


@frozen
class LocalSettings(ServeSettings):
    """How a model is served by processes of this machine.

    Attributes:
        workers: how many processes answer; each holds the model.
    """

    workers: int = 1

    @classmethod
    def readers(cls) -> Mapping[str, Callable[[str, str], Any]]:
        """Return how the text of each key is read."""
        return {**super().readers(), "workers": whole(1, 64)}
