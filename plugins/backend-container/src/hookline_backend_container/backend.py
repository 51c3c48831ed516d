"""The backend: one container for each execution."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from hookline.entities import ContainerImage, Execution
from hookline.errors import ExecutionFailed, NotFound, NotSupported
from hookline.interfaces import ProjectBackend
from hookline_backend_container.job import ContainerJob
from hookline_backend_container.options import ContainerOptions
from hookline_backend_container.variables import variables_of
from hookline_lib_container.containers import ContainerSpec, Image, Mount, mounts_of
from hookline_lib_container.engine import Engine

RUN_LABEL = "hookline.run_id"


class ContainerBackend(ProjectBackend):
    """Runs each command in a container of its environment's image.

    The project's folder, and what else of this machine the command opens, are there under the same paths. A label of
    the container names the run, by which another process takes the job over.
    """

    runs_images = True

    def __init__(self, folder: Path, options: ContainerOptions | None = None) -> None:
        self._options = options or ContainerOptions()

    def submit(self, execution: Execution) -> "ContainerJob":
        """Start the command in a container."""
        wanted = execution.environment.image
        if wanted is None:
            raise NotSupported("The backend 'container' runs images, and the environment is none: use --env docker.")
        if not execution.folder.is_dir():
            raise ExecutionFailed(f"There is no folder {str(execution.folder)!r} to run the command in.")
        engine = Engine(self._options.engine)
        try:
            spec = self._spec(execution, wanted, engine)
            return self._started(engine, spec, execution)
        except BaseException:
            engine.close()
            raise

    def _started(self, engine: Engine, spec: ContainerSpec, execution: Execution) -> "ContainerJob":
        try:
            container = engine.create(spec)
        except NotFound as error:
            raise ExecutionFailed(f"The container of the image {spec.image!r} cannot be made: {error}") from error
        try:
            job = self._job(engine, container, spec.name, execution.log_folder)
            job.follow(stream=execution.stream, start=lambda: engine.start(container))
        except BaseException as error:
            engine.remove(container)
            if isinstance(error, ExecutionFailed):
                raise ExecutionFailed(f"{spec.argv[0]!r} cannot be run in the image {spec.image!r}: {error}") from error
            raise
        return job

    def attach(self, run_id: str, log_folder: Path, *, stream: bool) -> "ContainerJob":
        """Take over the container of a run, which may have ended meanwhile."""
        engine = Engine(self._options.engine)
        try:
            found = [each for each in engine.find({RUN_LABEL: run_id}) if each.status != "created"]
            if not found:
                raise NotFound(
                    f"No container of the run {run_id} is left: it was removed, or another engine has it. The option "
                    "'engine' names one."
                )
            job = self._job(engine, found[-1].container_id, found[-1].name, log_folder)
            job.follow(stream=stream)
        except BaseException:
            engine.close()
            raise
        return job

    def _job(self, engine: Engine, container: str, name: str, log_folder: Path) -> "ContainerJob":
        options = self._options
        return ContainerJob(
            engine,
            container,
            name,
            log_folder,
            patience=options.patience,
            engine_patience=options.engine_patience,
        )

    def _spec(self, execution: Execution, wanted: ContainerImage, engine: Engine) -> ContainerSpec:
        options = self._options
        image = _present(engine, wanted.reference)
        variables = variables_of(execution, image, options.pass_variables, network=options.network)
        user = options.user if options.user is not None else _this_user(engine)
        return ContainerSpec(
            wanted.reference,
            argv=execution.argv,
            name=f"hookline-{execution.run_id[:12]}-{secrets.token_hex(3)}",
            labels={RUN_LABEL: execution.run_id},
            variables={**({"HOME": "/tmp"} if user else {}), **variables},
            folder=str(execution.folder.resolve()),
            mounts=(*_places(execution), *map(volume_of, wanted.volumes)),
            network=options.network,
            memory=options.memory,
            shared_memory=options.shared_memory,
            cpus=options.cpus,
            user=user,
        )


def _present(engine: Engine, reference: str) -> Image:
    try:
        return engine.image(reference)
    except NotFound as error:
        raise ExecutionFailed(f"The image {reference!r} is no longer here: {error}") from error


def _places(execution: Execution) -> tuple[Mount, ...]:
    places = [execution.folder.resolve()]
    for place in execution.places:
        if not place.exists():
            place.mkdir(parents=True, exist_ok=True)  # a store's folder, before its first use
        places.append(place)
    return mounts_of(tuple(places))


def volume_of(text: str) -> Mount:
    """Read `SOURCE:TARGET[:ro]`, which the environment has checked; a name is a volume of the engine."""
    source, target, *mode = text.split(":")
    return Mount(source, target, mode == ["ro"], is_volume=not source.startswith("/"))


def _this_user(engine: Engine) -> str:
    """Return this user, where the image's own (mostly root) would be another one to this machine's files."""
    identity: Callable[[], int] | None = getattr(os, "getuid", None)
    if identity is None or identity() == 0 or engine.is_rootless:
        return ""
    return f"{os.getuid()}:{os.getgid()}"
