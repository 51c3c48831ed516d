"""Which Python a project wants."""

import re

from packaging.specifiers import SpecifierSet


def wanted_versions(wanted: str) -> SpecifierSet:
    """Return the versions that "3.11", "3.11.7" or ">=3.11,<3.14" stand for; raises `InvalidSpecifier`."""
    if re.fullmatch(r"\d+(?:\.\d+)?", wanted):
        return SpecifierSet(f"=={wanted}.*")
    return SpecifierSet(f"=={wanted}" if wanted[:1].isdigit() else wanted)


def same_minor(wanted: str) -> SpecifierSet | None:
    """Return the versions that differ from an exact one such as "3.11.7" in their last number only; None for others."""
    match = re.fullmatch(r"(?:==)?(\d+\.\d+)\.\d+", wanted)
    return SpecifierSet(f"=={match[1]}.*") if match else None
