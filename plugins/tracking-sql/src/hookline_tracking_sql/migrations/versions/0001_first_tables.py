"""The first tables.

What this file makes is frozen: `hookline_tracking_sql.schema`, which says what the tables mean, moves on without it.
The types and triggers that it imports keep their meaning.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from hookline_tracking_sql.column_types import BYTES, LONG_TEXT, ROW_ID, Number, short_text
from hookline_tracking_sql.triggers import counting_triggers

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_UNCLUSTERED: dict[str, Any] = {"sqlite_autoincrement": True}
_CLUSTERED: dict[str, Any] = {"sqlite_with_rowid": False}

_STAGE, _ID, _KEY, _NAME = (short_text(length) for length in (32, 100, 255, 500))


def upgrade() -> None:
    """Make all tables and indexes."""
    op.create_table("hookline_keys", _identity(), _unique_text("name", _KEY))
    _experiments()
    _runs()
    _writers()
    _segments()
    _series()
    _inputs()
    _logged_models()
    _registered_models()
    op.create_table(
        "hookline_purged",
        _key_text("kind", _STAGE),
        _key_text("id", _ID),
        _text("artifact_uri", nullable=True),
        **_CLUSTERED,
    )
    op.create_table(
        "hookline_documents",
        _key_text("namespace", _ID),
        _key_text("key", _NAME),
        _integer("version"),
        _text("value"),
        **_CLUSTERED,
    )


def downgrade() -> None:
    """There is nothing older."""
    raise NotImplementedError("there is no older schema")


def _experiments() -> None:
    op.create_table(
        "hookline_experiments",
        _identity(),
        _unique_text("name", _NAME),
        _text("artifact_location"),
        _short("lifecycle_stage", _STAGE),
        _integer("creation_time"),
        _integer("last_update_time"),
        **_UNCLUSTERED,
    )
    _tags_of("experiment", "experiment", "experiments")


def _runs() -> None:
    op.create_table(
        "hookline_runs",
        _identity(),
        _unique_text("run_id", _ID),
        _owner("experiment", "experiments"),
        _text("name"),
        _text("user_id"),
        _text("status"),
        _integer("start_time"),
        _integer("end_time", nullable=True),
        _short("lifecycle_stage", _STAGE),
        _text("artifact_uri"),
        _integer("deleted_time", nullable=True),
        **_UNCLUSTERED,
    )
    by_time: list[Any] = ["experiment", "lifecycle_stage", sa.text("start_time DESC"), "run_id"]
    op.create_index("hookline_runs_by_time", "hookline_runs", by_time)
    for name in ("params", "tags"):
        op.create_table(
            f"hookline_{name}",
            _owner("run", "runs", primary_key=True),
            _key(primary_key=True),
            sa.Column("experiment", ROW_ID, nullable=False),
            _text("value"),
            **_CLUSTERED,
        )
        _index_by_value(f"hookline_{name}", "experiment", "key")


def _writers() -> None:
    op.create_table(
        "hookline_writers",
        _identity(),
        _owner("run", "runs"),
        _short("writer_id", _ID),
        *(_integer(name) for name in ("cursor", "points", "checksum")),
        sa.Column("sealed", sa.Boolean(create_constraint=False), nullable=False),
        *(_text(name, nullable=True) for name in ("host", "boot_id", "process")),
        _integer("renewed_at", nullable=True),
        sa.Column("is_primary", sa.Boolean(create_constraint=False), nullable=True),
        sa.UniqueConstraint("run", "writer_id"),
    )


def _segments() -> None:
    place = ("timestamp", "step", "ordinal")
    op.create_table(
        "hookline_segments",
        _owner("run", "runs", primary_key=True),
        _key(primary_key=True),
        *(_key_integer(name, sa.BigInteger()) for name in place),
        _integer("count"),
        _bytes("facts"),
        *(_bytes(name) for name in ("numbers", "steps", "timestamps")),
        **_CLUSTERED,
    )
    whole = ["run", "key", *place]
    op.create_table(
        "hookline_blocks",
        *(_key_integer(name, ROW_ID) for name in ("run", "key")),
        *(_key_integer(name, sa.BigInteger()) for name in place),
        *(_bytes(name) for name in ("numbers", "steps", "timestamps", "outline")),
        sa.ForeignKeyConstraint(whole, [f"hookline_segments.{name}" for name in whole], ondelete="CASCADE"),
    )


def _series() -> None:
    op.create_table(
        "hookline_series",
        _owner("run", "runs", primary_key=True),
        _key(primary_key=True),
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
    op.create_index("hookline_series_by_value", "hookline_series", ["experiment", "key", "last_value"])
    op.create_table(
        "hookline_run_keys",
        _owner("experiment", "experiments", primary_key=True),
        _key_text("kind", _STAGE),
        _key(primary_key=True),
        _integer("runs"),
        **_CLUSTERED,
    )
    for name, kind in (("series", "metric"), ("params", "param"), ("tags", "tag")):
        for trigger in counting_triggers(f"hookline_{name}", kind, op.get_context().dialect.name):
            op.execute(trigger)
    op.create_table(
        "hookline_model_points",
        _identity(),
        _short("model_id", _ID),
        _key(),
        _owner("run", "runs"),
        _short("dataset_name", _NAME),
        _short("dataset_digest", _ID),
        _number("value"),
        _integer("step"),
        _integer("timestamp"),
        sa.UniqueConstraint("model_id", "key", "run", "dataset_name", "dataset_digest"),
    )
    op.create_index("hookline_model_points_by_run", "hookline_model_points", ["run"])


def _inputs() -> None:
    op.create_table(
        "hookline_datasets",
        _identity(),
        _unique_text("fingerprint", _ID),
        _text("name"),
        _text("digest"),
        _text("source_type"),
        _text("source"),
        _text("schema", nullable=True),
        _text("profile", nullable=True),
    )
    op.create_table(
        "hookline_inputs",
        _identity(),
        _owner("run", "runs"),
        sa.Column("experiment", ROW_ID, nullable=False),
        _short("name", _NAME),
        _short("digest", _ID),
        _text("context", nullable=True),
        _text("tags"),
        sa.Column("dataset", ROW_ID, sa.ForeignKey("hookline_datasets.id"), nullable=False),
        sa.UniqueConstraint("run", "name", "digest"),
    )
    op.create_index("hookline_inputs_by_experiment", "hookline_inputs", ["experiment", "name"])
    for name, more in (("inputs", []), ("outputs", [_integer("step")])):
        op.create_table(
            f"hookline_model_{name}",
            _identity(),
            _owner("run", "runs"),
            _short("model_id", _ID),
            *more,
            sa.UniqueConstraint("run", "model_id"),
        )


def _logged_models() -> None:
    op.create_table(
        "hookline_logged_models",
        _identity(),
        _unique_text("model_id", _ID),
        _owner("experiment", "experiments"),
        _text("name"),
        _text("artifact_uri"),
        _text("status"),
        _text("status_message", nullable=True),
        _short("lifecycle_stage", _STAGE),
        _text("model_type", nullable=True),
        _text("source_run_id", nullable=True),
        _integer("creation_time"),
        _integer("last_update_time"),
        **_UNCLUSTERED,
    )
    by_time: list[Any] = ["experiment", "lifecycle_stage", sa.text("creation_time DESC"), "model_id"]
    op.create_index("hookline_logged_models_by_time", "hookline_logged_models", by_time)
    for name in ("params", "tags"):
        table = f"hookline_logged_model_{name}"
        op.create_table(
            table, _owner("model", "logged_models", primary_key=True), _key_text(), _text("value"), **_CLUSTERED
        )
        _index_by_value(table, "key")


def _registered_models() -> None:
    op.create_table(
        "hookline_registered_models",
        _identity(),
        _unique_text("name", _NAME),
        _text("description"),
        _integer("creation_time"),
        _integer("last_update_time"),
        _integer("last_number"),
        **_UNCLUSTERED,
    )
    op.create_table(
        "hookline_model_versions",
        _identity(),
        _owner("model", "registered_models"),
        _integer("number"),
        _text("source"),
        _short("run_id", _ID, nullable=True),
        _text("model_id", nullable=True),
        *(_text(name) for name in ("description", "user_id", "status", "current_stage")),
        _integer("creation_time"),
        _integer("last_update_time"),
        sa.UniqueConstraint("model", "number"),
    )
    op.create_index("hookline_model_versions_by_run", "hookline_model_versions", ["run_id"])
    _tags_of("registered_model", "model", "registered_models")
    _tags_of("model_version", "version", "model_versions")
    op.create_table(
        "hookline_aliases",
        _owner("model", "registered_models", primary_key=True),
        _key_text("alias"),
        _owner("version", "model_versions"),
        **_CLUSTERED,
    )
    op.create_index("hookline_aliases_by_version", "hookline_aliases", ["version"])


def _tags_of(name: str, column: str, owners: str) -> None:
    op.create_table(
        f"hookline_{name}_tags", _owner(column, owners, primary_key=True), _key_text(), _text("value"), **_CLUSTERED
    )


def _index_by_value(table: str, *columns: str) -> None:
    if op.get_context().dialect.name == "mysql":
        op.create_index(f"{table}_by_value", table, [*columns, "value"], mysql_length={"value": 100})
    else:
        op.create_index(f"{table}_by_value", table, [*columns, sa.text("substr(value, 1, 100)")])


def _identity() -> "sa.Column[int]":
    return sa.Column("id", ROW_ID, primary_key=True)


def _owner(name: str, target: str, *, primary_key: bool = False) -> "sa.Column[int]":
    reference = sa.ForeignKey(f"hookline_{target}.id", ondelete="CASCADE")
    return sa.Column(name, ROW_ID, reference, primary_key=primary_key, nullable=False)


def _key(*, primary_key: bool = False) -> "sa.Column[int]":
    return sa.Column("key", ROW_ID, sa.ForeignKey("hookline_keys.id"), primary_key=primary_key, nullable=False)


def _key_text(name: str = "key", kind: Any = _KEY) -> "sa.Column[str]":
    return sa.Column(name, kind, primary_key=True, nullable=False)


def _unique_text(name: str, kind: Any) -> "sa.Column[str]":
    return sa.Column(name, kind, unique=True, nullable=False)


def _text(name: str, *, nullable: bool = False) -> "sa.Column[str]":
    return sa.Column(name, LONG_TEXT, nullable=nullable)


def _short(name: str, kind: Any, *, nullable: bool = False) -> "sa.Column[str]":
    return sa.Column(name, kind, nullable=nullable)


def _integer(name: str, *, nullable: bool = False) -> "sa.Column[int]":
    return sa.Column(name, sa.BigInteger, nullable=nullable)


def _key_integer(name: str, kind: Any) -> "sa.Column[int]":
    return sa.Column(name, kind, primary_key=True, nullable=False, autoincrement=False)


def _bytes(name: str) -> "sa.Column[bytes]":
    return sa.Column(name, BYTES, nullable=True)


def _number(name: str) -> "sa.Column[float]":
    return sa.Column(name, Number(), nullable=True)
