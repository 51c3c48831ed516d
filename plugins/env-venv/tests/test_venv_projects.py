"""Whole projects in environments: the command runs in it, and the run says which it was."""

import sys

import pytest

import hookline_env_venv
from hookline.entities import RunStatus
from hookline.errors import Refused
from hookline.providers import Provider, hookimpl
from hookline.testing import memory_workspace
from hookline.testing.environment_suite import write_wheel
from hookline.testing.project_references import ReferenceBackend


class Backend:
    @hookimpl
    def project_backends(self):
        return [Provider("local", ReferenceBackend)]


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "MLproject").write_text(
        "python_env: python_env.yaml\nentry_points:\n  main: python main.py\n  script: probe\n"
        "  shell: python main.py && probe\n",
        encoding="utf-8",
    )
    (folder / "python_env.yaml").write_text("dependencies: [-r requirements.txt]\n", encoding="utf-8")
    (folder / "requirements.txt").write_text("probe<2\n", encoding="utf-8")
    (folder / "main.py").write_text("import probe, sys; print(probe.VERSION, sys.prefix)", encoding="utf-8")
    return folder


@pytest.fixture
def space(tmp_path):
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    for version in ("1.0", "2.0"):
        write_wheel(wheels, "probe", version)
    settings = {"uv": {"find_links": [str(wheels)], "no_index": True}}
    with memory_workspace(tmp_path / "home", Backend(), hookline_env_venv, environments=settings) as made:
        yield made


def artifact(space, started, name, tmp_path):
    return space.runs.download_artifacts(started.run_id, name, tmp_path / started.run_id).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("entry_point", "lines"), [("main", ["1.0 {env}"]), ("script", ["1.0"]), ("shell", ["1.0 {env}", "1.0"])]
)
def test_a_project_in_an_environment_of_its_own(space, project, tmp_path, entry_point, lines):
    started = space.projects.run(project, entry_point=entry_point, environment="uv", allow_shell=True, stream=False)
    assert started.wait() is RunStatus.FINISHED
    tags = space.runs.get(started.run_id).data.tags
    env = tmp_path / "home" / "environments" / "uv" / tags["hookline.environment"][:32]
    assert artifact(space, started, "logs/stdout.log", tmp_path).splitlines() == [
        line.replace("{env}", str(env)) for line in lines
    ]
    assert tags["mlflow.project.env"] == "uv"
    assert artifact(space, started, "environment/requirements.lock.txt", tmp_path) == "probe==1.0\n"


def test_the_present_environment_is_the_default_and_says_what_it_lacks(space, project, tmp_path, caplog):
    (project / "main.py").write_text("import sys; print(sys.executable)", encoding="utf-8")
    started = space.projects.run(project, stream=False)
    assert started.wait() is RunStatus.FINISHED
    assert artifact(space, started, "logs/stdout.log", tmp_path).strip() == sys.executable
    assert [record.getMessage() for record in caplog.records] == [
        "The present environment does not have what python_env.yaml asks for: probe<2 (it is not installed). "
        "Add --env uv to run in an environment that has it."
    ]
    assert "hookline-core==" in artifact(space, started, "environment/requirements.lock.txt", tmp_path)


def test_a_project_that_chooses_where_to_install_from_makes_no_run(space, project, tmp_path):
    (project / "requirements.txt").write_text("--index-url https://example.org/simple\nprobe\n", encoding="utf-8")
    with pytest.raises(Refused, match="--index-url"):
        space.projects.run(project, environment="uv")
    assert list(space.runs.search()) == []
    assert list((tmp_path / "home" / "projects").iterdir()) == []
