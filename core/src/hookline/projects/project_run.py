"""One execution of a project: its job, its run, and how both end."""

import atexit
import shutil
import weakref
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import TYPE_CHECKING

from hookline.entities import RunStatus
from hookline.errors import ExecutionFailed
from hookline.interfaces import Job
from hookline.journal.shipping import REASON_TAG
from hookline.outputs import LOG_NAMES
from hookline.projects.live_logs import LiveLogs
from hookline.system import how_it_ended, terminations_interrupt

if TYPE_CHECKING:
    from hookline.run import Run

LOG_FOLDER = "logs"
_LAST_LINES = 12
_LAST_BYTES = 16 * 1024


class ProjectRun:
    """A project's command at work. `wait` for it, `poll` it or `cancel` it; its run then ends as well.

    Used as a context manager, it is cancelled where the block is left before its end. So it is at the interpreter's
    exit, since nobody would end its run otherwise.
    """

    def __init__(
        self,
        *,
        name: str,
        run: "Run",
        job: Job,
        status: Callable[[], RunStatus],
        work: Path,
        held: ExitStack,
    ) -> None:
        self.name, self.job, self._log_folder = name, job, work / LOG_FOLDER
        self._run, self._stored_status, self._work, self._held = run, status, work, held
        self._final: RunStatus | None = None
        self._last = ""
        self._lock = RLock()
        self._live = LiveLogs(self._log_folder, work, partial(_put_log, run))
        atexit.register(_cancel_at_exit, weakref.ref(self))
        self._live.start()

    @property
    def run_id(self) -> str:
        """The id of the run that the command logs into."""
        return self._run.run_id

    @property
    def run(self) -> "Run":
        """The run, as the process that started the command holds it."""
        return self._run

    def poll(self) -> RunStatus:
        """Return the present status, without waiting; the run is ended where the command has ended."""
        status = self.job.poll()
        return self._finish() if status.is_final else status

    def wait(self, timeout: float | None = None, *, check: bool = True) -> RunStatus:
        """Wait for the command's end and end the run; return its status.

        Ctrl-C (and SIGTERM on the main thread) ends the command with all that it started, then the run as KILLED, and
        is raised again.

        Args:
            timeout: wait at most so many seconds; the status is then RUNNING.
            check: raise where the command failed.

        Raises:
            ExecutionFailed: the command failed; the text holds its exit code and the last lines that it wrote.
        """
        try:
            with terminations_interrupt():
                status = self.job.wait(timeout)
                if status.is_final:
                    status = self._finish()
        except KeyboardInterrupt:
            self.cancel()
            raise
        if check and status is RunStatus.FAILED and self.job.returncode != 0:
            raise ExecutionFailed(self._failure(), self.job.returncode)
        return status

    def cancel(self) -> None:
        """End the command with all that it started, and its run as KILLED; an ended one is left as it is."""
        self.job.cancel()
        self.job.wait()
        self._finish()

    def logs(self) -> Iterator[str]:
        """Yield the lines that the command wrote so far; empty after its end, when the run's artifacts have them."""
        return iter(()) if self.is_ended else self.job.logs()

    def __enter__(self) -> "ProjectRun":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.cancel()

    @property
    def is_ended(self) -> bool:
        """Whether the command and its run have ended."""
        return self._final is not None

    def _finish(self) -> RunStatus:
        with self._lock:
            if self._final is None:
                final = self._outcome()
                self._live.stop()
                self._last = self._last_lines()
                try:
                    for name in LOG_NAMES:
                        if (self._log_folder / name).is_file():
                            self._run.log_artifact(self._log_folder / name, LOG_FOLDER)
                finally:
                    self._held.close()
                    if final is RunStatus.FAILED and self.job.reason:
                        self._run.set_tag(REASON_TAG, self.job.reason)
                    self._run.end(final)
                    self._final = final
                    shutil.rmtree(self._work, ignore_errors=True)
            return self._final

    def _outcome(self) -> RunStatus:
        """A failure of the command wins; else what the command itself said of its run; else the job's status."""
        status = self.job.poll()
        if status is RunStatus.FINISHED:
            stored = self._stored_status()
            return stored if stored.is_final else status
        return status

    def _last_lines(self) -> str:
        for name in reversed(LOG_NAMES):
            path = self._log_folder / name
            if path.is_file() and path.stat().st_size:
                with path.open("rb") as stream:
                    stream.seek(max(0, path.stat().st_size - _LAST_BYTES))
                    lines = stream.read().decode(errors="replace").split("\n")
                last = [line.rstrip() for line in lines if line.strip()][-_LAST_LINES:]
                return "\n".join("".join(c if c.isprintable() else " " for c in line)[:500] for line in last)
        return ""

    def _failure(self) -> str:
        code = self.job.returncode
        ended = "failed" if code is None else how_it_ended(code)
        reason = f" {self.job.reason}" if self.job.reason else ""
        said = f"\nThe last that it wrote:\n{self._last}" if self._last else ""
        return f"The project {self.name!r} {ended}; the run {self.run_id} is FAILED.{reason}{said}"


def _put_log(run: "Run", name: str, part: Path) -> None:
    location = run.artifact_location(f"{LOG_FOLDER}/{name}")
    location.store.put(location.key, part)


def _cancel_at_exit(reference: "weakref.ref[ProjectRun]") -> None:
    project_run = reference()
    if project_run is not None and not project_run.is_ended:
        project_run.cancel()
