"""Modules of its own that a model brings: copied when it is saved, and imported from its folder when it is loaded."""

import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from hookline.errors import NotFound
from hookline.interfaces import Unpickler
from hookline.paths import inside

CODE = "code"
"""The folder of a model's own modules, and the key of `MLmodel` that names it."""


def code_sources(paths: Sequence[str]) -> dict[str, Path]:
    """Return where files and folders of modules are to be copied to, relative to the model's folder."""
    return {f"{CODE}/{Path(each).name}": Path(each) for each in paths}


def check_sources(sources: Mapping[str, Path]) -> None:
    """Raise `NotFound` for a file or folder that is not there."""
    for source in sources.values():
        if not source.exists():
            raise NotFound(f"There is no local file or folder {str(source)!r} to save with the model.")


def copy_sources(sources: Mapping[str, Path], folder: Path) -> None:
    """Copy files and folders to where they shall be, relative to the model's folder."""
    for key, source in sources.items():
        target = folder / key
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", ".git"))
        else:
            shutil.copyfile(source, target)


def open_code(folder: Path, block: Mapping[str, Any], pickles: Unpickler) -> None:
    """Let a model's own modules be imported, after asking the gate: importing them runs what they hold.

    Raises:
        PickleRefused: the gate says no.
    """
    if not block.get("code"):
        return
    code = inside(folder, str(block["code"]))
    names = [PurePosixPath(each.relative_to(code)).as_posix() for each in sorted(code.rglob("*.py"))]
    pickles.permit(code, names)
    if str(code) not in sys.path:  # they come before installed ones, as they do for MLflow
        sys.path.insert(0, str(code))
