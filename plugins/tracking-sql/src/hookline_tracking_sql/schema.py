"""The tables of the store, as SQLAlchemy Core describes them. `migrations/` leads every older database here.

A column named after a thing (`run`, `experiment`) holds the integer id of its row; a column that ends in `_id`
(`run_id`, `model_id`) holds the text that clients know. Times are milliseconds since the Unix epoch. A metric's value
that is NULL is NaN, which not every database can store or compare.
"""

from itertools import product

import sqlalchemy as sa

from hookline_tracking_sql.column_types import BYTES, ROW_ID
from hookline_tracking_sql.dialects.base import VERSION_TABLE
from hookline_tracking_sql.table_parts import (
    CLUSTERED,
    ID,
    KEY,
    NAME,
    PLACE,
    STAGE,
    UNCLUSTERED,
    identity,
    index_by_value,
    integer,
    key,
    key_text,
    number,
    owner,
    packed,
    place,
    short,
    text,
)
from hookline_tracking_sql.triggers import SYSTEMS, counting_triggers

SCHEMA_VERSIONS = ("0001", "0002", "0003")
"""All revisions of the schema, oldest first; the last one is what this module describes."""
HEAD = SCHEMA_VERSIONS[-1]

metadata = sa.MetaData()

schema_version = sa.Table(
    VERSION_TABLE,
    metadata,
    sa.Column("version_num", sa.String(32), nullable=False),
    sa.PrimaryKeyConstraint("version_num", name="hookline_schema_pkc"),
)
"""One row: the revision of the schema. Names and types are those that Alembic gives to its table."""

keys = sa.Table("hookline_keys", metadata, identity(), short("name", KEY, unique=True))
"""The names of metrics, params and tags of runs; other tables hold their ids."""

# Experiments ---------------------------------------------------------------------------------------------------------

experiments = sa.Table(
    "hookline_experiments",
    metadata,
    identity(),
    short("name", NAME, unique=True),
    text("artifact_location"),
    short("lifecycle_stage", STAGE),
    integer("creation_time"),
    integer("last_update_time"),
    **UNCLUSTERED,
)

experiment_tags = sa.Table(
    "hookline_experiment_tags",
    metadata,
    owner("experiment", "experiments", primary_key=True),
    key_text(),
    text("value"),
    **CLUSTERED,
)

# Runs ----------------------------------------------------------------------------------------------------------------

runs = sa.Table(
    "hookline_runs",
    metadata,
    identity(),
    short("run_id", ID, unique=True),
    owner("experiment", "experiments"),
    text("name"),
    text("user_id"),
    text("status"),
    integer("start_time"),
    integer("end_time", nullable=True),
    short("lifecycle_stage", STAGE),
    text("artifact_uri"),
    integer("deleted_time", nullable=True),
    **UNCLUSTERED,
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
        owner("run", "runs", primary_key=True),
        key(),
        sa.Column("experiment", ROW_ID, nullable=False),
        text("value"),
        **CLUSTERED,
    )
    index_by_value(table, table.c.experiment, table.c.key)
    return table


params = _entries("params")
tags = _entries("tags")

writers = sa.Table(
    "hookline_writers",
    metadata,
    identity(),
    owner("run", "runs"),
    short("writer_id", ID),
    integer("cursor"),
    integer("points"),
    integer("checksum"),
    sa.Column("sealed", sa.Boolean(create_constraint=False), nullable=False),
    text("host", nullable=True),
    text("boot_id", nullable=True),
    text("process", nullable=True),
    integer("renewed_at", nullable=True),
    sa.Column("is_primary", sa.Boolean(create_constraint=False), nullable=True),
    sa.UniqueConstraint("run", "writer_id"),
)
"""The writers of runs with their cursors and leases: see `hookline.entities.Writer`."""


segments = sa.Table(
    "hookline_segments",
    metadata,
    owner("run", "runs", primary_key=True),
    key(),
    *place(),
    integer("count"),
    sa.Column("facts", BYTES, nullable=True),
    *packed(),
    **CLUSTERED,
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
    *place(),
    *packed(),
    sa.Column("outline", BYTES, nullable=True),
    sa.ForeignKeyConstraint(
        ["run", "key", *PLACE], [segments.c[name] for name in ("run", "key", *PLACE)], ondelete="CASCADE"
    ),
)
"""The packed columns of long segments; each goes with its segment."""

overviews = sa.Table(
    "hookline_overviews",
    metadata,
    owner("run", "runs", primary_key=True),
    key(),
    short("axis", STAGE, primary_key=True),
    *(integer(name) for name in (*PLACE, "count")),
    sa.Column("packed", BYTES, nullable=False),
)
"""What the full segments of a series hold along an axis of its charts: see `hookline_tracking_sql.overviews`.

`timestamp`, `step` and `ordinal` are those of the last segment, `count` is how many points all of them have.
"""

series = sa.Table(
    "hookline_series",
    metadata,
    owner("run", "runs", primary_key=True),
    key(),
    sa.Column("experiment", ROW_ID, nullable=False),
    integer("count"),
    number("last_value"),
    integer("last_step"),
    integer("last_timestamp"),
    number("min_value"),
    integer("min_step", nullable=True),
    number("max_value"),
    integer("max_step", nullable=True),
    integer("loose"),
    **CLUSTERED,
)
"""One row for each series: its latest point by rank; least and greatest value leave NaN out and may be NULL. `loose` is
how many segments came in since its segments were last merged."""
sa.Index("hookline_series_by_value", series.c.experiment, series.c.key, series.c.last_value)

run_keys = sa.Table(
    "hookline_run_keys",
    metadata,
    owner("experiment", "experiments", primary_key=True),
    short("kind", STAGE, primary_key=True),
    key(),
    integer("runs"),
    **CLUSTERED,
)
"""How many runs of an experiment have a key: counted by triggers, so that whoever writes, the count is right."""


for system, (table, kind) in product(SYSTEMS, ((series, "metric"), (params, "param"), (tags, "tag"))):
    for statement in counting_triggers(table.name, kind, system):
        sa.event.listen(metadata, "after_create", statement.execute_if(dialect=system))

model_points = sa.Table(
    "hookline_model_points",
    metadata,
    identity(),
    short("model_id", ID),
    key(primary_key=False),
    owner("run", "runs"),
    short("dataset_name", NAME),
    short("dataset_digest", ID),
    number("value"),
    integer("step"),
    integer("timestamp"),
    sa.UniqueConstraint("model_id", "key", "run", "dataset_name", "dataset_digest"),
)
"""The latest point for each logged model, metric, run and dataset ("" for none)."""
sa.Index("hookline_model_points_by_run", model_points.c.run)

# What runs read and made ---------------------------------------------------------------------------------------------

datasets = sa.Table(
    "hookline_datasets",
    metadata,
    identity(),
    short("fingerprint", ID, unique=True),
    text("name"),
    text("digest"),
    text("source_type"),
    text("source"),
    text("schema", nullable=True),
    text("profile", nullable=True),
)
"""Descriptions of datasets, shared by all runs; the fingerprint is a SHA-256 of all other columns."""

inputs = sa.Table(
    "hookline_inputs",
    metadata,
    identity(),
    owner("run", "runs"),
    sa.Column("experiment", ROW_ID, nullable=False),
    short("name", NAME),
    short("digest", ID),
    text("context", nullable=True),
    text("tags"),
    sa.Column("dataset", ROW_ID, sa.ForeignKey("hookline_datasets.id"), nullable=False),
    sa.UniqueConstraint("run", "name", "digest"),
)
"""Which datasets a run read; `tags` is a JSON object, and `context` what it says the data was for."""
sa.Index("hookline_inputs_by_experiment", inputs.c.experiment, inputs.c.name)

model_inputs = sa.Table(
    "hookline_model_inputs",
    metadata,
    identity(),
    owner("run", "runs"),
    short("model_id", ID),
    sa.UniqueConstraint("run", "model_id"),
)

model_outputs = sa.Table(
    "hookline_model_outputs",
    metadata,
    identity(),
    owner("run", "runs"),
    short("model_id", ID),
    integer("step"),
    sa.UniqueConstraint("run", "model_id"),
)

# Logged models -------------------------------------------------------------------------------------------------------

logged_models = sa.Table(
    "hookline_logged_models",
    metadata,
    identity(),
    short("model_id", ID, unique=True),
    owner("experiment", "experiments"),
    text("name"),
    text("artifact_uri"),
    text("status"),
    text("status_message", nullable=True),
    short("lifecycle_stage", STAGE),
    text("model_type", nullable=True),
    text("source_run_id", nullable=True),
    integer("creation_time"),
    integer("last_update_time"),
    **UNCLUSTERED,
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
        owner("model", "logged_models", primary_key=True),
        key_text(),
        text("value"),
        **CLUSTERED,
    )
    index_by_value(table, table.c.key)
    return table


logged_model_params = _logged_model_entries("params")
logged_model_tags = _logged_model_entries("tags")

# Registered models ---------------------------------------------------------------------------------------------------

registered_models = sa.Table(
    "hookline_registered_models",
    metadata,
    identity(),
    short("name", NAME, unique=True),
    text("description"),
    integer("creation_time"),
    integer("last_update_time"),
    integer("last_number"),
    **UNCLUSTERED,
)
"""`last_number` is the highest number ever given to a version; it never goes down."""

registered_model_tags = sa.Table(
    "hookline_registered_model_tags",
    metadata,
    owner("model", "registered_models", primary_key=True),
    key_text(),
    text("value"),
    **CLUSTERED,
)

model_versions = sa.Table(
    "hookline_model_versions",
    metadata,
    identity(),
    owner("model", "registered_models"),
    integer("number"),
    text("source"),
    short("run_id", ID, nullable=True),
    text("model_id", nullable=True),
    text("description"),
    text("user_id"),
    text("status"),
    text("current_stage"),
    integer("creation_time"),
    integer("last_update_time"),
    sa.UniqueConstraint("model", "number"),
)
sa.Index("hookline_model_versions_by_run", model_versions.c.run_id)

model_version_tags = sa.Table(
    "hookline_model_version_tags",
    metadata,
    owner("version", "model_versions", primary_key=True),
    key_text(),
    text("value"),
    **CLUSTERED,
)

aliases = sa.Table(
    "hookline_aliases",
    metadata,
    owner("model", "registered_models", primary_key=True),
    short("alias", KEY, primary_key=True),
    owner("version", "model_versions"),
    **CLUSTERED,
)
sa.Index("hookline_aliases_by_version", aliases.c.version)

# What is gone --------------------------------------------------------------------------------------------------------

purged = sa.Table(
    "hookline_purged",
    metadata,
    short("kind", STAGE, primary_key=True),
    short("id", ID, primary_key=True),
    text("artifact_uri", nullable=True),
    **CLUSTERED,
)
"""Runs and logged models that were deleted for good, by their text ids; the URI is that of files yet to be removed."""

intakes = sa.Table("hookline_intakes", metadata, short("intake_id", ID, primary_key=True), integer("cursor"))
"""How many writes are stored of each log of such as a server answered for before."""

# Documents -----------------------------------------------------------------------------------------------------------

documents = sa.Table(
    "hookline_documents",
    metadata,
    short("namespace", ID, primary_key=True),
    short("key", NAME, primary_key=True),
    integer("version"),
    text("value"),
    **CLUSTERED,
)
"""Small JSON values of plugins, as text."""
