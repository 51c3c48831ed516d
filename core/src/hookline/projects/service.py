"""Running projects: from a URI to a job and its run."""

import json
import logging
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hookline.artifacts import Artifacts
from hookline.config import Settings
from hookline.entities import PreparedEnvironment, Project, RunStatus
from hookline.errors import InvalidState, InvalidValue
from hookline.interfaces import Environment, Job, ProjectBackend, ProjectGateway
from hookline.liveness import is_led
from hookline.plugins import Plugins
from hookline.projects.commands import build_command
from hookline.projects.entry_points import find_entry_point
from hookline.projects.fetching import fetch, find_place, is_here
from hookline.projects.fitting import (
    DEFAULT_BACKEND,
    DEFAULT_ENVIRONMENT,
    IMAGE_BACKEND,
    IMAGE_ENVIRONMENT,
    Fit,
    nobody_makes,
    own_environment,
)
from hookline.projects.gateways import needed_gateways
from hookline.projects.parameters import resolve_parameters
from hookline.projects.plans import BACKEND_TAG, Plan, source_tags
from hookline.projects.project_run import LOG_FOLDER, ProjectRun
from hookline.projects.reading import read_project
from hookline.projects.sweeps import SWEEP_TAG, Combination, Sweep, combinations
from hookline.uris import scheme_of

if TYPE_CHECKING:
    from hookline.run import Run
    from hookline.runs import Runs

LOCK_FILE = "environment/requirements.lock.txt"
log = logging.getLogger("hookline")


class Projects:
    """Runs projects.

    Args:
        runs: returns the workspace's runs; asked when a run is made.
        home: the workspace's folder; what is fetched, environments and logs on their way lie below it.
        child_variables: returns the environment variables that let a child process open the same stores;
            `child_places`: the files and folders of this machine that it opens then.
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
        child_places: Callable[[], Sequence[Path]],
        gateway: Callable[[str], ProjectGateway],
    ) -> None:
        self._plugins, self._runs, self._artifacts = plugins, runs, artifacts
        self._home, self._settings, self._child_variables = home.absolute(), settings, child_variables
        self._child_places, self._gateway = child_places, gateway

    def run(
        self,
        uri: str | Path,
        *,
        entry_point: str = "main",
        parameters: Mapping[str, object] | None = None,
        version: str | None = None,
        backend: str | None = None,
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
                None runs it on this machine, in a container where its environment is an image.
            environment: which environment provider makes its environment. None takes the present interpreter, or the
                provider of the project's own kind for a `conda_env` or `docker_env`, or an image for a backend that
                runs nothing else.
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
            self._look_up(backend, environment)
            project = self._fetched(str(uri), version, work)
            entry = find_entry_point(project, entry_point)
            values = resolve_parameters(
                entry,
                parameters or {},
                project_folder=project.folder,
                download=lambda each, name: self._download(each, work / "parameters" / name),
            )
            command = build_command(entry, values, allow_shell=allow_shell)
            fit = self._fit(project, backend, backend_options or {}, environment)
            plan = Plan(project, entry.name, values, command, fit, _prepared(fit.environment, project), work)
            run = self._runs().start(
                experiment_name=experiment_name,
                run_name=run_name,
                tags=plan.tags(),
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
        self._look_up(options.get("backend"), options.get("environment"))
        project, entry, described = self._checked(str(uri), version, entry_point, planned, allow_shell)
        self._fit(project, options.get("backend"), options.get("backend_options") or {}, options.get("environment"))
        tried = {name: [str(value) for value in values] for name, values in parameters.items()}
        parent = self._runs().start(
            experiment_name=experiment_name,
            run_name=run_name,
            tags={**source_tags(project, entry), SWEEP_TAG: json.dumps(tried)},
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

    def attach(self, run_id: str, *, stream: bool = True) -> ProjectRun:
        """Take over a project's command from a process that is gone; `wait` on the result brings the end.

        The run is RUNNING again until then, and gets the output and the status of the command.

        Raises:
            NotFound: there is no such run, or nothing is left of its command. NotSupported: its backend's jobs end with
            the process that started them. InvalidState: that process lives, or the run is of no project.
        """
        record = self._runs().get(run_id)
        backend = record.data.tags.get(BACKEND_TAG)
        if backend is None:
            raise InvalidState(f"The run {record.info.run_id} was not started by `hookline run`.")
        if is_led(record.info):
            raise InvalidState(f"The run {record.info.run_id} is in the hands of a process that lives.")
        work = self._work_folder()
        try:
            job = self._backend(backend, {}).attach(record.info.run_id, work / LOG_FOLDER, stream=stream)
            run = self._runs().start(run_id=record.info.run_id, sampled=False)
        except BaseException:
            shutil.rmtree(work, ignore_errors=True)
            raise
        name = record.data.tags.get("mlflow.source.name", run_id)
        return self._project_run(name, run, job, work, ExitStack())

    # Before the run --------------------------------------------------------------------------------------------------

    def _work_folder(self) -> Path:
        folder = self._home / "projects"
        folder.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(dir=folder))  # readable by this user only

    def _look_up(self, backend: str | None, environment: str | None) -> None:
        """Find the names that were given: one that nobody offers is no reason to fetch."""
        for kind, name in (("project_backends", backend), ("environments", environment)):
            if name is not None:
                self._plugins.find(kind, name)

    def _fit(self, project: Project, backend: str | None, options: Mapping[str, Any], environment: str | None) -> Fit:
        """Return the backend and the environment for a project, those that are named or those that it calls for."""
        runner = None if backend is None else self._backend(backend, options)
        own = own_environment(project)
        if environment is None and own and all(each.name != own for each in self._plugins.providers("environments")):
            raise nobody_makes(project, own)
        usual = IMAGE_ENVIRONMENT if runner is not None and runner.runs_images else DEFAULT_ENVIRONMENT
        chosen = environment or own or usual
        settings = self._settings.environments.get(chosen, {})
        made: Environment = self._plugins.make("environments", chosen, self._home / "environments" / chosen, settings)
        place = backend or (IMAGE_BACKEND if made.makes_images else DEFAULT_BACKEND)
        return Fit(place, runner or self._backend(place, options), chosen, made)

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

    # The run ---------------------------------------------------------------------------------------------------------

    def _submit(self, plan: Plan, run: "Run", stream: bool) -> ProjectRun:
        job, held = None, ExitStack()
        try:
            run.log_params(plan.values.logged)
            variables = {**self._child_variables(), **self._ways(plan, run, held)}
            execution = plan.execution(run, variables=variables, places=self._child_places(), stream=stream)
            job = plan.fit.backend.submit(execution)
            run.set_tag("hookline.job", job.job_id)
            if plan.environment.lock:
                run.log_text("".join(f"{line}\n" for line in plan.environment.lock), LOCK_FILE)
            return self._project_run(plan.project.name, run, job, plan.work, held)
        except BaseException as error:
            if job is not None:
                job.cancel()
            held.close()
            run.end(RunStatus.KILLED if isinstance(error, KeyboardInterrupt) else RunStatus.FAILED)
            shutil.rmtree(plan.work, ignore_errors=True)
            raise

    def _project_run(self, name: str, run: "Run", job: Job, work: Path, held: ExitStack) -> ProjectRun:
        return ProjectRun(
            name=name,
            run=run,
            job=job,
            status=lambda: self._runs().get(run.run_id).info.status,
            work=work,
            held=held,
        )

    def _ways(self, plan: Plan, run: "Run", held: ExitStack) -> Mapping[str, str]:
        """Open the gateways that the project needs; return the variables that lead its code to them."""
        variables: dict[str, str] = {}
        for each in needed_gateways(self._plugins, plan.project.folder):
            run.flush()  # who comes through a gateway finds the run in its store
            variables |= held.enter_context(self._gateway(each.name).open(run.run_id, run.info.experiment_id))
        return variables


def _prepared(environment: Environment, project: Project) -> PreparedEnvironment:
    prepared = environment.prepare(project.environment)
    for note in prepared.notes:
        log.warning("%s", note)
    return prepared
