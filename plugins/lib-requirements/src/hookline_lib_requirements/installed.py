"""Which distributions a folder of packages holds, read from the names of their metadata folders: no file is opened."""

import re
import sys
from collections.abc import Iterable
from pathlib import Path

_METADATA = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._]*)-(?P<version>[^-]+)(?:-py[\d.]+)?\.(?:dist|egg)-info")


def installed_lines(folders: Iterable[str | Path]) -> tuple[str, ...]:
    """Return `name==version` of every distribution in the folders, sorted; the first of a name counts, as on import."""
    found: dict[str, str] = {}
    for folder in folders:
        for path in Path(folder).glob("*-info") if Path(folder).is_dir() else ():
            if match := _METADATA.fullmatch(path.name):
                name = re.sub(r"[-_.]+", "-", match["name"]).lower()
                found.setdefault(name, match["version"].replace("_", "+"))
    return tuple(sorted(f"{name}=={version}" for name, version in found.items()))


def present_lines() -> tuple[str, ...]:
    """Return `name==version` of what this interpreter can import."""
    return installed_lines(path for path in sys.path if path)
