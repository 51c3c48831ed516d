"""What the parts of a store share."""

from collections.abc import Iterable

import sqlalchemy as sa

from hookline.store_rules import require_active_run, run_not_found
from hookline_tracking_sql import schema
from hookline_tracking_sql.engine import Database
from hookline_tracking_sql.keys import Keys
from hookline_tracking_sql.statements import driver_of, driver_text

FIND_RUN = driver_text(
    sa.select(schema.runs.c.id, schema.runs.c.experiment, schema.runs.c.lifecycle_stage).where(
        schema.runs.c.run_id == sa.bindparam("run_id")
    ),
    "run_id",
)
"""Finds the row ids of a run and of its experiment, and its lifecycle stage."""


class Part:
    """A part of a store: the methods for one noun, over the store's database."""

    _database: Database
    _keys: Keys


def find_run(connection: sa.Connection, run_id: str) -> tuple[int, int, str] | None:
    """Return the row ids of a run and of its experiment, and its lifecycle stage; None where there is no such run."""
    found: tuple[int, int, str] | None = driver_of(connection).execute(FIND_RUN, (run_id,)).fetchone()
    return found


def active_run(connection: sa.Connection, run_id: str) -> tuple[int, int]:
    """Return the row ids of a run and of its experiment.

    Raises:
        NotFound: there is no such run. InvalidValue: it is deleted.
    """
    return require_active(run_id, find_run(connection, run_id))


def require_active(run_id: str, found: tuple[int, int, str] | None) -> tuple[int, int]:
    """Return of what `FIND_RUN` found the row ids; raises as `active_run`."""
    if found is None:
        raise run_not_found(run_id)
    run, experiment, stage = found
    require_active_run(run_id, stage)
    return run, experiment


def experiment_row_id(experiment_id: str) -> int | None:
    """Return the row id of an experiment as clients name it, or None where no experiment can have this name."""
    if experiment_id.isascii() and experiment_id.isdigit() and len(experiment_id) <= 18:
        number = int(experiment_id)
        return number if str(number) == experiment_id else None
    return None


def experiment_row_ids(experiment_ids: Iterable[str]) -> list[int]:
    """Return the row ids of experiments as clients name them, each once, without those that no experiment can have."""
    return sorted({row for row in map(experiment_row_id, experiment_ids) if row is not None})
