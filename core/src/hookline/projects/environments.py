"""What a project says of its environment: `python_env.yaml`, `conda.yaml` and the `docker_env` of an `MLproject`."""

import re
from pathlib import Path
from typing import Any

from hookline.documents import read_yaml
from hookline.entities import EnvironmentSpec
from hookline.errors import ConfigError, InvalidValue
from hookline.paths import inside
from hookline.projects.problems import Source
from hookline.projects.requirement_files import Requirements, read_requirements

ENVIRONMENT_KEYS = ("python_env", "conda_env", "docker_env")
DEFAULT_FILES = {"python_env.yaml": "python_env", "conda.yaml": "conda_env"}
"""Files that are taken where the project names none, in this order."""

_CONDA_PYTHON = re.compile(r"(?:[\w\-]+::)?python(?![\w.\-])\s*(?P<wanted>.*)", re.IGNORECASE)


def named_environment(kind: str, value: Any, source: Source, folder: Path) -> EnvironmentSpec:
    """Return the environment that a project file names under `python_env`, `conda_env` or `docker_env`."""
    if kind == "docker_env":
        settings = source.mapping(value, kind, "image: python:3.11")
        source.text(settings.get("image"), f"{kind}.image", "python:3.11")
        return EnvironmentSpec(kind, source.path, settings={str(key): each for key, each in settings.items()})
    name = source.text(value, kind, f"{kind}.yaml").strip()
    try:
        path = inside(folder, name.removeprefix("./"))
    except InvalidValue as error:
        raise source.problem(kind, f"the file must lie inside the project. {error}") from error
    if not path.is_file():
        raise source.problem(kind, f"there is no file {name!r} in the project")
    return read_environment_file(kind, path, folder)


def default_environment(folder: Path) -> EnvironmentSpec:
    """Return the environment of a project that names none: that of a `python_env.yaml` or `conda.yaml`, if there."""
    for name, kind in DEFAULT_FILES.items():
        if (folder / name).is_file():
            return read_environment_file(kind, inside(folder, name), folder)
    return EnvironmentSpec()


def read_environment_file(kind: str, path: Path, folder: Path) -> EnvironmentSpec:
    """Read a `python_env` or `conda_env` file; requirement files that it names must lie in the project's `folder`.

    Raises:
        ConfigError: with the file, the line and the key, and what is allowed.
    """
    document = read_yaml(path)
    source = Source(path, document.lines)
    values = source.mapping(document.value, "", "python: '3.11'")
    return (_python_env if kind == "python_env" else _conda_env)(values, source, folder)


def _python_env(values: Any, source: Source, folder: Path) -> EnvironmentSpec:
    example = "scikit-learn==1.5.0"
    build = source.texts(values.get("build_dependencies"), "build_dependencies", example)
    wanted = source.texts(values.get("dependencies"), "dependencies", example)
    read = _read(wanted, source, folder, "dependencies")
    return EnvironmentSpec(
        "python_env",
        source.path,
        _python_version(values.get("python"), source),
        _read(build, source, folder, "build_dependencies").lines,
        read.lines,
        read.constraints,
    )


def _python_version(value: Any, source: Source) -> str | None:
    if value is None:
        return None
    if isinstance(value, float) and value == 3.1:
        return "3.10"  # what YAML makes of an unquoted 3.10
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise source.problem("python", f"expected a version such as '3.11', not {value!r}")
    return str(value).strip() or None


def _conda_env(values: Any, source: Source, folder: Path) -> EnvironmentSpec:
    python: str | None = None
    packages: list[str] = []
    lines: list[str] = []
    listed = values.get("dependencies")
    if listed is not None and not isinstance(listed, list):
        raise source.problem("dependencies", f"expected a list such as ['python=3.11', 'numpy'], not {listed!r}")
    for each in listed or ():
        if isinstance(each, dict):
            lines += source.texts(each.get("pip"), "dependencies.pip", "scikit-learn==1.5.0")
        elif not isinstance(each, str):
            raise source.problem("dependencies", f"expected texts and one 'pip' list, not {each!r}")
        elif match := _CONDA_PYTHON.fullmatch(each.strip()):
            python = _conda_python(match["wanted"])
        else:
            packages.append(each.strip())
    read = _read(lines, source, folder, "dependencies.pip")
    channels = _channels(values.get("channels"), source)
    settings = {name: value for name, value in (("conda", tuple(packages)), ("channels", channels)) if value}
    return EnvironmentSpec("conda_env", source.path, python, (), read.lines, read.constraints, settings)


def _channels(value: Any, source: Source) -> tuple[str, ...]:
    named = source.texts(value, "channels", "conda-forge")
    if not all(each.strip() for each in named):
        raise source.problem("channels", "a channel has no name")
    return tuple(each.strip() for each in named)


def _conda_python(wanted: str) -> str | None:
    """Return the version in `=3.11`, `==3.11.4=build` or ` 3.11.*`; another specifier such as `>=3.9` as it is."""
    exact = re.match(r"={0,2}\s*(\d+(?:\.\d+)*)", wanted)
    return exact[1] if exact else wanted or None


def _read(lines: Any, source: Source, folder: Path, key: str) -> Requirements:
    try:
        return read_requirements(lines, source.path.parent, folder)
    except ConfigError:
        raise
    except InvalidValue as error:
        raise source.problem(key, str(error)) from error
