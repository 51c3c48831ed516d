"""The interface of a run context: what surrounds a run when it starts, and while it is open."""

from abc import ABC, abstractmethod
from collections.abc import Mapping


class RunContext(ABC):
    """Describes the surroundings of this process. A provider's target is called as `target()`.

    Laws: never raises for surroundings that are absent, never holds a secret, returns within a second. Any thread may
    ask.
    """

    @abstractmethod
    def tags(self) -> Mapping[str, str]:
        """Return tags for a new run; empty where this context does not apply."""

    def artifacts(self) -> Mapping[str, bytes]:
        """Return small files for new runs, by key below their artifacts; asked once, off the caller's thread."""
        return {}

    def sample(self) -> Mapping[str, float]:
        """Return how the surroundings do now, as metrics by their names: numbers or NaN, below `system/`.

        Called every ten seconds while a run is open, off the thread that logs; what is returned becomes metrics of the
        run. So it is cheap: it starts no program and waits for nothing. A context that does not define it costs
        nothing; one that raises is not asked again.
        """
        return {}


def defines(context: RunContext, method: str) -> bool:
    """Return whether a context has a method of its own, so that no thread is started for the default one."""
    default = getattr(RunContext, method)
    return getattr(type(context), method, default) is not default
