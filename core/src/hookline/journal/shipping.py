"""Shipping: handing a journal's records to a store, each exactly once. Any process may do it at any time."""

import contextlib
import json
from collections.abc import Callable
from typing import Any

from attrs import evolve, field, frozen

from hookline.entities import Delivery, Lease, LifecycleStage, NewRun, RunChange, RunStatus, Writer
from hookline.errors import CursorMoved, Gone, HooklineError, InvalidState, InvalidValue, NotFound, Unavailable
from hookline.interfaces import TrackingStore
from hookline.journal.frames import Damaged, content, frames
from hookline.journal.reader import LIMIT, DamagedJournal, JournalReader, MissingRecords
from hookline.journal.records import Records

REASON_TAG = "hookline.status_reason"
LOST_WRITER_TAG = "hookline.lost_writer"
GONE = "process gone"


@frozen
class Sink:
    """A store that journals are shipped to.

    Attributes:
        name: for messages. store: returns it; asked whenever something is shipped.
        experiment_id: returns the id of the experiment with a name, which is made where it is not there.
        is_primary: whether ids of experiments that a journal holds are this store's.
        experiments: ids that the store is known to have; forgotten where it refuses something.
    """

    name: str
    store: Callable[[], TrackingStore]
    experiment_id: Callable[[str], str]
    is_primary: bool = True
    experiments: set[str] = field(factory=set, eq=False)


@frozen
class Shipment:
    """What shipping needs to know of one writer's journal.

    Attributes:
        lease: returns the lease to note with every delivery, where this process is the writer.
        stored: called with the records of each delivery after it was stored.
        refused: called with the reason for each record that was set aside.
        noticed: called where a record was, and where another process has shipped, which may have set some aside.
    """

    run_id: str
    reader: JournalReader
    lease: Callable[[], Lease | None] = lambda: None
    stored: Callable[[str, Records], None] = lambda _run_id, _records: None
    refused: Callable[[str], None] = lambda _reason: None
    noticed: Callable[[], None] = lambda: None


class NotShipped(HooklineError):
    """A run itself was refused, so that nothing of its journal can be stored; the journal stays."""


class RunNotThere(Unavailable):
    """The store does not have the run, which the journal of another writer creates."""

    def __init__(self, run_id: str) -> None:
        super().__init__(f"The run {run_id} is not stored yet; the journal of the process that started it is.")


def cursor_of(store: TrackingStore, run_id: str, writer_id: str) -> Writer:
    """Return what a store knows of a writer; a cursor of 0 where it knows nothing."""
    found = (each for each in store.writers(run_id) if each.writer_id == writer_id)
    return next(found, Writer(writer_id))


def ship(shipment: Shipment, sink: Sink, cursor: int | None = None) -> int:
    """Hand a store all records that it does not have; return the cursor, which is the number of those it has.

    What is refused for good, damaged or missing is set aside: first noted, then passed by the cursor together with what
    follows. Racing calls, of other processes too, are told by the store where the cursor is.

    Args:
        cursor: where the store is as far as is known; None asks it.

    Raises:
        Unavailable: the store is away; the journal keeps what is left. NotShipped: the store refuses the run itself.
        RunNotThere: another journal is to be shipped first. OtherFormat: this version cannot read the journal.
    """
    store, limit = sink.store(), LIMIT
    if cursor is None:
        cursor = cursor_of(store, shipment.run_id, shipment.reader.files.writer_id).cursor
    start = cursor
    while True:
        records: Records | None = None
        try:
            records = shipment.reader.read(start, limit)
            after = start + records.count
            if after == cursor:
                return cursor
            store.apply(_delivery(shipment, sink, records, cursor, after - cursor))
        except CursorMoved as moved:
            cursor = start = moved.cursor
            shipment.noticed()
        except (InvalidValue, NotFound, Gone, DamagedJournal, MissingRecords) as refusal:
            known = cursor_of(store, shipment.run_id, shipment.reader.files.writer_id).cursor
            if sink.experiments and isinstance(refusal, NotFound):  # perhaps that of the run is not there any more
                sink.experiments.clear()
            elif known != cursor:  # another process shipped; or the store was replaced, and is given everything again
                cursor = start = known
                shipment.noticed()
            else:
                start, limit = _pass(shipment, sink, refusal, start, limit, records)
        else:
            cursor = start = after
            limit = min(LIMIT, limit * 2)
            if records.count:
                shipment.stored(shipment.run_id, records)
            if records.sealed:  # nothing follows: no need to look
                return cursor


def _delivery(shipment: Shipment, sink: Sink, records: Records, first: int, count: int) -> Delivery:
    return Delivery(
        shipment.run_id,
        shipment.reader.files.writer_id,
        first,
        count,
        created=_created(sink, *records.created) if records.created else None,
        points=records.points(),
        metrics=tuple(records.metrics),
        params=records.params,
        tags=records.tags,
        datasets=tuple(records.datasets),
        model_inputs=tuple(records.model_inputs),
        model_outputs=tuple(records.model_outputs),
        change=records.change,
        lease=shipment.lease() or (lease_of(records.header) if records.header else None),
        sealed=records.sealed,
    )


def _created(sink: Sink, run: NewRun, experiment: str) -> NewRun:
    """Return a run to create, in the experiment that this store has for it."""
    if sink.is_primary and run.experiment_id:
        if run.experiment_id in sink.experiments:
            return run
        with contextlib.suppress(NotFound):  # the store was replaced by another one
            sink.store().get_experiment(run.experiment_id)
            sink.experiments.add(run.experiment_id)
            return run
    try:
        return evolve(run, experiment_id=sink.experiment_id(experiment))
    except InvalidState as error:
        raise NotShipped(f"The run {run.run_id} cannot be stored: {error}") from error


def _pass(
    shipment: Shipment, sink: Sink, refusal: HooklineError, start: int, limit: int, records: Records | None
) -> tuple[int, int]:
    """Set aside what cannot be stored, or say how to find it; return where to go on, and with how many records."""
    reader = shipment.reader
    if isinstance(refusal, DamagedJournal | MissingRecords):
        after, raw = reader.skip(refusal)
        _set_aside(shipment, sink, refusal, start, after - start, raw)
        return after, limit
    count = limit if records is None else records.count
    if isinstance(refusal, NotFound):
        if records is not None and records.count and records.is_empty:  # a header: what creates the run comes after it
            return start + count, limit
        if records is None or records.created is None:
            raise RunNotThere(shipment.run_id) from refusal
    elif records is not None and _is_deleted(sink.store(), shipment.run_id):  # no record of it is any better
        _set_aside(shipment, sink, refusal, start, count, reader.raw(start, count))
        return start + count, limit
    if count > 1:
        return start, count // 2
    if records is not None and records.created is not None:
        raise NotShipped(
            f"The run {shipment.run_id} cannot be stored: {refusal} What was logged stays in {reader.files.folder}."
        ) from refusal
    _set_aside(shipment, sink, refusal, start, 1, reader.raw(start))
    return start + 1, limit


def _is_deleted(store: TrackingStore, run_id: str) -> bool:
    with contextlib.suppress(NotFound):
        return store.get_run(run_id).info.lifecycle_stage is LifecycleStage.DELETED
    return False


def _set_aside(shipment: Shipment, sink: Sink, refusal: HooklineError, sequence: int, count: int, raw: bytes) -> None:
    entry = {"sequence": sequence, "count": count, "store": sink.name, "reason": str(refusal)}
    entry |= {"record": _readable(raw) if count == 1 else None, "frame": raw.hex()}
    shipment.reader.files.set_aside(entry)
    shipment.noticed()
    shipment.refused(str(refusal))


def _readable(raw: bytes) -> str | None:
    """Return what a record says, where it is one."""
    with contextlib.suppress(Damaged):
        for one in frames(raw, final=True):
            kind, body = content(one)
            try:
                return json.dumps(json.loads(body), ensure_ascii=False)
            except ValueError:
                return f"kind {kind}, {len(body)} bytes"
    return None


def lease_of(header: dict[str, Any]) -> Lease:
    """Return the lease that a journal's header notes."""
    host, boot_id, process = (str(header.get(name, "")) for name in ("host", "boot_id", "process"))
    return Lease(host, boot_id, process, int(header.get("written_at", 0)), bool(header.get("primary")))


def end_lost_writer(shipment: Shipment, store: TrackingStore, cursor: int, header: dict[str, Any], seen: int) -> None:
    """Note that a writer's process is gone without having sealed its journal, all of which is stored.

    Where the run's status follows it the run is FAILED; else the run notes that it lost a writer.

    Args:
        seen: when the writer was last heard of, in milliseconds since the Unix epoch.
    """
    known = cursor_of(store, shipment.run_id, shipment.reader.files.writer_id)
    if known.sealed:
        return
    change, tags = None, {}
    info = store.get_run(shipment.run_id).info
    lease = lease_of(header)
    if not info.status.is_final:
        if lease.primary and (info.lease is None or info.lease.process == lease.process):
            change, tags = RunChange(RunStatus.FAILED, seen), {REASON_TAG: GONE}
        else:
            tags = {f"{LOST_WRITER_TAG}.{shipment.reader.files.writer_id}": f"{lease.host} {lease.process}"}
    delivery = Delivery(
        shipment.run_id, shipment.reader.files.writer_id, cursor, 0, tags=tags, change=change, lease=lease, sealed=True
    )
    try:
        store.apply(delivery)
    except InvalidValue:  # the run was deleted meanwhile
        store.apply(evolve(delivery, tags={}, change=None))
