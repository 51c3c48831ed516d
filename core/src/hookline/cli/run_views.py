"""Runs as tables: which columns they have, what a single one shows, and several side by side."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

from hookline.cli.output import SHORT_ID, duration, exact, moment, on_terminal, side_by_side
from hookline.entities import SYSTEM_PREFIX, DatasetInput, LoggedModel, RunRecord
from hookline.tables import printable

ATTRIBUTES = (
    "run_id",
    "name",
    "status",
    "started",
    "ended",
    "duration",
    "experiment_id",
    "user",
    "stage",
    "artifact_uri",
)
SHOWN_FIRST = ("run_id", "name", "status", "started")
KEYED = ("metrics", "params", "tags")
SYSTEM = f"metrics.{SYSTEM_PREFIX}"
"""What the columns start with that are shown only where they are asked for: the load of the machine."""


def run_rows(runs: Iterable[RunRecord]) -> list[dict[str, Any]]:
    """Return a flat row for each run: its attributes, then `metrics.KEY`, `params.KEY` and `tags.KEY`."""
    return [
        {
            **_attributes(run),
            **{f"{kind}.{key}": value for kind in KEYED for key, value in getattr(run.data, kind).items()},
        }
        for run in runs
    ]


def _attributes(run: RunRecord) -> dict[str, Any]:
    info = run.info
    status = f"{info.status.value} ({info.status_reason})" if info.status_reason else info.status.value
    values = (info.experiment_id, info.user_id, info.lifecycle_stage.value, info.artifact_uri)
    times = (moment(info.start_time), moment(info.end_time), duration(info.start_time, info.end_time))
    return dict(zip(ATTRIBUTES, (info.run_id, info.run_name, status, *times, *values), strict=True))


def run_columns(runs: Iterable[RunRecord], wanted: str | None, question: str = "") -> list[str]:
    """Return which columns to show: those asked for, with commas between them, or what people look at first.

    Args:
        question: the text of the filter and the order; what it names comes before the other metrics and params, and
            metrics of the system that it does not name are left out.
    """
    if wanted is None:
        keys = {
            kind: sorted({key for run in runs for key in getattr(run.data, kind)}) for kind in ("metrics", "params")
        }
        keyed = [f"{kind}.{key}" for kind, found in keys.items() for key in found]
        named = question.replace("`", "").replace('"', "")
        shown = (column for column in keyed if column in named or not column.startswith(SYSTEM))
        return [*SHOWN_FIRST, *sorted(shown, key=lambda column: column not in named)]
    columns = [each.strip() for each in wanted.split(",") if each.strip()]
    if not columns:
        raise click.BadParameter("it names no column.", param_hint="--columns")
    for column in columns:
        if column not in ATTRIBUTES and not column.startswith(tuple(f"{kind}." for kind in KEYED)):
            allowed = ", ".join([*ATTRIBUTES, *(f"{kind}.KEY" for kind in KEYED)])
            raise click.BadParameter(f"there is no column {column!r}; there are {allowed}.", param_hint="--columns")
    return columns


def as_csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Return rows as comma-separated values, headings first; for a terminal in printable characters only."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_csv_cell(row.get(column)) for column in columns] for row in rows)
    return text.getvalue()


def _csv_cell(value: Any) -> str:
    return printable(exact(value)) if on_terminal() else exact(value)


def run_summary(run: RunRecord) -> dict[str, Any]:
    """Return what to say of a run that has just ended: which it is, how it went, and its metrics."""
    kept = ("run_id", "name", "status", "duration")
    return {**{key: _attributes(run)[key] for key in kept}, "metrics": run.data.measured}


def run_fields(
    run: RunRecord, models: Mapping[str, LoggedModel], refused: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """Return all that is known of a run, as a person reads it; `refused` is what the store did not take."""
    return {
        **_attributes(run),
        **({"refused": [f"{each['record']}: {each['reason']}" for each in refused]} if refused else {}),
        "metrics": run.data.metrics,
        "params": run.data.params,
        "datasets": [_dataset(each) for each in run.inputs.datasets],
        "models": [f"{name} ({model.model_id})" for name, model in models.items()],
        "tags": run.data.tags,
    }


def _dataset(used: DatasetInput) -> str:
    context = used.tags.get("mlflow.data.context")
    return f"{used.dataset.name} ({used.dataset.digest}{f', {context}' if context else ''})"


def comparison(runs: Sequence[RunRecord]) -> dict[str, Any]:
    """Return runs side by side, as data: by kind and key, the value of each run (None where it has none)."""
    sides: dict[str, Any] = {"runs": [run.info for run in runs]}
    for kind in ("params", "metrics"):
        keys = sorted({key for run in runs for key in getattr(run.data, kind)})
        sides[kind] = {key: {run.info.run_id: getattr(run.data, kind).get(key) for run in runs} for key in keys}
    return sides


def compared_rows(runs: Sequence[RunRecord], heads: Sequence[str], everything: bool) -> list[dict[str, Any]]:
    """Return a row for each attribute, param and metric in which the runs differ, a column for each run.

    Metrics of the system, which always differ, are among them only with `everything`.
    """
    flat = [{key: value for key, value in row.items() if _is_compared(key, everything)} for row in run_rows(runs)]
    return side_by_side(heads, flat, everything)


def _is_compared(column: str, everything: bool) -> bool:
    if column.startswith(SYSTEM):
        return everything
    return column in ("name", "status", "started", "duration") or column.startswith(("metrics.", "params."))


def short_ids(ids: Sequence[str]) -> list[str]:
    """Return the first digits of ids, enough of them to tell the ids apart."""
    size = SHORT_ID
    while size < max(map(len, ids)) and len({each[:size] for each in ids}) < len(set(ids)):
        size += 1
    return [each[:size] for each in ids]
