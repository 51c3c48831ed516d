"""The tracking store behind a server's URL."""

import math
from array import array
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from attrs import evolve

from hookline import search
from hookline.entities import (
    Batch,
    ChartAxis,
    ChartBand,
    ChartPairs,
    ChartSeries,
    ChartView,
    DatasetInput,
    DatasetSummary,
    Delivery,
    KeyKind,
    ModelInput,
    ModelOutput,
    NewRun,
    Page,
    PairsView,
    Points,
    RunChange,
    RunInfo,
    RunKey,
    RunRecord,
    ValueType,
    Writer,
)
from hookline.entities.rules import new_id
from hookline.errors import InvalidValue, NotFound, Unavailable
from hookline.interfaces import TrackingStore
from hookline.search.syntax import Comparison, Query
from hookline_lib_wire import answers, entities
from hookline_lib_wire.messages import journal, own, runs
from hookline_lib_wire.messages.base import Request
from hookline_tracking_http.experiments import ServedExperiments
from hookline_tracking_http.logged_models import ServedLoggedModels
from hookline_tracking_http.routes import BY_OPERATION

CHART_SHARE = 1_000_000
"""How many buckets a server gives in one answer, and `CHART_RUNS` of how many runs."""
CHART_RUNS = 1000
CHART_WIDTH = 10_000


class HttpTrackingStore(ServedExperiments, ServedLoggedModels, TrackingStore):
    """Experiments, runs and logged models on a Hookline server.

    Args:
        uri: the server's URL, such as `https://host/prefix`. options: who asks, and how.

    Raises:
        InvalidValue: the URI names no server.
    """

    def create_run(self, run: NewRun) -> RunRecord:
        """Create a run."""
        request = own.CreateOwnRun(
            run_id=run.run_id,
            experiment_id=run.experiment_id,
            run_name=run.run_name,
            user_id=run.user_id,
            start_time=run.start_time,
            status=run.status.value,
            tags=dict(run.tags),
        )
        found: runs.RunFound = self._ask("create_own_run", request, runs.RunFound)
        return entities.run(found.run)

    def get_run(self, run_id: str) -> RunRecord:
        """Return a run."""
        found: runs.RunFound = self._ask("get_run", runs.RunId(run_id=run_id), runs.RunFound)
        return entities.run(found.run)

    def update_run(self, run_id: str, change: RunChange) -> RunInfo:
        """Apply a change and return the run's info."""
        request = own.ChangeRun(
            run_id=run_id,
            status=change.status and change.status.value,
            end_time=change.end_time,
            run_name=change.run_name,
            lifecycle_stage=change.lifecycle_stage and change.lifecycle_stage.value,
        )
        found: runs.RunUpdated = self._ask("change_run", request, runs.RunUpdated)
        return entities.run_info(found.run_info)

    def log_batch(self, run_id: str, batch: Batch) -> None:
        """Store metrics, params and tags of a run."""
        request = own.LogWholeBatch(
            run_id=run_id,
            metrics=[answers.metric(each) for each in batch.each_metric()],  # type: ignore[misc]  # NaN travels as a text
            params=answers.tags(batch.params),
            tags=answers.tags(batch.tags),
            request_id=new_id(),
        )
        self._ask("log_whole_batch", request)

    def delete_tag(self, run_id: str, key: str) -> None:
        """Remove a tag of a run."""
        self._ask("delete_tag", runs.DeleteTag(run_id=run_id, key=key))

    def search_runs(self, experiment_ids: Sequence[str], query: Query) -> Page[RunRecord]:
        """Return the runs that a query asks for."""
        query = _located(query)
        chosen = query.columns
        columns = chosen and own.Columns(sorted(chosen.metrics), sorted(chosen.params), sorted(chosen.tags))
        request = own.SelectRuns(
            experiment_ids=list(experiment_ids),
            filter=search.written_filter(search.RUNS, query),
            run_view_type=query.view.value,
            max_results=query.max_results,
            order_by=search.written_order(search.RUNS, query),
            page_token=query.page_token or "",
            columns=columns,
        )
        page: runs.RunsFound = self._ask("select_runs", request, runs.RunsFound)
        return Page([*map(entities.run, page.runs)], entities.given(page.next_page_token, "") or None)

    def count_runs(self, experiment_ids: Sequence[str], query: Query) -> int:
        """Return how many runs all pages of a search hold together."""
        request = own.CountRuns(
            experiment_ids=list(experiment_ids),
            filter=search.written_filter(search.RUNS, _located(query)),
            run_view_type=query.view.value,
        )
        found: own.Counted = self._ask("count_runs", request, own.Counted)
        return found.count

    def run_keys(self, experiment_ids: Sequence[str]) -> Sequence[RunKey]:
        """Return every metric, param and tag that runs of these experiments have."""
        if not experiment_ids:
            return []
        found: own.KeysFound = self._ask("list_keys", own.ListKeys(experiment_ids=list(experiment_ids)), own.KeysFound)
        return [RunKey(KeyKind(each.kind), each.key, ValueType(each.type), each.runs) for each in found.keys]

    def metric_history(self, run_id: str, key: str) -> Iterator[Points]:
        """Yield all points of a series."""
        request = journal.ReadHistory(run_id=run_id, key=key)
        with self._server.reading(BY_OPERATION["read_history"], request) as answer:
            try:
                yield from journal.history_blocks(key, answer.read)
            except InvalidValue as error:
                raise Unavailable(f"{self._server.url} broke off its answer: {error}") from error

    def chart(
        self,
        run_ids: Sequence[str],
        key: str,
        *,
        x: ChartAxis = "step",
        width: int = 1000,
        start: int | None = None,
        end: int | None = None,
    ) -> Sequence[ChartSeries]:
        """Return the series of a key in runs as buckets."""
        view = ChartView(x, width, start, end)
        if width > CHART_WIDTH:
            return super().chart(run_ids, key, x=x, width=width, start=start, end=end)
        size = min(CHART_RUNS, max(1, CHART_SHARE // width))
        found: list[ChartSeries] = []
        for first in range(0, len(run_ids), size):
            request = own.GetCharts(
                run_ids=list(run_ids[first : first + size]), key=key, x=view.x, width=width, start=start, end=end
            )
            answer: own.ChartsFound = self._ask("get_charts", request, own.ChartsFound)
            found += map(_series, answer.series)
        return found

    def chart_bands(
        self,
        groups: Mapping[str, Sequence[str]],
        key: str,
        *,
        x: ChartAxis = "step",
        width: int = 1000,
        start: int | None = None,
        end: int | None = None,
    ) -> Sequence[ChartBand]:
        """Return the series of a key in groups of runs as bands; of too many runs for one request from their points."""
        view = ChartView(x, width, start, end)
        named = [(group, run_id) for group, run_ids in groups.items() for run_id in run_ids]
        if width > CHART_WIDTH or len(named) > min(CHART_RUNS, CHART_SHARE // width):
            return super().chart_bands(groups, key, x=x, width=width, start=start, end=end)
        bands = {group: ChartBand(group, key) for group in groups}
        if named:
            request = own.GetBands(
                run_ids=[run_id for _, run_id in named],
                groups=[group for group, _ in named],
                key=key,
                x=view.x,
                width=width,
                start=start,
                end=end,
            )
            answer: own.BandsFound = self._ask("get_bands", request, own.BandsFound)
            bands |= {each.group: _band(each) for each in answer.bands}
        return list(bands.values())

    def chart_pairs(
        self,
        run_ids: Sequence[str],
        key: str,
        x_key: str,
        *,
        width: int = 1000,
        start: float | None = None,
        end: float | None = None,
    ) -> Sequence[ChartPairs]:
        """Return the series of a key in runs over that of another one."""
        PairsView(width, start, end)
        if width > CHART_WIDTH:
            return super().chart_pairs(run_ids, key, x_key, width=width, start=start, end=end)
        size = min(CHART_RUNS, max(1, CHART_SHARE // width))
        found: list[ChartPairs] = []
        for first in range(0, len(run_ids), size):
            request = own.GetPairs(
                run_ids=list(run_ids[first : first + size]), key=key, x_key=x_key, width=width, start=start, end=end
            )
            answer: own.PairsFound = self._ask("get_pairs", request, own.PairsFound)
            found += map(_pairs, answer.series)
        return found

    def log_inputs(self, run_id: str, datasets: Sequence[DatasetInput], models: Sequence[ModelInput] = ()) -> None:
        """Note what a run read."""
        request = runs.LogInputs(
            run_id=run_id,
            datasets=[answers.dataset_input(each) for each in datasets],
            models=[runs.ModelInput(model_id=each.model_id) for each in models],
        )
        self._ask("log_inputs", request)

    def log_outputs(self, run_id: str, models: Sequence[ModelOutput]) -> None:
        """Note which logged models a run made."""
        made = [runs.ModelOutput(each.model_id, each.step) for each in models]
        self._ask("log_outputs", runs.LogOutputs(run_id=run_id, models=made))

    def search_datasets(self, experiment_ids: Sequence[str]) -> Sequence[DatasetSummary]:
        """Return the distinct datasets that runs of these experiments read."""
        if not experiment_ids:
            return []
        request = runs.SearchDatasets(experiment_ids=list(experiment_ids))
        found: runs.DatasetsFound = self._ask("search_datasets", request, runs.DatasetsFound)
        return [entities.dataset_summary(each) for each in found.dataset_summaries]

    def apply(self, delivery: Delivery) -> None:
        """Store the next records of a writer and move its cursor."""
        body = journal.packed(delivery)
        send = partial(self._server.send, body=body, media_type=journal.MEDIA_TYPE)
        if delivery.created is None:
            send(BY_OPERATION["apply_journal"], journal.DeliveredRun(run_id=delivery.run_id))
        else:
            named = journal.CreatedRun(run_id=delivery.run_id, experiment_id=delivery.created.experiment_id)
            send(BY_OPERATION["begin_journal"], named)

    def writers(self, run_id: str) -> Sequence[Writer]:
        """Return what is known of the writers of a run."""
        request = journal.DeliveredRun(run_id=run_id)
        try:
            found: journal.WritersFound = self._ask("list_writers", request, journal.WritersFound)
        except NotFound:  # so says a server that knows its callers, of a run that is not there yet
            return []
        return [
            Writer(each.writer_id, each.cursor, each.points, each.checksum, each.lease, each.sealed)
            for each in found.writers
        ]

    def sync(self) -> None:
        """Return when everything stored so far survives a power failure."""
        self._ask("sync", Request())


def _located(query: Query) -> Query:
    """Return a search in which locations are named as the server's clients know them."""
    return evolve(query, where=tuple(map(_as_seen, query.where)))


def _as_seen(asked: Comparison) -> Comparison:
    if asked.field.key != "artifact_uri" or not isinstance(asked.value, str):
        return asked
    return evolve(asked, value=answers.location(asked.value))


def _numbers(values: Sequence[float | None]) -> "array[float]":
    return array("d", [math.nan if each is None else each for each in values] if None in values else values)


def _band(of: own.ChartBand) -> ChartBand:
    return ChartBand(
        of.group,
        of.key,
        *(array("q", each) for each in (of.starts, of.ends, of.counts, of.runs)),
        *map(_numbers, (of.means, of.minima, of.maxima)),
        *(array("q", each) for each in (of.nans, of.positive_infinities, of.negative_infinities)),
    )


def _pairs(of: own.ChartPairs) -> ChartPairs:
    return ChartPairs(
        *(of.run_id, of.key, of.x_key, of.steps, of.unpaired, of.unpaired_x),
        *map(_numbers, (of.xs, of.x_minima, of.x_maxima)),
        array("q", of.counts),
        *map(_numbers, (of.minima, of.maxima, of.last_values)),
        *(array("q", each) for each in (of.nans, of.positive_infinities, of.negative_infinities)),
    )


def _series(of: own.ChartSeries) -> ChartSeries:
    return ChartSeries(
        of.run_id,
        of.key,
        *(array("q", each) for each in (of.starts, of.ends, of.counts)),
        *map(_numbers, (of.minima, of.maxima, of.last_values)),
        *(array("q", each) for each in (of.nans, of.positive_infinities, of.negative_infinities)),
    )
