"""The tables of MLflow 1.x to 3.x, whichever system keeps them."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from math import nan
from operator import itemgetter
from typing import Any

from hookline.entities import (
    Dataset,
    DatasetInput,
    LifecycleStage,
    Metric,
    ModelInput,
    ModelOutput,
    ModelStatus,
    Points,
    RunStatus,
)
from hookline.errors import InvalidValue
from hookline_import_mlflow.source import (
    DELETED,
    Source,
    SourceExperiment,
    SourceLoggedModel,
    SourceModel,
    SourceRun,
    SourceVersion,
    columns,
)

BLOCK = 100_000
_MODEL_STATUS = {1: ModelStatus.PENDING, 2: ModelStatus.READY, 3: ModelStatus.UPLOAD_FAILED}
# `key` is a word of some systems' own, and a column where it is quoted.
_TEXTS = {
    "experiment_tags": 'SELECT "key", value FROM experiment_tags WHERE experiment_id = ?',
    "params": 'SELECT "key", value FROM params WHERE run_uuid = ?',
    "tags": 'SELECT "key", value FROM tags WHERE run_uuid = ?',
    "logged_model_params": (
        'SELECT param_key AS "key", param_value AS value FROM logged_model_params WHERE model_id = ?'
    ),
    "logged_model_tags": 'SELECT tag_key AS "key", tag_value AS value FROM logged_model_tags WHERE model_id = ?',
    "registered_model_tags": 'SELECT "key", value FROM registered_model_tags WHERE name = ?',
}
Row = dict[str, Any]


class DatabaseSource(Source):
    """A database of MLflow's. Whoever opens it begins to read one state of it, which is read to the end.

    Args:
        shown: what it is called in messages. tables: the names of all tables.

    Raises:
        InvalidValue: the tables are not those of MLflow.
    """

    _points_of_run = (
        'SELECT "key", step, timestamp, CASE WHEN is_nan THEN NULL ELSE value END FROM metrics WHERE run_uuid = ? '
        'ORDER BY "key", timestamp, step, value, is_nan'
    )

    def __init__(self, shown: str, tables: frozenset[str]) -> None:
        if not {"experiments", "runs", "metrics", "alembic_version"} <= tables:
            raise InvalidValue(f"{shown} holds no tables of MLflow.")
        self.shown, self._tables = shown, tables

    @abstractmethod
    def _rows(self, asked: str, *values: object) -> list[Row]:
        """Return what a statement finds; its values stand at the `?`."""

    @abstractmethod
    def _stream(self, asked: str, *values: object) -> Iterator[tuple[Any, ...]]:
        """Yield what a statement finds without holding all of it; nothing else is asked before it has ended."""

    def experiments(self) -> Sequence[SourceExperiment]:
        """Return all experiments."""
        return [
            SourceExperiment(
                str(row["experiment_id"]),
                row["name"],
                row.get("artifact_location") or "",
                LifecycleStage(row.get("lifecycle_stage") or "active"),
                self._texts("experiment_tags", row["experiment_id"]),
            )
            for row in self._rows("SELECT * FROM experiments ORDER BY experiment_id")
        ]

    def runs(self, experiment_id: str) -> Iterator[SourceRun]:
        """Yield the runs of an experiment."""
        for row in self._rows("SELECT * FROM runs WHERE experiment_id = ? ORDER BY start_time", int(experiment_id)):
            run_id = row["run_uuid"]
            yield SourceRun(
                run_id=run_id,
                experiment_id=experiment_id,
                name=row.get("name") or "",
                user_id=row.get("user_id") or "",
                status=RunStatus(row["status"] or "FINISHED"),
                start_time=row["start_time"] or 0,
                end_time=row["end_time"],
                lifecycle_stage=LifecycleStage(row["lifecycle_stage"] or "active"),
                artifact_uri=row["artifact_uri"] or "",
                params=self._texts("params", run_id),
                tags=self._texts("tags", run_id),
                datasets=tuple(self._datasets(run_id)),
                model_inputs=tuple(ModelInput(each["destination_id"]) for each in self._links("RUN_INPUT", run_id)),
                model_outputs=tuple(
                    ModelOutput(each["destination_id"], each.get("step") or 0)
                    for each in self._links("RUN_OUTPUT", run_id)
                ),
                measured=tuple(self._measured(run_id)),
            )

    def points(self, run: SourceRun) -> Iterator[Points]:
        """Yield the points of a run; an infinity was stored as the greatest number, and comes as that."""
        taken = {(each.key, each.step, each.timestamp, each.value) for each in run.measured}
        rows = self._stream(self._points_of_run, run.run_id)
        for key, series in groupby(rows, itemgetter(0)):
            block: list[tuple[int, int, float]] = []
            for _key, step, timestamp, value in series:
                number = nan if value is None else value
                if not taken or (key, step, timestamp, number) not in taken:
                    block.append((step, timestamp, number))
                if len(block) == BLOCK:
                    yield columns(key, block)
                    block = []
            if block:
                yield columns(key, block)

    def logged_models(self, experiment_id: str) -> Iterator[SourceLoggedModel]:
        """Yield the logged models of an experiment."""
        if "logged_models" not in self._tables:
            return
        for row in self._rows("SELECT * FROM logged_models WHERE experiment_id = ?", int(experiment_id)):
            model_id = row["model_id"]
            yield SourceLoggedModel(
                model_id=model_id,
                experiment_id=experiment_id,
                name=row["name"],
                status=_MODEL_STATUS.get(row["status"], ModelStatus.READY),
                lifecycle_stage=LifecycleStage(row["lifecycle_stage"] or "active"),
                model_type=row["model_type"] or None,
                source_run_id=row["source_run_id"] or None,
                creation_time=row["creation_timestamp_ms"],
                artifact_uri=row["artifact_location"] or "",
                params=self._texts("logged_model_params", model_id),
                tags=self._texts("logged_model_tags", model_id),
            )

    def models(self) -> Iterator[SourceModel]:
        """Yield the registered models."""
        if "registered_models" not in self._tables:
            return
        for row in self._rows("SELECT * FROM registered_models ORDER BY name"):
            name = row["name"]
            aliases: list[Row] = []
            if "registered_model_aliases" in self._tables:
                aliases = self._rows("SELECT * FROM registered_model_aliases WHERE name = ?", name)
            found = self._rows("SELECT * FROM model_versions WHERE name = ? ORDER BY version", name)
            yield SourceModel(
                name=name,
                description=row.get("description") or "",
                tags=self._texts("registered_model_tags", name),
                aliases={each["alias"]: each["version"] for each in aliases},
                versions=tuple(self._version(each) for each in found if each["current_stage"] != DELETED),
            )

    def _version(self, row: Row) -> SourceVersion:
        tags: Mapping[str, str] = {}
        if "model_version_tags" in self._tables:
            asked = 'SELECT "key", value FROM model_version_tags WHERE name = ? AND version = ?'
            tags = {each["key"]: each["value"] or "" for each in self._rows(asked, row["name"], row["version"])}
        source = row["source"] or ""
        return SourceVersion(
            version=row["version"],
            source=source,
            run_id=row["run_id"] or None,
            model_id=source.removeprefix("models:/").partition("/")[0] if source.startswith("models:/m-") else None,
            description=row.get("description") or "",
            user_id=row.get("user_id") or "",
            stage=row["current_stage"] or "None",
            tags=tags,
        )

    def _datasets(self, run_id: str) -> Iterator[DatasetInput]:
        if "inputs" not in self._tables:
            return
        asked = (
            "SELECT datasets.*, inputs.input_uuid FROM inputs "
            "JOIN datasets ON datasets.dataset_uuid = inputs.source_id "
            "WHERE inputs.source_type = 'DATASET' AND inputs.destination_type = 'RUN' AND inputs.destination_id = ?"
        )
        for row in self._rows(asked, run_id):
            tags = self._rows("SELECT name, value FROM input_tags WHERE input_uuid = ?", row["input_uuid"])
            yield DatasetInput(
                Dataset(
                    row["name"],
                    row["digest"],
                    row["dataset_source_type"],
                    row["dataset_source"],
                    row["dataset_schema"] or None,
                    row["dataset_profile"] or None,
                ),
                {each["name"]: each["value"] for each in tags},
            )

    def _links(self, kind: str, run_id: str) -> list[Row]:
        if "inputs" not in self._tables:
            return []
        return self._rows("SELECT * FROM inputs WHERE source_type = ? AND source_id = ?", kind, run_id)

    def _measured(self, run_id: str) -> Iterator[Metric]:
        if "logged_model_metrics" not in self._tables:
            return
        for row in self._rows("SELECT * FROM logged_model_metrics WHERE run_id = ?", run_id):
            value = nan if row["metric_value"] is None else row["metric_value"]
            yield Metric(
                *(row["metric_name"], value, row["metric_step"], row["metric_timestamp_ms"]),
                *(row["model_id"], row["dataset_name"] or None, row["dataset_digest"] or None),
            )

    def _texts(self, table: str, owner: object) -> dict[str, str]:
        if table not in self._tables:
            return {}
        return {row["key"]: row["value"] or "" for row in self._rows(_TEXTS[table], owner)}
