"""The laws of a project backend."""

import json
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from hookline.entities import Execution, PreparedEnvironment, RunStatus
from hookline.errors import ExecutionFailed
from hookline.interfaces import Job, ProjectBackend
from hookline.system import HeldLock
from hookline.testing.suite import Suite

PATIENCE = 60.0
"""Seconds after which a job that should have ended counts as broken; nothing here measures time."""

NASTY = (
    "a b",
    "",
    "'",
    '"',
    "$(touch x)",
    "`touch x`",
    "; touch x",
    "&& x",
    "a\nb",
    "--option",
    "-c",
    "\\",
    "*",
    "ü€😀",
    "%s",
)
"""Arguments that a shell, or a careless program between, would make something else of."""


def until(condition: Callable[[], bool]) -> bool:
    """Wait for a condition, at most `PATIENCE` seconds; return whether it came to hold."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


def _is_free(path: Path) -> bool:
    """Return whether no process holds the lock of a file."""
    lock = HeldLock.try_take(path)
    if lock is not None:
        lock.release()
    return lock is not None


class ProjectBackendSuite(Suite):
    """Laws of a project backend. A subclass gives the fixture `backend`.

    Where commands do not run with this interpreter, it gives `python` and `environment` as well; the folder `tmp_path`
    is a place that every command may open.
    """

    kind = "project backend"
    version = 2

    @pytest.fixture
    def backend(self, tmp_path: Path) -> ProjectBackend:
        """The backend under test; its folder may lie below `tmp_path`."""
        raise NotImplementedError("Give the fixture `backend`: a ProjectBackend.")

    @pytest.fixture
    def python(self) -> str:
        """A Python that commands can be run with."""
        return sys.executable

    @pytest.fixture
    def environment(self) -> PreparedEnvironment:
        """The environment that commands run in."""
        return PreparedEnvironment()

    @pytest.fixture
    def execution(self, tmp_path: Path, python: str, environment: PreparedEnvironment) -> Callable[..., Execution]:
        """A function that makes an execution of a Python program: `execution(code, *arguments, **fields)`."""
        folder = tmp_path / "project"
        folder.mkdir()

        def make(code: str, *arguments: str, **fields: Any) -> Execution:
            made = Execution("r" * 32, (python, "-c", code, *arguments), folder, {}, tmp_path / "logs", environment)
            return evolve(made, **{"stream": False, "places": (tmp_path,), **fields})

        return make

    @pytest.fixture
    def submit(self, backend: ProjectBackend, execution: Callable[..., Execution]) -> Any:
        """A function that submits an execution made by `execution`; what still runs after the test is cancelled."""
        jobs: list[Job] = []

        def start(code: str, *arguments: str, **fields: Any) -> Job:
            jobs.append(backend.submit(execution(code, *arguments, **fields)))
            return jobs[-1]

        yield start
        for job in jobs:
            job.cancel()
            job.wait(PATIENCE)

    @pytest.mark.parametrize(
        ("code", "status", "returncode"),
        [("", RunStatus.FINISHED, 0), ("raise SystemExit(3)", RunStatus.FAILED, 3), ("1/0", RunStatus.FAILED, 1)],
    )
    def test_the_status_is_that_of_the_exit(
        self, submit: Callable[..., Job], code: str, status: RunStatus, returncode: int
    ) -> None:
        """Exit status 0 is FINISHED, any other FAILED; `returncode` is it, where the backend knows it."""
        job = submit(code)
        assert job.wait(PATIENCE) is status
        assert job.poll() is status
        assert job.returncode in (returncode, None)

    def test_submitting_returns_before_the_end(self, submit: Callable[..., Job], tmp_path: Path) -> None:
        """`submit` does not wait, `poll` says RUNNING, `wait` with a timeout gives up, and `poll` sees the end."""
        gate = tmp_path / "gate"
        code = "import pathlib, sys, time\nwhile not pathlib.Path(sys.argv[1]).exists(): time.sleep(0.01)"
        job = submit(code, str(gate))
        assert job.poll() is RunStatus.RUNNING
        assert job.wait(0.05) is RunStatus.RUNNING
        gate.touch()
        assert until(lambda: job.poll().is_final)
        assert job.poll() is RunStatus.FINISHED

    def test_every_job_has_a_name(self, submit: Callable[..., Job]) -> None:
        """Jobs that run at once have names of their own."""
        jobs = [submit("input()"), submit("input()")]
        assert len({job.job_id for job in jobs}) == 2
        assert all(job.job_id for job in jobs)

    def test_arguments_arrive_as_they_are(self, submit: Callable[..., Job], tmp_path: Path) -> None:
        """No argument is split, expanded or dropped."""
        said = tmp_path / "said"
        code = "import json, pathlib, sys; pathlib.Path(sys.argv[1]).write_text(json.dumps(sys.argv[2:]))"
        assert submit(code, str(said), *NASTY).wait(PATIENCE) is RunStatus.FINISHED
        assert json.loads(said.read_text(encoding="utf-8")) == list(NASTY)
        assert sorted(each.name for each in (tmp_path / "project").iterdir()) == []

    def test_folder_and_variables(
        self, submit: Callable[..., Job], environment: PreparedEnvironment, tmp_path: Path
    ) -> None:
        """It runs in the project's folder, with the variables on top of the present ones."""
        code = "import os; print(os.getcwd()); print(os.environ['HOOKLINE_RUN_ID'], os.environ['FROM_ENVIRONMENT'])"
        prepared = evolve(environment, variables={"FROM_ENVIRONMENT": "yes", "HOOKLINE_RUN_ID": "lower"})
        job = submit(code, variables={"HOOKLINE_RUN_ID": "a $b"}, environment=prepared)
        assert job.wait(PATIENCE) is RunStatus.FINISHED
        assert list(job.logs()) == [str((tmp_path / "project").resolve()), "a $b yes"]

    def test_the_environments_programs_go_first(
        self, submit: Callable[..., Job], environment: PreparedEnvironment, tmp_path: Path
    ) -> None:
        """A program of the environment's folder is found before one of the same name elsewhere."""
        tools = tmp_path / "tools"
        tools.mkdir()
        (tools / "git").write_text("#!/bin/sh\necho from the environment\n", encoding="utf-8")
        (tools / "git").chmod(0o755)
        job = submit("", argv=("git",), environment=evolve(environment, path_prefix=(tools,)))
        assert job.wait(PATIENCE) is RunStatus.FINISHED
        assert list(job.logs()) == ["from the environment"]

    def test_output_is_kept_in_two_files(self, submit: Callable[..., Job], tmp_path: Path) -> None:
        """`stdout.log` and `stderr.log` hold every byte after `wait`, more than pipes hold, and `logs` their lines."""
        code = (
            "import sys\n"
            "for number in range(20000):\n"
            "    print('out', number, 'x' * 30)\n"
            "    print('err', number, 'y' * 30, file=sys.stderr)\n"
            "print('last, without an end', end='')\n"
        )
        job = submit(code)
        assert job.wait(PATIENCE) is RunStatus.FINISHED
        out, err = ((tmp_path / "logs" / name).read_text(encoding="utf-8") for name in ("stdout.log", "stderr.log"))
        assert out == "".join(f"out {n} {'x' * 30}\n" for n in range(20000)) + "last, without an end"
        assert err == "".join(f"err {n} {'y' * 30}\n" for n in range(20000))
        assert sorted(job.logs()) == sorted(out.splitlines() + err.splitlines())

    def test_output_that_is_no_text_is_kept(self, submit: Callable[..., Job], tmp_path: Path) -> None:
        """Bytes that are not UTF-8 are kept as they are, and `logs` still yields lines."""
        job = submit(r"import sys; sys.stdout.buffer.write(b'\xff\xfe\x00\n')")
        assert job.wait(PATIENCE) is RunStatus.FINISHED
        assert (tmp_path / "logs" / "stdout.log").read_bytes() == b"\xff\xfe\x00\n"
        assert len(list(job.logs())) == 1

    @pytest.mark.parametrize("stream", [True, False])
    def test_output_is_passed_on_where_it_is_asked_for(
        self, submit: Callable[..., Job], capsys: pytest.CaptureFixture[str], stream: bool
    ) -> None:
        """With `stream`, stdout and stderr appear on this process's own."""
        job = submit("import sys; print('to out ü'); print('to err', file=sys.stderr)", stream=stream)
        assert job.wait(PATIENCE) is RunStatus.FINISHED
        out, err = capsys.readouterr()
        assert ("to out ü" in out, "to err" in err) == (stream, stream)
        assert "to err" not in out

    def test_there_is_nothing_to_read(self, submit: Callable[..., Job]) -> None:
        """Standard input is empty: a command that asks gets an end instead of waiting for ever."""
        job = submit("import sys; print(repr(sys.stdin.read()))")
        assert job.wait(PATIENCE) is RunStatus.FINISHED
        assert list(job.logs()) == ["''"]

    def test_cancelling_ends_all_that_was_started(self, submit: Callable[..., Job], tmp_path: Path) -> None:
        """`cancel` ends the command, its children, and those that left its group; the status is KILLED."""
        holds = (
            "import fcntl, pathlib, sys, time\n"
            "file = open(sys.argv[1], 'w')\n"
            "fcntl.flock(file, fcntl.LOCK_EX)\n"
            "pathlib.Path(sys.argv[1] + '.held').touch()\n"
            "time.sleep(600)\n"
        )
        code = (
            "import subprocess, sys, time\n"
            "for number, name in enumerate(sys.argv[2:]):\n"
            "    subprocess.Popen([sys.executable, '-c', sys.argv[1], name], start_new_session=bool(number))\n"
            "time.sleep(600)\n"
        )
        # A lock is let go when its process ends, wherever that ran and whatever number it had there.
        locks = [tmp_path / "of the group", tmp_path / "of its own"]
        job = submit(code, holds, *map(str, locks))
        assert until(lambda: all(lock.with_name(f"{lock.name}.held").exists() for lock in locks))
        assert not any(_is_free(lock) for lock in locks)
        job.cancel()
        assert job.wait(PATIENCE) is RunStatus.KILLED
        assert until(lambda: all(_is_free(lock) for lock in locks))

    def test_a_command_that_will_not_end_is_made_to(self, submit: Callable[..., Job], tmp_path: Path) -> None:
        """A command that ignores the request to end is ended all the same."""
        ready = tmp_path / "ready"
        code = (
            "import pathlib, signal, sys, time\n"
            "signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
            "pathlib.Path(sys.argv[1]).touch()\n"
            "while True: time.sleep(1)\n"
        )
        job = submit(code, str(ready))
        assert until(ready.exists)
        job.cancel()
        assert job.wait(PATIENCE) is RunStatus.KILLED

    def test_cancelling_an_ended_job_changes_nothing(self, submit: Callable[..., Job]) -> None:
        """The status of a job that has ended is final."""
        job = submit("")
        assert job.wait(PATIENCE) is RunStatus.FINISHED
        job.cancel()
        assert job.wait(PATIENCE) is RunStatus.FINISHED

    @pytest.mark.parametrize("stream", [True, False])
    def test_a_job_that_has_ended_does_not_need_its_logs(
        self, submit: Callable[..., Job], tmp_path: Path, stream: bool
    ) -> None:
        """After `wait` the logs are the caller's, who puts them with the run and removes them; the status stays."""
        job = submit("print('said')", stream=stream)
        assert job.wait(PATIENCE) is RunStatus.FINISHED
        shutil.rmtree(tmp_path / "logs")
        assert job.poll() is RunStatus.FINISHED
        assert job.wait(PATIENCE) is RunStatus.FINISHED
        assert job.returncode in (0, None)
        job.cancel()

    @pytest.mark.parametrize("field", ["argv", "folder"])
    def test_what_cannot_be_started_is_an_error(
        self, backend: ProjectBackend, execution: Callable[..., Execution], tmp_path: Path, field: str
    ) -> None:
        """A program or a folder that is not there is an `ExecutionFailed` of `submit`."""
        absent = {"argv": ("hookline-no-such-program",), "folder": tmp_path / "absent"}
        with pytest.raises(ExecutionFailed):
            backend.submit(execution("", **{field: absent[field]}))
