"""Running a project: from a folder to an ended run, with all that can go wrong on the way."""

import json
import os
import shutil
import signal
import sys
import threading
import time

import pytest

from hookline.entities import RunChange, RunStatus
from hookline.errors import (
    ConfigError,
    ExecutionFailed,
    InvalidState,
    InvalidValue,
    NotFound,
    NotSupported,
    Refused,
    Unavailable,
    UnknownProvider,
)
from hookline.interfaces import RunContext
from hookline.projects import live_logs
from hookline.providers import Provider, hookimpl
from hookline.system import process_is_alive
from hookline.testing import memory_workspace
from hookline.testing.project_references import ReferenceBackend, ReferenceEnvironment, ReferenceProjects

MLPROJECT = """\
name: demo
entry_points:
  main:
    parameters:
      alpha: {type: float, default: 0.5}
      data: {type: path, default: data.csv}
    command: python main.py {alpha} {data}
  fail: python fail.py
  shell: python main.py && echo $HOME > written
  gone: hookline-no-such-program
allow_shell: true
shell: bash
"""
MAIN = "import json, os, sys; print(json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]))"
FAIL = "import sys; print('before'); print('the reason\\x1b[31m', file=sys.stderr); sys.exit(3)"
WAIT = (
    "import os, pathlib, sys, time\n"
    "print('waiting')\n"
    "pathlib.Path(sys.argv[1] + '.part').write_text(str(os.getpid()), encoding='utf-8')\n"
    "os.rename(sys.argv[1] + '.part', sys.argv[1])\n"
    "while not pathlib.Path(sys.argv[2]).exists(): time.sleep(0.01)\n"
)


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "published" / "demo-folder"
    folder.mkdir(parents=True)
    files = {"MLproject": MLPROJECT, "main.py": MAIN, "fail.py": FAIL, "wait.py": WAIT, "data.csv": "1\n"}
    for name, content in {**files, "hookline.yaml": "allow_shell: true\n"}.items():
        (folder / name).write_text(content, encoding="utf-8")
    return folder


@pytest.fixture
def space(tmp_path):
    with memory_workspace(tmp_path / "home", ReferenceProjects()) as made:
        yield made
        made.runs.end_open("FINISHED")


def nothing_was_stored(space):
    left = list((space.config.home / "projects").rglob("*")) if space.config.home.exists() else []
    return not list(space.runs.search()) and left == []


def read_artifact(space, run_id, name, tmp_path):
    return space.runs.download_artifacts(run_id, name, tmp_path / "downloaded" / name).read_text(encoding="utf-8")


def until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_run_from_a_folder_to_its_end(space, project, tmp_path, capsys):
    started = space.projects.run(project, parameters={"alpha": "0.05", "extra": "x y"}, run_name="first")
    assert started.wait() is RunStatus.FINISHED
    record = space.runs.get(started.run_id)
    assert (record.info.status, record.info.run_name) == (RunStatus.FINISHED, "first")
    assert record.info.end_time is not None
    assert record.data.params == {"alpha": "0.05", "data": "data.csv", "extra": "x y"}
    tags = record.data.tags
    assert {key: tags.get(f"mlflow.{key}") for key in ("source.name", "source.type", "project.entryPoint")} == {
        "source.name": str(project),
        "source.type": "PROJECT",
        "project.entryPoint": "main",
    }
    assert (tags["mlflow.project.backend"], tags["mlflow.project.env"]) == ("local", "current")
    assert tags["hookline.job"].isdigit()
    arguments, folder, variables = json.loads(read_artifact(space, started.run_id, "logs/stdout.log", tmp_path))
    assert arguments == ["0.05", str(project / "data.csv"), "--extra", "x y"]
    assert folder == str(project)
    assert variables["HOOKLINE_RUN_ID"] == started.run_id
    assert variables["HOOKLINE_EXPERIMENT_ID"] == record.info.experiment_id
    assert variables["HOOKLINE_TRACKING_URI"] == space.tracking_uri
    assert variables["HOOKLINE_ARTIFACTS_URI"] == space.artifacts_uri
    assert variables["HOOKLINE_REGISTRY_URI"] == space.registry_uri
    assert read_artifact(space, started.run_id, "environment/requirements.lock.txt", tmp_path) == "probe==1.0\n"
    assert json.loads(capsys.readouterr().out)[0] == arguments
    assert list((space.config.home / "projects").iterdir()) == []


def test_without_stream_nothing_is_passed_on(space, project, capsys, tmp_path):
    started = space.projects.run(project, stream=False)
    assert started.wait() is RunStatus.FINISHED
    assert capsys.readouterr().out == ""
    assert read_artifact(space, started.run_id, "logs/stdout.log", tmp_path)


def test_a_failure_names_the_exit_code_and_the_last_lines(space, project, tmp_path):
    started = space.projects.run(project, entry_point="fail", stream=False)
    with pytest.raises(ExecutionFailed) as caught:
        started.wait()
    assert "ended with exit code 3" in str(caught.value)
    assert started.run_id in str(caught.value)
    assert str(caught.value).endswith("the reason [31m")
    assert caught.value.returncode == 3
    assert space.runs.get(started.run_id).info.status is RunStatus.FAILED
    assert read_artifact(space, started.run_id, "logs/stdout.log", tmp_path) == "before\n"
    assert started.wait(check=False) is RunStatus.FAILED


@pytest.fixture
def waiting(space, project, tmp_path):
    """A started project that waits for the file `go`, and the process id that it wrote."""
    (project / "MLproject").write_text(
        "entry_points:\n  main: {parameters: {ready: string, go: string}, command: 'python wait.py {ready} {go}'}\n",
        encoding="utf-8",
    )
    ready, go = tmp_path / "ready", tmp_path / "go"
    started = space.projects.run(project, parameters={"ready": ready, "go": go}, stream=False)
    until(ready.exists)
    yield started, go
    started.cancel()


def test_a_running_project(space, waiting):
    started, go = waiting
    assert started.poll() is RunStatus.RUNNING
    assert started.wait(0.05) is RunStatus.RUNNING
    assert list(started.logs()) == ["waiting"]
    assert space.runs.get(started.run_id).info.status is RunStatus.RUNNING
    go.touch()
    until(lambda: started.poll() is RunStatus.FINISHED)
    assert list(started.logs()) == []
    assert space.runs.get(started.run_id).info.status is RunStatus.FINISHED


@pytest.fixture
def often(monkeypatch):
    monkeypatch.setattr(live_logs, "PAUSE", 0.01)


def test_what_a_command_writes_is_with_its_run_while_it_runs(often, space, waiting, tmp_path):
    started, go = waiting
    until(lambda: [each.path for each in space.runs.list_artifacts(started.run_id, "logs")] == ["logs/stdout.log"])
    assert read_artifact(space, started.run_id, "logs/stdout.log", tmp_path) == "waiting\n"
    go.touch()
    started.wait()
    found = [each.path for each in space.runs.list_artifacts(started.run_id, "logs")]
    assert found == ["logs/stderr.log", "logs/stdout.log"]


def test_a_store_that_was_away_gets_the_end_of_a_log_later(often, tmp_path):
    (tmp_path / "stdout.log").write_bytes(b"one\n")
    asked, kept = [], []

    def put(name, part):
        asked.append(name)
        if len(asked) < 3:
            raise Unavailable("The store is away.")
        kept.append((name, part.read_bytes()))

    live = live_logs.LiveLogs(tmp_path, tmp_path, put)
    live.start()
    until(lambda: kept)
    live.stop()
    assert kept == [("stdout.log", b"one\n")]


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (b"one\ntwo\n", b"one\ntwo\n"),
        (b"", b""),
        (
            b"a" * 10 + b"\n" + b"b" * 20 + b"\n" + b"c" * 30,
            b"[32 bytes before this come when the command has ended]\n" + b"c" * 30,
        ),
        (b"x" * 100, b"[60 bytes before this come when the command has ended]\n" + b"x" * 40),
    ],
)
def test_of_a_long_log_the_end_is_shown_from_a_line_on(content, shown, tmp_path, monkeypatch):
    monkeypatch.setattr(live_logs, "MOST_BYTES", 40)
    (tmp_path / "log").write_bytes(content)
    assert live_logs.end_of(tmp_path / "log", len(content)) == shown


def test_cancelling(space, waiting):
    started, _go = waiting
    started.cancel()
    assert space.runs.get(started.run_id).info.status is RunStatus.KILLED
    assert started.wait() is RunStatus.KILLED
    assert not process_is_alive(int(started.job.job_id))
    started.cancel()
    assert started.poll() is RunStatus.KILLED


def test_a_signal_from_elsewhere_is_a_failure(space, waiting):
    started, _go = waiting
    os.kill(int(started.job.job_id), signal.SIGKILL)
    with pytest.raises(ExecutionFailed, match="was ended by signal 9"):
        started.wait()
    assert space.runs.get(started.run_id).info.status is RunStatus.FAILED


def test_leaving_the_block_cancels(space, waiting):
    started, _go = waiting
    with pytest.raises(ZeroDivisionError), started:
        raise ZeroDivisionError
    assert space.runs.get(started.run_id).info.status is RunStatus.KILLED


IN_WORKER = pytest.mark.skipif(
    "PYTEST_XDIST_WORKER" in os.environ,
    reason="a worker of pytest-xdist ends on SIGINT; tests/test_first_minute.py interrupts a real command",
)


@pytest.mark.parametrize("number", [pytest.param(signal.SIGINT, marks=IN_WORKER), signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_ends_the_command_then_the_run(space, waiting, number):
    started, _go = waiting
    before = signal.getsignal(signal.SIGTERM)
    assert before is signal.SIG_DFL

    def interrupt():
        until(lambda: signal.getsignal(signal.SIGHUP) is not signal.SIG_DFL)
        os.kill(os.getpid(), number)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        started.wait()
    thread.join()
    assert not process_is_alive(int(started.job.job_id))
    assert space.runs.get(started.run_id).info.status is RunStatus.KILLED
    assert signal.getsignal(signal.SIGTERM) is before
    assert space.runs.list_artifacts(started.run_id, "logs")


@pytest.mark.parametrize(
    ("said", "code", "expected"),
    [
        (RunStatus.FAILED, 0, RunStatus.FAILED),
        (RunStatus.KILLED, 0, RunStatus.KILLED),
        (RunStatus.FINISHED, 0, RunStatus.FINISHED),
        (RunStatus.FINISHED, 1, RunStatus.FAILED),
    ],
)
def test_what_the_command_says_of_its_run_stands_unless_it_fails(space, project, tmp_path, said, code, expected):
    (project / "MLproject").write_text(
        "entry_points:\n  main: {parameters: {ready: string, go: string}, command: 'python wait.py {ready} {go}'}\n",
        encoding="utf-8",
    )
    (project / "wait.py").write_text(f"{WAIT}sys.exit({code})\n", encoding="utf-8")
    ready, go = tmp_path / "ready", tmp_path / "go"
    started = space.projects.run(project, parameters={"ready": ready, "go": go}, stream=False)
    until(ready.exists)
    space.runs.update(started.run_id, RunChange(status=said, end_time=1))
    go.touch()
    assert started.wait(check=False) is expected
    assert space.runs.get(started.run_id).info.status is expected


# What is found wrong before anything is stored -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"backend": "slurm"}, UnknownProvider, "(?s)'slurm'.*Installed: local"),
        ({"environment": "uv"}, UnknownProvider, "(?s)'uv'.*Installed: current.*hookline-env-venv"),
        ({"uri": "absent"}, NotFound, "absent"),
        ({"uri": "absent", "backend": "slurm"}, UnknownProvider, "slurm"),
        ({"uri": "ext::sh -c x"}, Refused, "never done"),
        ({"entry_point": "mian"}, NotFound, "did you mean 'main'"),
        ({"version": "v1"}, InvalidValue, "no Git repository"),
        ({"parameters": {"alpha": "much"}}, InvalidValue, "'alpha' is a float"),
        ({"parameters": {"data": "absent.csv"}}, InvalidValue, "'data' is a path"),
        ({"entry_point": "shell"}, Refused, "--allow-shell"),
        ({"backend_options": {"x": 1}}, ConfigError, "no options"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_stored(space, project, options, error, text):
    with pytest.raises(error, match=text):
        space.projects.run(options.pop("uri", project), **options)
    assert nothing_was_stored(space)


def test_a_project_cannot_allow_itself_a_shell(space, project, monkeypatch):
    """Neither its `MLproject` nor a `hookline.yaml` of its own, which both say so here, makes a difference."""
    monkeypatch.chdir(project)
    with pytest.raises(Refused, match="--allow-shell"):
        space.projects.run(".", entry_point="shell")
    assert not (project / "written").exists()


def test_a_shell_where_the_user_allows_it(space, project, tmp_path):
    (project / "MLproject").write_text(
        "entry_points:\n  main:\n    parameters: {x: string}\n"
        '    command: python main.py {x} && echo {x} > "$(pwd)/written"\n',
        encoding="utf-8",
    )
    value = "a  b'; touch canary; echo \"$(touch canary)"
    started = space.projects.run(project, parameters={"x": value}, allow_shell=True, stream=False)
    assert started.wait() is RunStatus.FINISHED
    assert (project / "written").read_text(encoding="utf-8") == value + "\n"
    assert not (project / "canary").exists()
    assert json.loads(read_artifact(space, started.run_id, "logs/stdout.log", tmp_path))[0] == [value]


def test_what_cannot_be_started_fails_its_run(space, project):
    with pytest.raises(ExecutionFailed, match="hookline-no-such-program"):
        space.projects.run(project, entry_point="gone")
    assert [run.info.status for run in space.runs.search()] == [RunStatus.FAILED]
    assert list((space.config.home / "projects").iterdir()) == []


# Surroundings --------------------------------------------------------------------------------------------------------


def test_a_project_that_is_fetched(space, project, tmp_path):
    started = space.projects.run(f"copy://{project.parent}#demo-folder", stream=False)
    assert started.wait() is RunStatus.FINISHED
    assert space.runs.get(started.run_id).data.tags["mlflow.source.name"] == f"copy://{project.parent}#demo-folder"
    folder = json.loads(read_artifact(space, started.run_id, "logs/stdout.log", tmp_path))[1]
    assert folder.startswith(str(space.config.home / "projects"))
    assert list((space.config.home / "projects").iterdir()) == []
    assert (project / "main.py").exists()


def test_a_path_parameter_of_a_run_is_downloaded(space, project, tmp_path):
    with space.start_run() as made:
        made.log_text("content", "tables/data.csv")
    uri = f"runs:/{made.run_id}/tables/data.csv"
    (project / "main.py").write_text("import sys; print(open(sys.argv[2]).read())", encoding="utf-8")
    started = space.projects.run(project, parameters={"data": uri}, stream=False)
    assert started.wait() is RunStatus.FINISHED
    assert read_artifact(space, started.run_id, "logs/stdout.log", tmp_path) == "content\n"
    assert space.runs.get(started.run_id).data.params["data"] == uri


def test_a_path_parameter_of_an_artifact_store_is_downloaded(space, project, tmp_path):
    with space.start_run() as made:
        made.log_text("content", "tables/data.csv")
    (project / "main.py").write_text("import sys; print(open(sys.argv[2]).read())", encoding="utf-8")
    uri = f"{made.info.artifact_uri}/tables/data.csv"
    started = space.projects.run(project, parameters={"data": uri}, stream=False)
    assert started.wait() is RunStatus.FINISHED
    assert read_artifact(space, started.run_id, "logs/stdout.log", tmp_path) == "content\n"


def test_a_path_parameter_that_is_not_there_stores_nothing(space, project):
    with pytest.raises(NotFound):
        space.projects.run(project, parameters={"data": f"runs:/{'0' * 32}/x.csv"})
    assert nothing_was_stored(space)


def test_a_project_within_a_projects_run_is_its_child(tmp_path, project):
    with memory_workspace(tmp_path / "home", ReferenceProjects(), run_id="a" * 32) as space:
        started = space.projects.run(project, stream=False)
        started.wait()
        assert started.run_id != "a" * 32
        assert space.runs.get(started.run_id).data.tags["mlflow.parentRunId"] == "a" * 32


class Surroundings(RunContext):
    """A run context that says that it was asked."""

    @hookimpl
    def run_contexts(self):
        return [Provider("asked", Surroundings)]

    def tags(self):
        return {"asked": "yes", "mlflow.source.git.commit": "of the working folder"}

    def artifacts(self):
        return {"patch": b"of the working folder"}


@pytest.mark.parametrize(("where", "is_here"), [("inside", True), ("fetched", False), ("another repository", False)])
def test_what_surrounds_this_program_is_said_of_projects_here_alone(tmp_path, project, monkeypatch, where, is_here):
    """The commit of the working folder says nothing of a project that comes from elsewhere."""
    here = tmp_path / "here"
    (here / ".git").mkdir(parents=True)
    shutil.copytree(project, here / "inside")
    (project / ".git").mkdir()
    monkeypatch.chdir(here)
    uri = {"inside": "inside", "fetched": f"copy://{here}/inside", "another repository": str(project)}[where]
    with memory_workspace(here / "home", ReferenceProjects(), Surroundings()) as space:
        started = space.projects.run(uri, stream=False)
        assert started.wait() is RunStatus.FINISHED
        tags = space.runs.get(started.run_id).data.tags
        assert ("asked" in tags, "mlflow.source.git.commit" in tags) == (is_here, is_here)
        assert any(each.path == "patch" for each in space.runs.list_artifacts(started.run_id)) == is_here


def test_the_process_that_waits_for_a_project_samples_nothing(tmp_path, project):
    """The command's own process does, where it opens the run."""
    with memory_workspace(tmp_path / "home", ReferenceProjects(), Surroundings()) as space:
        watched = []
        space.runs._sampler.watch = watched.append
        assert space.projects.run(project, stream=False).wait() is RunStatus.FINISHED
        with space.start_run() as own:
            pass
        assert watched == [own]


def test_the_sources_of_a_pyproject_are_on_the_path(space, tmp_path):
    folder = tmp_path / "packaged"
    (folder / "src").mkdir(parents=True)
    (folder / "src/packaged.py").write_text("def main():\n    print('from src')\n    return 0\n", encoding="utf-8")
    (folder / "pyproject.toml").write_text(
        "[project]\nname = 'packaged'\n[project.scripts]\npackaged = 'packaged:main'\n", encoding="utf-8"
    )
    started = space.projects.run(folder, stream=False)
    assert started.wait() is RunStatus.FINISHED
    assert read_artifact(space, started.run_id, "logs/stdout.log", tmp_path) == "from src\n"


class CondaPlugin:
    @hookimpl
    def environments(self):
        return [Provider("conda", lambda folder, options: Conda(folder))]


class Conda(ReferenceEnvironment):
    def prepare(self, spec):
        return super().prepare(type(spec)())


@pytest.mark.parametrize("kind", ["conda_env", "docker_env"])
def test_an_environment_that_nobody_makes_offers_those_that_do(space, project, kind):
    (project / "conda.yaml").write_text("dependencies: [python=3.11, numpy]\n", encoding="utf-8")
    (project / "MLproject").write_text(
        f"{kind}: {'conda.yaml' if kind == 'conda_env' else '{image: x}'}\n", encoding="utf-8"
    )
    own = "pip install hookline-env-conda.*--env uv.*" if kind == "conda_env" else ""
    with pytest.raises(NotSupported, match=f"{kind}.*{own}--env current"):
        space.projects.run(project, entry_point="main.py")
    assert nothing_was_stored(space)


def test_an_environment_of_the_projects_kind_is_taken(tmp_path, project):
    (project / "conda.yaml").write_text("dependencies: [python=3.11, numpy]\n", encoding="utf-8")
    (project / "MLproject").write_text("entry_points: {main: python main.py}\n", encoding="utf-8")
    with memory_workspace(tmp_path / "home", ReferenceProjects(), CondaPlugin()) as space:
        started = space.projects.run(project, stream=False)
        assert started.wait() is RunStatus.FINISHED
        assert space.runs.get(started.run_id).data.tags["mlflow.project.env"] == "conda"


def test_what_an_environment_lacks_is_said_once(space, project, caplog):
    (project / "python_env.yaml").write_text("dependencies: [not-here==1]\n", encoding="utf-8")
    space.projects.run(project, stream=False).wait()
    assert [record.getMessage() for record in caplog.records] == ["Not looked at: not-here==1"]


def test_secrets_do_not_reach_the_store(space, project, tmp_path):
    uri = "https://me:hunter2@host/x?token=abcdefgh"
    started = space.projects.run(project, parameters={"where": uri}, stream=False)
    started.wait()
    record = space.runs.get(started.run_id)
    assert "hunter2" not in str(record)
    assert "abcdefgh" not in str(record)
    assert uri in json.loads(read_artifact(space, started.run_id, "logs/stdout.log", tmp_path))[0]


def test_python_is_this_interpreter(space, project, tmp_path):
    (project / "main.py").write_text("import sys; print(sys.prefix)", encoding="utf-8")
    started = space.projects.run(project, stream=False)
    started.wait()
    assert read_artifact(space, started.run_id, "logs/stdout.log", tmp_path).strip() == sys.prefix


def test_a_command_that_ends_with_its_process_cannot_be_taken_over(space, project):
    """So says the backend; a run that lives, and one of no project, are said before it is asked."""
    started = space.projects.run(project, entry_point="main.py", stream=False)
    with pytest.raises(InvalidState, match="a process that lives"):
        space.projects.attach(started.run_id)
    started.wait()
    with pytest.raises(NotSupported, match="has to be redone"):
        space.projects.attach(started.run_id)
    with space.start_run() as plain:
        pass
    with pytest.raises(InvalidState, match="not started by"):
        space.projects.attach(plain.run_id)
    assert list((space.config.home / "projects").iterdir()) == []


def test_what_the_command_may_open_is_said_to_the_backend(tmp_path, project):
    """Files that `path` parameters name, and the folders of stores that are files."""
    seen = []

    class Watching(ReferenceBackend):
        def submit(self, execution):
            seen.append(execution.places)
            return super().submit(execution)

    class WatchingPlugin:
        @hookimpl
        def project_backends(self):
            return [Provider("watching", Watching)]

    (project / "MLproject").write_text(
        "entry_points: {main: {parameters: {data: path}, command: python main.py}}\n", encoding="utf-8"
    )
    data = tmp_path / "data.csv"
    data.touch()
    with memory_workspace(tmp_path / "home", ReferenceProjects(), WatchingPlugin()) as space:
        space.projects.run(project, backend="watching", parameters={"data": str(data)}, stream=False).wait()
    (places,) = seen
    assert data in places
    assert any(place.is_relative_to(tmp_path / "home" / "journals") for place in places)
