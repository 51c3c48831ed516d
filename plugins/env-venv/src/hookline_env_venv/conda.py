"""Conda's packages as requirements of the Python package index: the same name, the version in its spelling."""

import re
from collections.abc import Iterable

from hookline.errors import NotSupported

_PACKAGE = re.compile(r"(?:[\w\-./:]+::)?(?P<name>[A-Za-z0-9][\w.\-]*)\s*(?P<wanted>[^\[\]|]*)")
_VERSION = re.compile(r"(?P<exact>={0,2})\s*(?P<version>\d[\w+!]*(?:\.\w[\w+!]*)*)(?P<any>\.?\*)?(?P<build>=\S*)?")
_OWN = frozenset({"pip", "setuptools", "wheel"})


def as_requirements(packages: Iterable[str], where: str) -> tuple[str, ...]:
    """Return requirement lines for conda packages; those that every environment has are left out.

    Raises:
        NotSupported: a package is described in a way that has no counterpart.
    """
    lines = []
    for package in packages:
        match = _PACKAGE.fullmatch(package.strip())
        if match is None:
            raise NotSupported(
                f"{where}: the conda package {package!r} cannot be asked of the Python package index. "
                "Use --env current, or list it under 'pip:'."
            )
        if match["name"].lower() not in _OWN:
            lines.append(match["name"] + _specifier(match["wanted"].strip()))
    return tuple(lines)


def _specifier(wanted: str) -> str:
    match = _VERSION.fullmatch(wanted)
    if match is None:
        return wanted  # ">=1.20,<2" reads the same; anything else is refused where requirements are checked
    exactly = match["exact"] == "==" and not match["any"]
    return f"=={match['version']}" + ("" if exactly or match["build"] else ".*")
