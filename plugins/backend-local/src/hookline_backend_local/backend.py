"""The backend: one process group for each execution."""

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from attrs import field, frozen, validators

from hookline.entities import Execution, RunStatus
from hookline.errors import ExecutionFailed
from hookline.interfaces import Job, ProjectBackend
from hookline.outputs import LOG_NAMES, open_outputs
from hookline.system import end_process_tree, start_process
from hookline_backend_local.output import OutputPump

SLICE = 0.5


@frozen
class LocalOptions:
    """How commands are run.

    Attributes:
        patience: seconds that a cancelled command has to end by itself, before it is made to.
    """

    patience: float = field(default=5.0, validator=[validators.ge(0), validators.le(600)])


class LocalBackend(ProjectBackend):
    """Runs each command as a process of this machine, in a group of its own and without a terminal's input."""

    def __init__(self, folder: Path, options: LocalOptions | None = None) -> None:
        self._patience = (options or LocalOptions()).patience

    def submit(self, execution: Execution) -> "LocalJob":
        """Start the command; raises `ExecutionFailed` where its program or folder is not there."""
        with contextlib.ExitStack() as files:
            outputs = open_outputs(execution.log_folder, stream=execution.stream)
            for output in outputs:
                files.callback(output.close)
            process = start_process(
                execution.argv,
                folder=execution.folder,
                variables=execution.variables_on(os.environ),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            files.pop_all()
        return LocalJob(process, OutputPump(process, outputs), execution, self._patience)


class LocalJob(Job):
    """A process of this machine; `job_id` is its process id."""

    def __init__(
        self, process: "subprocess.Popen[bytes]", pump: OutputPump, execution: Execution, patience: float
    ) -> None:
        self._process, self._pump, self._patience = process, pump, patience
        self._log_folder = execution.log_folder
        self._cancelled = False
        pump.start()

    @property
    def job_id(self) -> str:
        """The process id."""
        return str(self._process.pid)

    @property
    def returncode(self) -> int | None:
        """The exit status; negative for the number of the signal that ended it; None while it runs."""
        return self._process.poll()

    def poll(self) -> RunStatus:
        """Return FINISHED for exit status 0, KILLED after `cancel`, FAILED for any other end."""
        code = self._process.poll()
        if code is None:
            return RunStatus.RUNNING
        if self._cancelled:
            return RunStatus.KILLED
        return RunStatus.FINISHED if code == 0 else RunStatus.FAILED

    def wait(self, timeout: float | None = None) -> RunStatus:
        """Wait until the command has ended and what it wrote is in the log files."""
        deadline = None if timeout is None else time.monotonic() + timeout
        # In slices: a signal that comes at the very moment when a wait begins is seen when the slice ends.
        while self._pump.is_alive() and (deadline is None or time.monotonic() < deadline):
            self._pump.join(SLICE if deadline is None else min(SLICE, max(0.0, deadline - time.monotonic())))
        return RunStatus.RUNNING if self._pump.is_alive() else self.poll()

    def logs(self) -> Iterator[str]:
        """Yield the lines of stdout, then those of stderr."""
        for name in LOG_NAMES:
            with (self._log_folder / name).open(encoding="utf-8", errors="replace", newline="\n") as stream:
                for line in stream:
                    yield line.rstrip("\r\n")

    def cancel(self) -> None:
        """End the whole tree; a second Ctrl-C meanwhile makes an end of it at once."""
        if self._process.poll() is not None:
            return
        self._cancelled = True
        try:
            end_process_tree(self._process.pid, self._patience)
        except KeyboardInterrupt:
            end_process_tree(self._process.pid, 0)
            raise
        finally:
            self._pump.finish_soon()
        try:
            self._process.wait(self._patience + 5)
        except subprocess.TimeoutExpired as error:
            raise ExecutionFailed(f"The process {self.job_id} cannot be ended.") from error
