"""Finding the route of a request: by its whole path where the path is fixed, else by its pattern."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Generic, TypeVar

from attrs import frozen

from hookline_lib_wire.routes import Route

T = TypeVar("T")


@frozen
class Found(Generic[T]):
    """A route's target, and the fields that the path names."""

    target: T
    in_path: Mapping[str, str]


class Router(Generic[T]):
    """Routes by path and method."""

    def __init__(self, routes: Iterable[tuple[Route, T]], prefix: str = "") -> None:
        self._fixed: dict[str, dict[str, Found[T]]] = defaultdict(dict)
        self._patterns: dict[str, tuple[str, re.Pattern[str], dict[str, T]]] = {}
        for route, target in routes:
            for path in route.paths:
                if route.slots:
                    self._add_pattern(prefix + path, route, target)
                else:
                    self._fixed[prefix + path][route.method] = Found(target, {})

    def _add_pattern(self, path: str, route: Route, target: T) -> None:
        text, at = "", 0
        for slot in Route.SLOT.finditer(path):
            text += re.escape(path[at : slot.start()]) + f"(?P<{slot[1]}>{'.+' if slot[2] else '[^/]+'})"
            at = slot.end()
        pattern = text + re.escape(path[at:])
        start = path.partition("{")[0]  # without it, no path needs to be compared with the pattern
        self._patterns.setdefault(pattern, (start, re.compile(pattern, re.DOTALL), {}))[2][route.method] = target

    def fixed(self, wanted: Callable[[T], bool]) -> Iterator[str]:
        """Yield the fixed paths, with the prefix, whose target is such a one."""
        for path, by_method in self._fixed.items():
            if any(wanted(found.target) for found in by_method.values()):
                yield path

    def at(self, method: str, path: str) -> T:
        """Return the target of a fixed path that is there. Raises `KeyError`."""
        return self._fixed[path][method].target

    def find(self, method: str, path: str) -> Found[T] | frozenset[str]:
        """Return the route of a request; else the methods that the path knows, which may be none."""
        wanted = "GET" if method == "HEAD" else method
        fixed = self._fixed.get(path)
        if fixed is not None:
            return fixed.get(wanted) or frozenset(fixed)
        known: set[str] = set()
        for start, pattern, targets in self._patterns.values():
            match = pattern.fullmatch(path) if path.startswith(start) else None
            if match is not None:
                if wanted in targets:
                    return Found(targets[wanted], match.groupdict())
                known |= targets.keys()
        return frozenset(known)
