"""How well a model fits the data that it was trained on."""

import logging
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy
from sklearn import metrics
from sklearn.base import is_classifier, is_regressor

log = logging.getLogger("hookline")


def training_metrics(estimator: Any, features: Any, target: Any, weights: Any) -> dict[str, float]:
    """Return the metrics that apply, named as MLflow's `mlflow.sklearn.autolog` names them.

    Averages over classes are weighted by the number of true instances. A metric that the data does not allow, such as
    the area under the curve of a single class, is left out.
    """
    if features is None:
        return {}
    if target is not None and hasattr(estimator, "predict"):
        if is_classifier(estimator):
            return _values(_classification(estimator, features, target, weights))
        if is_regressor(estimator):
            return _values(_regression(estimator, features, target, weights))
    given = () if target is None else (target,)
    return _values(iter([("score", lambda: estimator.score(features, *given))] if hasattr(estimator, "score") else []))


Computations = Iterator[tuple[str, Callable[[], Any]]]


def _values(computations: Computations) -> dict[str, float]:
    values = {}
    for name, compute in computations:
        try:
            values[f"training_{name}"] = float(compute())
        except (AttributeError, TypeError, ValueError) as error:
            log.debug("training_%s does not apply: %s", name, error)
    return values


def _classification(estimator: Any, features: Any, target: Any, weights: Any) -> Computations:
    predicted = estimator.predict(features)
    yield "accuracy_score", partial(metrics.accuracy_score, target, predicted, sample_weight=weights)
    averaged = {"average": "weighted", "zero_division": 0, "sample_weight": weights}
    yield "precision_score", partial(metrics.precision_score, target, predicted, **averaged)
    yield "recall_score", partial(metrics.recall_score, target, predicted, **averaged)
    yield "f1_score", partial(metrics.f1_score, target, predicted, **averaged)
    if not hasattr(estimator, "predict_proba"):
        return
    chances = estimator.predict_proba(features)
    classes = getattr(estimator, "classes_", None)
    if isinstance(chances, numpy.ndarray) and classes is not None and len(numpy.unique(target)) > 1:
        yield "log_loss", partial(metrics.log_loss, target, chances, labels=classes, sample_weight=weights)
        yield "roc_auc", partial(_area, target, chances, classes, weights)


def _area(target: Any, chances: Any, classes: Any, weights: Any) -> float:
    if len(classes) == 2:
        return float(metrics.roc_auc_score(target, chances[:, 1], sample_weight=weights))
    return float(metrics.roc_auc_score(target, chances, average="weighted", multi_class="ovo", labels=classes))


def _regression(estimator: Any, features: Any, target: Any, weights: Any) -> Computations:
    predicted = estimator.predict(features)
    weighted = {"sample_weight": weights}
    yield "mean_squared_error", partial(metrics.mean_squared_error, target, predicted, **weighted)
    yield "root_mean_squared_error", lambda: metrics.mean_squared_error(target, predicted, **weighted) ** 0.5
    yield "mean_absolute_error", partial(metrics.mean_absolute_error, target, predicted, **weighted)
    yield "r2_score", partial(metrics.r2_score, target, predicted, **weighted)
