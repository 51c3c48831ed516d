"""Finding installed plugins and asking them what they offer, without letting anything that they do get out."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.metadata import EntryPoint, distributions, entry_points
from typing import Any

from hookline.errors import PluginError
from hookline.providers import FlavorProvider, GatewayProvider, Provider, StoreProvider

ENTRY_POINT_GROUP = "hookline"
_DESCRIPTORS: dict[str, type[Provider]] = {
    "tracking_stores": StoreProvider,
    "model_registries": StoreProvider,
    "artifact_stores": StoreProvider,
    "flavors": FlavorProvider,
    "project_gateways": GatewayProvider,
}


log = logging.getLogger("hookline")


def describe(error: BaseException) -> str:
    """Return an error as one line: its type and its text."""
    try:
        text = " ".join(str(error).split())
    except Exception:  # noqa: BLE001 - an error whose text cannot be made
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def pass_on_interrupt(error: BaseException) -> None:
    """Let Ctrl-C through, and hold back all else that a plugin raises: also SystemExit, and the panics of Rust code."""
    if isinstance(error, KeyboardInterrupt):
        raise error


def installed() -> list[EntryPoint]:
    """Return the entry points of plugins, ordered by name; of two with one name, `hookline-NAME` offers the first."""
    try:
        found = list(entry_points(group=ENTRY_POINT_GROUP))
    except Exception:  # noqa: BLE001 - some distribution's file is malformed; the others count
        found = list(_entry_points_one_by_one())
    counts = Counter(each.name for each in found)

    def order(entry: EntryPoint) -> tuple[str, bool, str]:
        distribution = distribution_of(entry)[0] if counts[entry.name] > 1 else ""  # which is read from a file
        return entry.name, distribution != f"hookline-{entry.name}", distribution

    return sorted(found, key=order)


def _entry_points_one_by_one() -> Iterator[EntryPoint]:
    seen: set[str] = set()
    for distribution in distributions():
        try:
            if distribution.name not in seen:
                yield from distribution.entry_points.select(group=ENTRY_POINT_GROUP)
            seen.add(distribution.name)
        except Exception as error:  # noqa: BLE001 - the same
            log.warning("The entry points of an installed distribution cannot be read: %s", describe(error))


def distribution_of(entry: EntryPoint) -> tuple[str, str]:
    """Return the name and the version of the distribution behind an entry point, "" where they cannot be told."""
    try:
        return (entry.dist.name or "", entry.dist.version or "") if entry.dist else ("", "")
    except Exception:  # noqa: BLE001 - no or broken metadata
        return "", ""


def listed(hook: str, implementation: Callable[[], Any]) -> list[Any]:
    """Call an implementation of a noun hook and return what it gives as a list."""
    try:
        given = implementation()
        if isinstance(given, Iterable) and not isinstance(given, str | bytes | Mapping):
            return list(given)
    except BaseException as error:
        pass_on_interrupt(error)
        raise PluginError(f"{hook}() failed: {describe(error)}") from error
    raise PluginError(f"{hook}() returned {given!r:.100}, not a list")


def checked(kind: str, given: Any) -> Provider:
    """Return what a plugin gave if it is a provider of this kind with a name and a target."""
    wanted = _DESCRIPTORS.get(kind, Provider)
    if not isinstance(given, wanted):
        raise PluginError(f"{kind}() returned {given!r:.100}, which is no {wanted.__name__}")
    if not isinstance(given.name, str) or not given.name.strip() or not isinstance(given.summary, str):
        raise PluginError(f"{kind}() returned a provider whose name or summary is no text: {given!r:.100}")
    if not (callable(given.target) or (isinstance(given.target, str) and given.target)):
        raise PluginError(f"{kind}() returned a provider without a target: {given!r:.100}")
    return given
