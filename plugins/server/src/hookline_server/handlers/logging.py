"""Making runs and logging into them: each handler returns what is to be written.

Limits are MLflow's; nothing is cut off.
"""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from hookline.entities import Batch, Metric, NewRun, Points, as_points, now_ms
from hookline.errors import InvalidValue
from hookline_lib_wire.messages import runs as messages
from hookline_lib_wire.messages.base import Tag
from hookline_server.handlers.reading import texts
from hookline_server.services import Services

Logged: TypeAlias = tuple[str, Batch]
"""The run, and what to write."""

MAX_METRICS, MAX_PARAMS, MAX_TAGS, MAX_TOGETHER = 1000, 100, 100, 1000
MAX_PARAM_VALUE, MAX_TAG_VALUE = 6000, 8000


def create_run(_services: Services, request: messages.CreateRun) -> NewRun:
    """Create a run."""
    return NewRun(
        experiment_id=request.experiment_id or "0",
        run_name=request.run_name or None,
        user_id=request.user_id,
        start_time=now_ms() if request.start_time is None else request.start_time,
        tags=texts(request.tags),
    )


def log_metric(_services: Services, request: messages.LogMetric) -> Logged:
    """Log a point."""
    return request.run_id, Batch(metrics=(_point(request),))


def log_param(_services: Services, request: messages.LogParam) -> Logged:
    """Log a param."""
    _check_values("param", [Tag(request.key, request.value)], MAX_PARAM_VALUE)
    return request.run_id, Batch(params={request.key: request.value})


def set_tag(_services: Services, request: messages.SetTag) -> Logged:
    """Set a tag."""
    _check_values("tag", [Tag(request.key, request.value)], MAX_TAG_VALUE)
    return request.run_id, Batch(tags={request.key: request.value})


def log_batch(services: Services, request: messages.LogBatch) -> Logged:
    """Log points, params and tags together."""
    _check_count("metrics", request.metrics, MAX_METRICS)
    _check_count("params", request.params, MAX_PARAMS)
    _check_count("tags", request.tags, MAX_TAGS)
    total = len(request.metrics) + len(request.params) + len(request.tags)
    if total > MAX_TOGETHER:
        raise InvalidValue(
            f"A batch logging request can contain at most {MAX_TOGETHER} metrics, params, and tags in total. "
            f"Got {total}."
        )
    _check_values("param", request.params, MAX_PARAM_VALUE)
    _check_values("tag", request.tags, MAX_TAG_VALUE)
    return log_whole_batch(services, request)


def log_whole_batch(_services: Services, request: messages.LogBatch) -> Logged:
    """Log points, params and tags together, as many and as long as they are."""
    _check_once(request.params)
    metrics, points = _in_columns(request.metrics)
    return request.run_id, Batch(metrics, texts(request.params), texts(request.tags), points)


def _in_columns(given: Sequence[messages.GivenMetric]) -> tuple[list[Metric], list[Points]]:
    """Return points one by one, and the many of a series as columns, which cost a tenth of it to check and store.

    Raises:
        InvalidValue: as for the first of them that is not a point.
    """
    metrics: list[Metric] = []
    found: dict[str, list[messages.GivenMetric]] = {}
    for each in given:
        if each.model_id or each.dataset_name or each.dataset_digest:
            metrics.append(_point(each))
        elif (of_key := found.get(each.key)) is None:
            found[each.key] = [each]
        else:
            of_key.append(each)
    metrics += [_point(of_key[0]) for of_key in found.values() if len(of_key) == 1]
    try:
        return metrics, [_column(key, of_key) for key, of_key in found.items() if len(of_key) > 1]
    except InvalidValue:
        for each in given:  # which of them it is, and in which words
            _point(each)
        raise


def _column(key: str, of_key: Sequence[messages.GivenMetric]) -> Points:
    return as_points(
        key,
        [each.value for each in of_key],  # type: ignore[misc]  # None is refused there
        [each.step for each in of_key],
        [each.timestamp for each in of_key],  # type: ignore[misc]
    )


def _point(given: messages.LogMetric | messages.GivenMetric) -> Metric:
    if given.value is None or given.timestamp is None:
        name = "value" if given.value is None else "timestamp"
        raise InvalidValue(
            f"Missing value for required parameter '{name}' of the metric {given.key[:250]!r}. See the API docs for "
            "more information about request parameters."
        )
    return Metric(
        *(given.key, given.value, given.step, given.timestamp),
        *(given.model_id or None, given.dataset_name or None, given.dataset_digest or None),
    )


def _check_count(kind: str, values: Sequence[object], most: int) -> None:
    if len(values) > most:
        raise InvalidValue(
            f"A batch logging request can contain at most {most} {kind}. Got {len(values)} {kind}. Please split up "
            f"{kind} across multiple requests and try again."
        )


def _check_values(kind: str, values: Iterable[Tag], most: int) -> None:
    for each in values:
        if len(each.value) > most:
            raise InvalidValue(
                f"The value of the {kind} {each.key[:250]!r} has {len(each.value)} characters; at most {most} are "
                "allowed. Store what is longer as an artifact."
            )


def _check_once(params: Iterable[Tag]) -> None:
    seen: set[str] = set()
    for each in params:
        if each.key in seen:
            raise InvalidValue(f"Duplicate parameter keys have been submitted: {each.key}. A param has one value.")
        seen.add(each.key)


HANDLERS = {
    "create_run": create_run,
    "log_metric": log_metric,
    "log_param": log_param,
    "set_tag": set_tag,
    "log_batch": log_batch,
    "log_whole_batch": log_whole_batch,
}
