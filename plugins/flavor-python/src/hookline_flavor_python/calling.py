"""Calling a model: which of its methods predicts, and how params reach it."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from attrs import field, frozen

from hookline.errors import InvalidValue, kind_of


@frozen
class Context:
    """What a model with `predict(context, model_input, params)` gets as its first argument.

    Attributes:
        artifacts: local paths of the files that were saved with the model, by name.
        model_config: plain values that were saved with the model.
    """

    artifacts: Mapping[str, str] = field(factory=dict)
    model_config: Mapping[str, Any] = field(factory=dict)


@frozen
class WithContext:
    """A model whose `predict` takes a context, together with it."""

    model: Any
    context: Context

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        """Return the model's predictions."""
        return _called(self.model.predict, [self.context, data], params or {})


def predict(model: Any, data: Any, params: Mapping[str, Any]) -> Any:
    """Return what a function, or an object with `predict`, says of data.

    A parameter named `params` takes all params as a mapping; otherwise each param becomes a keyword argument.

    Raises:
        InvalidValue: the model takes no such params.
    """
    function = function_of(model)
    first = [Context(), data] if takes_context(model) else [data]
    return _called(function, first, params)


def function_of(model: Any) -> Callable[..., Any]:
    """Return what predicts: the model's method `predict`, or the model itself.

    Raises:
        InvalidValue: it has no such method and cannot be called.
    """
    method: Any = getattr(model, "predict", None)
    function: Any = method if callable(method) else model
    if callable(function):
        found: Callable[..., Any] = function
        return found
    raise InvalidValue(f"This is {kind_of(model)}, and no model: it has no method 'predict' and cannot be called.")


def takes_context(model: Any) -> bool:
    """Return whether a model's `predict` takes a context before the data, as MLflow's `PythonModel` may."""
    method = getattr(model, "predict", None)
    names = list(_parameters(method)) if callable(method) else []
    return len(names) > 1 and names[0] == "context"


def _parameters(function: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):  # some functions that are written in C do not say
        return {}


def _called(function: Callable[..., Any], first: list[Any], params: Mapping[str, Any]) -> Any:
    parameters = _parameters(function)
    if "params" in parameters and len(parameters) > len(first):
        return function(*first, params=dict(params))
    if params:
        _check_keywords(function, first, params)
    return function(*first, **params)


def _check_keywords(function: Callable[..., Any], first: list[Any], params: Mapping[str, Any]) -> None:
    try:
        inspect.signature(function).bind(*first, **params)
    except TypeError as error:
        known = ", ".join(list(_parameters(function))[len(first) :]) or "none"
        raise InvalidValue(f"The params do not fit the model: {error}. It takes: {known}.") from error
    except ValueError:
        return
