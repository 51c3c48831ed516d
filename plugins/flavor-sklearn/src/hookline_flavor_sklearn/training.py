"""What is logged of one training, and how nothing of that can disturb it."""

import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy
from attrs import evolve, frozen
from scipy.sparse import issparse

from hookline.autologging import OpenRun, SafeScope, harmless
from hookline.entities import Batch, Dataset, Metric
from hookline.run import Run
from hookline_flavor_sklearn.descriptions import params_of, tags_of
from hookline_flavor_sklearn.metrics import training_metrics
from hookline_flavor_sklearn.searches import is_search, log_search

EXAMPLE_ROWS = 5
MAX_EXAMPLE_VALUES = 50_000


@frozen
class Choices:
    """What to log, and where; as the arguments of `autolog`."""

    open_run: OpenRun
    log_models: bool
    log_datasets: bool
    max_tuning_runs: int | None
    serialization_format: str


@frozen
class Data:
    """What a training was given. `example` holds its first rows as they were before: a training may change its data."""

    features: Any = None
    target: Any = None
    weights: Any = None
    example: Any = None


def logged_fit(
    choices: Choices, original: Callable[..., Any], estimator: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Any:
    """Train and return what the training returns; log around it."""
    with SafeScope(choices.open_run) as run:
        if run is None:
            return original(estimator, *args, **kwargs)
        data, dataset = Data(), None
        with harmless("the training data"):
            data = _given(original, args, kwargs)
        with harmless("an example"):
            data = evolve(data, example=_first_rows(data.features))
        with harmless("the parameters"):
            run.set_tags(tags_of(estimator))
            run.log_params(params_of(estimator))
        if choices.log_datasets and data.features is not None:
            with harmless("the dataset"):
                dataset = run.log_input(_columns(data), context="training")
        result = original(estimator, *args, **kwargs)
        _log_outcome(choices, run, estimator, data, dataset)
        return result


def _log_outcome(choices: Choices, run: Run, estimator: Any, data: Data, dataset: Dataset | None) -> None:
    model_id = None
    if choices.log_models:
        with harmless("the model"):
            model_id = _log_model(choices, run, estimator, "model", data)
    with harmless("the training metrics"):
        named = {"dataset_name": dataset.name, "dataset_digest": dataset.digest} if dataset else {}
        values = training_metrics(estimator, data.features, data.target, data.weights)
        run.log_batch(Batch(metrics=[Metric(key, value, model_id=model_id, **named) for key, value in values.items()]))
    if is_search(estimator):
        with harmless("the search"):
            log_search(run, estimator, choices.open_run, choices.max_tuning_runs)
        if choices.log_models and hasattr(estimator, "best_estimator_"):
            with harmless("the best estimator"):
                _log_model(choices, run, estimator.best_estimator_, "best_estimator", data)


def _log_model(choices: Choices, run: Run, estimator: Any, name: str, data: Data) -> str:
    example = data.example if hasattr(estimator, "predict") else None
    options = {"serialization_format": choices.serialization_format}
    return run.log_model(estimator, name, flavor="sklearn", input_example=example, **options).model_id


def _given(original: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Data:
    """Find the data among a method's arguments; what can be read only once is left alone."""
    names = list(inspect.signature(original).parameters)[1:]
    given = {**dict(zip(names, args, strict=False)), **kwargs}
    features = given.get("X")
    if hasattr(features, "__next__"):
        return Data()
    target = given["y"] if "y" in given else given.get("Y")
    return Data(features, target, given.get("sample_weight"))


def _first_rows(features: Any) -> Any:
    """Return a copy of the first rows, or None where they would make no sensible example."""
    if features is None:
        return None
    if issparse(features):
        rows = features.tocsr()[:EXAMPLE_ROWS]
    elif hasattr(features, "iloc"):
        rows = features.iloc[:EXAMPLE_ROWS].copy()
    elif hasattr(features, "head"):
        rows = features.head(EXAMPLE_ROWS)
    else:
        rows = numpy.array(features[:EXAMPLE_ROWS])
    return rows if math.prod(rows.shape) <= MAX_EXAMPLE_VALUES else None


def _columns(data: Data) -> dict[str, Any]:
    """Return features and target as one mapping of columns, so that one digest stands for both."""
    features = data.features
    if issparse(features):
        rows = features.tocsr()
        columns = {"data": rows.data, "indices": rows.indices, "indptr": rows.indptr}
    elif hasattr(features, "columns"):
        columns = {str(name): features[name] for name in features.columns}
    else:
        columns = {"features": numpy.asarray(features)}
    if data.target is not None:
        columns["target" if "target" not in columns else "target (y)"] = numpy.asarray(data.target)
    return columns
