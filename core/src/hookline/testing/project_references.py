"""The plainest implementations of the interfaces around a project: what the suites and the core's tests stand on.

A backend that starts a process and passes its output on at the end, the present interpreter as an environment, and a
source that copies folders (`copy:///path`).
"""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from hookline.entities import EnvironmentSpec, Execution, Fetched, PreparedEnvironment, RunStatus
from hookline.errors import InvalidValue, NotFound, NotSupported, Refused
from hookline.interfaces import Environment, Job, ProjectBackend, ProjectSource
from hookline.outputs import LOG_NAMES
from hookline.providers import Provider, hookimpl
from hookline.system import end_process_tree, start_process
from hookline.uris import is_path, scheme_of


class ReferenceBackend(ProjectBackend):
    """Starts a process whose output goes to files; they are passed on when it is waited for."""

    def __init__(self, folder: Path, options: None = None) -> None:
        self._folder = folder

    def submit(self, execution: Execution) -> Job:
        """Start the command."""
        execution.log_folder.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as files:
            out, err = (files.enter_context((execution.log_folder / name).open("wb")) for name in LOG_NAMES)
            process = start_process(
                execution.argv,
                folder=execution.folder,
                variables=execution.variables_on(os.environ),
                stdout=out,
                stderr=err,
            )
        return ReferenceJob(process, execution)


class ReferenceJob(Job):
    """A process."""

    def __init__(self, process: "subprocess.Popen[bytes]", execution: Execution) -> None:
        self._process, self._execution = process, execution
        self._cancelled = False
        self._to_stream = execution.stream

    @property
    def job_id(self) -> str:
        """The process id."""
        return str(self._process.pid)

    @property
    def returncode(self) -> int | None:
        """The exit status."""
        return self._process.poll()

    def poll(self) -> RunStatus:
        """Return the status that the process has."""
        code = self._process.poll()
        if code is None:
            return RunStatus.RUNNING
        return RunStatus.KILLED if self._cancelled else RunStatus.FAILED if code else RunStatus.FINISHED

    def wait(self, timeout: float | None = None) -> RunStatus:
        """Wait for the process, then pass its output on."""
        if timeout is None:
            while self._process.poll() is None:  # in slices, so that a signal that comes just before one is seen
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(0.5)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout)
            if self._to_stream:
                self._to_stream = False
                for name, output in zip(LOG_NAMES, (sys.stdout, sys.stderr), strict=True):
                    output.write((self._execution.log_folder / name).read_text(encoding="utf-8", errors="replace"))
        return self.poll()

    def logs(self) -> Iterator[str]:
        """Yield the lines of both files."""
        for name in LOG_NAMES:
            yield from (self._execution.log_folder / name).read_text(encoding="utf-8", errors="replace").splitlines()

    def cancel(self) -> None:
        """End the process tree."""
        if self._process.poll() is None:
            self._cancelled = True
            end_process_tree(self._process.pid)
            self._process.wait(10)


class ReferenceEnvironment(Environment):
    """The present interpreter; notes what is asked for, since it installs nothing."""

    def __init__(self, folder: Path, options: None = None) -> None:
        self._folder = folder

    def prepare(self, spec: EnvironmentSpec) -> PreparedEnvironment:
        """Return the interpreter's folder."""
        if spec.kind in ("conda_env", "docker_env"):
            raise NotSupported(f"This environment makes no {spec.kind}; use --env current.")
        notes = (f"Not looked at: {', '.join(spec.dependencies)}",) if spec.dependencies else ()
        return PreparedEnvironment(path_prefix=(Path(sys.executable).parent,), lock=("probe==1.0",), notes=notes)


class ReferenceSource(ProjectSource):
    """Copies the folder at `copy:///path`."""

    def fetch(self, uri: str, version: str | None, destination: Path) -> Fetched:
        """Copy the folder."""
        if is_path(uri) or scheme_of(uri) != "copy" or not uri.startswith("copy:///"):
            raise Refused(f"{uri!r} is not of the form copy:///PATH.")
        folder = Path(uri.removeprefix("copy://"))
        if not folder.is_dir():
            raise NotFound(f"There is no folder {str(folder)!r}.")
        if version is not None:
            raise InvalidValue("A folder has no versions.")
        shutil.copytree(folder, destination, symlinks=True, dirs_exist_ok=True)
        return Fetched(destination)


class ReferenceProjects:
    """The references as a plugin: backend `local`, environment `current`, source `copy`."""

    @hookimpl
    def project_backends(self) -> list[Provider]:
        """One backend."""
        return [Provider("local", ReferenceBackend, "A process")]

    @hookimpl
    def environments(self) -> list[Provider]:
        """One environment."""
        return [Provider("current", ReferenceEnvironment, "The present interpreter")]

    @hookimpl
    def project_sources(self) -> list[Provider]:
        """One source."""
        return [Provider("copy", ReferenceSource, "Copies a folder")]
