"""The in-memory references as a plugin, and a workspace on them: for tests of what stands on stores."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from hookline.config import Config
from hookline.plugins import Plugins
from hookline.providers import StoreProvider, hookimpl
from hookline.run import Run
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


@contextlib.contextmanager
def logged_trainings(
    home: Path, plugin: Any, autolog: Any
) -> Iterator[tuple[Workspace, list[Run], Callable[..., Run]]]:
    """Switch a flavor's automatic logging on; give a workspace, the runs that are opened, and what opens them.

    Args:
        home: as for `memory_workspace`.
        plugin: the flavor's plugin.
        autolog: what its provider names as `autolog`; it is switched off at the end.
    """
    runs: list[Run] = []
    with memory_workspace(home, plugin) as workspace:

        def open_run(*, parent: Run | None = None) -> Run:
            runs.append(workspace.start_run())
            return runs[-1]

        autolog(open_run)
        try:
            yield workspace, runs, open_run
        finally:
            autolog(open_run, disable=True)
