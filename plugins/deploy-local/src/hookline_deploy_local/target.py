"""The deployment target `local`: models that answer on this machine, each in processes of their own."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from os import getpid
from pathlib import Path
from typing import Any

from attrs import evolve

from hookline.entities import Deployment, DeploymentStatus, ModelFolder, now_ms
from hookline.errors import AlreadyExists, ExecutionFailed, InvalidState, NotFound, Unavailable
from hookline.finding import no_deployment
from hookline.interfaces import DeploymentTarget
from hookline.models.manifest import Manifest
from hookline.system import file_lock, process_identity, terminations_interrupt
from hookline_deploy_local import processes
from hookline_deploy_local.records import Record, Records, WorkerProcess, new_generation
from hookline_deploy_local.settings import LocalSettings
from hookline_lib_scoring import client
from hookline_lib_scoring.names import check_name
from hookline_lib_scoring.specification import WorkerSpecification, new_token
from hookline_lib_serving import addresses

TARGET = "local"
LOCK_TIMEOUT = 600.0
MODEL, LOG = "model", "server.log"


class LocalTarget(DeploymentTarget):
    """Deployments below one folder. Changes are made one at a time among all processes; reading waits for none.

    An update starts the new processes on the port of the old ones (SO_REUSEPORT), and ends the old ones when the new
    ones answer, so that the endpoint stays and answers throughout.

    Args:
        folder: holds the records, the models' files and the logs.
    """

    def __init__(self, folder: Path, _options: None = None) -> None:
        self._records = Records(folder.absolute())

    # Changing --------------------------------------------------------------------------------------------------------

    def create(self, name: str, model: ModelFolder, config: Mapping[str, str]) -> Deployment:
        """Deploy a model under a new name."""
        settings = LocalSettings.from_config(config)
        check_name(name)
        with self._changes():
            if self._read(name) is not None:
                raise AlreadyExists(f"There is a local deployment {name!r} already; update it, or delete it first.")
            port = addresses.free_port(settings.host, settings.port)
            record = evolve(_started_by_us(name, model, config), host=settings.host, port=port)
            try:
                noted = self._start(record, settings, model.path, lambda workers: evolve(record, workers=workers))
                self._records.write(noted)
            except ExecutionFailed as error:
                self._records.write(evolve(record, phase="failed", workers=(), message=str(error)))
            except BaseException:
                shutil.rmtree(self._records.folder(name), ignore_errors=True)
                raise
        return self.get(name)

    def update(self, name: str, model: ModelFolder | None, config: Mapping[str, str]) -> Deployment:
        """Replace a deployment's model and the given keys of its configuration."""
        with self._changes():
            old = self._existing(name)
            merged = {**old.config, **config}
            settings = LocalSettings.from_config(merged)
            processes.stop(old.others)  # of an update that was interrupted
            old = evolve(old, others=())
            chosen = model or ModelFolder(old.model_uri, self._path(old) / MODEL, old.digest, old.trusted, old.vouched)
            new = evolve(
                _started_by_us(name, chosen, merged),
                host=settings.host,
                port=_port_of_update(old, settings),
                creation_time=old.creation_time,
            )
            self._replace(old, new, settings, chosen.path)
        return self.get(name)

    def _replace(self, old: Record, new: Record, settings: LocalSettings, source: Path) -> None:
        try:
            new = self._start(new, settings, source, lambda workers: evolve(old, others=workers))
        except BaseException as error:
            with suppress(OSError):  # on a full disk the last record stays, which names the old processes as well
                self._records.write(old)
            shutil.rmtree(self._path(new), ignore_errors=True)
            if isinstance(error, ExecutionFailed):
                message = f"The update of {old.name!r} failed; the deployment is as it was before. {error}"
                raise ExecutionFailed(message, error.returncode) from error
            raise
        self._records.write(evolve(new, others=old.workers))
        processes.stop(old.workers)
        self._records.write(new)
        for folder in self._records.folder(new.name).glob("g-*"):
            if folder.name != new.generation:
                shutil.rmtree(folder, ignore_errors=True)

    def delete(self, name: str) -> None:
        """Stop and remove a deployment; a missing one is no error."""
        folder = self._records.folder(name)
        with self._changes():
            try:
                record = self._records.read(name)
            except ValueError as error:
                raise InvalidState(
                    f"The record of {name!r} cannot be read, so that its processes are not known: {error}. "
                    f"End them, and remove {folder}."
                ) from error
            if record is not None:
                processes.stop((*record.workers, *record.others))
            shutil.rmtree(folder, ignore_errors=True)

    # Looking ---------------------------------------------------------------------------------------------------------

    def list(self) -> Sequence[Deployment]:
        """Return all deployments, ordered by name, as they stand."""
        return [found for name in self._records.names() if (found := self._look(name)) is not None]

    def get(self, name: str) -> Deployment:
        """Return a deployment as it stands."""
        found = self._look(name)
        if found is None:
            raise self._missing(name)
        return found

    def predict(self, name: str, inputs: Any) -> Any:
        """Ask a deployment."""
        return self._invoke(name, client.json_body(inputs), "application/json")

    def predict_body(self, name: str, body: bytes, media_type: str) -> Any:
        """Ask a deployment with CSV or Parquet, as its server takes them."""
        return self._invoke(name, body, media_type)

    def _invoke(self, name: str, body: bytes, media_type: str) -> Any:
        record = self._existing(name)
        deployment = self.get(name)
        if deployment.endpoint is None:
            raise Unavailable(f"The deployment {name!r} does not answer: {deployment.message or deployment.status}")
        timeout = LocalSettings.from_config(record.config).timeout
        return client.invoke(deployment.endpoint, body, media_type, timeout + 5 if timeout else None)

    def _look(self, name: str) -> Deployment | None:
        try:
            record = self._records.read(name)
        except ValueError as error:
            return Deployment(name, TARGET, "", DeploymentStatus.FAILED, message=f"Its record cannot be read: {error}.")
        if record is None:
            return None
        status, message = self._status(record)
        return Deployment(
            name,
            TARGET,
            record.model_uri,
            status,
            addresses.url(record.host, record.port) if status is DeploymentStatus.RUNNING else None,
            message,
            record.creation_time,
            dict(record.config),
        )

    def _status(self, record: Record) -> tuple[DeploymentStatus, str]:
        failed = DeploymentStatus.FAILED
        if record.phase == "starting" and record.starter and processes.is_running(record.starter[0]):
            return DeploymentStatus.STARTING, ""
        if record.phase == "starting":
            return failed, "Its start was interrupted. Delete it, or update it to start it again."
        if record.phase == "failed":
            return failed, record.message
        gone = [each for each in record.workers if not processes.is_running(each)]
        if gone:
            ended = f"{len(gone)} of its {len(record.workers)} processes ended (process id {gone[0].pid})."
            return failed, f"{ended} Update it to start it again. {self._log(record)}".strip()
        token = client.ping(addresses.url(record.host, record.port))
        if token is None:
            return failed, f"Its process is there and does not answer. {self._log(record)}".strip()
        if token != record.token:
            return failed, f"Another server answers at {addresses.url(record.host, record.port)}."
        return DeploymentStatus.RUNNING, ""

    # Starting --------------------------------------------------------------------------------------------------------

    def _start(
        self,
        record: Record,
        settings: LocalSettings,
        source: Path,
        noted: Callable[[tuple[WorkerProcess, ...]], Record],
    ) -> Record:
        """Start a generation's processes; return its record, for the caller to write.

        Args:
            noted: returns what is to be written down as soon as a process is started, so that none is ever lost.

        Raises:
            ExecutionFailed: they did not start; nothing of them is left but their folder.
            Unavailable: the folder cannot be written, as on a full disk.
        """
        try:
            return self._start_in(self._path(record), record, settings, source, noted)
        except OSError as error:
            where = self._records.root
            raise Unavailable(
                f"The deployment {record.name!r} cannot be written below {where}: {_reason(error)}."
            ) from error

    def _start_in(
        self,
        folder: Path,
        record: Record,
        settings: LocalSettings,
        source: Path,
        noted: Callable[[tuple[WorkerProcess, ...]], Record],
    ) -> Record:
        folder.mkdir(parents=True, mode=0o700)
        self._records.write(noted(()))
        shutil.copytree(source, folder / MODEL)
        digest = record.digest or Manifest.of(folder / MODEL).digest
        record = evolve(record, digest=digest)
        with addresses.bind(record.host, record.port, shared=True), (folder / LOG).open("wb") as log:
            try:
                started = processes.start(
                    _specification(record, digest, settings, folder),
                    settings.workers,
                    folder,
                    seconds=settings.start_timeout,
                    output=log,
                    working_folder=folder,
                    remember=lambda workers: self._records.write(noted(workers)),
                )
            except ExecutionFailed as error:
                raise ExecutionFailed(f"{error} {self._log(record)}".strip(), error.returncode) from error
        return evolve(record, phase="running", workers=started.workers)

    def _path(self, record: Record) -> Path:
        return self._records.folder(record.name) / record.generation

    def _log(self, record: Record) -> str:
        text = processes.end_of(self._path(record) / LOG)
        return f"Its log ends with:\n{text}" if text else ""

    @contextmanager
    def _changes(self) -> Iterator[None]:
        self._records.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        with terminations_interrupt(), file_lock(self._records.root / ".lock", LOCK_TIMEOUT):
            yield

    def _read(self, name: str) -> Record | None:
        try:
            return self._records.read(name)
        except ValueError as error:
            folder = self._records.folder(name)
            raise InvalidState(f"The record of the deployment {name!r} in {folder} cannot be read: {error}.") from error

    def _existing(self, name: str) -> Record:
        record = self._read(name)
        if record is None:
            raise self._missing(name)
        return record

    def _missing(self, name: str) -> NotFound:
        return no_deployment(name, self._records.names(), "local")


def _started_by_us(name: str, model: ModelFolder, config: Mapping[str, str]) -> Record:
    return Record(
        name=name,
        model_uri=model.uri,
        generation=new_generation(),
        phase="starting",
        config=dict(config),
        digest=model.digest,
        trusted=model.trusted,
        vouched=model.vouched,
        creation_time=now_ms(),
        token=new_token(),
        starter=(WorkerProcess(getpid(), process_identity(getpid()) or ""),),
    )


def _reason(error: OSError) -> str:
    """Return what the system said; copying a folder gives a list of what it said of each file."""
    if isinstance(error, shutil.Error):
        return str(error.args[0][0][2])
    return error.strerror or str(error)


def _port_of_update(old: Record, settings: LocalSettings) -> int:
    """Return the port that an update takes: that of the old processes, shared, unless another is asked for."""
    if any(map(processes.is_running, old.workers)) and settings.port in (0, old.port):
        return old.port
    if settings.port not in (0, old.port):
        return addresses.free_port(settings.host, settings.port)
    try:
        return addresses.free_port(
            settings.host, old.port, patience=2.0
        )  # a killed process takes a moment to let go of it
    except Unavailable:
        if settings.port:
            raise
        return addresses.free_port(settings.host, 0)


def _specification(record: Record, digest: str, settings: LocalSettings, folder: Path) -> WorkerSpecification:
    return WorkerSpecification(
        model=str(folder / MODEL),
        digest=digest,
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
