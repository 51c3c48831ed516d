"""What Hookline's own client sends: runs and logged models with ids of its own, journals, whole series."""

import asyncio
from collections.abc import Generator, Iterable

from hookline.entities import (
    Delivery,
    LifecycleStage,
    LoggedModelChange,
    ModelStatus,
    NewLoggedModel,
    NewRun,
    RunChange,
    RunStatus,
    now_ms,
)
from hookline.errors import InvalidValue, NotFound
from hookline_lib_wire import answers
from hookline_lib_wire.errors import WireError
from hookline_lib_wire.messages import journal as messages
from hookline_lib_wire.messages import logged_models, own, runs
from hookline_lib_wire.messages.base import Empty, Request
from hookline_server.exchanges import Exchange, Reply
from hookline_server.handlers.experiments import DONE
from hookline_server.handlers.origins import check_delivery, check_lineage
from hookline_server.handlers.reading import member
from hookline_server.services import Services
from hookline_server.settings import MEGABYTE

MAX_DELIVERY = 256 * MEGABYTE
"""Bytes of records that are taken, whatever other requests may have: one call may log ten million points."""
PART = MEGABYTE // 2
"""Bytes of a history that a thread reads at once."""


def create_own_run(services: Services, request: own.CreateOwnRun) -> runs.RunFound:
    """Create a run with an id of the client's."""
    new = NewRun(
        experiment_id=request.experiment_id,
        run_id=request.run_id,
        run_name=request.run_name,
        user_id=request.user_id,
        start_time=now_ms() if request.start_time is None else request.start_time,
        status=member(RunStatus, request.status),
        tags=request.tags,
    )
    made = services.tracking.create_run(new)
    if made.info.experiment_id != request.experiment_id:
        raise _elsewhere(request.run_id)
    return runs.RunFound(run=answers.run(made))


def change_run(services: Services, request: own.ChangeRun) -> runs.RunUpdated:
    """Change a run."""
    change = RunChange(
        status=None if request.status is None else member(RunStatus, request.status),
        end_time=request.end_time,
        run_name=request.run_name,
        lifecycle_stage=None if request.lifecycle_stage is None else member(LifecycleStage, request.lifecycle_stage),
    )
    return runs.RunUpdated(run_info=answers.run_info(services.tracking.update_run(request.run_id, change)))


def create_own_logged_model(services: Services, request: own.CreateOwnLoggedModel) -> logged_models.LoggedModelFound:
    """Create a logged model with an id of the client's."""
    check_lineage(services, request.source_run_id, None)
    made = services.logged_models.create_logged_model(
        NewLoggedModel(
            experiment_id=request.experiment_id,
            name=request.name,
            model_id=request.model_id,
            source_run_id=request.source_run_id,
            model_type=request.model_type,
            params=request.params,
            tags=request.tags,
            creation_time=now_ms() if request.creation_time is None else request.creation_time,
        )
    )
    if made.experiment_id != request.experiment_id:
        raise _elsewhere(request.model_id)
    return logged_models.LoggedModelFound(model=answers.logged_model(made))


def change_logged_model(services: Services, request: own.ChangeLoggedModel) -> logged_models.LoggedModelFound:
    """Change a logged model."""
    change = LoggedModelChange(
        status=None if request.status is None else member(ModelStatus, request.status),
        status_message=request.status_message,
        lifecycle_stage=None if request.lifecycle_stage is None else member(LifecycleStage, request.lifecycle_stage),
        params=request.params,
        tags=request.tags,
        deleted_tags=tuple(request.deleted_tags),
    )
    changed = services.logged_models.update_logged_model(request.model_id, change)
    if change.status is ModelStatus.READY:
        services.workspace.plugins.announce("model_logged", model=changed)
    return logged_models.LoggedModelFound(model=answers.logged_model(changed))


def _elsewhere(given: str) -> WireError:
    """The permission was checked for the experiment that the request names, not for the one that has the id."""
    return WireError("PERMISSION_DENIED", f"{given!r} is in another experiment.")


async def begin_journal(services: Services, exchange: Exchange, request: messages.CreatedRun) -> Reply:
    """Store the records of a journal that create a run."""
    delivery = await _delivery(exchange, request.run_id)
    created = delivery.created
    if created is None or created.run_id != request.run_id or created.experiment_id != request.experiment_id:
        raise InvalidValue("These records do not create the run in the experiment that the URL names.")
    await services.long_threads(_begin, services, delivery, request.experiment_id)
    return Reply(b"{}")


def _begin(services: Services, delivery: Delivery, experiment_id: str) -> None:
    try:
        present = services.tracking.get_run(delivery.run_id)
    except NotFound:
        pass
    else:
        if present.info.experiment_id != experiment_id:
            raise _elsewhere(delivery.run_id)
    _apply(services, delivery)


def _apply(services: Services, delivery: Delivery) -> None:
    check_delivery(services, delivery)
    services.tracking.apply(delivery)


async def apply_journal(services: Services, exchange: Exchange, request: messages.DeliveredRun) -> Reply:
    """Store the next records of a journal."""
    delivery = await _delivery(exchange, request.run_id)
    if delivery.created is not None:
        raise InvalidValue("Records that create a run are sent to /journal/begin.")
    await services.long_threads(_apply, services, delivery)
    return Reply(b"{}")


async def _delivery(exchange: Exchange, run_id: str) -> Delivery:
    given = (exchange.header(b"content-type") or b"").partition(b";")[0].strip().lower()
    if given.decode("latin-1") != messages.MEDIA_TYPE:
        raise WireError("UNSUPPORTED_MEDIA_TYPE", f"Records are sent as {messages.MEDIA_TYPE}.")
    delivery = messages.unpacked(await exchange.body(MAX_DELIVERY))
    if delivery.run_id != run_id:
        raise InvalidValue("The records are of another run than the one that the URL names.")
    return delivery


def list_writers(services: Services, request: messages.DeliveredRun) -> messages.WritersFound:
    """List the writers of a run."""
    return messages.WritersFound(
        writers=[
            messages.Writer(
                writer_id=each.writer_id,
                cursor=each.cursor,
                points=each.points,
                checksum=each.checksum,
                sealed=each.sealed,
                lease=each.lease,
            )
            for each in services.tracking.writers(request.run_id)
        ]
    )


def sync(services: Services, _request: Request) -> Empty:
    """Wait until all that was stored is on the disk."""
    services.tracking.sync()
    return DONE


async def read_history(services: Services, exchange: Exchange, request: messages.ReadHistory) -> None:
    """Send all points of a series, a block after the other."""
    parts = _joined(messages.history_parts(services.tracking.metric_history(request.run_id, request.key)))
    coming = services.long_threads(next, parts)
    try:
        part = await coming
        exchange.is_read = True
        await exchange.begin(200, messages.POINTS_TYPE, None)
        while part:
            coming = services.long_threads(next, parts, b"")  # is read while this one is sent
            await exchange.go_on(part, more=True)
            part = await coming
        await exchange.go_on(b"", more=False)
    finally:
        await asyncio.gather(coming, return_exceptions=True)  # what runs cannot be closed
        parts.close()


def _joined(parts: Iterable[bytes]) -> Generator[bytes, None, None]:
    """Yield the same bytes in larger parts: each is read by a thread, which has to be told so."""
    held: list[bytes] = []
    for part in parts:
        held.append(part)
        if sum(map(len, held)) >= PART:
            yield b"".join(held)
            held = []
    yield b"".join(held)


HANDLERS = {
    "create_own_run": create_own_run,
    "change_run": change_run,
    "create_own_logged_model": create_own_logged_model,
    "change_logged_model": change_logged_model,
    "begin_journal": begin_journal,
    "apply_journal": apply_journal,
    "list_writers": list_writers,
    "sync": sync,
    "read_history": read_history,
}
