"""Entry points as project files declare them, and those that need no declaration."""

import logging
import shlex
from collections.abc import Mapping
from typing import Any

from hookline.entities import EntryPoint, Parameter, Project
from hookline.errors import InvalidValue, NotFound
from hookline.paths import inside
from hookline.projects.problems import Source, did_you_mean

TYPES = ("string", "float", "path", "uri")
PASSED_ON_AS_TEXT = frozenset({"str", "int", "integer", "bool", "boolean", "list", "dict", "enum", "any"})
"""Types that people's MLproject files name and that have no check of their own: read as `string`, as elsewhere."""

_INTERPRETERS = {".py": "python", ".sh": "bash"}
log = logging.getLogger("hookline")


def read_entry_points(value: Any, source: Source, prefix: str = "entry_points") -> dict[str, EntryPoint]:
    """Return the entry points under a key of an `MLproject` or `pyproject.toml`.

    Raises:
        ConfigError: with the file, the line and the key, and what is allowed.
    """
    declared = source.mapping(value, prefix, "main: {command: python train.py}")
    return {str(name): _entry_point(str(name), given, source, f"{prefix}.{name}") for name, given in declared.items()}


def _entry_point(name: str, given: Any, source: Source, key: str) -> EntryPoint:
    if isinstance(given, str):
        given = {"command": given}
    declared = source.mapping(given, key, "command: python train.py")
    if "command" not in declared:
        raise source.problem(key, f"the key 'command' is missing{did_you_mean('command', [str(k) for k in declared])}")
    command = source.text(declared["command"], f"{key}.command", "python train.py --alpha {alpha}")
    parameters = source.mapping(declared.get("parameters"), f"{key}.parameters", "alpha: float")
    return EntryPoint(
        name,
        command.strip(),
        {
            str(each): _parameter(str(each), spec, source, f"{key}.parameters.{each}")
            for each, spec in parameters.items()
        },
    )


def _parameter(name: str, given: Any, source: Source, key: str) -> Parameter:
    if isinstance(given, str):
        given = {"type": given}
    declared = source.mapping(given, key, "{type: float, default: 0.1}")
    kind = declared.get("type", "string")
    if kind not in TYPES:
        if str(kind).lower() not in PASSED_ON_AS_TEXT:
            raise source.problem(
                f"{key}.type", f"unknown type {kind!r}{did_you_mean(str(kind), TYPES)}; allowed: {', '.join(TYPES)}"
            )
        log.debug("%s: the type %r is passed on as a string", key, kind)
        kind = "string"
    default = declared.get("default")
    if isinstance(default, Mapping | list):
        raise source.problem(f"{key}.default", f"expected a text or a number, not {default!r}")
    return Parameter(name, kind, None if default is None else str(default))


def find_entry_point(project: Project, name: str) -> EntryPoint:
    """Return the entry point with this name; `X.py` and `X.sh` of the project's folder need no declaration.

    Raises:
        NotFound: there is neither; the text lists what is declared.
    """
    if name in project.entry_points:
        return project.entry_points[name]
    interpreter = next((program for ending, program in _INTERPRETERS.items() if name.endswith(ending)), None)
    if interpreter and not name.startswith("-") and _is_file(project, name):
        return EntryPoint(name, f"{interpreter} {as_template(name)}")
    declared = ", ".join(project.entry_points) or "none (MLproject or pyproject.toml declares them, and main.py is one)"
    raise NotFound(
        f"The project {project.name!r} has no entry point {name!r}{did_you_mean(name, project.entry_points)}; "
        f"declared: {declared}. A file of the project such as 'train.py' or 'train.sh' can be named as well."
    )


def _is_file(project: Project, name: str) -> bool:
    try:
        return inside(project.folder, name).is_file()
    except InvalidValue:
        return False


def as_template(text: str) -> str:
    """Return a text as it must stand in a command template to mean itself."""
    return shlex.quote(text).replace("{", "{{").replace("}", "}}")
