"""Finding an interpreter of a wanted version among those that are installed."""

import json
import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

from attrs import frozen
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from hookline.errors import ExecutionFailed, InvalidValue, NotFound
from hookline.system import run_process
from hookline_lib_requirements.versions import same_minor, wanted_versions

_NEWEST, _OLDEST = 20, 8
_ASK = "import json, platform, sys; print(json.dumps([platform.python_version(), platform.python_implementation()]))"


@frozen
class Interpreter:
    """An interpreter. `note` says how it differs from what was wanted, where it does."""

    path: Path
    version: str
    implementation: str
    note: str | None = None


def find_interpreter(wanted: str | None) -> Interpreter:
    """Return the present interpreter where it will do, else the first on PATH (or of pyenv) that does.

    Where an exact patch version such as "3.11.7" is not there, another one of 3.11 is taken, with a note.

    Raises:
        NotFound: there is none; the text lists those that there are. InvalidValue: `wanted` is no version.
    """
    present = Interpreter(Path(sys.executable), platform.python_version(), platform.python_implementation())
    if wanted is None:
        return present
    try:
        exact = wanted_versions(wanted)
    except InvalidSpecifier as error:
        raise InvalidValue(f"{wanted!r} is no Python version such as '3.11' or '>=3.11,<3.14'.") from error
    close = same_minor(wanted)
    if exact.contains(present.version, prereleases=True):
        return present
    seen = [present]
    for each in _others(close or exact):
        seen.append(each)
        if exact.contains(each.version, prereleases=True):
            return each
    for each in seen:
        if close and close.contains(each.version, prereleases=True):
            note = f"Python {wanted} is wanted and not installed; Python {each.version} is taken."
            return Interpreter(each.path, each.version, each.implementation, note)
    there = ", ".join(dict.fromkeys(each.version for each in seen))
    raise NotFound(
        f"No Python {wanted} is installed; looked at: {there}. Install it so that 'python3.X' is on PATH, "
        "or use --env current to run with this interpreter."
    )


def _others(versions: SpecifierSet) -> Iterator[Interpreter]:
    """Yield the interpreters whose name promises a wanted version, the newest first."""
    for minor in range(_NEWEST, _OLDEST - 1, -1):
        if any(versions.contains(Version(f"3.{minor}.{patch}"), prereleases=True) for patch in (0, 1, 5, 10, 20, 99)):
            for path in _named(f"python3.{minor}"):
                if found := _ask(path):
                    yield found


def _named(name: str) -> Iterator[Path]:
    folders = [Path(each) for each in os.environ.get("PATH", "").split(os.pathsep) if each]
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    minor = name.removeprefix("python")
    folders += sorted((each / "bin" for each in pyenv.glob(f"{minor}.*")), reverse=True)
    for folder in dict.fromkeys(folders):
        if os.access(folder / name, os.X_OK):
            yield folder / name


def _ask(path: Path) -> Interpreter | None:
    """Ask a program what it is; a shim of a version manager may be there and lead nowhere."""
    try:
        version, implementation = json.loads(run_process([str(path), "-I", "-c", _ASK], timeout=30))
    except (ExecutionFailed, ValueError):
        return None
    return Interpreter(path, version, implementation)
