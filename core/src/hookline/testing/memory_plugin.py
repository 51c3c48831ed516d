"""The in-memory references as a plugin, and a workspace on them: for tests of what stands on stores."""

from pathlib import Path
from typing import Any

from hookline.config import Config
from hookline.plugins import Plugins
from hookline.providers import StoreProvider, hookimpl
from hookline.testing.memory_artifacts import MemoryArtifactStore
from hookline.testing.memory_registry import MemoryModelRegistry
from hookline.testing.memory_tracking import MemoryTrackingStore
from hookline.workspace import Workspace


class MemoryPlugin:
    """Offers the scheme `memory` for every kind of store. Each opening is a store of its own."""

    @hookimpl
    def tracking_stores(self) -> list[StoreProvider]:
        """One tracking store."""
        return [StoreProvider("memory", lambda _uri, _options: MemoryTrackingStore(), default_uri="memory:")]

    @hookimpl
    def model_registries(self) -> list[StoreProvider]:
        """One model registry."""
        return [StoreProvider("memory", lambda _uri, _options: MemoryModelRegistry())]

    @hookimpl
    def artifact_stores(self) -> list[StoreProvider]:
        """One artifact store."""
        return [StoreProvider("memory", lambda _uri, _options: MemoryArtifactStore(), default_uri="memory:")]


def memory_workspace(home: Path, *plugins: Any, **settings: Any) -> Workspace:
    """Return a workspace whose stores are in memory.

    Args:
        home: for what is kept on disk all the same, such as environments.
        plugins: further plugins to register: modules or objects with hook methods.
        settings: as they would stand in `hookline.yaml`.
    """
    registered = Plugins()
    registered.register(MemoryPlugin(), "memory")
    for plugin in plugins:
        registered.register(plugin, getattr(plugin, "__name__", type(plugin).__name__))
    kept = {"journal": {"folder": str(home / "journals")}, **settings}
    return Workspace(Config.from_mapping(kept, home=home), plugins=registered)
