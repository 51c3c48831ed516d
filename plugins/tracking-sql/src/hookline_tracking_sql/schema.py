"""The tables of the store, as SQLAlchemy Core describes them. `migrations/` leads every older database here.

A column named after a thing (`run`, `experiment`) holds the integer id of its row; a column that ends in `_id`
(`run_id`, `model_id`) holds the text that clients know. Times are milliseconds since the Unix epoch. A metric's value
that is NULL is NaN, which not every database can store or compare.
"""

from itertools import product
from typing import Any

import sqlalchemy as sa

from hookline_tracking_sql.column_types import BYTES, LONG_TEXT, ROW_ID, Number, short_text
from hookline_tracking_sql.dialects.base import VERSION_TABLE
from hookline_tracking_sql.expressions import PREFIX_LENGTH, value_prefix
from hookline_tracking_sql.triggers import SYSTEMS, counting_triggers

SCHEMA_VERSIONS = ("0001", "0002", "0003")
"""All revisions of the schema, oldest first; the last one is what this module describes."""
HEAD = SCHEMA_VERSIONS[-1]

metadata = sa.MetaData()

_UNCLUSTERED: dict[str, Any] = {"sqlite_autoincrement": True}  # an id is never used again
_CLUSTERED: dict[str, Any] = {"sqlite_with_rowid": False}  # rows lie in the order of the primary key


STAGE, ID, KEY, NAME = (short_text(length) for length in (32, 100, 255, 500))
"""Types of texts in indexes and keys: stages and kinds, ids of things, keys, and names."""


def _text(name: str, *, nullable: bool = False) -> "sa.Column[str]":
    return sa.Column(name, LONG_TEXT, nullable=nullable)


def _short(name: str, kind: Any, *, nullable: bool = False, **options: Any) -> "sa.Column[str]":
    """Return the column of a text that an index or a key holds."""
    return sa.Column(name, kind, nullable=nullable, **options)


def _integer(name: str, *, nullable: bool = False) -> "sa.Column[int]":
    return sa.Column(name, sa.BigInteger, nullable=nullable)


def _number(name: str) -> "sa.Column[float]":
    return sa.Column(name, Number(), nullable=True)


def _identity() -> "sa.Column[int]":
    return sa.Column("id", ROW_ID, primary_key=True)


def _owner(name: str, target: str, *, primary_key: bool = False) -> "sa.Column[int]":
    """Return a column that refers to the row of a thing, and goes with it."""
    reference = sa.ForeignKey(f"hookline_{target}.id", ondelete="CASCADE")
    return sa.Column(name, ROW_ID, reference, primary_key=primary_key, nullable=False)


def _key(*, primary_key: bool = True) -> "sa.Column[int]":
    return sa.Column("key", ROW_ID, sa.ForeignKey("hookline_keys.id"), primary_key=primary_key, nullable=False)


def _key_text() -> "sa.Column[str]":
    return _short("key", KEY, primary_key=True)


def _index_by_value(table: sa.Table, *columns: "sa.Column[Any]") -> None:
    """Index some columns of a table and the start of `value`, for which MariaDB has words of its own."""
    name = f"{table.name}_by_value"
    start = sa.Index(name, *columns, value_prefix(table.c.value))
    start.ddl_if(callable_=lambda _ddl, _target, connection, **_more: connection.dialect.name != "mysql")
    whole = sa.Index(name, *columns, table.c.value)
    whole.ddl_if(dialect="mysql")

    def cut(_table: sa.Table, connection: sa.Connection, **_more: Any) -> None:
        if connection.dialect.name == "mysql":  # asked for any earlier, the option would import its whole dialect
            whole.dialect_options["mysql"]["length"] = {"value": PREFIX_LENGTH}

    sa.event.listen(table, "before_create", cut)


schema_version = sa.Table(
    VERSION_TABLE,
    metadata,
    sa.Column("version_num", sa.String(32), nullable=False),
    sa.PrimaryKeyConstraint("version_num", name="hookline_schema_pkc"),
)
"""One row: the revision of the schema. Names and types are those that Alembic gives to its table."""

keys = sa.Table("hookline_keys", metadata, _identity(), _short("name", KEY, unique=True))
"""The names of metrics, params and tags of runs; other tables hold their ids."""

# Experiments ---------------------------------------------------------------------------------------------------------

experiments = sa.Table(
    "hookline_experiments",
    metadata,
    _identity(),
    _short("name", NAME, unique=True),
    _text("artifact_location"),
    _short("lifecycle_stage", STAGE),
    _integer("creation_time"),
    _integer("last_update_time"),
    **_UNCLUSTERED,
)

experiment_tags = sa.Table(
    "hookline_experiment_tags",
    metadata,
    _owner("experiment", "experiments", primary_key=True),
    _key_text(),
    _text("value"),
    **_CLUSTERED,
)

# Runs ----------------------------------------------------------------------------------------------------------------

runs = sa.Table(
    "hookline_runs",
    metadata,
    _identity(),
    _short("run_id", ID, unique=True),
    _owner("experiment", "experiments"),
    _text("name"),
    _text("user_id"),
    _text("status"),
    _integer("start_time"),
    _integer("end_time", nullable=True),
    _short("lifecycle_stage", STAGE),
    _text("artifact_uri"),
    _integer("deleted_time", nullable=True),
    **_UNCLUSTERED,
)
"""`deleted_time` is NULL for an active run. (What else is deleted takes no change: its last update says it.)"""
sa.Index(
    "hookline_runs_by_time",
    runs.c.experiment,
    runs.c.lifecycle_stage,
    runs.c.start_time.desc(),
    runs.c.run_id,
)


def _entries(name: str) -> sa.Table:
    """Return a table of texts by run and key. The run's experiment is repeated so that an index can start with it."""
    table = sa.Table(
        f"hookline_{name}",
        metadata,
        _owner("run", "runs", primary_key=True),
        _key(),
        sa.Column("experiment", ROW_ID, nullable=False),
        _text("value"),
        **_CLUSTERED,
    )
    _index_by_value(table, table.c.experiment, table.c.key)
    return table


params = _entries("params")
tags = _entries("tags")

writers = sa.Table(
    "hookline_writers",
    metadata,
    _identity(),
    _owner("run", "runs"),
    _short("writer_id", ID),
    _integer("cursor"),
    _integer("points"),
    _integer("checksum"),
    sa.Column("sealed", sa.Boolean(create_constraint=False), nullable=False),
    _text("host", nullable=True),
    _text("boot_id", nullable=True),
    _text("process", nullable=True),
    _integer("renewed_at", nullable=True),
    sa.Column("is_primary", sa.Boolean(create_constraint=False), nullable=True),
    sa.UniqueConstraint("run", "writer_id"),
)
"""The writers of runs with their cursors and leases: see `hookline.entities.Writer`."""


def _place() -> "list[sa.Column[int]]":
    """Return the columns behind run and key that tell the segments of a series apart and put them in order."""
    return [sa.Column(name, sa.BigInteger, primary_key=True, nullable=False, autoincrement=False) for name in PLACE]


def _packed() -> "list[sa.Column[Any]]":
    return [sa.Column(name, BYTES, nullable=True) for name in ("numbers", "steps", "timestamps")]


PLACE = ("timestamp", "step", "ordinal")
segments = sa.Table(
    "hookline_segments",
    metadata,
    _owner("run", "runs", primary_key=True),
    _key(),
    *_place(),
    _integer("count"),
    sa.Column("facts", BYTES, nullable=True),
    *_packed(),
    **_CLUSTERED,
)
"""Points, many to a row, as packed columns: see `hookline_tracking_sql.segments`.

`timestamp` and `step` are those of the first point, so that the rows of a series lie in the order of its history. The
ordinal tells rows apart that begin alike: it is how many points the series had before one of the row's. A segment with
facts has its columns in a row of `blocks`: SQLite reads all of a row of this table when it passes it.
"""

blocks = sa.Table(
    "hookline_blocks",
    metadata,
    *(sa.Column(name, ROW_ID, primary_key=True, nullable=False, autoincrement=False) for name in ("run", "key")),
    *_place(),
    *_packed(),
    sa.Column("outline", BYTES, nullable=True),
    sa.ForeignKeyConstraint(
        ["run", "key", *PLACE], [segments.c[name] for name in ("run", "key", *PLACE)], ondelete="CASCADE"
    ),
)
"""The packed columns of long segments; each goes with its segment."""

overviews = sa.Table(
    "hookline_overviews",
    metadata,
    _owner("run", "runs", primary_key=True),
    _key(),
    _short("axis", STAGE, primary_key=True),
    *(_integer(name) for name in (*PLACE, "count")),
    sa.Column("packed", BYTES, nullable=False),
)
"""What the full segments of a series hold along an axis of its charts: see `hookline_tracking_sql.overviews`.

`timestamp`, `step` and `ordinal` are those of the last segment, `count` is how many points all of them have.
"""

series = sa.Table(
    "hookline_series",
    metadata,
    _owner("run", "runs", primary_key=True),
    _key(),
    sa.Column("experiment", ROW_ID, nullable=False),
    _integer("count"),
    _number("last_value"),
    _integer("last_step"),
    _integer("last_timestamp"),
    _number("min_value"),
    _integer("min_step", nullable=True),
    _number("max_value"),
    _integer("max_step", nullable=True),
    _integer("loose"),
    **_CLUSTERED,
)
"""One row for each series: its latest point by rank; least and greatest value leave NaN out and may be NULL. `loose` is
how many segments came in since its segments were last merged."""
sa.Index("hookline_series_by_value", series.c.experiment, series.c.key, series.c.last_value)

run_keys = sa.Table(
    "hookline_run_keys",
    metadata,
    _owner("experiment", "experiments", primary_key=True),
    _short("kind", STAGE, primary_key=True),
    _key(),
    _integer("runs"),
    **_CLUSTERED,
)
"""How many runs of an experiment have a key: counted by triggers, so that whoever writes, the count is right."""


for system, (table, kind) in product(SYSTEMS, ((series, "metric"), (params, "param"), (tags, "tag"))):
    for statement in counting_triggers(table.name, kind, system):
        sa.event.listen(metadata, "after_create", statement.execute_if(dialect=system))

model_points = sa.Table(
    "hookline_model_points",
    metadata,
    _identity(),
    _short("model_id", ID),
    _key(primary_key=False),
    _owner("run", "runs"),
    _short("dataset_name", NAME),
    _short("dataset_digest", ID),
    _number("value"),
    _integer("step"),
    _integer("timestamp"),
    sa.UniqueConstraint("model_id", "key", "run", "dataset_name", "dataset_digest"),
)
"""The latest point for each logged model, metric, run and dataset ("" for none)."""
sa.Index("hookline_model_points_by_run", model_points.c.run)

# What runs read and made ---------------------------------------------------------------------------------------------

datasets = sa.Table(
    "hookline_datasets",
    metadata,
    _identity(),
    _short("fingerprint", ID, unique=True),
    _text("name"),
    _text("digest"),
    _text("source_type"),
    _text("source"),
    _text("schema", nullable=True),
    _text("profile", nullable=True),
)
"""Descriptions of datasets, shared by all runs; the fingerprint is a SHA-256 of all other columns."""

inputs = sa.Table(
    "hookline_inputs",
    metadata,
    _identity(),
    _owner("run", "runs"),
    sa.Column("experiment", ROW_ID, nullable=False),
    _short("name", NAME),
    _short("digest", ID),
    _text("context", nullable=True),
    _text("tags"),
    sa.Column("dataset", ROW_ID, sa.ForeignKey("hookline_datasets.id"), nullable=False),
    sa.UniqueConstraint("run", "name", "digest"),
)
"""Which datasets a run read; `tags` is a JSON object, and `context` what it says the data was for."""
sa.Index("hookline_inputs_by_experiment", inputs.c.experiment, inputs.c.name)

model_inputs = sa.Table(
    "hookline_model_inputs",
    metadata,
    _identity(),
    _owner("run", "runs"),
    _short("model_id", ID),
    sa.UniqueConstraint("run", "model_id"),
)

model_outputs = sa.Table(
    "hookline_model_outputs",
    metadata,
    _identity(),
    _owner("run", "runs"),
    _short("model_id", ID),
    _integer("step"),
    sa.UniqueConstraint("run", "model_id"),
)

# Logged models -------------------------------------------------------------------------------------------------------

logged_models = sa.Table(
    "hookline_logged_models",
    metadata,
    _identity(),
    _short("model_id", ID, unique=True),
    _owner("experiment", "experiments"),
    _text("name"),
    _text("artifact_uri"),
    _text("status"),
    _text("status_message", nullable=True),
    _short("lifecycle_stage", STAGE),
    _text("model_type", nullable=True),
    _text("source_run_id", nullable=True),
    _integer("creation_time"),
    _integer("last_update_time"),
    **_UNCLUSTERED,
)
sa.Index(
    "hookline_logged_models_by_time",
    logged_models.c.experiment,
    logged_models.c.lifecycle_stage,
    logged_models.c.creation_time.desc(),
    logged_models.c.model_id,
)


def _logged_model_entries(name: str) -> sa.Table:
    table = sa.Table(
        f"hookline_logged_model_{name}",
        metadata,
        _owner("model", "logged_models", primary_key=True),
        _key_text(),
        _text("value"),
        **_CLUSTERED,
    )
    _index_by_value(table, table.c.key)
    return table


logged_model_params = _logged_model_entries("params")
logged_model_tags = _logged_model_entries("tags")

# Registered models ---------------------------------------------------------------------------------------------------

registered_models = sa.Table(
    "hookline_registered_models",
    metadata,
    _identity(),
    _short("name", NAME, unique=True),
    _text("description"),
    _integer("creation_time"),
    _integer("last_update_time"),
    _integer("last_number"),
    **_UNCLUSTERED,
)
"""`last_number` is the highest number ever given to a version; it never goes down."""

registered_model_tags = sa.Table(
    "hookline_registered_model_tags",
    metadata,
    _owner("model", "registered_models", primary_key=True),
    _key_text(),
    _text("value"),
    **_CLUSTERED,
)

model_versions = sa.Table(
    "hookline_model_versions",
    metadata,
    _identity(),
    _owner("model", "registered_models"),
    _integer("number"),
    _text("source"),
    _short("run_id", ID, nullable=True),
    _text("model_id", nullable=True),
    _text("description"),
    _text("user_id"),
    _text("status"),
    _text("current_stage"),
    _integer("creation_time"),
    _integer("last_update_time"),
    sa.UniqueConstraint("model", "number"),
)
sa.Index("hookline_model_versions_by_run", model_versions.c.run_id)

model_version_tags = sa.Table(
    "hookline_model_version_tags",
    metadata,
    _owner("version", "model_versions", primary_key=True),
    _key_text(),
    _text("value"),
    **_CLUSTERED,
)

aliases = sa.Table(
    "hookline_aliases",
    metadata,
    _owner("model", "registered_models", primary_key=True),
    _short("alias", KEY, primary_key=True),
    _owner("version", "model_versions"),
    **_CLUSTERED,
)
sa.Index("hookline_aliases_by_version", aliases.c.version)

# What is gone --------------------------------------------------------------------------------------------------------

purged = sa.Table(
    "hookline_purged",
    metadata,
    _short("kind", STAGE, primary_key=True),
    _short("id", ID, primary_key=True),
    _text("artifact_uri", nullable=True),
    **_CLUSTERED,
)
"""Runs and logged models that were deleted for good, by their text ids; the URI is that of files yet to be removed."""

intakes = sa.Table("hookline_intakes", metadata, _short("intake_id", ID, primary_key=True), _integer("cursor"))
"""How many writes are stored of each log of such as a server answered for before."""

# Documents -----------------------------------------------------------------------------------------------------------

documents = sa.Table(
    "hookline_documents",
    metadata,
    _short("namespace", ID, primary_key=True),
    _short("key", NAME, primary_key=True),
    _integer("version"),
    _text("value"),
    **_CLUSTERED,
)
"""Small JSON values of plugins, as text."""
