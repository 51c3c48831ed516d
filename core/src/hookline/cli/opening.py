"""The workspace of the command line."""

from collections.abc import Callable
from functools import cached_property

from hookline.config import Config
from hookline.interfaces import ModelRegistry, TrackingStore
from hookline.plugins import Plugins
from hookline.uris import without_secrets
from hookline.workspace import Workspace


class SpeakingWorkspace(Workspace):
    """A workspace that says which stores it opened, once each.

    Args:
        say: tells the person at the terminal.
    """

    def __init__(self, config: Config, plugins: Plugins, say: Callable[[str], None]) -> None:
        super().__init__(config, plugins=plugins)
        self._say = say
        self._said: set[str] = set()

    @cached_property
    def tracking(self) -> TrackingStore:
        """The tracking store."""
        store = super().tracking
        self._tell("store", self.tracking_uri)
        return store

    @cached_property
    def model_registry(self) -> ModelRegistry:
        """The store of registered models."""
        store = super().model_registry
        self._tell("store" if self.registry_uri == self.tracking_uri else "registry", self.registry_uri)
        return store

    def _tell(self, what: str, uri: str) -> None:
        if uri not in self._said:
            self._said.add(uri)
            self._say(f"{what}: {without_secrets(uri)}")
