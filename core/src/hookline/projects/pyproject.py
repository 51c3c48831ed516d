"""Projects without an `MLproject`: a `pyproject.toml` (with its `uv.lock`), or a bare folder of scripts.

The entry point `main` is the first of: `[tool.hookline.entry_points]`, a file `main.py`, a file `__main__.py`, the one
of `[project.scripts]` that is named as the project or is the only one. Each script of `[project.scripts]` is an entry
point under its name. The project itself is not installed; its `src` folder is put on PYTHONPATH.
"""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hookline.entities import EntryPoint, EnvironmentSpec
from hookline.errors import ConfigError
from hookline.projects.entry_points import as_template, read_entry_points
from hookline.projects.environments import default_environment
from hookline.projects.mlproject import Description
from hookline.projects.problems import Source

FILE_NAME = "pyproject.toml"
LOCK_NAME = "uv.lock"
MAX_BYTES = 4 * 1024 * 1024
_SCRIPT = re.compile(r"(?P<module>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\s*:\s*(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)")


def read_pyproject(path: Path) -> Description:
    """Read a `pyproject.toml`.

    Raises:
        ConfigError: with the file and the key, and what is allowed.
    """
    source = Source(path)
    values = _toml(path)
    project = source.mapping(values.get("project"), "project", "name = 'my-project'")
    own = source.mapping(source.mapping(values.get("tool"), "tool", "").get("hookline"), "tool.hookline", "")
    scripts = _scripts(source.mapping(project.get("scripts"), "project.scripts", "train = 'package:main'"), source)
    declared = read_entry_points(own.get("entry_points"), source, "tool.hookline.entry_points")
    name = project.get("name")
    if name is not None:
        name = source.text(name, "project.name", "my-project")
    main = _main(path.parent) or _main_script(scripts, name)
    return Description(name, {**main, **scripts, **declared}, _environment(project, source))


def read_bare_folder(folder: Path) -> Description:
    """Describe a folder that has neither file."""
    return Description(None, _main(folder), default_environment(folder))


def _toml(path: Path) -> dict[str, Any]:
    try:
        data = path.read_bytes()
        if len(data) > MAX_BYTES:
            raise ConfigError(f"{path} has {len(data)} bytes; at most {MAX_BYTES} are read.")
        return tomllib.loads(data.decode("utf-8"))
    except (OSError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"Cannot read {path}: {error}.") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: this is not valid TOML: {error}.") from error


def _environment(project: Mapping[str, Any], source: Source) -> EnvironmentSpec:
    python = project.get("requires-python")
    return EnvironmentSpec(
        "pyproject",
        source.path,
        None if python is None else source.text(python, "project.requires-python", ">=3.11").strip(),
        (),
        source.texts(project.get("dependencies"), "project.dependencies", "scikit-learn>=1.5"),
    )


def _main(folder: Path) -> dict[str, EntryPoint]:
    for name in ("main.py", "__main__.py"):
        if (folder / name).is_file():
            return {"main": EntryPoint("main", f"python {name}")}
    return {}


def _main_script(scripts: Mapping[str, EntryPoint], name: str | None) -> dict[str, EntryPoint]:
    chosen = name if name in scripts else next(iter(scripts), None) if len(scripts) == 1 else None
    return {"main": EntryPoint("main", scripts[chosen].command)} if chosen else {}


def _scripts(declared: Mapping[str, Any], source: Source) -> dict[str, EntryPoint]:
    found = {}
    for name, target in declared.items():
        match = _SCRIPT.match(target) if isinstance(target, str) else None
        if match is None:
            raise source.problem(f"project.scripts.{name}", f"expected 'module:function', not {target!r}")
        module, function = match["module"], match["name"]
        first = function.partition(".")[0]
        code = f"import sys; from {module} import {first}; sys.argv[0] = {name!r}; sys.exit({function}())"
        found[name] = EntryPoint(name, f"python -c {as_template(code)}")
    return found
