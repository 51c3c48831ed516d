"""Passing a process's output on: to files and to this process's own output at once, in bounded memory."""

import contextlib
import os
import selectors
import subprocess
import time
from collections.abc import Sequence
from threading import Event, Thread
from typing import Any

from hookline.outputs import Output

CHUNK = 64 * 1024
LINGER = 0.5
"""Seconds for which output is taken after the process's end while something that it started holds its output open."""
MOST_IN_PIPES = 4 * 1024 * 1024
"""More than two pipes hold: what comes after that many bytes was written after the process's end."""


class OutputPump(Thread):
    """Reads a process's stdout and stderr until both have ended, in the order in which they are written.

    A process that was started in the background may hold them open after the command's end: what it writes is taken for
    a moment longer, then the pipes are closed.

    Args:
        outputs: those of the command, closed at the end.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", outputs: Sequence[Output]) -> None:
        super().__init__(name=f"hookline-output-{process.pid}", daemon=True)
        self._process = process
        self._pipes: list[Any] = [process.stdout, process.stderr]
        self._outputs = outputs
        self._hurry = Event()

    def finish_soon(self) -> None:
        """Stop as soon as there is nothing to read at once."""
        self._hurry.set()

    def run(self) -> None:
        """Pass everything on, then wait for the process's end."""
        with contextlib.ExitStack() as stack:
            selector = stack.enter_context(selectors.DefaultSelector())
            for number, (output, pipe) in enumerate(zip(self._outputs, self._pipes, strict=True)):
                stack.enter_context(contextlib.closing(output))
                stack.enter_context(contextlib.closing(pipe))
                selector.register(pipe, selectors.EVENT_READ, number)
            self._pump(selector)
        self._process.wait()

    def _pump(self, selector: selectors.BaseSelector) -> None:
        ended_at, read_since = None, 0
        while selector.get_map():
            ready = selector.select(timeout=0.1)
            for key, _events in ready:
                size = self._pass_on(key.fd, key.data)
                read_since += size
                if not size:
                    selector.unregister(key.fileobj)
            if ended_at is None and self._process.poll() is not None:
                ended_at, read_since = time.monotonic(), 0
            nothing_left = not ready or read_since > MOST_IN_PIPES
            if ended_at is not None and nothing_left and (self._hurry.is_set() or time.monotonic() > ended_at + LINGER):
                return

    def _pass_on(self, descriptor: int, number: int) -> int:
        data = os.read(descriptor, CHUNK)
        if data:
            self._outputs[number].write(data)
        return len(data)
