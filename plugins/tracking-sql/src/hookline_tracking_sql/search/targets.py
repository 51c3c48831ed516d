"""What can be searched: which column or table stands for each field of the core's vocabularies.

Runs, of which there may be millions, have plans of their own: `hookline_tracking_sql.search.run_plans`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from attrs import field, frozen

from hookline.search.syntax import Entity
from hookline_tracking_sql import schema
from hookline_tracking_sql.keys import key_id

Column = sa.ColumnElement[Any]


@frozen
class Keyed:
    """A table with rows by owner and key: metrics, params, tags.

    Attributes:
        owner: the column that refers to what is searched, and `thing` the column that it refers to.
        value: the column with the value.
        has_key: the condition that a row is of a key.
        prefixed: whether an index holds the start of the value.
        number: whether a value that is NULL is NaN.
    """

    owner: Column
    thing: Column
    value: Column
    has_key: Callable[[str], Column]
    prefixed: bool = False
    number: bool = False


@frozen
class Target:
    """What one kind of search looks at.

    Attributes:
        source: the table, joined with those that its columns come from; one row for each thing.
        columns: what a search returns. attributes: by the vocabulary's canonical names.
        sorted_by: where an attribute orders by another column than it is compared by.
    """

    source: sa.FromClause
    columns: Sequence[Column]
    attributes: Mapping[str, Column]
    keyed: Mapping[Entity, Keyed]
    lifecycle: Column | None = None
    sorted_by: Mapping[str, Column] = field(factory=dict)


def _entries(owner: "sa.Column[int]", things: sa.Table, *, prefixed: bool = False) -> Keyed:
    table = owner.table
    return Keyed(
        owner,
        things.c.id,
        value=table.c.value,
        has_key=lambda key: table.c.key == key,
        prefixed=prefixed,
    )


_MODEL_METRICS = Keyed(
    schema.model_points.c.model_id,
    schema.logged_models.c.model_id,
    value=schema.model_points.c.value,
    has_key=lambda key: schema.model_points.c.key == key_id(key),
    number=True,
)

EXPERIMENTS = Target(
    source=schema.experiments,
    columns=tuple(schema.experiments.c),
    attributes={
        "name": schema.experiments.c.name,
        "experiment_id": sa.cast(schema.experiments.c.id, sa.Text),
        "creation_time": schema.experiments.c.creation_time,
        "last_update_time": schema.experiments.c.last_update_time,
    },
    sorted_by={"experiment_id": schema.experiments.c.id},
    keyed={Entity.TAG: _entries(schema.experiment_tags.c.experiment, schema.experiments)},
    lifecycle=schema.experiments.c.lifecycle_stage,
)

REGISTERED_MODELS = Target(
    source=schema.registered_models,
    columns=tuple(schema.registered_models.c),
    attributes={
        "name": schema.registered_models.c.name,
        "creation_timestamp": schema.registered_models.c.creation_time,
        "last_updated_timestamp": schema.registered_models.c.last_update_time,
    },
    keyed={Entity.TAG: _entries(schema.registered_model_tags.c.model, schema.registered_models)},
)

MODEL_VERSIONS = Target(
    source=schema.model_versions.join(schema.registered_models),
    columns=(*schema.model_versions.c, schema.registered_models.c.name),
    attributes={
        "name": schema.registered_models.c.name,
        "run_id": schema.model_versions.c.run_id,
        "source_path": schema.model_versions.c.source,
        "version_number": schema.model_versions.c.number,
        "creation_timestamp": schema.model_versions.c.creation_time,
        "last_updated_timestamp": schema.model_versions.c.last_update_time,
    },
    keyed={Entity.TAG: _entries(schema.model_version_tags.c.version, schema.model_versions)},
)

LOGGED_MODELS = Target(
    source=schema.logged_models,
    columns=tuple(schema.logged_models.c),
    attributes={
        "name": schema.logged_models.c.name,
        "model_id": schema.logged_models.c.model_id,
        "model_type": schema.logged_models.c.model_type,
        "status": schema.logged_models.c.status,
        "source_run_id": schema.logged_models.c.source_run_id,
        "creation_timestamp": schema.logged_models.c.creation_time,
        "last_updated_timestamp": schema.logged_models.c.last_update_time,
    },
    keyed={
        Entity.METRIC: _MODEL_METRICS,
        Entity.PARAM: _entries(schema.logged_model_params.c.model, schema.logged_models, prefixed=True),
        Entity.TAG: _entries(schema.logged_model_tags.c.model, schema.logged_models, prefixed=True),
    },
    lifecycle=schema.logged_models.c.lifecycle_stage,
)
