"""The run context of the machine. Light: what a run that ends within seconds pays is the import of this module."""

from collections.abc import Mapping
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING

from hookline.interfaces import RunContext
from hookline.providers import resolve

if TYPE_CHECKING:
    from hookline_context_system.machine import Machine


class SystemContext(RunContext):
    """The load of this machine and of this process."""

    def __init__(self) -> None:
        self._lock = Lock()

    def tags(self) -> Mapping[str, str]:
        """Return nothing: all that is said here changes."""
        return {}

    def sample(self) -> Mapping[str, float]:
        """Return what can be told of CPU, memory, disk, network and GPUs; rates from the second sample on."""
        with self._lock:
            return self._machine.sample()

    @cached_property
    def _machine(self) -> "Machine":
        made: Machine = resolve("hookline_context_system.machine:Machine")()
        return made
