"""What tables and charts of runs are drawn from: chosen columns, counts, keys, buckets."""

from attrs import evolve

from hookline import search
from hookline.entities import ChartBand, ChartPairs, ChartSeries
from hookline.errors import InvalidValue
from hookline.liveness import observed_record
from hookline.search.syntax import Columns
from hookline_lib_wire import answers
from hookline_lib_wire.messages import own as messages
from hookline_lib_wire.messages import runs as run_messages
from hookline_server.handlers.reading import as_stored, view_of
from hookline_server.services import Services

MAX_CHARTED = 1000
MAX_WIDTH = 10_000
MAX_BUCKETS = 1_000_000


def select_runs(services: Services, request: messages.SelectRuns) -> run_messages.RunsFound:
    """Search runs, with the columns that are asked for."""
    query = search.parse(
        search.RUNS,
        request.filter,
        request.order_by,
        view=view_of(request.run_view_type),
        max_results=request.max_results,
        page_token=request.page_token,
    )
    chosen = request.columns
    columns = None if chosen is None else Columns(chosen.metrics, chosen.params, chosen.tags)
    query = evolve(as_stored(query, "artifact_uri"), columns=columns)
    page = services.tracking.search_runs(request.experiment_ids, query)
    return run_messages.RunsFound(
        runs=[answers.run(observed_record(each)) for each in page.items],
        next_page_token=answers.token(page.next_page_token),
    )


def count_runs(services: Services, request: messages.CountRuns) -> messages.Counted:
    """Count runs."""
    query = search.parse(search.RUNS, request.filter, view=view_of(request.run_view_type))
    return messages.Counted(
        count=services.tracking.count_runs(request.experiment_ids, as_stored(query, "artifact_uri"))
    )


def list_keys(services: Services, request: messages.ListKeys) -> messages.KeysFound:
    """List the keys of runs."""
    found = services.tracking.run_keys(request.experiment_ids)
    return messages.KeysFound(keys=[messages.RunKey(each.kind, each.key, each.type, each.runs) for each in found])


def get_charts(services: Services, request: messages.GetCharts) -> messages.ChartsFound:
    """Read a series of several runs as buckets."""
    _check_size(request)
    series = services.tracking.chart(
        request.run_ids,
        request.key,
        x=request.x,  # type: ignore[arg-type]  # checked there
        width=request.width,
        start=request.start,
        end=request.end,
    )
    return messages.ChartsFound(series=[_columns(each) for each in series])


def get_bands(services: Services, request: messages.GetBands) -> messages.BandsFound:
    """Read a series of groups of runs as buckets."""
    _check_size(request)
    if len(request.groups) != len(request.run_ids):
        raise InvalidValue(
            f"Each run has the name of its group: {len(request.groups)} group(s) for {len(request.run_ids)} run(s)."
        )
    groups: dict[str, list[str]] = {}
    for group, run_id in zip(request.groups, request.run_ids, strict=True):
        groups.setdefault(group, []).append(run_id)
    bands = services.tracking.chart_bands(
        groups,
        request.key,
        x=request.x,  # type: ignore[arg-type]  # checked there
        width=request.width,
        start=request.start,
        end=request.end,
    )
    return messages.BandsFound(bands=[_band(each) for each in bands])


def get_pairs(services: Services, request: messages.GetPairs) -> messages.PairsFound:
    """Read a series of several runs over another one."""
    _check_size(request)
    series = services.tracking.chart_pairs(
        request.run_ids,
        request.key,
        request.x_key,
        width=request.width,
        start=request.start,
        end=request.end,
    )
    return messages.PairsFound(series=[_pairs(each) for each in series])


def _check_size(request: messages.GetCharts | messages.GetBands | messages.GetPairs) -> None:
    if len(request.run_ids) > MAX_CHARTED:
        raise InvalidValue(f"A chart shows at most {MAX_CHARTED} runs, not {len(request.run_ids)}.")
    if not 1 <= request.width <= min(MAX_WIDTH, MAX_BUCKETS // len(request.run_ids)):
        raise InvalidValue(
            f"The width of a chart is 1 to {MAX_WIDTH}, and that of all its series together at most {MAX_BUCKETS}; "
            f"{request.width} for {len(request.run_ids)} run(s) is not."
        )


def _band(of: ChartBand) -> messages.ChartBand:
    """Return a band as it travels, likewise."""
    return messages.ChartBand(
        of.group,
        of.key,
        *(of.starts.tolist(), of.ends.tolist(), of.counts.tolist(), of.runs.tolist()),
        *(of.means.tolist(), of.minima.tolist(), of.maxima.tolist()),
        *(of.nans.tolist(), of.positive_infinities.tolist(), of.negative_infinities.tolist()),
    )


def _pairs(of: ChartPairs) -> messages.ChartPairs:
    """Return a series over another one as it travels, likewise."""
    return messages.ChartPairs(
        *(of.run_id, of.key, of.x_key, of.steps, of.unpaired, of.unpaired_x),
        *(of.xs.tolist(), of.x_minima.tolist(), of.x_maxima.tolist(), of.counts.tolist()),
        *(of.minima.tolist(), of.maxima.tolist(), of.last_values.tolist()),
        *(of.nans.tolist(), of.positive_infinities.tolist(), of.negative_infinities.tolist()),
    )


def _columns(of: ChartSeries) -> messages.ChartSeries:
    """Return a series as it travels. Bucket values are finite or NaN, which is written as `null`."""
    return messages.ChartSeries(
        of.run_id,
        of.key,
        *(of.starts.tolist(), of.ends.tolist(), of.counts.tolist()),
        *(of.minima.tolist(), of.maxima.tolist(), of.last_values.tolist()),
        *(of.nans.tolist(), of.positive_infinities.tolist(), of.negative_infinities.tolist()),
    )


HANDLERS = {
    "select_runs": select_runs,
    "count_runs": count_runs,
    "list_keys": list_keys,
    "get_charts": get_charts,
    "get_bands": get_bands,
    "get_pairs": get_pairs,
}
