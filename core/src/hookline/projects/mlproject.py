"""Reading `MLproject`, MLflow's description of a project; keys that are not known are passed over."""

from pathlib import Path
from typing import Any

from attrs import frozen

from hookline.documents import read_yaml
from hookline.entities import EntryPoint, EnvironmentSpec
from hookline.projects.entry_points import read_entry_points
from hookline.projects.environments import ENVIRONMENT_KEYS, default_environment, named_environment
from hookline.projects.problems import Source

FILE_NAME = "MLproject"


@frozen
class Description:
    """What a project file says. `name` is None where it gives none."""

    name: str | None
    entry_points: dict[str, EntryPoint]
    environment: EnvironmentSpec


def find_mlproject(folder: Path) -> Path | None:
    """Return the `MLproject` of a folder, whatever the case of its name; the one spelled as usual goes first."""
    found = [path for path in folder.iterdir() if path.name.lower() == FILE_NAME.lower() and path.is_file()]
    return min(found, key=lambda path: (path.name != FILE_NAME, path.name), default=None)


def read_mlproject(path: Path) -> Description:
    """Read an `MLproject` file.

    Raises:
        ConfigError: with the file, the line and the key, and what is allowed.
    """
    document = read_yaml(path)
    source = Source(path, document.lines)
    values = source.mapping(document.value, "", "name: my-project")
    name = values.get("name")
    if name is not None and not isinstance(name, str | int | float):
        raise source.problem("name", f"expected a text, not {name!r}")
    return Description(
        None if name is None or not str(name).strip() else str(name).strip(),
        read_entry_points(values.get("entry_points"), source),
        _environment(values, source, path.parent),
    )


def _environment(values: Any, source: Source, folder: Path) -> EnvironmentSpec:
    named = [key for key in ENVIRONMENT_KEYS if values.get(key) is not None]
    if len(named) > 1:
        raise source.problem(
            named[1], f"a project has at most one environment, and {named[0]!r} is given as well: take one away"
        )
    if named:
        return named_environment(named[0], values[named[0]], source, folder)
    return default_environment(folder)
