"""The deployment target `container`: models that answer from containers, each in an image of its own."""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from attrs import evolve

from hookline.entities import Deployment, DeploymentStatus, ModelFolder, now_ms
from hookline.errors import AlreadyExists, ExecutionFailed, InvalidState, NotFound, Unavailable
from hookline.finding import no_deployment
from hookline.interfaces import DeploymentTarget
from hookline.system import file_lock, terminations_interrupt
from hookline_deploy_container.model_images import MODEL, make_image
from hookline_deploy_container.records import NAME_LABEL, NEXT, TARGET_LABEL, Found, Record, scope_of
from hookline_deploy_container.settings import ContainerSettings
from hookline_lib_container.containers import ContainerSpec
from hookline_lib_container.engine import Engine
from hookline_lib_container.python_images import BuildOptions
from hookline_lib_scoring import client
from hookline_lib_scoring.names import check_name
from hookline_lib_scoring.specification import WorkerSpecification, new_token
from hookline_lib_serving import addresses

TARGET = "container"
LOCK_TIMEOUT = 3600.0
GRACE = 15.0
"""Seconds that a server gets to answer what it has begun."""
USER = "65534:65534"
"""Nobody: a server needs no rights."""
LOG_END = 2000


class ContainerTarget(DeploymentTarget):
    """Deployments as containers of one engine. Changes are made one at a time; reading waits for none.

    A server listens on this machine's own address. An update starts the new container on the port of the old one
    (SO_REUSEPORT), and ends the old one when the new one answers, so that the endpoint stays and answers throughout.

    Args:
        folder: names this workspace's deployments among those of the engine; holds locks.
    """

    def __init__(self, folder: Path, options: BuildOptions | None = None) -> None:
        self._folder, self._options = folder.absolute(), options or BuildOptions()
        self._scope = scope_of(folder)
        self._engine = Engine(self._options.engine)

    # Changing --------------------------------------------------------------------------------------------------------

    def create(self, name: str, model: ModelFolder, config: Mapping[str, str]) -> Deployment:
        """Deploy a model under a new name."""
        settings = ContainerSettings.from_config(config)
        check_name(name)
        with self._changes():
            if self._containers(name):
                raise AlreadyExists(f"There is a deployment {name!r} in a container already; update it, or delete it.")
            record = evolve(
                self._record(name, model, config),
                host=settings.host,
                port=addresses.free_port(settings.host, settings.port),
            )
            try:
                container = self._made(record, settings, self._container_name(name))
            except BaseException:
                self._engine.remove_image(record.image)  # one that another deployment uses is left
                raise
            try:
                self._until_it_answers(container, record, settings)
            except ExecutionFailed:
                self._engine.stop(container, GRACE)  # what is left of it says why
            except Unavailable as error:
                raise _left_behind(name, error) from error
            except BaseException:
                self._engine.remove(container)
                raise
        return self.get(name)

    def update(self, name: str, model: ModelFolder | None, config: Mapping[str, str]) -> Deployment:
        """Replace a deployment's model and the given keys of its configuration."""
        with self._changes():
            old, record = self._existing(name)
            merged = {**record.config, **config}
            settings = ContainerSettings.from_config(merged)
            for each in self._containers(name):
                if each.state.container_id != old.state.container_id:  # of an update that was interrupted
                    self._engine.remove(each.state.container_id)
            if old.is_next:
                self._engine.rename(old.state.container_id, self._container_name(name))
            with _told_of_update(name):
                chosen = (
                    self._record(name, model, merged) if model else evolve(record, config=merged, token=new_token())
                )
                new = evolve(
                    chosen,
                    host=settings.host,
                    port=_port_of_update(old, record, settings),
                    creation_time=record.creation_time,
                )
                container = self._answering(new, record, settings)
            self._replace(old, record, new, container)
        return self.get(name)

    def _answering(self, new: Record, record: Record, settings: ContainerSettings) -> str:
        """Return a container that is to replace another, once it answers; where it does not, nothing of it is left."""
        container = None
        try:
            container = self._made(new, settings, self._container_name(new.name) + NEXT)
            self._until_it_answers(container, new, settings)
        except BaseException:
            if container is not None:
                self._engine.remove(container)
            if new.image != record.image:
                self._engine.remove_image(new.image)
            raise
        return container

    def _replace(self, old: Found, record: Record, new: Record, container: str) -> None:
        self._engine.stop(old.state.container_id, GRACE)
        self._engine.remove(old.state.container_id)
        self._engine.rename(container, self._container_name(new.name))
        if new.image != record.image:
            self._engine.remove_image(record.image)

    def delete(self, name: str) -> None:
        """Stop and remove a deployment, and its image; a missing one is no error."""
        check_name(name)
        with self._changes():
            for each in self._containers(name):
                self._engine.stop(each.state.container_id, GRACE)
                self._engine.remove(each.state.container_id)
                if each.record is not None:
                    self._engine.remove_image(each.record.image)

    # Looking ---------------------------------------------------------------------------------------------------------

    def list(self) -> Sequence[Deployment]:
        """Return all deployments, ordered by name, as they stand."""
        by_name: dict[str, list[Found]] = {}
        for state in self._engine.find({TARGET_LABEL: self._scope}):
            found = Found.read(state)
            by_name.setdefault(found.name, []).append(found)
        return [self._look(name, found) for name, found in sorted(by_name.items())]

    def get(self, name: str) -> Deployment:
        """Return a deployment as it stands."""
        check_name(name)
        found = self._containers(name)
        if not found:
            raise self._missing(name)
        return self._look(name, found)

    def predict(self, name: str, inputs: Any) -> Any:
        """Ask a deployment."""
        return self._invoke(name, client.json_body(inputs), "application/json")

    def predict_body(self, name: str, body: bytes, media_type: str) -> Any:
        """Ask a deployment with CSV or Parquet, as its server takes them."""
        return self._invoke(name, body, media_type)

    def _invoke(self, name: str, body: bytes, media_type: str) -> Any:
        deployment = self.get(name)
        if deployment.endpoint is None:
            raise Unavailable(f"The deployment {name!r} does not answer: {deployment.message or deployment.status}")
        timeout = ContainerSettings.from_config(deployment.config).timeout
        return client.invoke(deployment.endpoint, body, media_type, timeout + 5 if timeout else None)

    def _look(self, name: str, containers: Sequence[Found]) -> Deployment:
        found = _current(containers)
        record = found.record
        if record is None:
            message = f"The labels of its container {found.state.name!r} cannot be read."
            return Deployment(name, TARGET, "", DeploymentStatus.FAILED, message=message)
        tokens = {each.record.token for each in containers if each.record}
        status, message = self._status(found, record, tokens)
        endpoint = addresses.url(record.host, record.port) if status is DeploymentStatus.RUNNING else None
        return Deployment(
            name, TARGET, record.model_uri, status, endpoint, message, record.creation_time, dict(record.config)
        )

    def _status(self, found: Found, record: Record, tokens: set[str]) -> tuple[DeploymentStatus, str]:
        if not found.state.is_running:
            return DeploymentStatus.FAILED, self._why(found.state.container_id)
        url = addresses.url(record.host, record.port)
        token = client.ping(url)
        if token in tokens:
            return DeploymentStatus.RUNNING, ""
        if token is not None:
            return DeploymentStatus.FAILED, f"Another server answers at {url}."
        seconds = ContainerSettings.from_config(record.config).start_timeout
        if not seconds or _age(found.state.created) < seconds:
            return DeploymentStatus.STARTING, ""
        return DeploymentStatus.FAILED, f"Its container runs and does not answer. {self._log(found.state.container_id)}"

    def _why(self, container: str) -> str:
        """Return why a container does not run."""
        state = self._engine.state(container)
        ended = f"Its container ended with exit code {state.exit_code}."
        return " ".join(filter(None, [ended, state.reason, self._log(container)]))

    def _log(self, container: str) -> str:
        text = b"".join(self._engine.log(container)).decode(errors="replace").strip()
        shown = text if len(text) <= LOG_END else "..." + text[-LOG_END:]
        return f"Its log ends with:\n{shown}" if shown else ""

    # Starting --------------------------------------------------------------------------------------------------------

    def _record(self, name: str, model: ModelFolder, config: Mapping[str, str]) -> Record:
        """Return the record of a deployment that is to be made; its image is made first."""
        image = make_image(self._engine, self._folder, model, self._options)
        return Record(
            name=name,
            model_uri=model.uri,
            image=image.reference,
            digest=image.digest,
            trusted=model.trusted,
            vouched=model.vouched,
            host="",
            port=0,
            token=new_token(),
            creation_time=now_ms(),
            config=dict(config),
        )

    def _made(self, record: Record, settings: ContainerSettings, name: str) -> str:
        """Make and start a container; return its id."""
        spec = ContainerSpec(
            record.image,
            argv=(_specification(record, settings).text(),),
            name=name,
            labels=record.labels(self._scope),
            variables={"HOME": "/tmp", "PYTHONUNBUFFERED": "1"},
            network="host",
            memory=settings.memory or None,
            cpus=settings.cpus or None,
            user=USER,
        )
        container = self._engine.create(spec)
        try:
            self._engine.start(container)
        except BaseException:
            self._engine.remove(container)
            raise
        return container

    def _until_it_answers(self, container: str, record: Record, settings: ContainerSettings) -> None:
        """Return when a new container answers.

        Raises:
            ExecutionFailed: it ended, or took longer than `start_timeout` seconds.
        """
        deadline = time.monotonic() + settings.start_timeout
        url = addresses.url(record.host, record.port)
        while client.ping(url) != record.token:
            if not self._engine.state(container).is_running:
                raise ExecutionFailed(self._why(container))
            if settings.start_timeout and time.monotonic() > deadline:
                log = self._log(container)
                raise ExecutionFailed(f"The server did not start within {settings.start_timeout:g} s. {log}".strip())
            time.sleep(0.05)

    def _containers(self, name: str) -> Sequence[Found]:
        return [Found.read(each) for each in self._engine.find({TARGET_LABEL: self._scope, NAME_LABEL: name})]

    def _container_name(self, name: str) -> str:
        return f"hookline-{self._scope}-{name}"

    @contextmanager
    def _changes(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with terminations_interrupt(), file_lock(self._folder / ".lock", LOCK_TIMEOUT):
            yield

    def _existing(self, name: str) -> tuple[Found, Record]:
        check_name(name)
        containers = self._containers(name)
        if not containers:
            raise self._missing(name)
        found = _current(containers)
        if found.record is None:
            raise InvalidState(f"The labels of the container {found.state.name!r} cannot be read: delete {name!r}.")
        return found, found.record

    def _missing(self, name: str) -> NotFound:
        found = self._engine.find({TARGET_LABEL: self._scope})
        return no_deployment(name, {each.labels.get(NAME_LABEL, "") for each in found}, "container")


def _left_behind(name: str, error: Unavailable) -> Unavailable:
    return Unavailable(
        f"{error} The container of {name!r} was started before that and may run. Once the engine is back, look with: "
        f"hookline deployments show {name} -t {TARGET}; or take it away with: "
        f"hookline deployments delete {name} -t {TARGET}"
    )


@contextmanager
def _told_of_update(name: str) -> Iterator[None]:
    try:
        yield
    except ExecutionFailed as error:
        message = f"The update of {name!r} failed; the deployment is as it was before. {error}"
        raise ExecutionFailed(message, error.returncode) from error


def _current(containers: Sequence[Found]) -> Found:
    """Return the container that counts: one that was to replace another only where that one is gone."""
    return next((each for each in containers if not each.is_next), containers[-1])


def _port_of_update(old: Found, record: Record, settings: ContainerSettings) -> int:
    """Return the port that an update takes: that of the old container, shared, unless another is asked for."""
    if settings.port not in (0, record.port):
        return addresses.free_port(settings.host, settings.port)
    if old.state.is_running:
        return record.port
    try:
        return addresses.free_port(settings.host, record.port, patience=2.0)
    except Unavailable:
        if settings.port:
            raise
        return addresses.free_port(settings.host)


def _specification(record: Record, settings: ContainerSettings) -> WorkerSpecification:
    return WorkerSpecification(
        model=MODEL,
        digest=record.digest,
        trusted=record.trusted,
        vouched=record.vouched,
        uri=record.model_uri,
        host=record.host,
        port=record.port,
        timeout=settings.timeout,
        max_body=settings.max_body,
        batch_rows=settings.batch_rows,
        name=record.name,
        token=record.token,
        ready="",
    )


def _age(created: str) -> float:
    """Return how many seconds ago a container was made, as its engine wrote it: with nanoseconds."""
    try:
        then = datetime.fromisoformat(re.sub(r"\.\d+", "", created))
    except ValueError:
        return 0.0
    return (datetime.now(then.tzinfo or UTC) - then.replace(tzinfo=then.tzinfo or UTC)).total_seconds()
