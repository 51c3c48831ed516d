"""A container as a job: its output on its way, its end, and what is left to clean up."""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Thread

from hookline.entities import RunStatus
from hookline.errors import HooklineError, NotFound, Unavailable
from hookline.interfaces import Job
from hookline.outputs import LOG_NAMES, Output, open_outputs
from hookline_lib_container.containers import KILLED, ContainerState
from hookline_lib_container.engine import Engine, Listener

SLICE = 0.5


class ContainerJob(Job):
    """A container; `job_id` is its name. It is removed once its end has been seen and its output is kept.

    Args:
        patience: seconds that it has to end by itself when it is cancelled.
        engine_patience: seconds for which an engine that went away is waited for.
    """

    def __init__(
        self, engine: Engine, container: str, name: str, log_folder: Path, *, patience: float, engine_patience: float
    ) -> None:
        self._engine, self._container, self._name, self._log_folder = engine, container, name, log_folder
        self._patience, self._engine_patience = patience, engine_patience
        self._state: ContainerState | None = None
        self._problem = ""
        self._cancelled = False
        self._thread = Thread(target=lambda: None)

    def follow(self, *, stream: bool, start: Callable[[], None] | None = None) -> None:
        """Begin to keep its output, and to wait for its end.

        Args:
            stream: pass the output on to this process's own.
            start: starts the container, once its output is listened to; None: it was started before, and what it wrote
                since is taken from the engine's log.
        """
        with contextlib.ExitStack() as held:
            outputs = open_outputs(self._log_folder, stream=stream)
            for each in outputs:
                held.callback(each.close)
            parts = self._engine.output(self._container, past=start is None)
            held.callback(parts.close)
            if start is not None:
                start()
            held.pop_all()
        self._thread = Thread(target=self._run, args=(parts, outputs), name=f"hookline-{self._name}", daemon=True)
        self._thread.start()

    # What a job is asked ---------------------------------------------------------------------------------------------

    @property
    def job_id(self) -> str:
        """The container's name."""
        return self._name

    @property
    def returncode(self) -> int | None:
        """The exit status; negative for the signal that killed it; None while it runs, or where nobody knows it."""
        if self._state is None:
            return None
        return -KILLED if self._state.was_killed else self._state.exit_code

    @property
    def reason(self) -> str:
        """Why it ended so, where the exit status does not say it."""
        if self._cancelled or self._thread.is_alive():
            return ""
        return self._problem or (self._state.reason if self._state else "")

    def poll(self) -> RunStatus:
        """Return FINISHED for exit status 0, KILLED after `cancel`, FAILED for any other end."""
        if self._thread.is_alive():
            return RunStatus.RUNNING
        if self._cancelled:
            return RunStatus.KILLED
        ended_well = self._state is not None and self._state.exit_code == 0
        return RunStatus.FINISHED if ended_well else RunStatus.FAILED

    def wait(self, timeout: float | None = None) -> RunStatus:
        """Wait until the command has ended and what it wrote is in the log files."""
        deadline = None if timeout is None else time.monotonic() + timeout
        # In slices: a signal that comes at the very moment when a wait begins is seen when the slice ends.
        while self._thread.is_alive() and (deadline is None or time.monotonic() < deadline):
            self._thread.join(SLICE if deadline is None else min(SLICE, max(0.0, deadline - time.monotonic())))
        return self.poll()

    def logs(self) -> Iterator[str]:
        """Yield the lines of stdout, then those of stderr."""
        for name in LOG_NAMES:
            with (self._log_folder / name).open(encoding="utf-8", errors="replace", newline="\n") as stream:
                for line in stream:
                    yield line.rstrip("\r\n")

    def cancel(self) -> None:
        """End the container, and with it all that it started; a second Ctrl-C meanwhile does so at once."""
        if not self._thread.is_alive():
            return
        with contextlib.suppress(NotFound):
            if not self._engine.state(self._container).is_running:
                return
            self._cancelled = True
            try:
                self._engine.stop(self._container, self._patience)
            except KeyboardInterrupt:
                self._engine.stop(self._container, 0)
                raise

    # Following it ----------------------------------------------------------------------------------------------------

    def _run(self, parts: Listener, outputs: Sequence[Output]) -> None:
        try:
            self._state = self._end_of(parts, outputs)
            self._engine.remove(self._container)
        except NotFound:
            self._problem = "Its container was removed by somebody else."
        except HooklineError as error:
            self._problem = str(error)
        finally:
            for each in outputs:
                each.close()
            self._engine.close()

    def _end_of(self, parts: Listener, outputs: Sequence[Output]) -> ContainerState:
        """Pass the output on until the container has ended; an engine that goes away meanwhile is waited for.

        Raises:
            NotFound: the container is gone. Unavailable: the engine is, and did not come back.
        """
        written = [0, 0]
        away_since = None
        while True:
            try:
                with contextlib.closing(parts):
                    _pass_on(parts, outputs, written)
                while (state := self._engine.wait(self._container)) is None:
                    pass
                return state
            except Unavailable as error:
                away_since = away_since or time.monotonic()
                parts = self._again(away_since + self._engine_patience, error)

    def _again(self, deadline: float, error: Unavailable) -> Listener:
        """Wait for an engine that went away; return all that the container has written by then, and will write."""
        while time.monotonic() < deadline:
            time.sleep(SLICE)
            with contextlib.suppress(Unavailable):
                return self._engine.output(self._container, past=True)
        raise Unavailable(
            f"The container engine was away for {self._engine_patience:g} s, and the container {self._name} may still "
            f"run: `hookline runs attach` takes it over. {error}"
        ) from error


def _pass_on(parts: Listener, outputs: Sequence[Output], written: list[int]) -> None:
    """Write parts that begin with the container's start, or with what was written last, to where they belong."""
    seen = [0, 0]
    for number, data in parts:
        new = data[max(0, written[number] - seen[number]) :]
        seen[number] += len(data)
        if new:
            outputs[number].write(new)
            written[number] += len(new)
