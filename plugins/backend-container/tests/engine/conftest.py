"""Tests on a real podman, which `tox -e containers` prepares; elsewhere they are skipped."""

import os
from pathlib import Path

import pytest

import hookline_artifact_file
import hookline_backend_container
import hookline_env_docker
import hookline_tracking_sql
from hookline.config import Config
from hookline.plugins import Plugins
from hookline.workspace import Workspace
from hookline_lib_container.testing import (
    BASE,
    NEEDED,
    engine,
    engine_address,
    private_registry,
    skip_without_engine,
    small_engine,
)

__all__ = ["engine", "engine_address", "private_registry", "small_engine"]
REQUIREMENTS = ["hookline-core", "hookline-tracking-sql", "hookline-artifact-file"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    skip_without_engine(items, Path(__file__).parent)


@pytest.fixture
def settings(engine_address):
    """What a user's hookline.yaml would hold."""
    wheels = str(Path(os.environ[NEEDED], "wheels", "project"))
    docker = {"engine": engine_address, "base": BASE, "find_links": [wheels], "no_index": True}
    return {"environments": {"docker": docker}, "backends": {"container": {"engine": engine_address, "patience": 1}}}


@pytest.fixture
def space(tmp_path, settings):
    """A workspace whose stores are files of this machine."""
    plugins = Plugins()
    for each in (hookline_artifact_file, hookline_backend_container, hookline_env_docker, hookline_tracking_sql):
        plugins.register(each, each.__name__)
    with Workspace(Config.from_mapping(settings, home=tmp_path / "home"), plugins=plugins) as made:
        yield made


@pytest.fixture
def project(tmp_path):
    """A project whose image is made from its requirements."""
    folder = tmp_path / "a project"
    folder.mkdir()
    (folder / "MLproject").write_text(
        "python_env: python_env.yaml\nentry_points:\n  main:\n    parameters: {data: path, alpha: {type: float}}\n"
        "    command: python main.py {data} {alpha}\n",
        encoding="utf-8",
    )
    (folder / "python_env.yaml").write_text(f"dependencies: {REQUIREMENTS}\n", encoding="utf-8")
    (folder / "main.py").write_text(
        "import sys, pathlib, hookline\n"
        "with hookline.start_run() as run:\n"
        "    run.log_metric('size', len(pathlib.Path(sys.argv[1]).read_text()))\n"
        "    run.log_text('made in a container', 'note.txt')\n"
        "print('alpha', sys.argv[2])\n",
        encoding="utf-8",
    )
    return folder


@pytest.fixture
def in_base(tmp_path):
    """A function that makes a project of a Python program in the base image."""

    def make(code, **docker_env):
        folder = tmp_path / "in base"
        folder.mkdir()
        lines = "".join(f"  {key}: {value}\n" for key, value in {"image": BASE, **docker_env}.items())
        entry = "entry_points: {main: python main.py}\n"
        (folder / "MLproject").write_text(f"docker_env:\n{lines}{entry}", encoding="utf-8")
        (folder / "main.py").write_text(code, encoding="utf-8")
        return folder

    return make
