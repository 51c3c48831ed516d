"""Whole projects in conda's environments: the command runs in it, and the run says which it was."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from channel_by_hand import FULL, PYTHON, Channel

import hookline_env_conda
from hookline.entities import RunStatus
from hookline.errors import ConfigError, Refused
from hookline.providers import Provider, hookimpl
from hookline.testing import memory_workspace
from hookline.testing.environment_suite import write_wheel
from hookline.testing.project_references import ReferenceBackend

CONDA_YAML = f"""\
name: training
channels:
  - conda-forge
dependencies:
  - python={PYTHON}
  - conda_probe<2
  - pip
  - pip:
      - probe==1.0
"""
CODE = "import conda_probe, probe, sys; print(conda_probe.VERSION, probe.VERSION, sys.prefix)"


class Backend:
    @hookimpl
    def project_backends(self):
        return [Provider("local", ReferenceBackend)]


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    folder = tmp_path / "wheels"
    folder.mkdir()
    write_wheel(folder, "probe", "1.0")
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "MLproject").write_text(
        "name: training\nconda_env: conda.yaml\nentry_points:\n  main: {command: python main.py}\n"
        "  script: {command: conda_probe}\n",
        encoding="utf-8",
    )
    (folder / "conda.yaml").write_text(CONDA_YAML, encoding="utf-8")
    (folder / "main.py").write_text(CODE, encoding="utf-8")
    return folder


@pytest.fixture
def settings(wheels: Path, shared_channel: Channel) -> dict:
    return {"conda": {"channels": {"conda-forge": shared_channel.url}, "find_links": [str(wheels)], "no_index": True}}


@pytest.fixture
def space(tmp_path: Path, settings: dict):
    with memory_workspace(tmp_path / "home", Backend(), hookline_env_conda, environments=settings) as made:
        yield made


def artifact(space, started, name, tmp_path):
    return space.runs.download_artifacts(started.run_id, name, tmp_path / started.run_id).read_text(encoding="utf-8")


@pytest.mark.parametrize(("entry_point", "line"), [("main", "1.0 1.0 {env}"), ("script", "1.0")])
@pytest.mark.parametrize("named", [None, "conda"])
def test_a_project_runs_in_the_environment_that_its_conda_yaml_describes(
    space, project, tmp_path, entry_point, line, named
):
    """Also where no environment is named: a conda_env is conda's business."""
    started = space.projects.run(project, entry_point=entry_point, environment=named, stream=False)
    assert started.wait() is RunStatus.FINISHED
    tags = space.runs.get(started.run_id).data.tags
    prefix = tmp_path / "home" / "environments" / "conda" / tags["hookline.environment"][:32]
    assert artifact(space, started, "logs/stdout.log", tmp_path).strip() == line.replace("{env}", str(prefix))
    assert tags["mlflow.project.env"] == "conda"
    lock = artifact(space, started, "environment/requirements.lock.txt", tmp_path).splitlines()
    assert {"probe==1.0", f"python=={FULL}"} <= set(lock)


def test_a_project_without_conda_gets_one_of_its_requirements_all_the_same(space, project, tmp_path):
    (project / "MLproject").write_text("entry_points: {main: {command: python probing.py}}\n", encoding="utf-8")
    (project / "conda.yaml").unlink()
    (project / "probing.py").write_text("import probe; print(probe.VERSION)", encoding="utf-8")
    (project / "python_env.yaml").write_text("dependencies: [probe]\n", encoding="utf-8")
    started = space.projects.run(project, environment="conda", stream=False)
    assert started.wait() is RunStatus.FINISHED
    assert artifact(space, started, "logs/stdout.log", tmp_path).strip() == "1.0"


@pytest.mark.parametrize(
    ("content", "error", "said"),
    [
        ("dependencies: [python, {pip: [a]}", ConfigError, r"conda\.yaml:\d+"),
        ("dependencies: python\n", ConfigError, r"conda\.yaml:1: dependencies: expected a list"),
        ("channels: [x]\ndependencies: [{npm: [a]}, 3]\n", ConfigError, r"conda\.yaml:2: dependencies"),
        ("channels: conda-forge\n", ConfigError, r"conda\.yaml:1: channels: expected a list"),
        ("channels: [https://elsewhere.example/x]\n", Refused, "is a place, and no project chooses"),
        ("dependencies: [{pip: [-e .]}]\n", Refused, "-e"),
    ],
)
def test_a_conda_yaml_that_is_wrong_makes_no_run(space, project, tmp_path, content, error, said):
    (project / "conda.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(error, match=said):
        space.projects.run(project)
    assert list(space.runs.search()) == []
    assert list((tmp_path / "home" / "projects").iterdir()) == []


@pytest.mark.skipif(
    any(
        find_spec(each) is None
        for each in ("hookline_backend_local", "hookline_tracking_sql", "hookline_artifact_file")
    ),
    reason="the laptop set is not installed here",
)
def test_the_command_line_runs_it_and_says_what_is_wrong(project, settings, tmp_path):
    configuration = {"environments": settings, "tracking": f"sqlite:///{tmp_path / 'runs.db'}"}
    (tmp_path / "hookline.yaml").write_text(yaml.safe_dump(configuration), encoding="utf-8")

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "hookline", "run", str(project), *more]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)

    done = run("--env", "conda")
    assert done.returncode == 0, done.stderr
    assert any(line.startswith("1.0 1.0 /") for line in done.stdout.splitlines())
    (project / "conda.yaml").write_text("dependencies: [no_such_package]\n", encoding="utf-8")
    failed = run()
    assert (failed.returncode, "Traceback" in failed.stderr) == (1, False)
    assert "no_such_package" in failed.stderr
    (project / "conda.yaml").write_text("channels: [file:///srv/x]\n", encoding="utf-8")
    refused = run()
    assert (refused.returncode, "Traceback" in refused.stderr) == (1, False)
    assert "environments.conda.channels" in refused.stderr
