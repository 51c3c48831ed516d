"""What the automatic logging of flavors shares: the run to log into, the promise that logging never disturbs a
training, and wrapping what trains in a library: a function that takes callbacks, or a trainer's method.
"""

import contextlib
import functools
import inspect
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from threading import Lock
from types import TracebackType
from typing import Any, Protocol

from attrs import frozen

from hookline.plugins import describe
from hookline.providers import resolve
from hookline.run import Run

log = logging.getLogger("hookline")


class OpenRun(Protocol):
    """Gives the run to log into. It is what a flavor's `autolog` gets as its first argument.

    It is called on the thread that trains.
    """

    def __call__(self, *, parent: Run | None = None) -> AbstractContextManager[Run]:
        """Return the scope of the active run or of a new one; with a parent, of a new one nested in it."""


class SafeScope:
    """Opens and leaves the scope of a run without ever raising; gives None where the run cannot be opened."""

    def __init__(self, open_run: OpenRun) -> None:
        self._open_run = open_run
        self._scope: AbstractContextManager[Run] | None = None

    def __enter__(self) -> Run | None:
        with harmless("this training"):
            scope = self._open_run()
            run = scope.__enter__()
            self._scope = scope
            return run
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._scope is not None:
            with harmless("the end of the run"):
                self._scope.__exit__(kind, error, trace)


@contextlib.contextmanager
def harmless(what: str) -> Iterator[None]:
    """Turn an error into a warning in the log."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - logging never disturbs a training
        log.warning("Automatic logging could not log %s: %s", what, describe(error))


def called_by(library: str, *, except_modules: Sequence[str] = ()) -> bool:
    """Return whether a library is at work further up the stack, so that a training is a part of one of its own."""
    frame = inspect.currentframe()
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module.startswith(f"{library}.") and module not in except_modules:
            return True
        frame = frame.f_back
    return False


def metric_key(*parts: str) -> str:
    """Return a metric's key; of what libraries have in their names, such as `ndcg@3`, a key cannot hold the `@`."""
    return "-".join(parts).replace("@", "_at_")


class Replacements:
    """Attributes of a library's modules and classes that are replaced while logging is on. Thread safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._made: dict[tuple[Any, str], tuple[Any, Any]] = {}

    def make(self, places: Iterable[tuple[Any, str]], wrap: Callable[[Any], Any]) -> None:
        """Replace what is not replaced yet; a place is a module or class, and the name of an attribute of its own."""
        with self._lock:
            for owner, name in places:
                if (owner, name) not in self._made:
                    original = vars(owner)[name]
                    wrapper = wrap(original)
                    self._made[owner, name] = (original, wrapper)
                    setattr(owner, name, wrapper)

    def undo(self) -> None:
        """Put the originals back; where somebody else has wrapped ours since, ours stays and should only pass on."""
        with self._lock:
            for (owner, name), (original, wrapper) in list(self._made.items()):
                if vars(owner)[name] is wrapper:
                    setattr(owner, name, original)
                    del self._made[owner, name]


@frozen
class _Choices:
    open_run: OpenRun
    log_models: bool


class TrainFunction:
    """A library's function or method that trains and takes `callbacks`; itself the `autolog` of a flavor. Thread safe.

    A library's modules are the process's own, so that a flavor makes one of these, in its module.

    Args:
        flavor: the flavor's name, which logs the trained model.
        places: every place of the function, as `"package.module:function"` or `"package.module:Class.method"`.
        callback: makes the library's own callback that logs the metrics of each iteration into a run.
        params: what to log of the function's arguments.
        trained: the model, given the function's arguments and its result.
    """

    def __init__(
        self,
        flavor: str,
        places: Sequence[str],
        callback: Callable[[Run], Any],
        *,
        params: Callable[[Mapping[str, Any]], Mapping[str, str]] | None = None,
        trained: Callable[[Mapping[str, Any], Any], Any] = lambda arguments, result: result,
    ) -> None:
        self._flavor, self._places, self._callback = flavor, tuple(places), callback
        self._params, self._trained = params or plain_params, trained
        self._replacements = Replacements()
        self._choices: _Choices | None = None

    def __call__(self, workspace_run: OpenRun, *, log_models: bool = True, disable: bool = False) -> None:
        """Log every training: params, the metrics of each iteration, and the model as `model`.

        Args:
            workspace_run: gives the run to log into.
            log_models: log the trained model.
            disable: take the changes of the library back.
        """
        if disable:
            self._choices = None
            self._replacements.undo()
        else:
            places = [_place(each) for each in self._places]
            self._choices = _Choices(workspace_run, log_models)
            self._replacements.make(places, self._wrap)

    def _wrap(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def train(*args: Any, **kwargs: Any) -> Any:
            choices = self._choices
            if choices is None or called_by("sklearn", except_modules=("sklearn.base",)):
                return original(*args, **kwargs)
            return self._logged(choices, original, args, kwargs)

        return train

    def _logged(
        self, choices: _Choices, original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        try:
            given = inspect.signature(original).bind(*args, **kwargs)
        except TypeError:  # the library says best what is wrong
            return original(*args, **kwargs)
        with SafeScope(choices.open_run) as run:
            if run is None:
                return original(*args, **kwargs)
            with harmless("the parameters"):
                run.set_tag("mlflow.autologging", self._flavor)
                run.log_params(self._params(given.arguments))
            with harmless("the metrics"):
                own = given.arguments.get("callbacks")
                present = [own] if own is not None and not isinstance(own, Iterable) else (own or ())
                given.arguments["callbacks"] = [*present, self._callback(run)]
            result = original(*given.args, **given.kwargs)
            if choices.log_models:
                with harmless("the model"):
                    run.log_model(self._trained(given.arguments, result), "model", flavor=self._flavor)
            return result


class Watch(Protocol):
    """Gives the scope in which a trainer's training logs into a run."""

    def __call__(self, run: Run, trainer: Any) -> AbstractContextManager[Callable[[], Mapping[str, Any]]]:
        """Return a scope that gives a function, asked after the training: what to log as the model.

        That is the arguments of `run.log_model` but the name; an empty mapping where there is no model to log.
        """


class TrainMethod:
    """A method of a library's trainer, such as `Trainer.fit`, which logs while it is switched on. Thread safe.

    Args:
        flavor: the flavor's name, which logs the trained model.
        name: the method's name.
        watch: logs what happens meanwhile, by the library's own callbacks.
        is_logged: whether a training is one to log, and not a part of another or of another process.
    """

    def __init__(
        self, flavor: str, name: str, watch: Watch, is_logged: Callable[[Any], bool] = lambda trainer: True
    ) -> None:
        self._flavor, self._name, self._watch, self._is_logged = flavor, name, watch, is_logged
        self._replacements = Replacements()
        self._choices: _Choices | None = None

    def apply(self, open_run: OpenRun, *, trainers: Iterable[type], log_models: bool) -> None:
        """Log from now on with these choices, wrapping the method of those classes that are not wrapped yet."""
        self._choices = _Choices(open_run, log_models)
        self._replacements.make([(trainer, self._name) for trainer in trainers], self._wrap)

    def remove(self) -> None:
        """Log no more."""
        self._choices = None
        self._replacements.undo()

    def _wrap(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def method(trainer: Any, *args: Any, **kwargs: Any) -> Any:
            choices = self._choices
            if choices is None or not self._is_logged(trainer):
                return original(trainer, *args, **kwargs)
            with SafeScope(choices.open_run) as run:
                if run is None:
                    return original(trainer, *args, **kwargs)
                return self._logged(choices, run, functools.partial(original, trainer, *args, **kwargs), trainer)

        return method

    def _logged(self, choices: _Choices, run: Run, train: Callable[[], Any], trainer: Any) -> Any:
        model: Callable[[], Mapping[str, Any]] = dict
        scope = contextlib.ExitStack()
        with harmless("this training"):
            run.set_tag("mlflow.autologging", self._flavor)
            model = scope.enter_context(self._watch(run, trainer))
        try:
            result = train()
        finally:
            with harmless("the end of the training"):
                scope.close()
        if choices.log_models:
            with harmless("the model"):
                found = dict(model())
                if found:
                    run.log_model(found.pop("model"), "model", flavor=self._flavor, **found)
        return result


def _place(target: str) -> tuple[Any, str]:
    """Return what holds a function, and its name there: a module, or the class that defines a method."""
    module, _, path = target.partition(":")
    inner, _, name = path.rpartition(".")
    owner = resolve(f"{module}:{inner}")
    return next(each for each in owner.__mro__ if name in vars(each)) if isinstance(owner, type) else owner, name


def plain_params(arguments: Mapping[str, Any]) -> dict[str, str]:
    """Return what an argument `params` holds, and the other arguments that are plain values."""
    plain = {name: value for name, value in arguments.items() if isinstance(value, str | int | float)}
    named = {**plain, **dict(arguments.get("params") or {})}
    return {name: str(value) for name, value in named.items() if value is not None and not callable(value)}
