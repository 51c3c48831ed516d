"""The requirements of a model: found in milliseconds from what the model is made of, without loading it anywhere.

What counts is what the model needs to be loaded and called: the modules of the classes of every object in it, the
modules that its own functions refer to, the library of the input example, and what the flavor asks for. Distributions
that are only needed by these come with them and are not listed. Hookline's own plugin that loads the model is listed
like any other distribution: pinned where it was installed from an index; left out where it was installed from a folder
(as in development), since then no index is known to have it.
"""

import logging
import platform
import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from hookline.documents import write_yaml
from hookline.models.distributions import Distributions, installed, requirement
from hookline.models.modules import modules_of

FILE_NAME = "requirements.txt"
PYTHON_ENV = "python_env.yaml"
CONDA_ENV = "conda.yaml"
_OWN = ("hookline", "hookline_")
log = logging.getLogger("hookline")


def find_requirements(roots: Sequence[Any], names: Iterable[str], found: Distributions) -> list[str]:
    """Return the requirements of objects, one pinned distribution a line, sorted.

    Args:
        roots: the model, and what else it needs, such as its example's data.
        names: further distributions: bare names are pinned as they are installed, others kept as they are.
    """
    lines = set(installed(names))
    named = {_name(line) for line in lines}
    local = set()
    for module in modules_of(roots, lambda name: found.owner(name) is not None):
        owner = found.owner(module)
        line = None if owner is None else requirement(owner)
        if line is None and _is_local(module):
            local.add(module.partition(".")[0])
        elif line is not None and _name(line) not in named:
            lines.add(line)
    if local:
        log.warning(
            "The model uses %s, which no package index is known to have: install it where the model is loaded.",
            ", ".join(repr(each) for each in sorted(local)),
        )
    return sorted(lines, key=str.lower)


def write_environment(folder: Path, requirements: Sequence[str]) -> None:
    """Write `requirements.txt`, `python_env.yaml` and `conda.yaml` into a model's folder."""
    python = platform.python_version()
    tools = [*installed(["pip"]), "setuptools", "wheel"]
    python_env = {"python": python, "build_dependencies": tools, "dependencies": [f"-r {FILE_NAME}"]}
    conda = {
        "name": "model-env",
        "channels": ["conda-forge"],
        "dependencies": [f"python={python}", _conda_pip(), {"pip": list(requirements)}],
    }
    (folder / FILE_NAME).write_text("".join(f"{line}\n" for line in requirements), encoding="utf-8")
    (folder / PYTHON_ENV).write_text(write_yaml(python_env), encoding="utf-8")
    (folder / CONDA_ENV).write_text(write_yaml(conda), encoding="utf-8")


def read_requirements(folder: Path) -> list[str]:
    """Return the lines of a model's `requirements.txt` that are no comments; nothing where there is none."""
    path = folder / FILE_NAME
    if not path.is_file():
        return []
    lines = (line.strip() for line in path.read_text(encoding="utf-8", errors="replace").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _conda_pip() -> str:
    try:
        return f"pip<={version('pip')}"
    except PackageNotFoundError:
        return "pip"


def _name(line: str) -> str:
    for mark in ("=", "<", ">", "!", "~", "[", ";", "@", " "):
        line = line.partition(mark)[0]
    return line.strip().lower().replace("_", "-").replace(".", "-")


def _is_local(module: str) -> bool:
    """Whether a module is a file of the user's own: importable here, and of no distribution."""
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names or top == "__main__" or top == _OWN[0] or top.startswith(_OWN[1]):
        return False
    return getattr(sys.modules.get(module), "__file__", None) is not None
