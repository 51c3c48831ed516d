"""The workspace of the command line."""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from hookline.config import Config
from hookline.interfaces import ModelRegistry, TrackingStore
from hookline.plugins import Plugins
from hookline.uris import without_secrets
from hookline.workspace import Workspace


class SpeakingWorkspace(Workspace):
    """A workspace that says which stores it opened, once each.

    Args:
        say: tells the person at the terminal.
        only_reads: where there is no store yet, open an empty one that goes away at the end, rather than make one.
    """

    def __init__(
        self, config: Config, plugins: Plugins, say: Callable[[str], None], *, only_reads: bool = False
    ) -> None:
        super().__init__(config, plugins=plugins)
        self._say, self._only_reads = say, only_reads
        self._said: set[str] = set()
        self._passing: TemporaryDirectory[str] | None = None

    @cached_property
    def tracking_uri(self) -> str:
        """The URI of the tracking store, or of the empty one that stands for it."""
        wanted = super().tracking_uri
        if not self._only_reads or self._is_there(wanted):
            return wanted
        self._passing = TemporaryDirectory(prefix="hookline-")
        self._say(f"There is no store at {without_secrets(wanted)} yet; the first run makes it.")
        empty = self.plugins.default_uri("tracking_stores", Path(self._passing.name))
        self._said.add(empty)
        return empty

    def _make_home(self) -> None:
        if self._passing is None:
            super()._make_home()

    def close(self) -> None:
        """See `Workspace.close`."""
        super().close()
        if self._passing is not None:
            self._passing.cleanup()

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
