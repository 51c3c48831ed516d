"""The interfaces around a project: fetching it, giving it an environment, running its command.

Laws: a command is an argument list, never a shell string; nothing that a fetched project says widens what the local
user allowed; a job's status is true within a second of the process's end, and `cancel` ends the whole process tree.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import ClassVar

from hookline.entities import EnvironmentSpec, Execution, Fetched, PreparedEnvironment, RunStatus
from hookline.errors import NotSupported


class ProjectSource(ABC):
    """Fetches projects of one URI scheme. A provider's target is called as `target()`."""

    @abstractmethod
    def fetch(self, uri: str, version: str | None, destination: Path) -> Fetched:
        """Bring the project at `uri` (without `#subdirectory`) into the empty folder `destination`.

        Args:
            version: a branch, a tag or a commit; None for the default.

        Raises:
            NotFound: the place or the version is not there. Refused: the URI is of a kind that is never fetched.
        """

    def describe(self, folder: Path) -> Fetched:
        """Return what is known of where a local folder came from (commit, repository, branch); never raises for it."""
        return Fetched(folder)


class Environment(ABC):
    """Makes environments of one kind. A provider's target is called as `target(folder, options)`.

    Attributes:
        makes_images: whether its environments are container images (`PreparedEnvironment.image`), which only a backend
            with `runs_images` can use.
    """

    makes_images: ClassVar[bool] = False

    @abstractmethod
    def prepare(self, spec: EnvironmentSpec) -> PreparedEnvironment:
        """Make the environment or find it again by the digest of its lock; safe when several processes ask at once.

        Raises:
            NotSupported: the kind of spec is another environment's business; the text names which.
            ExecutionFailed: the installer failed; the text holds the end of what it said.
        """


class Job(ABC):
    """One submitted execution."""

    @property
    @abstractmethod
    def job_id(self) -> str:
        """Name the job within its backend (a process id, a job number), as the run's tag `hookline.job`."""

    @abstractmethod
    def poll(self) -> RunStatus:
        """Return the present status, without waiting."""

    @abstractmethod
    def wait(self, timeout: float | None = None) -> RunStatus:
        """Wait for the end, at most `timeout` seconds, and return the status."""

    @abstractmethod
    def logs(self) -> Iterator[str]:
        """Yield the lines of stdout and stderr written so far."""

    @abstractmethod
    def cancel(self) -> None:
        """End the job and all that it started; an ended job is left as it is."""

    @property
    def returncode(self) -> int | None:
        """The exit status of the command, where the backend knows it."""
        return None

    @property
    def reason(self) -> str:
        """Why the command ended as it did, where the backend knows more than the exit status says; a whole sentence."""
        return ""


class ProjectGateway(ABC):
    """Lets the processes of a project reach the stores where they cannot open them by themselves.

    A provider's target is called as `target(workspace, None)`. Thread safe.
    """

    @abstractmethod
    def open(self, run_id: str, experiment_id: str) -> AbstractContextManager[Mapping[str, str]]:
        """Open a way to the stores, for the processes of one run and nobody else; leaving the context closes it.

        The run is in its store. The context gives the environment variables by which the project's code finds the way
        and the run.

        Raises:
            Unavailable: it cannot be opened now.
        """


class ProjectBackend(ABC):
    """A place where commands run. A provider's target is called as `target(folder, options)`.

    Attributes:
        runs_images: whether commands run in the container image of their environment, and nowhere else.
    """

    runs_images: ClassVar[bool] = False

    @abstractmethod
    def submit(self, execution: Execution) -> Job:
        """Start an execution and return at once.

        Raises:
            ExecutionFailed: it could not be started.
        """

    def attach(self, run_id: str, log_folder: Path, *, stream: bool) -> Job:
        """Return the job that an earlier process submitted for a run, and that process did not see the end of.

        Args:
            log_folder: where all that it wrote, and will write, goes from now on; stream: as for an `Execution`.

        Raises:
            NotFound: there is none. NotSupported: jobs end with the process that submitted them.
        """
        raise NotSupported(f"The jobs of this backend cannot be taken over: that of the run {run_id} has to be redone.")
