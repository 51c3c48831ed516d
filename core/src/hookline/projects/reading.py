"""From a folder to a `Project`."""

from pathlib import Path

from hookline.entities import Fetched, Project
from hookline.projects.mlproject import Description, find_mlproject, read_mlproject
from hookline.projects.pyproject import FILE_NAME as PYPROJECT
from hookline.projects.pyproject import read_bare_folder, read_pyproject


def read_project(fetched: Fetched, uri: str) -> Project:
    """Read the project in a fetched folder.

    Args:
        uri: what the user named, secrets stripped.

    Raises:
        ConfigError: its file is wrong; with the file, the line where it is known, the key, and what is allowed.
    """
    described = _describe(fetched.folder)
    name = described.name or fetched.folder.name or "project"
    return Project(
        name=name,
        folder=fetched.folder,
        uri=uri,
        entry_points=described.entry_points,
        environment=described.environment,
        commit=fetched.commit,
        repository=fetched.repository,
        branch=fetched.branch,
    )


def is_project(folder: Path) -> bool:
    """Return whether a folder says by a file that it is a project."""
    named = ("main.py", "__main__.py", PYPROJECT)
    return find_mlproject(folder) is not None or any((folder / name).is_file() for name in named)


def _describe(folder: Path) -> Description:
    mlproject = find_mlproject(folder)
    if mlproject is not None:
        return read_mlproject(mlproject)
    if (folder / PYPROJECT).is_file():
        return read_pyproject(folder / PYPROJECT)
    return read_bare_folder(folder)
