"""The statements of the hot path, compiled once; each says which tuple it takes.

Those named `INSERT` are for what is known not to be there, as that of a new run; they look nothing up.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import Insert, insert

from hookline_tracking_sql import schema
from hookline_tracking_sql.statements import Statement, driver_text
from hookline_tracking_sql.table_parts import PLACE

Column = sa.ColumnElement[Any]


def _newer(table: sa.Table, statement: Insert, prefix: str = "") -> sa.ColumnElement[bool]:
    """Return the condition that a new point ranks above the stored one: by step, time, value; NaN (NULL) on top."""

    def rank(columns: Any) -> sa.Tuple:
        value = columns[f"{prefix}value"]
        return sa.tuple_(columns[f"{prefix}step"], columns[f"{prefix}timestamp"], value.is_(None), value)

    return rank(statement.excluded) > rank(table.c)


def _series() -> Insert:
    """Return an upsert that counts, and takes over what is newer, less or greater: nothing is read before."""
    table, statement = schema.series, insert(schema.series)
    new = statement.excluded
    changes: dict[str, Column] = {"count": table.c.count + new.count, "loose": table.c.loose + new.loose}
    tests = {
        # In this order, which MariaDB keeps: a test sees what was changed before it.
        "last": (_newer(table, statement, "last_"), ("last_value", "last_timestamp", "last_step")),
        "min": (_first(table.c.min_value, new.min_value < table.c.min_value), ("min_step", "min_value")),
        "max": (_first(table.c.max_value, new.max_value > table.c.max_value), ("max_step", "max_value")),
    }
    for test, names in tests.values():
        for name in names:
            changes[name] = sa.case((test, new[name]), else_=table.c[name])
    return statement.on_conflict_do_update(index_elements=[table.c.run, table.c.key], set_=changes)


def _first(present: Column, better: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.or_(present.is_(None), better)


def _segments(table: sa.Table, *columns: str) -> Statement:
    """Return the insertion of a segment, or of its block, with the series' count of points as its ordinal."""
    of = schema.series.c
    known = sa.select(of.count).where(of.run == sa.bindparam("of_run"), of.key == sa.bindparam("of_key"))
    count = sa.func.coalesce(known.scalar_subquery(), sa.literal_column("0"))
    first = ("run", "key", "timestamp", "step")
    values: dict[str, Any] = {name: sa.bindparam(name) for name in (*first, *columns)}
    insertion = sa.insert(table).values(**values, ordinal=count + sa.bindparam("before"))
    return driver_text(insertion, *first, "of_run", "of_key", "before", *columns)


def _model_points() -> Insert:
    table, statement = schema.model_points, insert(schema.model_points)
    unique = [table.c[name] for name in ("model_id", "key", "run", "dataset_name", "dataset_digest")]
    return statement.on_conflict_do_update(
        index_elements=unique,
        set_={name: statement.excluded[name] for name in ("value", "timestamp", "step")},
        where=_newer(table, statement),
    )


def _tags() -> Insert:
    statement = insert(schema.tags)
    return statement.on_conflict_do_update(
        index_elements=[schema.tags.c.run, schema.tags.c.key], set_={"value": statement.excluded.value}
    )


def _tags_of_new_run() -> sa.Insert:
    given = (sa.bindparam(name, type_=schema.tags.c[name].type) for name in ("key", "experiment", "value"))
    run = sa.select(schema.runs.c.id, *given).where(schema.runs.c.run_id == sa.bindparam("of_run"))
    return sa.insert(schema.tags).from_select(["run", "key", "experiment", "value"], run)


_SEGMENT = ("count", "facts", "numbers", "steps", "timestamps")
_BLOCK = ("numbers", "steps", "timestamps", "outline")
ADD_SEGMENT = _segments(schema.segments, *_SEGMENT)
"""`before` is how many points of the series come before it in the same batch."""
ADD_BLOCK = _segments(schema.blocks, *_BLOCK)
INSERT_SEGMENT = driver_text(sa.insert(schema.segments), "run", "key", *PLACE, *_SEGMENT)
INSERT_BLOCK = driver_text(sa.insert(schema.blocks), "run", "key", *PLACE, *_BLOCK)
_SERIES = (
    *("run", "key", "experiment", "count", "last_value", "last_step", "last_timestamp"),
    *("min_value", "min_step", "max_value", "max_step", "loose"),
)
ADD_TO_SERIES = driver_text(_series(), *_SERIES)
INSERT_SERIES = driver_text(sa.insert(schema.series), *_SERIES)
SET_MODEL_POINT = driver_text(
    _model_points(), *("model_id", "key", "run", "dataset_name", "dataset_digest", "value", "step", "timestamp")
)
_ENTRY = ("run", "key", "experiment", "value")
ADD_PARAM = driver_text(insert(schema.params).on_conflict_do_nothing(), *_ENTRY)
INSERT_PARAM = driver_text(sa.insert(schema.params), *_ENTRY)
SET_TAG = driver_text(_tags(), *_ENTRY)
INSERT_TAG = driver_text(sa.insert(schema.tags), *_ENTRY)
ADD_TAG = driver_text(_tags_of_new_run(), "key", "experiment", "value", "of_run")
"""`of_run` is the id that clients know, so that nobody has to wait for the other one."""
RENAME_RUN = driver_text(
    sa.update(schema.runs).where(schema.runs.c.id == sa.bindparam("row")).values(name=sa.bindparam("new_name")),
    *("new_name", "row"),
)
