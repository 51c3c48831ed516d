"""Environments made by virtualenv, or by the standard library's venv where it is not installed, and filled by pip."""

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from attrs import evolve

from hookline.entities import EnvironmentSpec
from hookline_env_venv.building import BuiltEnvironment, Recipe, python_in


class VirtualenvEnvironment(BuiltEnvironment):
    """Environments made by virtualenv and pip."""

    tool = "virtualenv"

    def recipe(self, spec: EnvironmentSpec) -> Recipe:
        """Return the recipe of a spec; a `uv.lock`, which is not read here, is noted."""
        recipe = super().recipe(spec)
        lock = spec.file.parent / "uv.lock" if spec.kind == "pyproject" and spec.file else None
        if lock is None or not lock.is_file():
            return recipe
        return evolve(recipe, notes=(*recipe.notes, "uv.lock is not used: --env uv installs what it pins."))

    def create(self, interpreter: Path, folder: Path) -> None:
        """Make an environment that holds pip."""
        if find_spec("virtualenv"):
            argv = [sys.executable, "-m", "virtualenv", "--quiet", "--no-periodic-update", "--python", str(interpreter)]
        else:
            argv = [str(interpreter), "-m", "venv"]
        self.run([*argv, str(folder)])

    def install(self, folder: Path, arguments: Sequence[str]) -> None:
        """Install by the environment's own pip."""
        argv = [str(python_in(folder)), "-m", "pip", "install", "--quiet", "--no-input", "--no-compile"]
        self.run([*argv, "--disable-pip-version-check", *self.sources(), *arguments])
