"""The points of series: whole, paged, and sampled for charts."""

import base64
import json
from collections.abc import Iterable, Sequence
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
    """Read the points of a series, ordered by time, step and value; a page has fewer where some are equal."""
    history = services.tracking.metric_history(request.run_id, request.metric_key)
    if request.max_results is None:
        return messages.MetricsFound(metrics=answers.points(history))
    if request.max_results < 1:
        raise InvalidValue(f"max_results must be 1 to {MAX_PAGE}, not {request.max_results}.")
    size, start = min(request.max_results, MAX_PAGE), _offset(request.page_token)
    before = min(start, 1)  # the last point of the page before, which may come again
    points = _stretch(history, start - before, start + size + 1)
    token = _token(start + size) if len(points) > before + size else None
    found = answers.points([points.part(0, before + size)])
    return messages.MetricsFound(metrics=found[before:], next_page_token=answers.token(token))


def _stretch(history: Iterable[Points], begin: int, end: int) -> Points:
    """Return the points of a history from one place to another; blocks before them are passed whole."""
    found = Points("")
    passed = 0
    for block in history:
        if passed + len(block) > begin:
            some = block.part(max(0, begin - passed), end - passed)
            found = Points(
                block.key, found.steps + some.steps, found.timestamps + some.timestamps, found.values + some.values
            )
        passed += len(block)
        if passed >= end:
            break
    return found


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
    found: list[messages.Metric] = []
    for run_id in dict.fromkeys(request.run_ids):
        chosen = services.tracking.metric_sample(
            run_id, request.metric_key, size, start=request.start_step, end=request.end_step
        )
        found += answers.each_point([chosen], run_id)
    return messages.MetricsFound(metrics=found)


def _check_runs(run_ids: Sequence[str]) -> None:
    if len(run_ids) > MAX_RUNS:
        raise InvalidValue(f"A request may name at most {MAX_RUNS} runs, not {len(run_ids)}.")


HANDLERS = {
    "get_history": get_history,
    "get_history_bulk": get_history_bulk,
    "get_history_interval": get_history_interval,
}
