"""Runs as entities: their rows together with everything that hangs on them, one statement for each table.

A page may have tens of thousands of entries: they pass from the driver into entities with nothing in between, and are
not validated again.
"""

import gc
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from attrs import evolve

from hookline.entities import (
    Dataset,
    DatasetInput,
    LatestPoints,
    Lease,
    LifecycleStage,
    ModelInput,
    ModelOutput,
    RunData,
    RunInfo,
    RunInputs,
    RunOutputs,
    RunRecord,
    RunStatus,
)
from hookline.search.syntax import Columns
from hookline_tracking_sql import schema
from hookline_tracking_sql.dialects.base import Rows
from hookline_tracking_sql.keys import Keys
from hookline_tracking_sql.statements import Prepared, Row, among_given, driver_of, json_list, prepared

NAN = float("nan")


def _wanted(table: sa.Table, *names: str) -> "sa.Select[Any]":
    """Return the statement that reads columns of a table for the runs that its execution gives."""
    return sa.select(*(table.c[name] for name in names)).where(among_given(table.c.run, "runs"))


def _by_key(table: sa.Table, *names: str) -> tuple[Prepared, Prepared]:
    """Return the statements that read the rows of runs: for all keys, and for `keys`."""
    wanted = _wanted(table, "run", "key", *names)
    return prepared(wanted), prepared(wanted.where(among_given(table.c.key, "keys")))


_INFO = (
    *("id", "run_id", "name", "experiment", "artifact_uri", "user_id"),
    *("status", "start_time", "end_time", "lifecycle_stage"),
)
_RUNS = prepared(sa.select(*(schema.runs.c[name] for name in _INFO)).where(among_given(schema.runs.c.id, "runs")))
_RUN = prepared(
    sa.select(*(schema.runs.c[name] for name in _INFO)).where(schema.runs.c.run_id == sa.bindparam("named"))
)
_PARAMS, _SOME_PARAMS = _by_key(schema.params, "value")
_TAGS, _SOME_TAGS = _by_key(schema.tags, "value")
_LATEST, _SOME_LATEST = _by_key(schema.series, "last_value", "last_step", "last_timestamp")
_LEASES = prepared(
    _wanted(schema.writers, "run", "host", "boot_id", "process", "renewed_at")
    .where(schema.writers.c.is_primary)
    .order_by(schema.writers.c.id)
)
_DATASETS = prepared(
    _wanted(schema.inputs, "run", "tags")
    .join(schema.datasets, schema.datasets.c.id == schema.inputs.c.dataset)
    .add_columns(*schema.datasets.c["name", "digest", "source_type", "source", "schema", "profile"])
    .order_by(schema.inputs.c.id)
)
_MODEL_INPUTS = prepared(_wanted(schema.model_inputs, "run", "model_id").order_by(schema.model_inputs.c.id))
_MODEL_OUTPUTS = prepared(_wanted(schema.model_outputs, "run", "model_id", "step").order_by(schema.model_outputs.c.id))
_WHOLE = (_RUNS, _PARAMS, _TAGS, _LATEST, _DATASETS, _MODEL_INPUTS, _MODEL_OUTPUTS)
"""What a whole run is made of, asked for at once."""
_STATUSES = {each.value: each for each in RunStatus}
_STAGES = {each.value: each for each in LifecycleStage}


def find_info(connection: sa.Connection, run_id: str) -> tuple[int, RunInfo] | None:
    """Return the row id and the info of a run; None where there is no such run."""
    row = _RUN.execute(connection, {"named": run_id}).fetchone()
    return None if row is None else (row[0], _info(*row[1:]))


def _info(
    run_id: str,
    name: str,
    experiment: int,
    artifact_uri: str,
    user_id: str,
    status: str,
    start_time: int,
    end_time: int | None,
    stage: str,
) -> RunInfo:
    return RunInfo(
        run_id, name, str(experiment), artifact_uri, user_id, _STATUSES[status], start_time, end_time, _STAGES[stage]
    )


@contextmanager
def _garbage_left_alone() -> Iterator[None]:
    """Let the garbage collector rest: it would look at the thousands of things of a page over and over, and free none.

    Threads may overlap: the first one that ends wakes the collector, so that it never rests for long.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def read_records(
    connection: sa.Connection, keys: Keys, runs: Collection[int], columns: Columns | None = None
) -> list[RunRecord]:
    """Return the runs with these row ids, in this order, and of their data what is asked for."""
    if not runs:
        return []
    with _garbage_left_alone():
        return _records(connection, keys, runs, columns)


def _records(connection: sa.Connection, keys: Keys, runs: Collection[int], columns: Columns | None) -> list[RunRecord]:
    given = {"runs": json_list(runs)}
    if columns is None:
        driver = driver_of(connection)
        found = driver.ask(*(each.asked(driver, given) for each in _WHOLE))
        infos = {row[0]: _info(*row[1:]) for row in found[0]}
        params, tags = (_texts(connection, keys, rows.fetchall(), runs) for rows in found[1:3])
        latest = _latest(connection, keys, found[3].fetchall(), runs)
        inputs, outputs = _inputs(*found[4:6]), _outputs(found[6])
        infos |= _leased(connection, infos)
    else:
        infos = {row[0]: _info(*row[1:]) for row in _RUNS.execute(connection, given)}
        params = _texts(connection, keys, _some(connection, keys, _SOME_PARAMS, runs, columns.params), runs)
        tags = _texts(connection, keys, _some(connection, keys, _SOME_TAGS, runs, columns.tags), runs)
        latest = _latest(connection, keys, _some(connection, keys, _SOME_LATEST, runs, columns.metrics), runs)
        inputs, outputs = {}, {}
    nothing_read, nothing_made = RunInputs(), RunOutputs()
    return [
        RunRecord(
            infos[run],
            RunData(params[run], latest[run], tags[run]),
            inputs.get(run, nothing_read),
            outputs.get(run, nothing_made),
        )
        for run in runs
    ]


def _leased(connection: sa.Connection, found: Mapping[int, RunInfo]) -> dict[int, RunInfo]:
    """Return those of the runs that go on and have a lease, with it; of several, the last one."""
    running = [run for run, info in found.items() if not info.status.is_final]
    rows = _LEASES.execute(connection, {"runs": json_list(running)}) if running else ()
    leases = {row[0]: Lease(row[1], row[2], row[3], row[4], primary=True) for row in rows}
    return {run: evolve(found[run], lease=lease) for run, lease in leases.items()}


def _some(
    connection: sa.Connection, keys: Keys, wanted: Prepared, runs: Collection[int], only: Collection[str]
) -> Sequence[Row]:
    """Return rows of some runs for the keys that are named."""
    ids = keys.known(connection, only)
    chosen = [ids[name] for name in only if name in ids]
    if not chosen:
        return ()
    rows: Sequence[Row] = wanted.execute(connection, {"runs": json_list(runs), "keys": json_list(chosen)}).fetchall()
    return rows


def _texts(
    connection: sa.Connection, keys: Keys, rows: Sequence[Row], runs: Collection[int]
) -> dict[int, dict[str, str]]:
    names = keys.names(connection, {row[1] for row in rows})
    found: dict[int, dict[str, str]] = {run: {} for run in runs}
    for run, key, value in rows:
        found[run][names[key]] = value
    return found


def _latest(
    connection: sa.Connection, keys: Keys, rows: Sequence[Row], runs: Collection[int]
) -> dict[int, LatestPoints]:
    names = keys.names(connection, {row[1] for row in rows})
    found: dict[int, dict[str, tuple[float, int, int]]] = {run: {} for run in runs}
    read = driver_of(connection).read
    for run, key, stored, step, timestamp in rows:
        value = read(stored)
        found[run][names[key]] = (NAN if value is None else value, step, timestamp)
    return {run: LatestPoints(points) for run, points in found.items()}


def _inputs(datasets: Rows, models: Rows) -> dict[int, RunInputs]:
    read: dict[int, list[DatasetInput]] = {}
    for run, tags, *described in datasets:
        read.setdefault(run, []).append(DatasetInput(Dataset(*described), json.loads(tags)))
    fed: dict[int, list[ModelInput]] = {}
    for run, model_id in models:
        fed.setdefault(run, []).append(ModelInput(model_id))
    return {run: RunInputs(tuple(read.get(run, ())), tuple(fed.get(run, ()))) for run in {*read, *fed}}


def _outputs(rows: Rows) -> dict[int, RunOutputs]:
    made: dict[int, list[ModelOutput]] = {}
    for run, model_id, step in rows:
        made.setdefault(run, []).append(ModelOutput(model_id, step))
    return {run: RunOutputs(tuple(models)) for run, models in made.items()}
