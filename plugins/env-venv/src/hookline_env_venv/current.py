"""The present interpreter as an environment."""

import platform
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier

from hookline.entities import EnvironmentSpec, PreparedEnvironment
from hookline.interfaces import Environment
from hookline_lib_requirements.installed import present_lines
from hookline_lib_requirements.versions import wanted_versions


class CurrentEnvironment(Environment):
    """Installs nothing: commands run with this interpreter, and what a project asks for and is not here is noted."""

    def __init__(self, folder: Path, options: None = None) -> None:
        self._folder = folder

    def prepare(self, spec: EnvironmentSpec) -> PreparedEnvironment:
        """Return this interpreter's folder for PATH and the versions that are installed."""
        return PreparedEnvironment(
            path_prefix=(Path(sys.executable).parent,), lock=present_lines(), notes=tuple(_notes(spec))
        )


def _notes(spec: EnvironmentSpec) -> Iterator[str]:
    unmet = list(_unmet(spec))
    where = spec.file.name if spec.file else "the project"
    if unmet:
        yield (
            f"The present environment does not have what {where} asks for: {', '.join(unmet)}. "
            "Add --env uv to run in an environment that has it."
        )
    if spec.kind == "docker_env":
        yield "The project runs with this interpreter, outside the image that its docker_env names."
    if spec.settings.get("conda"):
        yield f"The project runs with this interpreter; which conda packages {where} lists is not looked at."


def _unmet(spec: EnvironmentSpec) -> Iterator[str]:
    present = platform.python_version()
    try:
        if spec.python and not wanted_versions(spec.python).contains(present, prereleases=True):
            yield f"Python {spec.python} (this is {present})"
    except InvalidSpecifier:
        yield f"Python {spec.python}"
    for line in spec.dependencies:
        if problem := _problem(line):
            yield f"{line.partition(' --hash')[0]} ({problem})"


def _problem(line: str) -> str | None:
    try:
        requirement = Requirement(line.partition(" --hash")[0])
    except InvalidRequirement:
        return "it cannot be compared"
    if requirement.marker and not requirement.marker.evaluate():
        return None
    try:
        found = version(requirement.name)
    except PackageNotFoundError:
        return "it is not installed"
    return None if requirement.specifier.contains(found, prereleases=True) else f"{found} is installed"
