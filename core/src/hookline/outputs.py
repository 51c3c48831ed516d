"""What a command writes: kept in files, and passed on to this process's own output while it comes."""

import codecs
import logging
import sys
from pathlib import Path
from typing import Any

LOG_NAMES = ("stdout.log", "stderr.log")
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


class Output:
    """One of a command's two outputs: kept in a file, and passed on to a terminal where it is asked for.

    Args:
        path: the file, which is begun anew.
        terminal: one of this process's outputs; None: it is passed on to nobody.
    """

    def __init__(self, path: Path, terminal: Any) -> None:
        self._file: Any = path.open("wb", buffering=0)
        self._terminal = Terminal(terminal)

    def write(self, data: bytes) -> None:
        """Keep bytes, and pass them on."""
        self._keep(data)
        self._terminal.write(data)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def _keep(self, data: bytes) -> None:
        if self._file is None:
            return
        left = memoryview(data)
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:  # a full disk, say: the command goes on, and so does the terminal
            log.warning("The output can no longer be kept in %s: %s", self._file.name, error.strerror)
            self._file.close()
            self._file = None


def open_outputs(folder: Path, *, stream: bool) -> tuple[Output, Output]:
    """Return the outputs of a command whose log files lie in a folder, which is made.

    Args:
        stream: pass them on to this process's stdout and stderr.
    """
    folder.mkdir(parents=True, exist_ok=True)
    terminals = (sys.stdout, sys.stderr) if stream else (None, None)
    out, err = (Output(folder / name, each) for name, each in zip(LOG_NAMES, terminals, strict=True))
    return out, err
