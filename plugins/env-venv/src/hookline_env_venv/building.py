"""Making virtual environments once: keyed by a digest, built aside, put in place by one rename.

A build that was interrupted leaves a folder that is never used and is removed by the next build of the same digest.
"""

import hashlib
import json
import os
import shutil
import sys
import sysconfig
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import evolve, field, frozen

from hookline.entities import EnvironmentSpec, PreparedEnvironment
from hookline.errors import ExecutionFailed, NotSupported
from hookline.interfaces import Environment
from hookline.system import file_lock, run_process
from hookline.uris import without_secrets
from hookline_env_venv.conda import as_requirements
from hookline_env_venv.options import VenvOptions
from hookline_env_venv.pythons import Interpreter, find_interpreter
from hookline_lib_requirements.installed import installed_lines
from hookline_lib_requirements.lines import check_lines

FORMAT = 1
MARKER = "hookline-environment.json"
_BIN = "Scripts" if sys.platform == "win32" else "bin"


@frozen
class Recipe:
    """All that an environment is made from."""

    interpreter: Interpreter
    requirements: tuple[str, ...] = ()
    build_requirements: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=(), eq=False)

    def digest(self, tool: str, options: VenvOptions) -> str:
        """Name the environment: equal recipes on like interpreters give equal environments."""
        parts = {
            "format": FORMAT,
            "tool": tool,
            "python": [self.interpreter.implementation, self.interpreter.version, sysconfig.get_platform()],
            "build_requirements": self.build_requirements,
            "requirements": self.requirements,
            "constraints": self.constraints,
            "from": [options.index_url, list(options.find_links), options.no_index],
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


class BuiltEnvironment(Environment):
    """An environment in a folder of its own, below the provider's folder, under its digest."""

    tool = ""

    def __init__(self, folder: Path, options: VenvOptions | None = None) -> None:
        self._folder = folder.absolute()
        self._options = options or VenvOptions()

    @abstractmethod
    def create(self, interpreter: Path, folder: Path) -> None:
        """Make an empty virtual environment."""

    @abstractmethod
    def install(self, folder: Path, arguments: Sequence[str]) -> None:
        """Install into a virtual environment what the arguments (`-r FILE`, `-c FILE`) ask for."""

    def prepare(self, spec: EnvironmentSpec) -> PreparedEnvironment:
        """Find the environment of a spec by its digest, or make it."""
        recipe = self.recipe(spec)
        digest = recipe.digest(self.tool, self._options)
        target = self._folder / digest[:32]
        if not _is_complete(target, digest):
            with file_lock(self._folder / f"{digest[:32]}.lock", timeout=self._options.timeout):
                if not _is_complete(target, digest):
                    self._build(recipe, digest, target)
        return _prepared(target, digest, recipe.notes)

    def recipe(self, spec: EnvironmentSpec) -> Recipe:
        """Return what a spec's environment is made from; every line checked.

        Raises:
            NotSupported: the spec wants a container. Refused, InvalidValue: a line is not allowed. NotFound: the wanted
            Python is not installed.
        """
        if spec.kind == "docker_env":
            raise NotSupported(
                f"A docker_env is an image, and --env {self.tool} makes virtual environments. "
                "Use --env current to run with this interpreter."
            )
        where = str(spec.file or "the project's requirements")
        conda = as_requirements(_texts(spec.settings.get("conda")), where)
        notes = [f"Conda's packages are taken from the Python package index: {', '.join(conda)}."] if conda else []
        interpreter = find_interpreter(spec.python)
        return Recipe(
            interpreter,
            self._checked((*conda, *spec.dependencies), where),
            self._checked(spec.build_dependencies, where),
            self._checked(spec.constraints, where),
            tuple(notes + ([interpreter.note] if interpreter.note else [])),
        )

    def _checked(self, lines: Sequence[str], where: str) -> tuple[str, ...]:
        return check_lines(lines, where, allow_direct_references=self._options.allow_direct_references)

    def run(self, argv: Sequence[str], variables: Mapping[str, str] | None = None) -> str:
        """Run one step of the installer; its failure names no secret."""
        try:
            return run_process(argv, folder=self._folder, variables=variables, timeout=self._options.timeout)
        except ExecutionFailed as error:
            text = without_secrets(str(error))
            raise ExecutionFailed(f"The environment could not be made. {text}", error.returncode) from None

    def sources(self) -> list[str]:
        """Return the installer's options for where packages come from."""
        options = self._options
        found = ["--index-url", options.index_url] if options.index_url else []
        found += ["--no-index"] if options.no_index else []
        return found + [part for link in options.find_links for part in ("--find-links", link)]

    def _build(self, recipe: Recipe, digest: str, target: Path) -> None:
        building = target.with_name(f"{target.name}.building")
        for leftover in (building, target):
            if leftover.exists():
                shutil.rmtree(leftover)
        try:
            self.create(recipe.interpreter.path, building)
            files = building / "hookline-requirements"
            files.mkdir()
            limits = ["-c", _written(files / "constraints.txt", recipe.constraints)] if recipe.constraints else []
            for name in ("build_requirements", "requirements"):
                if lines := getattr(recipe, name):
                    hashed = ["--require-hashes"] if all(" --hash=" in line for line in lines) else []
                    self.install(building, ["-r", _written(files / f"{name}.txt", lines), *limits, *hashed])
            _move_texts(building, target)
            marker = {"format": FORMAT, "digest": digest, "python": recipe.interpreter.version}
            (building / MARKER).write_text(json.dumps(marker), encoding="utf-8")
            building.rename(target)
        except BaseException:
            shutil.rmtree(building, ignore_errors=True)
            raise


def python_in(folder: Path) -> Path:
    """Return the interpreter of a virtual environment."""
    return folder / _BIN / ("python.exe" if sys.platform == "win32" else "python")


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(each) for each in value) if isinstance(value, list | tuple) else ()


def _written(path: Path, lines: Sequence[str]) -> str:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return str(path)


def _is_complete(folder: Path, digest: str) -> bool:
    """Whether an environment is whole and its interpreter, which lies elsewhere, is still there."""
    try:
        marker = json.loads((folder / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return marker.get("digest") == digest and python_in(folder).exists()


def _move_texts(building: Path, target: Path) -> None:
    """Let the scripts, which name their interpreter by an absolute path, name the place to which they will be moved."""
    before, after = os.fsencode(building.name), os.fsencode(target.name)
    for path in [building / "pyvenv.cfg", *(building / _BIN).iterdir()]:
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            if before in content and b"\0" not in content:
                path.write_bytes(content.replace(before, after))


def _prepared(folder: Path, digest: str, notes: tuple[str, ...]) -> PreparedEnvironment:
    packages = [*folder.glob("lib*/python*/site-packages"), *folder.glob("Lib/site-packages")]
    prepared = PreparedEnvironment(
        variables={"VIRTUAL_ENV": str(folder)},
        path_prefix=(folder / _BIN,),
        digest=digest,
        lock=installed_lines(packages),
    )
    return evolve(prepared, notes=notes)
