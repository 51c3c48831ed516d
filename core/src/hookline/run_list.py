"""Search results as a light sequence of runs, which becomes a pandas or Arrow table on request."""

import html
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, overload

from hookline.entities import RunRecord
from hookline.errors import NotSupported
from hookline.providers import resolve
from hookline.tables import aligned, printable

SHOWN_ROWS = 20


class RunList(Sequence[RunRecord]):
    """Runs in the order of the search. Shows itself as a table in a terminal and in a notebook."""

    def __init__(self, runs: Sequence[RunRecord]) -> None:
        self._runs = tuple(runs)

    @overload
    def __getitem__(self, index: int) -> RunRecord: ...

    @overload
    def __getitem__(self, index: slice) -> "RunList": ...

    def __getitem__(self, index: int | slice) -> "RunRecord | RunList":
        return RunList(self._runs[index]) if isinstance(index, slice) else self._runs[index]

    def __len__(self) -> int:
        return len(self._runs)

    def __iter__(self) -> Iterator[RunRecord]:
        return iter(self._runs)

    def to_columns(self) -> dict[str, list[Any]]:
        """Return a column for each attribute, metric, param and tag; a run that lacks one has None there.

        The names are MLflow's: `run_id`, `experiment_id`, `status`, `artifact_uri`, `start_time`, `end_time` (UTC
        datetimes), then `metrics.KEY`, `params.KEY` and `tags.KEY`.
        """
        columns: dict[str, list[Any]] = {
            "run_id": [run.info.run_id for run in self._runs],
            "experiment_id": [run.info.experiment_id for run in self._runs],
            "status": [run.info.status.value for run in self._runs],
            "artifact_uri": [run.info.artifact_uri for run in self._runs],
            "start_time": [_moment(run.info.start_time) for run in self._runs],
            "end_time": [_moment(run.info.end_time) for run in self._runs],
        }
        for kind in ("metrics", "params", "tags"):
            values = [getattr(run.data, kind) for run in self._runs]
            for key in sorted({key for each in values for key in each}):
                columns[f"{kind}.{key}"] = [each.get(key) for each in values]
        return columns

    def to_pandas(self) -> Any:
        """Return a `pandas.DataFrame` with the columns of `to_columns`.

        Raises:
            NotSupported: pandas is not installed.
        """
        return _library("pandas").DataFrame(self.to_columns())

    def to_arrow(self) -> Any:
        """Return a `pyarrow.Table` with the columns of `to_columns`.

        Raises:
            NotSupported: pyarrow is not installed.
        """
        return _library("pyarrow").table(self.to_columns())

    def rows(self) -> list[dict[str, Any]]:
        """Return a short row for each run: id, name, status, start, metrics (not the system's) and params by key."""
        return [
            {
                "run_id": run.info.run_id,
                "name": run.info.run_name,
                "status": run.info.status.value,
                "started": _shown(run.info.start_time),
                **run.data.measured,
                **run.data.params,
            }
            for run in self._runs
        ]

    def __repr__(self) -> str:
        if not self._runs:
            return "no runs"
        rows = self.rows()[:SHOWN_ROWS]
        columns = list(dict.fromkeys(key for row in rows for key in row))
        more = f"\n... {len(self) - SHOWN_ROWS} more" if len(self) > SHOWN_ROWS else ""
        return aligned(rows, columns, width=200) + more

    def _repr_html_(self) -> str:
        rows = self.rows()[:SHOWN_ROWS]
        columns = list(dict.fromkeys(key for row in rows for key in row))
        head = "".join(f"<th>{html.escape(column)}</th>" for column in columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(printable(row.get(column)))}</td>" for column in columns) + "</tr>"
            for row in rows
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{len(self)} runs</p>"


def _moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)


def _shown(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _library(name: str) -> Any:
    try:
        return resolve(name)
    except ImportError as error:
        raise NotSupported(f"This needs {name}, which is not installed: pip install {name}") from error
