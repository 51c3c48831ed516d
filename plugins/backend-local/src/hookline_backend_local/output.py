"""Passing a process's output on: to files and to this process's own output at once, in bounded memory."""

import codecs
import contextlib
import logging
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Sequence
from threading import Event, Thread
from typing import IO, Any

CHUNK = 64 * 1024
LINGER = 0.5
"""Seconds for which output is taken after the process's end while something that it started holds its output open."""
MOST_IN_PIPES = 4 * 1024 * 1024
"""More than two pipes hold: what comes after that many bytes was written after the process's end."""

log = logging.getLogger("hookline")


class Terminal:
    """One of this process's own outputs: bytes where it takes them, text in a notebook; given up once it fails."""

    def __init__(self, output: Any) -> None:
        self._output = output
        self._decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode

    def write(self, data: bytes) -> None:
        """Pass bytes on; where nobody listens any more (a closed pipe), this and all that follows is dropped."""
        if self._output is None:
            return
        try:
            if hasattr(self._output, "buffer"):
                self._output.buffer.write(data)
            else:
                self._output.write(self._decode(data))
            self._output.flush()
        except (OSError, ValueError):
            self._output = None


class OutputPump(Thread):
    """Reads a process's stdout and stderr until both have ended, in the order in which they are written.

    A process that was started in the background may hold them open after the command's end: what it writes is taken for
    a moment longer, then the pipes are closed.

    Args:
        logs: open files for stdout and stderr, closed at the end.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", logs: Sequence[IO[bytes]], *, stream: bool) -> None:
        super().__init__(name=f"hookline-output-{process.pid}", daemon=True)
        self._process = process
        self._pipes: list[Any] = [process.stdout, process.stderr]
        self._logs: list[Any] = list(logs)
        outputs = (sys.stdout, sys.stderr) if stream else (None, None)
        self._terminals = [Terminal(output) for output in outputs]
        self._hurry = Event()

    def finish_soon(self) -> None:
        """Stop as soon as there is nothing to read at once."""
        self._hurry.set()

    def run(self) -> None:
        """Pass everything on, then wait for the process's end."""
        with contextlib.ExitStack() as stack:
            selector = stack.enter_context(selectors.DefaultSelector())
            for number, (file, pipe) in enumerate(zip(self._logs, self._pipes, strict=True)):
                stack.enter_context(contextlib.closing(file))
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
            self._keep(data, number)
            self._terminals[number].write(data)
        return len(data)

    def _keep(self, data: bytes, number: int) -> None:
        file = self._logs[number]
        if file is None:
            return
        left = memoryview(data)
        try:
            while left:
                left = left[file.write(left) :]
        except OSError as error:  # a full disk, say: the command goes on, and so does the terminal
            log.warning("The output can no longer be kept in %s: %s", file.name, error.strerror)
            file.close()
            self._logs[number] = None
