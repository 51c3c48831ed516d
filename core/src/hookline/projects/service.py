"""Running projects: from a URI to a job and its run."""

import json
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from hookline.artifacts import Artifacts
from hookline.catalogue import what_to_install
from hookline.config import Settings
from hookline.entities import Execution, PreparedEnvironment, Project, RunStatus
from hookline.errors import InvalidValue, NotSupported
from hookline.interfaces import Environment, ProjectBackend, ProjectGateway
from hookline.plugins import Plugins
from hookline.projects.commands import Command, build_command
from hookline.projects.entry_points import find_entry_point
from hookline.projects.fetching import fetch, find_place, is_here
from hookline.projects.gateways import needed_gateways
from hookline.projects.parameters import Values, resolve_parameters
from hookline.projects.programs import find_program
from hookline.projects.project_run import ProjectRun
from hookline.projects.reading import read_project
from hookline.projects.sweeps import SWEEP_TAG, Combination, Sweep, combinations
from hookline.uris import scheme_of

if TYPE_CHECKING:
    from hookline.run import Run
    from hookline.runs import Runs

DEFAULT_ENVIRONMENT = "current"
LOCK_FILE = "environment/requirements.lock.txt"
log = logging.getLogger("hookline")


@frozen
class _Plan:
    """All that is settled before a run is made."""

    project: Project
    entry_point: str
    values: Values
    command: Command
    environment_name: str
    environment: PreparedEnvironment
    backend_name: str
    backend: ProjectBackend
    work: Path


class Projects:
    """Runs projects.

    Args:
        runs: returns the workspace's runs; asked when a run is made.
        home: the workspace's folder; what is fetched, environments and logs on their way lie below it.
        child_variables: returns the environment variables that let a child process open the same stores.
        gateway: opens the project gateway with a name.
    """

    def __init__(
        self,
        *,
        plugins: Plugins,
        runs: "Callable[[], Runs]",
        artifacts: Artifacts,
        home: Path,
        settings: Settings,
        child_variables: Callable[[], Mapping[str, str]],
        gateway: Callable[[str], ProjectGateway],
    ) -> None:
        self._plugins, self._runs, self._artifacts = plugins, runs, artifacts
        self._home, self._settings, self._child_variables = home.absolute(), settings, child_variables
        self._gateway = gateway

    def run(
        self,
        uri: str | Path,
        *,
        entry_point: str = "main",
        parameters: Mapping[str, object] | None = None,
        version: str | None = None,
        backend: str = "local",
        backend_options: Mapping[str, Any] | None = None,
        environment: str | None = None,
        experiment_name: str | None = None,
        run_name: str | None = None,
        parent_run_id: str | None = None,
        allow_shell: bool = False,
        stream: bool = True,
    ) -> ProjectRun:
        """Start an entry point of a project, and return while it runs; `wait` on the result brings the end.

        Nothing is stored before the project, its parameters and its environment have been found right.

        Args:
            uri: a folder, a zip archive, or a URI of an installed project source; `#name` names a folder inside.
            entry_point: a declared one, or a file of the project such as `train.py`.
            parameters: values by name; those that are not declared are passed on as `--name value`.
            version: a branch, a tag or a commit; None for the default.
            backend, backend_options: where it runs, and its options on top of `backends.NAME` in the configuration.
            environment: which environment provider makes its environment. None takes the present interpreter, or the
                provider of the project's own kind for a `conda_env` or `docker_env`.
            experiment_name, run_name: of the new run.
            parent_run_id: the run that the new one is nested in; default the one that this process works for, where
                this process was itself started by a project.
            allow_shell: run a command with shell syntax as `bash -c`, every value quoted.
            stream: pass on what the command writes to this process's stdout and stderr.

        Raises:
            NotFound: the project, the version or the entry point is not there. ConfigError: its files are wrong.
            InvalidValue: a parameter is missing or wrong. UnknownProvider: no plugin offers the backend, environment or
            source. Refused: it needs a shell and none is allowed. ExecutionFailed: it could not be started.
        """
        work = self._work_folder()
        try:
            runner = self._backend(backend, backend_options or {})
            if environment is not None:
                self._plugins.find("environments", environment)  # a name that nobody offers is no reason to fetch
            project = self._fetched(str(uri), version, work)
            entry = find_entry_point(project, entry_point)
            values = resolve_parameters(
                entry,
                parameters or {},
                project_folder=project.folder,
                download=lambda each, name: self._download(each, work / "parameters" / name),
            )
            command = build_command(entry, values, allow_shell=allow_shell)
            chosen = self._environment_name(project, environment)
            prepared = self._prepare(chosen, project)
            plan = _Plan(project, entry.name, values, command, chosen, prepared, backend, runner, work)
            run = self._runs().start(
                experiment_name=experiment_name,
                run_name=run_name,
                tags=_tags(plan),
                parent_run_id=parent_run_id or self._settings.run_id,
                surroundings=not project.folder.is_relative_to(work) and is_here(project.folder),
                sampled=False,  # the command opens the run in its own process, whose load is what matters
            )
        except BaseException:
            shutil.rmtree(work, ignore_errors=True)
            raise
        return self._submit(plan, run, stream)

    def sweep(
        self,
        uri: str | Path,
        parameters: Mapping[str, Sequence[object]],
        *,
        parallel: int = 1,
        entry_point: str = "main",
        version: str | None = None,
        experiment_name: str | None = None,
        run_name: str | None = None,
        parent_run_id: str | None = None,
        allow_shell: bool = False,
        **options: Any,
    ) -> Sweep:
        """Prepare a run of a project for each combination of values; `wait` on the result starts them, and ends.

        Nothing is stored before every combination has been found right. They all run the same commit.

        Args:
            parameters: by name, the values to try: `{"alpha": [0.1, 0.5], "depth": [3]}` is two combinations.
            parallel: how many run at a time.
            run_name: of the parent run; parent_run_id: the run that the parent is nested in.
            options: further ones of `run`, for each of them.

        Raises:
            InvalidValue: a parameter has no values, or one twice. As `run` otherwise.
        """
        if parallel < 1:
            raise InvalidValue(f"At least one must run at a time, not {parallel}.")
        planned = combinations(parameters)
        self._backend(options.get("backend", "local"), options.get("backend_options") or {})
        if options.get("environment") is not None:
            self._plugins.find("environments", options["environment"])
        project, entry, described = self._checked(str(uri), version, entry_point, planned, allow_shell)
        tried = {name: [str(value) for value in values] for name, values in parameters.items()}
        parent = self._runs().start(
            experiment_name=experiment_name,
            run_name=run_name,
            tags={**_source_tags(project, entry), SWEEP_TAG: json.dumps(tried)},
            parent_run_id=parent_run_id or self._settings.run_id,
            surroundings=described,
            sampled=False,
        )
        pinned = project.commit if find_place(str(uri), version).source is not None else None

        def start(combination: Combination) -> ProjectRun:
            return self.run(
                uri,
                parameters=combination,
                entry_point=entry_point,
                version=pinned or version,
                experiment_name=experiment_name,
                parent_run_id=parent.run_id,
                allow_shell=allow_shell,
                **options,
            )

        return Sweep(parent, planned, parallel, start)

    def _checked(
        self, uri: str, version: str | None, entry_point: str, planned: Sequence[Combination], allow_shell: bool
    ) -> tuple[Project, str, bool]:
        """Read a project and find every combination right; return it, the entry point's name, and whether it is here.

        Nothing of what was fetched for this is left.
        """
        work = self._work_folder()
        try:
            project = self._fetched(uri, version, work)
            entry = find_entry_point(project, entry_point)
            for each in planned:
                values = resolve_parameters(
                    entry, each, project_folder=project.folder, download=lambda _uri, name: work / "parameters" / name
                )
                build_command(entry, values, allow_shell=allow_shell)
            return project, entry.name, not project.folder.is_relative_to(work) and is_here(project.folder)
        finally:
            shutil.rmtree(work, ignore_errors=True)

    # Before the run --------------------------------------------------------------------------------------------------

    def _work_folder(self) -> Path:
        folder = self._home / "projects"
        folder.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(dir=folder))  # readable by this user only

    def _backend(self, name: str, options: Mapping[str, Any]) -> ProjectBackend:
        settings = {**self._settings.backends.get(name, {}), **options}
        made: ProjectBackend = self._plugins.make("project_backends", name, self._home / "backends" / name, settings)
        return made

    def _fetched(self, uri: str, version: str | None, work: Path) -> Project:
        place = find_place(uri, version)
        return read_project(fetch(place, version, self._plugins, work / "source"), place.shown)

    def _download(self, uri: str, destination: Path) -> Path:
        """Bring what a `path` parameter names to local disk: `runs:/ID/path`, or a URI of an artifact store."""
        if scheme_of(uri) == "runs":
            run_id, _, path = uri.partition(":")[2].strip("/").partition("/")
            return self._runs().download_artifacts(run_id, path or None, destination)
        folder, _, name = uri.rstrip("/").rpartition("/")
        if not folder or folder.endswith("/"):
            folder, name = uri, ""
        return self._artifacts.download(self._artifacts.locate(folder, name), destination)

    def _environment_name(self, project: Project, wanted: str | None) -> str:
        kind = project.environment.kind
        own = kind.removesuffix("_env")
        if wanted is not None or kind not in ("conda_env", "docker_env"):
            return wanted or DEFAULT_ENVIRONMENT
        if any(each.name == own for each in self._plugins.providers("environments")):
            return own
        distribution = what_to_install("environments", own)
        ways = [f"pip install {distribution}"] if distribution else []
        if own == "conda":
            ways.append("add --env uv to take its packages from the Python package index")
        ways.append(f"add --env {DEFAULT_ENVIRONMENT} to use this interpreter as it is")
        raise NotSupported(
            f"The project {project.name!r} wants a {kind}, and no installed plugin offers the environment {own!r}: "
            f"{', or '.join(ways)}."
        )

    def _prepare(self, name: str, project: Project) -> PreparedEnvironment:
        settings = self._settings.environments.get(name, {})
        made: Environment = self._plugins.make("environments", name, self._home / "environments" / name, settings)
        prepared = made.prepare(project.environment)
        for note in prepared.notes:
            log.warning("%s", note)
        return prepared

    # The run ---------------------------------------------------------------------------------------------------------

    def _submit(self, plan: _Plan, run: "Run", stream: bool) -> ProjectRun:
        job, held = None, ExitStack()
        try:
            run.log_params(plan.values.logged)
            execution = self._execution(plan, run, stream, self._ways(plan, run, held))
            job = plan.backend.submit(execution)
            run.set_tag("hookline.job", job.job_id)
            if plan.environment.lock:
                run.log_text("".join(f"{line}\n" for line in plan.environment.lock), LOCK_FILE)
        except BaseException as error:
            if job is not None:
                job.cancel()
            held.close()
            run.end(RunStatus.KILLED if isinstance(error, KeyboardInterrupt) else RunStatus.FAILED)
            shutil.rmtree(plan.work, ignore_errors=True)
            raise
        return ProjectRun(
            project=plan.project,
            run=run,
            job=job,
            execution=execution,
            status=lambda: self._runs().get(run.run_id).info.status,
            work=plan.work,
            held=held,
        )

    def _ways(self, plan: _Plan, run: "Run", held: ExitStack) -> Mapping[str, str]:
        """Open the gateways that the project needs; return the variables that lead its code to them."""
        variables: dict[str, str] = {}
        for each in needed_gateways(self._plugins, plan.project.folder):
            run.flush()  # who comes through a gateway finds the run in its store
            variables |= held.enter_context(self._gateway(each.name).open(run.run_id, run.info.experiment_id))
        return variables

    def _execution(self, plan: _Plan, run: "Run", stream: bool, ways: Mapping[str, str]) -> Execution:
        logs = plan.work / "logs"
        logs.mkdir()
        return Execution(
            run_id=run.run_id,
            argv=(find_program(plan.command.argv[0], plan.environment), *plan.command.argv[1:]),
            folder=plan.project.folder,
            variables={
                "PYTHONUNBUFFERED": os.environ.get("PYTHONUNBUFFERED") or "1",  # so that output is seen when written
                **_python_path(plan.project),
                **self._child_variables(),
                **ways,
                "HOOKLINE_RUN_ID": run.run_id,
                "HOOKLINE_EXPERIMENT_ID": run.info.experiment_id,
                **plan.command.variables,
            },
            log_folder=logs,
            environment=plan.environment,
            stream=stream,
        )


def _python_path(project: Project) -> dict[str, str]:
    """A `pyproject.toml` project is not installed, so that its `src` folder is named to Python."""
    source = project.folder / "src"
    if project.environment.kind != "pyproject" or not source.is_dir():
        return {}
    return {"PYTHONPATH": os.pathsep.join(filter(None, [str(source), os.environ.get("PYTHONPATH")]))}


def _source_tags(project: Project, entry_point: str) -> dict[str, str]:
    tags = {
        "mlflow.source.name": project.uri,
        "mlflow.source.type": "PROJECT",
        "mlflow.project.entryPoint": entry_point,
        "mlflow.source.git.commit": project.commit,
        "mlflow.source.git.repoURL": project.repository,
        "mlflow.gitRepoURL": project.repository,
        "mlflow.source.git.branch": project.branch,
        "mlflow.gitBranchName": project.branch,
    }
    return {key: value for key, value in tags.items() if value}


def _tags(plan: _Plan) -> dict[str, str]:
    tags = {
        "mlflow.project.env": plan.environment_name,
        "mlflow.project.backend": plan.backend_name,
        "hookline.environment": plan.environment.digest,
    }
    return _source_tags(plan.project, plan.entry_point) | {key: value for key, value in tags.items() if value}
