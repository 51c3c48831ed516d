"""What runs read and made, in tables."""

import hashlib
import json
from collections.abc import Sequence

import sqlalchemy as sa
from attrs import asdict
from sqlalchemy.dialects.sqlite import insert

from hookline.entities import Dataset, DatasetInput, DatasetSummary, ModelInput, ModelOutput
from hookline.store_rules import DATASET_CONTEXT_TAG
from hookline_tracking_sql.base import Part, active_run, experiment_row_ids
from hookline_tracking_sql.schema import datasets, inputs, model_inputs, model_outputs
from hookline_tracking_sql.search.conditions import one_of


class InputPart(Part):
    """The datasets and models that runs read, and the models that they made."""

    def log_inputs(self, run_id: str, datasets: Sequence[DatasetInput], models: Sequence[ModelInput] = ()) -> None:
        """See `TrackingStore.log_inputs`."""
        with self._database.writing() as connection:
            set_inputs(connection, active_run(connection, run_id), datasets, models)

    def log_outputs(self, run_id: str, models: Sequence[ModelOutput]) -> None:
        """See `TrackingStore.log_outputs`."""
        with self._database.writing() as connection:
            set_outputs(connection, active_run(connection, run_id), models)

    def search_datasets(self, experiment_ids: Sequence[str]) -> Sequence[DatasetSummary]:
        """See `TrackingStore.search_datasets`."""
        experiments = experiment_row_ids(experiment_ids)
        wanted = inputs.c.experiment, inputs.c.name, inputs.c.digest, inputs.c.context
        found = sa.select(*wanted).where(one_of(inputs.c.experiment, experiments)).group_by(*wanted)
        with self._database.reading() as connection:
            rows = connection.execute(found.order_by(sa.func.min(inputs.c.id))).all()
        return [DatasetSummary(str(experiment), name, digest, context) for experiment, name, digest, context in rows]


def set_inputs(
    connection: sa.Connection, place: tuple[int, int], datasets: Sequence[DatasetInput], models: Sequence[ModelInput]
) -> None:
    """Note what a run read; it is given as the row ids of it and of its experiment."""
    for used in datasets:
        _set_input(connection, place, used)
    if models:
        connection.execute(
            insert(model_inputs).on_conflict_do_nothing(),
            [{"run": place[0], "model_id": used.model_id} for used in models],
        )


def set_outputs(connection: sa.Connection, place: tuple[int, int], models: Sequence[ModelOutput]) -> None:
    """Note the logged models that a run made."""
    if not models:
        return
    statement = insert(model_outputs)
    statement = statement.on_conflict_do_update(
        index_elements=[model_outputs.c.run, model_outputs.c.model_id], set_={"step": statement.excluded.step}
    )
    connection.execute(statement, [{"run": place[0], "model_id": made.model_id, "step": made.step} for made in models])


def _set_input(connection: sa.Connection, place: tuple[int, int], used: DatasetInput) -> None:
    run, experiment = place
    statement = insert(inputs).values(
        run=run,
        experiment=experiment,
        name=used.dataset.name,
        digest=used.dataset.digest,
        context=used.tags.get(DATASET_CONTEXT_TAG),
        tags=json.dumps(dict(used.tags)),
        dataset=_dataset_row(connection, used.dataset),
    )
    replaced = {name: statement.excluded[name] for name in ("context", "tags", "dataset")}
    unique = [inputs.c.run, inputs.c.name, inputs.c.digest]
    connection.execute(statement.on_conflict_do_update(index_elements=unique, set_=replaced))


def _dataset_row(connection: sa.Connection, dataset: Dataset) -> int:
    """Return the row id of a dataset's description, which all runs that read the same share."""
    described = asdict(dataset)
    fingerprint = hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()
    connection.execute(insert(datasets).values(fingerprint=fingerprint, **described).on_conflict_do_nothing())
    row: int = connection.execute(sa.select(datasets.c.id).where(datasets.c.fingerprint == fingerprint)).scalar_one()
    return row
