"""Which program a command's first word means in an environment."""

import os
import shutil
import sys
from pathlib import Path

from hookline.entities import PreparedEnvironment

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
