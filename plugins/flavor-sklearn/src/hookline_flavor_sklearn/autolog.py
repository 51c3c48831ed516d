"""Automatic logging: `fit` of scikit-learn's estimators is wrapped where it is defined."""

import functools
from collections.abc import Iterator
from typing import Any

from sklearn.utils import all_estimators
from sklearn.utils.metaestimators import available_if

from hookline.autologging import OpenRun, Replacements, called_by
from hookline.documents import structure_strictly
from hookline_flavor_sklearn.flavor import SaveOptions
from hookline_flavor_sklearn.training import Choices, logged_fit

METHODS = ("fit", "fit_predict", "fit_transform")


def autolog(
    workspace_run: OpenRun,
    *,
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    max_tuning_runs: int | None = 5,
    serialization_format: str = "skops",
) -> None:
    """Log every training of an estimator that predicts; calling it again replaces the options.

    Only the outermost call logs: not the steps of a pipeline, nor the candidates of a search or of `cross_validate`.
    What cannot be logged is a warning in the log `hookline`; the training goes on.

    Args:
        workspace_run: `workspace_run()` returns a context manager that gives the active run, or where none is active a
            new one that ends with the block; `workspace_run(parent=run)` one that gives a new run nested in `run`.
            It is called on the thread that trains.
        log_models: log the fitted estimator as the model `model`, and a search's best one as `best_estimator`.
        log_datasets: note the training data, with a digest of its content.
        disable: take every change of scikit-learn's classes back.
        max_tuning_runs: how many of a search's candidates get a child run, the best first; None for all.
        serialization_format: of the logged models, as the flavor's option.
    """
    if disable:
        _patches.remove()
    else:
        structure_strictly({"serialization_format": serialization_format}, SaveOptions, prefix="sklearn.")
        _patches.apply(Choices(workspace_run, log_models, log_datasets, max_tuning_runs, serialization_format))


class _Patches:
    """The wrapped methods. scikit-learn's classes are the process's own, so that there is one of these in it."""

    def __init__(self) -> None:
        self._replacements = Replacements()
        self.choices: Choices | None = None

    def apply(self, choices: Choices) -> None:
        """Use these choices from now on, wrapping what is not wrapped yet."""
        self.choices = choices
        self._replacements.make(_places(), self._wrap)

    def remove(self) -> None:
        """Put the original methods back."""
        self.choices = None
        self._replacements.undo()

    def _wrap(self, original: Any) -> Any:
        if hasattr(original, "fn") and hasattr(original, "check"):  # a method that `available_if` made
            return available_if(original.check)(self._wrap(original.fn))

        @functools.wraps(original)
        def fit(estimator: Any, *args: Any, **kwargs: Any) -> Any:
            choices = self.choices
            if choices is None or not _predicts(type(estimator)) or _called_by_sklearn():
                return original(estimator, *args, **kwargs)
            return logged_fit(choices, original, estimator, args, kwargs)

        return fit


_patches = _Patches()


def _places() -> Iterator[tuple[type, str]]:
    """Yield where the methods of public estimators are defined.

    The mix-ins of `sklearn.base` are left alone: theirs call `fit`.
    """
    found: dict[tuple[type, str], None] = {}
    for _name, estimator in all_estimators():
        for method in METHODS if _predicts(estimator) else ():
            owner = next((each for each in estimator.__mro__ if method in vars(each)), None)
            if owner is not None and owner.__module__.startswith("sklearn.") and owner.__module__ != "sklearn.base":
                found[owner, method] = None
    yield from found


def _predicts(estimator: type) -> bool:
    """Tell models from the steps that only prepare data, such as scalers."""
    return hasattr(estimator, "predict") or hasattr(estimator, "fit_predict")


def _called_by_sklearn() -> bool:
    """Return whether scikit-learn is at work further up the stack, so that this training is a part of another.

    In its worker threads, too: what they run, they run through `sklearn.utils.parallel`. Frames of `sklearn.base`
    prove nothing, since a mix-in's `fit_predict` calls the `fit` that a user meant.
    """
    return called_by("sklearn", except_modules=("sklearn.base",))
