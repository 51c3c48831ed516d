"""The points of series: whole, paged, and sampled for charts."""

import base64
import json
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from hookline.entities import Points
from hookline.errors import InvalidValue
from hookline_lib_wire import answers
from hookline_lib_wire.messages import runs as messages
from hookline_server.services import Services

MAX_PAGE = 25_000
MAX_RUNS = 100
DEFAULT_SAMPLE, MAX_SAMPLE = 320, 2500


def get_history(services: Services, request: messages.GetHistory) -> messages.MetricsFound:
    """Read the points of a series, ordered by time, step and value."""
    history = services.tracking.metric_history(request.run_id, request.metric_key)
    if request.max_results is None:
        return messages.MetricsFound(metrics=answers.points(history))
    if request.max_results < 1:
        raise InvalidValue(f"max_results must be 1 to {MAX_PAGE}, not {request.max_results}.")
    size, start = min(request.max_results, MAX_PAGE), _offset(request.page_token)
    found = list(islice(answers.each_point(history), start, start + size + 1))
    token = _token(start + size) if len(found) > size else None
    return messages.MetricsFound(metrics=found[:size], next_page_token=answers.token(token))


def _token(offset: int) -> str:
    return base64.b64encode(json.dumps({"offset": offset}).encode()).decode()


def _offset(token: str) -> int:
    if not token:
        return 0
    try:
        offset = json.loads(base64.b64decode(token, validate=True))["offset"]
        if type(offset) is not int or offset < 0:
            raise ValueError("no offset")
    except (ValueError, KeyError, TypeError, RecursionError):
        raise InvalidValue(
            f"Invalid page token {token[:40]!r}: it must be the next_page_token of the previous page."
        ) from None
    return offset


def get_history_bulk(services: Services, request: messages.GetHistoryBulk) -> messages.MetricsFound:
    """Read the points of a series in several runs, so many in all."""
    _check_runs(request.run_id)
    if request.max_results < 1:
        raise InvalidValue(f"max_results must be 1 to {MAX_PAGE}, not {request.max_results}.")
    most = min(request.max_results, MAX_PAGE)
    found: list[messages.Metric] = []
    for run_id in request.run_id:
        history = services.tracking.metric_history(run_id, request.metric_key)
        found += islice(answers.each_point(history, run_id), most - len(found))
    return messages.MetricsFound(metrics=found)


def get_history_interval(services: Services, request: messages.GetHistoryInterval) -> messages.MetricsFound:
    """Read the points of each run at so many of its steps, evenly spread, with its first and its last."""
    _check_runs(request.run_ids)
    size = DEFAULT_SAMPLE if request.max_results is None else request.max_results
    if not 1 <= size <= MAX_SAMPLE:
        raise InvalidValue(f"max_results must be 1 to {MAX_SAMPLE}, not {size}.")
    if (request.start_step is None) != (request.end_step is None):
        raise InvalidValue("Give both start_step and end_step, or neither.")
    if request.start_step is not None and request.end_step is not None and request.start_step > request.end_step:
        raise InvalidValue("start_step must not be greater than end_step.")
    series = {
        run_id: _by_step(services.tracking.metric_history(run_id, request.metric_key), request)
        for run_id in request.run_ids
    }
    found: list[messages.Metric] = []
    for run_id, points in series.items():
        chosen = _spread(sorted(set(points.steps)), size)
        found += (each for each in answers.each_point([points], run_id) if each.step in chosen)
    return messages.MetricsFound(metrics=found)


def _check_runs(run_ids: Sequence[str]) -> None:
    if len(run_ids) > MAX_RUNS:
        raise InvalidValue(f"A request may name at most {MAX_RUNS} runs, not {len(run_ids)}.")


def _by_step(history: Iterable[Points], request: messages.GetHistoryInterval) -> Points:
    """Return the points of a series that lie in the interval, ordered by step."""
    low = -(2**63) if request.start_step is None else request.start_step
    high = 2**63 if request.end_step is None else request.end_step
    rows = [row for block in history for row in _rows(block) if low <= row[0] <= high]
    rows.sort(key=lambda row: (row[0], row[1]))
    return Points(
        request.metric_key,
        array("q", (row[0] for row in rows)),
        array("q", (row[1] for row in rows)),
        array("d", (row[2] for row in rows)),
    )


def _rows(block: Points) -> Iterator[tuple[int, int, float]]:
    return zip(block.steps, block.timestamps, block.values, strict=True)


def _spread(steps: Sequence[int], size: int) -> set[int]:
    """Return at most `size` of some steps: the first of as many parts of nearly equal length, and of the last the last.

    The earlier parts are the longer ones, as SQL's NTILE has it, which MLflow's server uses.
    """
    if len(steps) <= size:
        return set(steps)
    length, longer = divmod(len(steps), size)
    return {steps[number * length + min(number, longer)] for number in range(size - 1)} | {steps[-1]}


HANDLERS = {
    "get_history": get_history,
    "get_history_bulk": get_history_bulk,
    "get_history_interval": get_history_interval,
}
