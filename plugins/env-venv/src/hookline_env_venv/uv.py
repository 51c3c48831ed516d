"""Environments made by uv, from requirements or from a project's `uv.lock`."""

import os
import shutil
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from attrs import evolve

from hookline.entities import EnvironmentSpec
from hookline.errors import NotSupported
from hookline.projects.requirement_files import logical_lines
from hookline_env_venv.building import BuiltEnvironment, Recipe, python_in
from hookline_env_venv.options import VenvOptions
from hookline_env_venv.virtualenv import VirtualenvEnvironment

LOCK_NAME = "uv.lock"
_VARIABLES = {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}


def find_uv() -> str | None:
    """Return the program `uv`: of the `uv` distribution beside this interpreter, else on PATH; None without one."""
    beside = shutil.which("uv", path=str(Path(sys.executable).parent)) if find_spec("uv") else None
    return beside or shutil.which("uv")


class UvEnvironment(BuiltEnvironment):
    """Environments made by uv; where uv is not installed, virtualenv makes them, except from a `uv.lock`."""

    tool = "uv"

    def __init__(self, folder: Path, options: VenvOptions | None = None) -> None:
        super().__init__(folder, options)
        self._uv = find_uv()
        self._instead = None if self._uv else VirtualenvEnvironment(folder, options)

    def recipe(self, spec: EnvironmentSpec) -> Recipe:
        """Return the recipe of a spec: what `uv.lock` pins for a `pyproject.toml` project that has one."""
        lock = spec.file.parent / LOCK_NAME if spec.kind == "pyproject" and spec.file else None
        if lock is not None and lock.is_file():
            if self._uv is None:
                raise NotSupported(f"{lock} can be read by uv alone, which is not installed: pip install uv")
            spec = evolve(spec, dependencies=self._locked(lock.parent), file=lock)
        recipe = super().recipe(spec)
        if self._uv is None:
            recipe = evolve(recipe, notes=(*recipe.notes, "uv is not installed; virtualenv makes the environment."))
        return recipe

    def _locked(self, project: Path) -> tuple[str, ...]:
        """Return the requirements of a lock, with hashes; the project and what lies in it are left out."""
        options = ["--frozen", "--no-dev", "--no-emit-project", "--format"]
        argv = [str(self._uv), "export", "--project", str(project), *options, "requirements-txt"]
        self._folder.mkdir(parents=True, exist_ok=True)
        said = self.run(argv, {**_VARIABLES, "UV_PYTHON": sys.executable})
        return tuple(logical_lines(said))

    def create(self, interpreter: Path, folder: Path) -> None:
        """Make an empty environment."""
        if self._instead:
            self._instead.create(interpreter, folder)
        else:
            options = ["--quiet", "--no-project", "--python", str(interpreter)]
            self.run([str(self._uv), "venv", *options, str(folder)], _VARIABLES)

    def install(self, folder: Path, arguments: Sequence[str]) -> None:
        """Install by `uv pip`."""
        if self._instead:
            self._instead.install(folder, arguments)
        else:
            argv = [str(self._uv), "pip", "install", "--quiet", "--python", str(python_in(folder))]
            self.run([*argv, *self.sources(), *arguments], {**_VARIABLES, "VIRTUAL_ENV": os.fspath(folder)})
