"""Installed distributions, found by the modules that they bring, and how each is named in a requirements file."""

import json
import logging
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions
from threading import Lock
from typing import Any

from hookline.uris import scheme_of, without_secrets

log = logging.getLogger("hookline")


class Distributions:
    """The installed distributions, read once and on first use. Thread safe.

    `importlib.metadata.packages_distributions` answers the same question and takes ten times as long, since it parses
    every line of every RECORD.
    """

    def __init__(self) -> None:
        self._lock = Lock()

    def owner(self, module: str) -> Distribution | None:
        """Return the distribution that a module belongs to; None for the standard library and what is not installed."""
        top = module.partition(".")[0]
        if top in sys.stdlib_module_names:
            return None
        with self._lock:
            candidates = self._by_top.get(top, ())
        if len(candidates) < 2:
            return candidates[0] if candidates else None
        return _owner_of(module, candidates) or candidates[0]

    @cached_property
    def _by_top(self) -> Mapping[str, list[Distribution]]:
        found: dict[str, list[Distribution]] = {}
        for each in distributions():
            for top in _tops(each):
                found.setdefault(top, []).append(each)
        return found


def _tops(dist: Distribution) -> Iterable[str]:
    declared = dist.read_text("top_level.txt")
    if declared:
        return declared.split()
    parts = {line.partition(",")[0] for line in (dist.read_text("RECORD") or "").splitlines()}
    return {top for top in map(_top, parts) if top.isidentifier()}


def _top(path: str) -> str:
    folder, separator, _rest = path.partition("/")
    return folder if separator else folder.partition(".")[0]


def _owner_of(module: str, candidates: Iterable[Distribution]) -> Distribution | None:
    """Tell apart distributions that share a namespace: the one whose RECORD has the module's file."""
    path = module.replace(".", "/")
    for each in candidates:
        record = "\n" + (each.read_text("RECORD") or "")
        if f"\n{path}/" in record or f"\n{path}." in record:
            return each
    return None


def requirement(dist: Distribution) -> str | None:
    """Return how a requirements file names a distribution as it is installed here.

    `name==version` where it came from a package index; `name @ git+URL@commit` or `name @ URL` where it came from a
    repository or a URL. None where it was installed from a local folder or file: no other machine can install that by
    name, and a pin that no index can satisfy would break the environment of every model.
    """
    name, version = dist.metadata["Name"], dist.version.partition("+")[0]
    origin = _origin(dist)
    if not origin:
        return f"{name}=={version}"
    url = without_secrets(str(origin.get("url", "")))
    vcs = origin.get("vcs_info")
    if isinstance(vcs, Mapping):
        return f"{name} @ {vcs.get('vcs', 'git')}+{url}@{vcs.get('commit_id')}"
    if "archive_info" in origin and scheme_of(url) in ("http", "https"):
        return f"{name} @ {url}"
    return None


def _origin(dist: Distribution) -> dict[str, Any]:
    """Return the content of `direct_url.json` (PEP 610): where a distribution came from, if not from an index."""
    try:
        plain = json.loads(dist.read_text("direct_url.json") or "{}")
    except ValueError:
        return {}
    return plain if isinstance(plain, dict) else {}


def installed(names: Iterable[str]) -> Iterator[str]:
    """Yield names of distributions as pinned requirements; what is no bare name, or is not installed, as it is."""
    for name in names:
        try:
            dist = distribution(name) if name.replace("-", "").replace("_", "").replace(".", "").isalnum() else None
        except (PackageNotFoundError, ValueError):
            dist = None
        line = name if dist is None else requirement(dist)
        if line is None:
            log.debug("%s is installed from a local folder and left out of the requirements.", name)
        else:
            yield line
