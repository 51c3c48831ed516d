"""Locks, processes and file systems: with real processes."""

import os
import platform
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from hookline.errors import ExecutionFailed, Unavailable
from hookline.system import (
    HeldLock,
    current_user,
    end_process_group,
    end_process_tree,
    file_lock,
    filesystem_type,
    is_network_filesystem,
    process_identity,
    process_is_alive,
    run_process,
    start_process,
    terminations_interrupt,
)

PYTHON = sys.executable
LINUX = pytest.mark.skipif(not Path("/proc").is_dir(), reason="this system tells less of its processes")


def python(code, **options):
    return start_process([PYTHON, "-c", code], stdout=subprocess.PIPE, **options)


def until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


EXIT_OF_A_THREAD = {"x86_64": 60, "aarch64": 93}
"""The system call that ends one thread, on Linux."""

# Locks ---------------------------------------------------------------------------------------------------------------

_HOLD = """
import sys, time
from pathlib import Path
from hookline.system import file_lock
with file_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_lock_keeps_another_process_out_until_its_holder_dies(tmp_path):
    path = tmp_path / "new" / "lock"
    with start_process([PYTHON, "-c", _HOLD, str(path)], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout.readline() == b"held\n"
            with (
                pytest.raises(Unavailable, match=r"Another process has held 'lock' locked for 0.1 s"),
                file_lock(path, 0.1),
            ):
                pass
        finally:
            process.kill()
    with file_lock(path, 60.0):
        assert path.exists()


def test_a_lock_keeps_another_thread_out(tmp_path):
    inside = []

    def work():
        for _ in range(20):
            with file_lock(tmp_path / "lock"):
                inside.append(1)
                assert len(inside) == 1
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert inside == []


def test_a_lock_is_given_back_after_an_error(tmp_path):
    with pytest.raises(ValueError, match=r"mine"), file_lock(tmp_path / "lock"):
        raise ValueError("mine")
    with file_lock(tmp_path / "lock", 0.0):
        pass


def test_a_lock_that_cannot_be_made_is_said_at_once(tmp_path):
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "lock", tmp_path):
        with pytest.raises(Unavailable, match=r"Cannot open the lock file"), file_lock(path, 600.0):
            pass


def test_a_file_system_without_locks_is_said_at_once(tmp_path, monkeypatch):
    def refuse(_handle):
        raise OSError(37, "No locks available")

    monkeypatch.setattr("hookline.system.locks._lock", refuse)
    with pytest.raises(Unavailable, match=r"Cannot lock .*: No locks available"), file_lock(tmp_path / "lock", 600.0):
        pass


def test_the_lock_of_a_file_that_its_holder_removed_is_none(tmp_path, monkeypatch):
    """Another file may have its name by now: what is locked must be what has the name."""
    path, opened = tmp_path / "file", os.open
    path.write_text("first", encoding="utf-8")

    def open_before_it_goes(*given):
        descriptor = opened(*given)
        path.unlink()
        path.write_text("second", encoding="utf-8")
        return descriptor

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", open_before_it_goes)
        with pytest.raises(FileNotFoundError):
            HeldLock.try_take(path, make=False)
    held = HeldLock.try_take(path, make=False)
    assert held is not None
    held.release()


# File systems --------------------------------------------------------------------------------------------------------


@LINUX
def test_the_type_of_a_file_system_is_told(tmp_path):
    assert filesystem_type(Path("/proc/self/status")) == "proc"
    assert filesystem_type(tmp_path) not in (None, "proc")
    assert filesystem_type(tmp_path / "not" / "there") == filesystem_type(tmp_path)
    assert filesystem_type(Path("/processes")) != "proc"


@pytest.mark.parametrize(
    ("mounts", "path", "kind", "network"),
    [
        ("h:/x /data nfs4 rw 0 0", "/data/a", "nfs4", True),
        ("h:/x /data nfs4 rw 0 0", "/database", "ext4", False),
        ("h:/x /data nfs4 rw 0 0\n/dev/b /data/local xfs rw 0 0", "/data/local/a", "xfs", False),
        ("/dev/b /my\\040disk fuse.sshfs rw 0 0", "/my disk/a", "fuse.sshfs", True),
        ("/dev/b /data ext4 rw 0 0\nh:/x /data cifs rw 0 0", "/data", "cifs", True),
        ("", "/a", "ext4", False),
    ],
)
def test_the_nearest_mount_holds_a_path(monkeypatch, mounts, path, kind, network):
    read_text = Path.read_text

    def fake(self, *arguments, **options):
        if str(self) == "/proc/self/mounts":
            return f"/dev/a / ext4 rw 0 0\n{mounts}\n"
        return read_text(self, *arguments, **options)

    monkeypatch.setattr(Path, "read_text", fake)
    assert filesystem_type(Path(path)) == kind
    assert is_network_filesystem(Path(path)) == network


def test_links_in_a_circle_have_no_file_system(tmp_path):
    (tmp_path / "a").symlink_to("a")
    assert filesystem_type(tmp_path / "a" / "b") in (None, filesystem_type(tmp_path))


def test_a_user_without_a_name_is_nobody(monkeypatch):
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 987654321)
    assert current_user() == ""
    monkeypatch.setenv("LOGNAME", "jane")
    assert current_user() == "jane"


# Processes -----------------------------------------------------------------------------------------------------------


def test_a_process_is_alive_until_it_ends():
    with python("import sys; sys.stdin.read()") as process:
        process.stdout.read()  # its stdin is empty: it ends by itself, and stays a zombie until it is waited for
        until(lambda: not process_is_alive(process.pid))
    assert not process_is_alive(process.pid)
    assert process_is_alive(os.getpid())


@LINUX
@pytest.mark.skipif(platform.machine() not in EXIT_OF_A_THREAD, reason="the number of the system call is not known")
def test_a_process_whose_first_thread_has_ended_is_alive_until_the_others_end():
    program = (
        "import ctypes, threading, time\n"
        "threading.Thread(target=time.sleep, args=(600,)).start()\n"
        f"ctypes.CDLL(None).syscall({EXIT_OF_A_THREAD[platform.machine()]}, 0)"
    )
    with python(program) as process:
        until(lambda: " Z " in Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8"))
        assert process_is_alive(process.pid)
        assert process_identity(process.pid)
        process.kill()
        until(lambda: not process_is_alive(process.pid))


@pytest.mark.parametrize("pid", [0, -1, 2**70])
def test_what_is_no_process_is_not_alive(pid):
    assert not process_is_alive(pid)
    assert process_identity(pid) is None


@LINUX
def test_a_process_with_a_strange_name_is_understood(tmp_path):
    program = tmp_path / os.fsdecode(b"a) Z 1 \xff")
    program.symlink_to("/bin/sleep")
    with start_process([str(program), "600"]) as process:
        assert process_is_alive(process.pid)
        assert process_identity(process.pid) == process_identity(process.pid) is not None
        end_process_group(process.pid)
    assert process.returncode == -signal.SIGTERM


def test_variables_are_set_and_taken_out(monkeypatch):
    monkeypatch.setenv("GONE", "1")
    monkeypatch.setenv("KEPT", "2")
    code = "import os; print(os.environ.get('GONE'), os.environ.get('KEPT'), os.environ.get('NEW'))"
    assert run_process([PYTHON, "-c", code], variables={"GONE": None, "NEW": "3"}) == "None 2 3\n"
    with python(code, variables={"GONE": None, "NEW": "3"}) as process:
        assert process.stdout.read() == b"None 2 3\n"


@pytest.mark.parametrize("run", [run_process, start_process])
@pytest.mark.parametrize(
    ("argv", "folder", "says"),
    [
        (
            ["no-such-program"],
            None,
            "Cannot start 'no-such-program': No such file or directory. Is it installed, and in a folder of PATH?",
        ),
        (["/no/such/program"], None, "Cannot start '/no/such/program': No such file or directory."),
        ([sys.executable], Path("/no/such"), f"Cannot start {sys.executable!r}: there is no folder '/no/such'."),
        (["/"], None, "Cannot start '/': Permission denied."),
        ([sys.executable, "a\0b"], None, f"Cannot start {sys.executable!r}: embedded null byte."),
    ],
)
def test_what_cannot_be_started_is_said(run, argv, folder, says):
    with pytest.raises(ExecutionFailed) as caught:
        run(argv, folder=folder)
    assert str(caught.value) == says
    assert caught.value.returncode is None


def test_arguments_are_not_read_by_a_shell():
    hostile = ["; touch x", "$(touch x)", "`touch x`", "a b", "'", '"', "--option", "*", "\n"]
    assert run_process([PYTHON, "-c", "import sys; print(sys.argv[1:])", *hostile]) == f"{hostile}\n"


def test_a_failure_carries_its_exit_code_and_the_end_of_what_was_said():
    code = "import sys; print('out'); print('x' * 5000 + 'the end', file=sys.stderr); sys.exit(3)"
    with pytest.raises(ExecutionFailed, match=r"ended with exit code 3: x*the end$") as caught:
        run_process([PYTHON, "-c", code])
    assert caught.value.returncode == 3
    assert len(str(caught.value)) < 2200
    with pytest.raises(ExecutionFailed, match=r"exit code 1: only this"):
        run_process([PYTHON, "-c", "print('only this'); raise SystemExit(1)"])


def test_a_program_that_takes_too_long_is_ended():
    with pytest.raises(ExecutionFailed, match=r"took longer than 0.5 s"):
        run_process([PYTHON, "-c", "import time; time.sleep(600)"], timeout=0.5)


def test_output_that_is_no_utf8_is_read():
    assert run_process([PYTHON, "-c", "import sys; sys.stdout.buffer.write(b'a\\xffb')"]) == "a\ufffdb"


_FAMILY = """
import subprocess, sys, time, signal
stubborn = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
child = subprocess.Popen([sys.executable, "-c", stubborn], stdout=subprocess.PIPE, **{options})
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(600)
"""


def test_a_group_is_ended_with_members_that_do_not_want_to():
    with python(_FAMILY.replace("{options}", "{}")) as process:
        child = int(process.stdout.readline())
        end_process_group(process.pid, patience=0.3)
        assert process.wait(60) == -signal.SIGTERM
        until(lambda: not process_is_alive(child))


def test_a_tree_is_ended_with_members_that_left_the_group():
    with python(_FAMILY.replace("{options}", "{'start_new_session': True}")) as process:
        child = int(process.stdout.readline())
        end_process_tree(process.pid, patience=0.3)
        assert process.wait(60) == -signal.SIGTERM
        until(lambda: not process_is_alive(child))


@pytest.mark.parametrize("pid", [1, 0, -1])
def test_a_group_that_nobody_started_is_never_ended(pid, monkeypatch):
    def killed(*arguments):
        raise AssertionError(f"killpg{arguments}")

    monkeypatch.setattr(os, "killpg", killed)
    with pytest.raises(ValueError, match=r"no process that was started"):
        end_process_group(pid)


def test_ending_what_has_ended_is_no_error():
    with python("pass") as process:
        process.wait()
    end_process_group(process.pid)


_INTERRUPTED = """
import time
from hookline.system import terminations_interrupt
try:
    with terminations_interrupt():
        print("up", flush=True)
        time.sleep(600)
except KeyboardInterrupt:
    print("interrupted", flush=True)
with terminations_interrupt():
    pass
print("up", flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_termination_interrupts_only_within_the_block(number):
    with python(_INTERRUPTED) as process:
        try:
            assert process.stdout.readline() == b"up\n"
            process.send_signal(number)
            assert process.stdout.readline() == b"interrupted\n"
            assert process.stdout.readline() == b"up\n"
            process.send_signal(number)
            assert process.wait(60) == -number
        finally:
            process.kill()


def test_handlers_of_the_program_are_left_alone():
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with terminations_interrupt():
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize(
    ("state", "threads", "alive"),
    [(one, 1, True) for one in "RSDTtI"] + [(one, 1, False) for one in "ZXx"] + [("X", 0, False), ("Z", 2, True)],
)
def test_a_process_that_has_ended_is_not_alive_while_the_system_still_lists_it(monkeypatch, state, threads, alive):
    monkeypatch.setattr("hookline.system.processes._stat", lambda _entry: [state, *["0"] * 16, str(threads), "0"])
    assert process_is_alive(os.getpid()) is alive
