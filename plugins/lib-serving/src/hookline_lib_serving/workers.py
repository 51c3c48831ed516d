"""Serving from several processes that share one listening socket."""

import os
import select
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import TypeAlias

from hookline.errors import ExecutionFailed, HooklineError, Unavailable
from hookline.system import how_it_ended, terminations_interrupt
from hookline_lib_serving import addresses

Work: TypeAlias = Callable[[socket.socket, Callable[[], None]], None]


def run_in_processes(count: int, bound: socket.socket, work: Work, started: Callable[[], None]) -> None:
    """Serve on a bound socket from so many forked processes until SIGINT or SIGTERM, which end each of them gracefully.

    To be called before this process has threads or connections to anything.

    Args:
        work: what each process does: serve on the socket until a signal, and call its second argument once it accepts
            connections.
        started: called once all of them do.

    Raises:
        Unavailable: another program took the port, or this system cannot fork processes.
        ExecutionFailed: a process ended by itself; the others are ended as well.
    """
    if not hasattr(os, "fork"):
        raise Unavailable("This system cannot share a port between processes: use --workers 1.")
    addresses.listen(bound)
    with terminations_interrupt():
        crew = _Crew(bound, work)
        try:
            for _ in range(count):
                crew.start()
            crew.await_ready()
            started()
            crew.wait()
        except KeyboardInterrupt:
            pass
        finally:
            crew.stop()


class _Crew:
    """The processes. They end when their parent does, however it ends: a pipe that only it writes to is closed then."""

    def __init__(self, bound: socket.socket, work: Work) -> None:
        self._bound, self._work = bound, work
        self._alive, self._held = os.pipe()
        self._ready, self._tell = os.pipe()
        self._pids: set[int] = set()

    def start(self) -> None:
        """Start a process."""
        pid = os.fork()
        if pid:
            self._pids.add(pid)
            return
        code = 1
        try:
            os.close(self._held)
            os.close(self._ready)
            threading.Thread(target=self._end_with_parent, name="hookline-parent", daemon=True).start()
            self._work(self._bound, self._say_ready)
            code = 0
        except KeyboardInterrupt:
            code = 0
        except HooklineError as error:
            sys.stderr.write(f"A worker cannot serve: {error}\n")
        except Exception:  # noqa: BLE001 - the process ends here, and says why
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)

    def _say_ready(self) -> None:
        os.write(self._tell, b".")

    def _end_with_parent(self) -> None:
        os.read(self._alive, 1)
        os.kill(os.getpid(), signal.SIGTERM)

    def await_ready(self) -> None:
        """Return when all processes accept connections. Raises `ExecutionFailed` where one ends before."""
        ready = 0
        while ready < len(self._pids):
            if select.select([self._ready], [], [], 0.1)[0]:
                ready += len(os.read(self._ready, len(self._pids)))
            self._look(os.WNOHANG)

    def wait(self) -> None:
        """Return never: raise `ExecutionFailed` when a process ends."""
        while True:
            self._look(0)

    def _look(self, options: int) -> None:
        pid, status = os.waitpid(-1, options)
        if pid in self._pids:
            self._pids.discard(pid)
            code = os.waitstatus_to_exitcode(status)
            raise ExecutionFailed(f"A worker {how_it_ended(code)}; the others were ended as well.", code)

    def stop(self) -> None:
        """End all processes and wait for them."""
        for pid in self._pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        for pid in self._pids:
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)
        for handle in (self._alive, self._held, self._ready, self._tell):
            os.close(handle)
