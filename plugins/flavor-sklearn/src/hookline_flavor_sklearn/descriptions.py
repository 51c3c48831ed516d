"""An estimator as params and tags."""

import inspect
import re
import sys
from typing import Any

import numpy
from sklearn.base import BaseEstimator

_NOT_IN_KEYS = re.compile(r"[^/\w.\- :]")


def tags_of(estimator: Any) -> dict[str, str]:
    """Return the tags that tell which estimator a run trained."""
    kind = type(estimator)
    named = {"estimator_name": kind.__name__, "estimator_class": f"{kind.__module__}.{kind.__qualname__}"}
    return {**named, "mlflow.autologging": "sklearn"}


def params_of(estimator: Any) -> dict[str, str]:
    """Return all parameters, those of nested estimators too."""
    return texts_of(estimator.get_params(deep=True))


def texts_of(params: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """Return parameters as a run's params; steps may be named by any text, params may not."""
    return {_NOT_IN_KEYS.sub("_", prefix + name): text_of(value) for name, value in params.items()}


def text_of(value: Any) -> str:
    """Return a value as text that is whole and the same in every process: no cuts and no addresses, as `repr` has."""
    if isinstance(value, BaseEstimator):
        return str(BaseEstimator.__repr__(value, N_CHAR_MAX=sys.maxsize))
    if isinstance(value, numpy.ndarray):
        return str(numpy.array2string(value, separator=", ", threshold=sys.maxsize, max_line_width=sys.maxsize))
    if isinstance(value, list | tuple):
        inner = ", ".join(_quoted(each) for each in value)
        return f"[{inner}]" if isinstance(value, list) else f"({inner}{',' if len(value) == 1 else ''})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {_quoted(each)}" for key, each in value.items()) + "}"
    if inspect.isroutine(value) or inspect.isclass(value):
        return f"{getattr(value, '__module__', None) or 'builtins'}.{value.__qualname__}"
    return str(value)


def _quoted(value: Any) -> str:
    return repr(value) if isinstance(value, str) else text_of(value)
