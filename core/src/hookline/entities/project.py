"""Projects: code with named entry points, and one execution of an entry point."""

import os
from collections.abc import Mapping
from pathlib import Path

from attrs import field, frozen


@frozen
class Parameter:
    """A parameter of an entry point.

    Attributes:
        type: `string`, `float`, `path` or `uri`.
        default: None where a value must be given.
    """

    name: str
    type: str = "string"
    default: str | None = None


@frozen
class EntryPoint:
    """A command template; `{name}` in it stands for a parameter."""

    name: str
    command: str
    parameters: Mapping[str, Parameter] = field(factory=dict)


@frozen
class EnvironmentSpec:
    """What a project or a model says of the environment that it needs.

    Attributes:
        kind: `python_env`, `conda_env`, `docker_env`, `pyproject`, or `none` where it says nothing.
        file: the file that says it, where there is one.
        python: the wanted Python, such as "3.11.7"; None for the present one.
        build_dependencies, dependencies: requirement lines (PEP 508), `-r` files already read.
        constraints: lines that limit versions without asking for anything, from `-c` files.
        settings: the rest of a `docker_env`, as written; under "conda", the packages that a `conda_env` wants from
            conda, and under "channels" those that it names.
    """

    kind: str = "none"
    file: Path | None = None
    python: str | None = None
    build_dependencies: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    settings: Mapping[str, object] = field(factory=dict)


@frozen
class Project:
    """A project on local disk.

    Attributes:
        folder: where its files are; commands run in it.
        uri: what the user named, secrets stripped.
        commit, repository, branch: where it came from, if from version control.
    """

    name: str
    folder: Path
    uri: str
    entry_points: Mapping[str, EntryPoint] = field(factory=dict)
    environment: EnvironmentSpec = field(factory=EnvironmentSpec)
    commit: str | None = None
    repository: str | None = None
    branch: str | None = None


@frozen
class Fetched:
    """What a project source brought: a local folder, and where it came from."""

    folder: Path
    commit: str | None = None
    repository: str | None = None
    branch: str | None = None


@frozen
class ContainerImage:
    """A container image that commands run in.

    Attributes:
        reference: what the engine calls it, such as `python:3.11`.
        volumes: folders of this machine that the image's environment wants to see, as `HOST:CONTAINER[:ro]`.
    """

    reference: str
    volumes: tuple[str, ...] = ()


@frozen
class PreparedEnvironment:
    """An environment that is ready.

    Attributes:
        image: the container image that it is; None for one on this machine.
        variables: what to set in the command's environment, on top of the present one.
        path_prefix: folders to put first on PATH, so that `python` is the environment's.
        digest: names the lock that it was made from; None for the present environment.
        lock: the pinned requirements, a line each, to be kept with the run.
        notes: what the user should know before the command starts, such as requirements that are not met.
    """

    variables: Mapping[str, str] = field(factory=dict)
    path_prefix: tuple[Path, ...] = ()
    digest: str | None = None
    lock: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    image: ContainerImage | None = None


@frozen
class Execution:
    """One command to run for one run: what a backend is asked to do.

    Attributes:
        argv: the program and its arguments; never a shell string.
        folder: the working folder.
        variables: environment variables to set on top of the present ones (`HOOKLINE_RUN_ID` among them).
        log_folder: where the backend writes `stdout.log` and `stderr.log`.
        stream: pass the output on to this process's stdout and stderr while it is written.
        places: files and folders of this machine that the command may open besides its folder: stores that lie on its
            disk, the configuration, what `path` parameters name. A backend whose commands see another file system
            shows them there under the same paths.
    """

    run_id: str
    argv: tuple[str, ...]
    folder: Path
    variables: Mapping[str, str]
    log_folder: Path
    environment: PreparedEnvironment = field(factory=PreparedEnvironment)
    stream: bool = True
    places: tuple[Path, ...] = ()

    def variables_on(self, present: Mapping[str, str]) -> dict[str, str]:
        """Return what a backend sets on top of the variables that are present where the command runs.

        Those of the execution win over those of the prepared environment, whose folders come first on PATH.
        """
        variables = {**self.environment.variables, **self.variables}
        path = variables.get("PATH", present.get("PATH", os.defpath))
        return {**variables, "PATH": os.pathsep.join([*map(str, self.environment.path_prefix), path])}
