"""Which program a command's first word means in an environment, and what a command finds in its variables."""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from hookline.entities import Execution, PreparedEnvironment

_PYTHONS = ("python", "python3")


def find_program(name: str, environment: PreparedEnvironment) -> str:
    """Return the program: `python` is the environment's, others are left to the PATH that the backend sets.

    In the present environment `python` is the interpreter that runs this, whatever it is called on disk.
    """
    if name not in _PYTHONS:
        return name
    if Path(sys.executable).parent in environment.path_prefix:
        return sys.executable
    folders = os.pathsep.join(str(folder) for folder in environment.path_prefix)
    return (shutil.which(name, path=folders) if folders else None) or name


def variables_of(execution: Execution) -> dict[str, str]:
    """Return what a backend on this machine sets on top of its own environment: the execution's variables win over
    those of the prepared environment, whose folders come first on PATH.
    """
    variables: Mapping[str, str] = {**execution.environment.variables, **execution.variables}
    present = variables.get("PATH", os.environ.get("PATH", os.defpath))
    prefix = [str(folder) for folder in execution.environment.path_prefix]
    return {**variables, "PATH": os.pathsep.join([*prefix, present])}
