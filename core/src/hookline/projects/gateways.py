"""Which gateways a project needs: its code imports a library that finds the stores through one."""

import re
from collections.abc import Collection, Iterator
from pathlib import Path

from hookline.plugins import Plugins
from hookline.providers import GatewayProvider

MAX_FILES, MAX_BYTES = 2000, 1_000_000
_IMPORT = re.compile(r"^[ \t]*(?:import|from)[ \t]+(\w+)", re.MULTILINE)
_ALSO = re.compile(r"^[ \t]*import[ \t]+\w[\w. \t]*,([\w., \t]+)", re.MULTILINE)
_NOT_ITS_OWN = frozenset({"node_modules", "site-packages", "__pycache__"})


def needed_gateways(plugins: Plugins, folder: Path) -> list[GatewayProvider]:
    """Return the gateways that the code of a project calls for."""
    offered = [each for each in plugins.providers("project_gateways") if isinstance(each, GatewayProvider)]
    if not offered:
        return []
    wanted = {name for each in offered for name in each.imports}
    imported = imported_modules(folder, wanted)
    return [each for each in offered if imported.intersection(each.imports)]


def imported_modules(folder: Path, wanted: Collection[str]) -> set[str]:
    """Return which of some top-level modules the Python files of a project import; nothing is executed."""
    found: set[str] = set()
    for path in _sources(folder):
        text = path.read_text(encoding="utf-8", errors="replace")
        names = set(_IMPORT.findall(text))
        names.update(name.strip().partition(".")[0] for rest in _ALSO.findall(text) for name in rest.split(","))
        found |= names.intersection(wanted)
        if len(found) == len(wanted):
            break
    return found


def _sources(folder: Path) -> Iterator[Path]:
    """Yield the Python files of a project, those that are not too many and not too large."""
    left = MAX_FILES
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).parts
        if any(part.startswith(".") or part in _NOT_ITS_OWN for part in parts):
            continue
        if not path.is_file() or path.is_symlink() or path.stat().st_size > MAX_BYTES:
            continue
        left -= 1
        if left < 0:
            return
        yield path
