"""What the laws of every backend leave open: background processes, terminals that fail, options."""

import io
import subprocess
import sys
import time

import pytest

from hookline.entities import Execution, RunStatus
from hookline.errors import ConfigError
from hookline.outputs import Terminal
from hookline.plugins import Plugins
from hookline.system import end_process_group, process_is_alive, start_process
from hookline_backend_local import output
from hookline_backend_local.backend import LocalBackend, LocalOptions


@pytest.fixture
def submit(tmp_path):
    jobs = []

    def start(code, *arguments, stream=False):
        argv = (sys.executable, "-c", code, *(str(each) for each in arguments))
        job = LocalBackend(tmp_path, LocalOptions(patience=1)).submit(
            Execution("r", argv, tmp_path, {}, tmp_path / "logs", stream=stream)
        )
        jobs.append(job)
        return job

    yield start
    for job in jobs:
        job.cancel()
        job.wait(60)


def until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


LEAVES_ONE_BEHIND = (
    "import pathlib, subprocess, sys\n"
    "code = 'import time; print(\"from behind\", flush=True); time.sleep(600)'\n"
    "child = subprocess.Popen([sys.executable, '-c', code])\n"
    "pathlib.Path(sys.argv[1]).write_text(str(child.pid))\n"
    "print('the end')\n"
)


def test_a_process_left_in_the_background_holds_up_nothing(submit, tmp_path):
    """It keeps the output open after the command's end; the job ends all the same, and it lives on."""
    job = submit(LEAVES_ONE_BEHIND, tmp_path / "pid")
    assert job.wait(60) is RunStatus.FINISHED
    pid = int((tmp_path / "pid").read_text(encoding="utf-8"))
    assert process_is_alive(pid)
    assert "the end" in list(job.logs())
    job.cancel()
    assert (job.poll(), process_is_alive(pid)) == (RunStatus.FINISHED, True)
    end_process_group(int(job.job_id))


def test_one_that_goes_on_writing_holds_up_nothing(submit, tmp_path):
    code = "import os\nif os.fork() == 0:\n    while True: os.write(1, b'x' * 1000)\n"
    job = submit(code)
    assert job.wait(60) is RunStatus.FINISHED
    end_process_group(int(job.job_id))


def test_all_that_was_written_before_the_end_is_kept(submit, tmp_path, monkeypatch):
    """Also where the terminal is so slow that the pipes are full when the command ends."""
    monkeypatch.setattr(output, "LINGER", 0)
    slow = io.StringIO()
    slow.write = lambda text: time.sleep(0.01)
    monkeypatch.setattr(sys, "stdout", slow)
    job = submit("import sys; sys.stdout.write('x' * 500_000); sys.stdout.flush()", stream=True)
    assert job.wait(60) is RunStatus.FINISHED
    assert (tmp_path / "logs" / "stdout.log").stat().st_size == 500_000


class Closed(io.StringIO):
    """A terminal that has gone: a closed pipe."""

    def write(self, text):
        raise BrokenPipeError


def test_a_terminal_that_has_gone_stops_nothing(submit, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdout", Closed())
    job = submit("print('one'); print('two')", stream=True)
    assert job.wait(60) is RunStatus.FINISHED
    assert (tmp_path / "logs" / "stdout.log").read_text(encoding="utf-8") == "one\ntwo\n"


def test_a_notebook_gets_whole_characters():
    """An output without a `buffer` takes text, and a character may be cut in two between reads."""
    notebook = io.StringIO()
    terminal = Terminal(notebook)
    for byte in "aü😀b".encode():
        terminal.write(bytes([byte]))
    assert notebook.getvalue() == "aü😀b"


def test_a_full_disk_ends_the_log_and_not_the_command(submit, tmp_path, caplog):
    """/dev/full fails every write, as a full disk does."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "stdout.log").symlink_to("/dev/full")
    job = submit("print('x' * 200_000); import sys; print('to err', file=sys.stderr)")
    assert job.wait(60) is RunStatus.FINISHED
    assert (tmp_path / "logs" / "stderr.log").read_text(encoding="utf-8") == "to err\n"
    assert [record.getMessage() for record in caplog.records if "No space left" in record.getMessage()]


def test_memory_is_bounded_whatever_is_written(tmp_path):
    """64 MiB pass through a process that may use little more than it needs at rest."""
    code = (
        "import pathlib, resource, sys\n"
        "from hookline.entities import Execution\n"
        "from hookline_backend_local.backend import LocalBackend\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "write = 'import sys\\nfor _ in range(1024): sys.stdout.write(\"x\" * 65536)'\n"
        "def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "def run(code):\n"
        "    execution = Execution('r', (sys.executable, '-c', code), folder, {}, folder / 'logs', stream=True)\n"
        "    assert LocalBackend(folder).submit(execution).wait(120) == 'FINISHED'\n"
        "run('print(1)')\n"
        "before = peak()\n"
        "run(write)\n"
        "print(peak() - before, file=sys.stderr)\n"
    )
    process = start_process(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    _out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert int(err) < 16 * 1024  # KiB
    assert (tmp_path / "logs" / "stdout.log").stat().st_size == 64 * 1024**2


@pytest.mark.parametrize("value", [-1, 1e9, "soon"])
def test_options_are_checked(tmp_path, value):
    plugins = Plugins.discover(allow=["backend-local"])
    assert plugins.make("project_backends", "local", tmp_path, {"patience": 0.5})._patience == 0.5
    with pytest.raises(ConfigError, match="patience"):
        plugins.make("project_backends", "local", tmp_path, {"patience": value})
