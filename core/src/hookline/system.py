"""The only code that locks a file, starts a process or asks the operating system about itself."""

import contextlib
import errno
import getpass
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import FrameType
from typing import IO

from hookline.errors import ExecutionFailed, Unavailable

if sys.platform == "win32":  # pragma: no cover - the pure-Python parts import there, locks are advisory
    import msvcrt

    def _lock(handle: IO[str] | int) -> None:
        msvcrt.locking(handle if isinstance(handle, int) else handle.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(handle: IO[str] | int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


NETWORK_FILESYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "gpfs", "beegfs", "davfs"}
    | {"fuse.sshfs", "fuse.glusterfs", "fuse.s3fs", "fuse.gcsfuse", "fuse.rclone", "fuse.davfs"}
)


_DEAD = frozenset("ZXx")
"""What /proc says of processes that have ended: a zombie, or one that is being removed since its parent ignores it."""
_NUM_THREADS = 17  # the 20th field of proc(5), counted from the state, which is the third

_child: FrameType | None = None  # where `multiprocessing` runs this process, if it is a child of it


@contextlib.contextmanager
def file_lock(path: Path, timeout: float = 60.0) -> Iterator[None]:
    """Hold an exclusive lock among processes, by a file that stays; the lock goes when the process dies.

    Raises:
        Unavailable: another process held it for `timeout` seconds, or the file system cannot lock.
    """
    deadline = time.monotonic() + timeout
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = path.open("a", encoding="utf-8")
    except OSError as error:
        raise Unavailable(f"Cannot open the lock file {str(path)!r}: {error.strerror or error}.") from error
    with handle:
        while not try_lock(handle, path):
            if time.monotonic() >= deadline:
                raise Unavailable(f"Another process has held {path.name!r} locked for {timeout:g} s.")
            time.sleep(0.02)
        yield


def try_lock(handle: IO[str] | int, path: Path) -> bool:
    """Lock an open file, until it is closed everywhere; False where another process has the lock.

    Raises:
        Unavailable: the file system cannot lock.
    """
    try:
        _lock(handle)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
            return False
        raise Unavailable(f"Cannot lock {str(path)!r}: {error.strerror or error}.") from error
    return True


class HeldLock:
    """An exclusive lock among processes that is held until it is released, or until its process dies.

    A forked child does not hold it: to release its copy leaves the lock with the parent.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def try_take(cls, path: Path, *, make: bool = True) -> "HeldLock | None":
        """Take the lock of a file; None where another process holds it.

        Args:
            make: whether a file that is not there is made.

        Raises:
            OSError: the file cannot be made, or opened. Unavailable: the file system cannot lock.
        """
        flags = os.O_RDWR | getattr(os, "O_CLOEXEC", 0) | (os.O_CREAT if make else 0)
        descriptor = os.open(path, flags, 0o600)
        try:
            if try_lock(descriptor, path):
                descriptor, held = -1, cls(descriptor)
                return held
        finally:
            if descriptor >= 0:
                os.close(descriptor)
        return None

    def release(self) -> None:
        """Give the lock back. Its file stays. Releasing twice is no error."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __del__(self) -> None:
        self.release()


@cache
def machine_identity() -> tuple[str, str]:
    """Return the name of this machine, and what tells this start of it from others ("" where that cannot be told).

    On Linux the latter also names the process ids' namespace: in another container the same number is another process.
    """
    with contextlib.suppress(OSError):
        boot_id = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
        return socket.gethostname(), f"{boot_id} {Path('/proc/self/ns/pid').readlink()}"
    with contextlib.suppress(ExecutionFailed):
        return socket.gethostname(), run_process(["sysctl", "-n", "kern.bootsessionuuid"]).strip()
    return socket.gethostname(), ""


def sync_file(file: int | Path) -> None:
    """Return when a file's bytes are on the disk, not in its cache; a folder's entries where the system allows that.

    Raises:
        OSError: they are not, and will not be: what was written since the last success may be lost.
    """
    descriptor = os.open(file, os.O_RDONLY) if isinstance(file, Path) else file
    try:
        if sys.platform == "darwin":  # where fsync leaves the bytes in the drive's own cache
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
        else:
            os.fsync(descriptor)
    except OSError as error:
        # Some file systems know no such thing as a folder that waits for the disk.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP) or not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise
    finally:
        if isinstance(file, Path):
            os.close(descriptor)


def filesystem_type(path: Path) -> str | None:
    """Return the type of the file system that holds `path` (or its nearest existing parent), where it can be told."""
    with contextlib.suppress(OSError, RuntimeError):  # RuntimeError: links in a circle
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
        real = str(path.absolute().resolve())
        best: tuple[str, str | None] = ("", None)
        for fields in (line.split() for line in mounts if len(line.split()) > 2):
            point = fields[1].replace("\\040", " ")
            if (real == point or real.startswith(point.rstrip("/") + "/")) and len(point) >= len(best[0]):
                best = (point, fields[2])
        return best[1]
    return None


def is_network_filesystem(path: Path) -> bool:
    """Return whether `path` lies on a file system over a network, where locks and shared memory cannot be relied on."""
    return filesystem_type(path) in NETWORK_FILESYSTEMS


def state_folder() -> Path:
    """Return the folder for what this user's programs remember; it need not be there."""
    named = os.environ.get("XDG_STATE_HOME") or os.environ.get("LOCALAPPDATA")
    return Path(named) / "hookline" if named else Path.home() / ".local" / "state" / "hookline"


def current_user() -> str:
    """Return the login name of this process's user, "" where there is none."""
    named = [os.environ[name] for name in ("LOGNAME", "USER", "LNAME", "USERNAME") if os.environ.get(name)]
    return named[0] if named else _listed_user(os.getuid() if hasattr(os, "getuid") else -1)


@cache
def _listed_user(_number: int) -> str:
    """Return a user's name by the system's list of users, which may lie behind a network: asked once."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user without an entry and without variables
        return ""


def process_is_alive(pid: int) -> bool:
    """Return whether a process of this machine exists and is no zombie.

    One whose first thread has ended looks like a zombie, and lives, with all its locks, until its other threads end:
    after a kill those may take a while in a call that no signal interrupts, such as fsync.
    """
    if pid <= 0:  # which would ask about a whole group
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    except OverflowError:
        return False
    fields = _stat(Path(f"/proc/{pid}/stat"))
    return _lives(fields) if fields else True


def _lives(fields: Sequence[str]) -> bool:
    """Return what `_stat` says of a process; `num_threads` counts the first one, too, until the process is reaped."""
    return fields[0] not in _DEAD or int(fields[_NUM_THREADS]) > 1


def _stat(entry: Path) -> list[str]:
    """Return what /proc says of a process, from its state on; empty where it is gone. Its name may hold any bytes."""
    with contextlib.suppress(OSError):
        return entry.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    return []


def process_identity(pid: int) -> str | None:
    """Return a text that tells a process from all others, also from a later one with its number; None: it is gone.

    It names the start of this machine and that of the process, as far as the system tells them.
    """
    if not process_is_alive(pid):
        return None
    started = _start_time(pid)
    if started is None:  # a system without /proc
        with contextlib.suppress(ExecutionFailed):
            return f"{pid} {run_process(['ps', '-o', 'lstart=', '-p', str(pid)]).strip()}"
        return None
    with contextlib.suppress(OSError):
        return f"{pid} {started} {Path('/proc/sys/kernel/random/boot_id').read_text(encoding='utf-8').strip()}"
    return f"{pid} {started}"


def at_exit_of_child(function: Callable[[], object]) -> None:
    """Have a function called when this process ends normally, if it is a child of `multiprocessing`; else do nothing.

    Such a child may leave without the handlers of `atexit`, which a forked one has from its parent.
    """
    global _child
    util, process = (sys.modules.get(f"multiprocessing.{name}") for name in ("util", "process"))
    if util is not None and process is not None and process.parent_process() is not None:
        util.Finalize(None, function, exitpriority=-100)  # after those of queues and pools
        frame = sys._current_frames().get(threading.main_thread().ident or 0)
        while frame is not None and frame.f_code is not process.BaseProcess._bootstrap.__code__:
            frame = frame.f_back
        _child = frame or _child


def exit_code_of_child() -> int | None:
    """Return what a child of `multiprocessing` that is ending exits with; None where that is not known (yet).

    Since Python 3.13 the functions of `at_exit_of_child` are called when the exception that ended the child has been
    handled: only the frame of `BaseProcess._bootstrap` knows of it still. Earlier ones find it on its way.
    """
    code = None if _child is None else _child.f_locals.get("exitcode")
    return code if isinstance(code, int) else None


def start_process(
    argv: Sequence[str],
    *,
    folder: Path | None = None,
    variables: Mapping[str, str | None] | None = None,
    stdout: int | IO[bytes] | None = None,
    stderr: int | IO[bytes] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program in a process group of its own, without a shell.

    Args:
        variables: set on top of this process's environment; None takes one out.
        stdout, stderr: as for `subprocess.Popen`; None inherits.

    Raises:
        ExecutionFailed: the program or the folder is not there or cannot be started.
    """
    try:
        return subprocess.Popen(
            list(argv),
            cwd=folder,
            env=_environment(variables),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise ExecutionFailed(_not_started(argv, folder, error)) from error


def end_process_group(pid: int, patience: float = 5.0) -> None:
    """End a process and its group: asked first (SIGTERM), made to after `patience` seconds (SIGKILL)."""
    if pid <= 1:  # which would be this process's own group, or every process
        raise ValueError(f"{pid} is no process that was started")
    for number, seconds in ((signal.SIGTERM, patience), (getattr(signal, "SIGKILL", signal.SIGTERM), 5.0)):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(pid, number)
            else:  # pragma: no cover - Windows
                os.kill(pid, number)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not _group_is_alive(pid):
                return
            time.sleep(0.02)


def end_process_tree(pid: int, patience: float = 5.0) -> None:
    """End a process, its group, and the processes below it that have made a group of their own.

    A process whose parents have all ended before the call and that left the group is not found.
    """
    below = [each for each in _descendants(pid) if _starts_group(each[0])]
    end_process_group(pid, patience)
    for descendant, started in below:
        if _start_time(descendant) == started:  # else it is gone, and its number may be another process's
            end_process_group(descendant, patience)


def _descendants(pid: int) -> list[tuple[int, str]]:
    """Return (process id, start time) of all processes below one, as far as this system lists processes."""
    children: dict[int, list[tuple[int, str]]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat") if Path("/proc").is_dir() else ():
        if fields := _stat(entry):
            children.setdefault(int(fields[1]), []).append((int(entry.parent.name), fields[19]))
    found: list[tuple[int, str]] = []
    waiting = [pid]
    while waiting:
        below = children.pop(waiting.pop(), [])
        found += below
        waiting += [each for each, _started in below]
    return found


def _starts_group(pid: int) -> bool:
    with contextlib.suppress(OSError, AttributeError):
        return os.getpgid(pid) == pid
    return False


def _start_time(pid: int) -> str | None:
    fields = _stat(Path(f"/proc/{pid}/stat"))
    return fields[19] if fields else None


@contextlib.contextmanager
def terminations_interrupt() -> Iterator[None]:
    """While the block runs on the main thread, SIGTERM and SIGHUP raise `KeyboardInterrupt` as Ctrl-C does.

    Only where the program has left them at their default, so that what was started is ended before this process goes.
    All of them end a wait at once, also where a handler of a library (polars has one for SIGINT) would let it go on.
    """
    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    changed = []
    if threading.current_thread() is threading.main_thread():
        changed = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]
        for number in changed:
            signal.signal(number, signal.default_int_handler)
        if hasattr(signal, "siginterrupt"):
            signal.siginterrupt(signal.SIGINT, True)
    try:
        yield
    finally:
        for number in changed:
            signal.signal(number, signal.SIG_DFL)


def _group_is_alive(pid: int) -> bool:
    if process_is_alive(pid):
        return True
    try:
        if hasattr(os, "killpg"):
            os.killpg(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return _living_member(pid)


def _living_member(group: int) -> bool:
    """A group may be held by zombies alone, which no signal ends; look for a member that lives."""
    for entry in Path("/proc").glob("[0-9]*/stat") if Path("/proc").is_dir() else ():
        fields = _stat(entry)
        if fields and int(fields[2]) == group and _lives(fields):
            return True
    return False


def _environment(variables: Mapping[str, str | None] | None) -> dict[str, str]:
    return {name: value for name, value in {**os.environ, **(variables or {})}.items() if value is not None}


def _not_started(argv: Sequence[str], folder: Path | None, error: OSError | ValueError) -> str:
    if folder is not None and not folder.is_dir():
        return f"Cannot start {argv[0]!r}: there is no folder {str(folder)!r}."
    reason = error.strerror if isinstance(error, OSError) else error  # ValueError: a NUL character in an argument
    return f"Cannot start {argv[0]!r}: {reason or error}."


def run_process(
    argv: Sequence[str],
    *,
    folder: Path | None = None,
    variables: Mapping[str, str | None] | None = None,
    timeout: float | None = None,
) -> str:
    """Run a program to its end and return its stdout as text; for programs that say little.

    Args:
        variables: set on top of this process's environment; None takes one out.

    Raises:
        ExecutionFailed: it could not be started, ended with a failure (the message holds the end of its stderr), or
            took longer than `timeout` seconds.
    """
    try:
        done = subprocess.run(
            list(argv),
            cwd=folder,
            env=_environment(variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except (OSError, ValueError) as error:
        raise ExecutionFailed(_not_started(argv, folder, error)) from error
    except subprocess.TimeoutExpired as error:
        raise ExecutionFailed(f"{argv[0]!r} took longer than {timeout:g} s.") from error
    if done.returncode:
        said = (done.stderr or done.stdout).decode(errors="replace").strip()
        raise ExecutionFailed(f"{argv[0]!r} ended with exit code {done.returncode}: {said[-2000:]}", done.returncode)
    return done.stdout.decode(errors="replace")
