"""Which processes live, which is which, and ending them."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from hookline.errors import ExecutionFailed
from hookline.system.running import run_process

_DEAD = frozenset("ZXx")
"""What /proc says of processes that have ended: a zombie, or one that is being removed since its parent ignores it."""
_NUM_THREADS = 17  # the 20th field of proc(5), counted from the state, which is the third


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


def _start_time(pid: int) -> str | None:
    fields = _stat(Path(f"/proc/{pid}/stat"))
    return fields[19] if fields else None


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
