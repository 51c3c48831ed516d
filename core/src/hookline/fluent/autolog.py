"""Automatic logging of trainings."""

import contextlib
import inspect
import logging
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from typing import Any

from hookline.errors import InvalidValue
from hookline.fluent.state import active_run, current_workspace, start_run
from hookline.plugins import describe
from hookline.providers import FlavorProvider, resolve
from hookline.run import Run

log = logging.getLogger("hookline")


def autolog(*, flavors: Sequence[str] | None = None, disable: bool = False, **options: Any) -> list[str]:
    """Log trainings of installed libraries by themselves, into the active run or else into runs of their own.

    Args:
        flavors: the flavors to switch on; default every installed one whose library is there.
        disable: switch it off again.
        options: such as `log_models=False`; each flavor gets those that it takes.

    Returns:
        The names of the flavors that were switched.

    Raises:
        InvalidValue: none of the flavors takes an option, or a flavor that was asked for has no automatic logging.
    """
    if isinstance(flavors, str):
        raise InvalidValue(f"flavors is a list, such as ['sklearn'], not {flavors!r}.")
    found: dict[str, Callable[..., None]] = {}
    for provider in _autologged().values():
        if (flavors is None and not _is_installed(provider.library)) or (flavors and provider.name not in flavors):
            continue
        try:
            found[provider.name] = resolve(str(provider.autolog))
        except ImportError as error:
            log.warning("Automatic logging of %r cannot be used: %s", provider.name, describe(error))
    missing = set(flavors or ()) - set(found)
    if missing:
        names = ", ".join(_autologged()) or "none"
        raise InvalidValue(f"No automatic logging is installed for: {', '.join(sorted(missing))}; installed: {names}.")
    takes = {name: _options_of(function) for name, function in found.items()}
    every = set().union(*takes.values())
    unknown = options.keys() - every
    if unknown:
        allowed = ", ".join(["disable", *sorted(every)])
        raise InvalidValue(
            f"No automatic logging ({', '.join(found) or 'none'}) takes the option {', '.join(sorted(unknown))}; "
            f"allowed: {allowed}."
        )
    for name, function in found.items():
        function(_run_scope, disable=disable, **{each: options[each] for each in takes[name] & options.keys()})
    return list(found)


def _autologged() -> dict[str, FlavorProvider]:
    """Return the installed flavors that have automatic logging, by name."""
    offered = current_workspace().plugins.providers("flavors")
    return {each.name: each for each in offered if isinstance(each, FlavorProvider) and each.autolog is not None}


def _options_of(function: Callable[..., None]) -> set[str]:
    """Return the options that a flavor's automatic logging takes: what it is called with stands before them."""
    _scope, *others = inspect.signature(function).parameters
    return set(others) - {"disable"}


def _is_installed(library: str) -> bool:
    return not library or find_spec(library) is not None


@contextlib.contextmanager
def _run_scope(*, parent: Run | None = None) -> Iterator[Run]:
    """The active run, or a run of its own that ends with the block; with a parent, a new run nested in that one."""
    run = active_run()
    if run is not None and parent is None:
        yield run
        return
    above = parent.info if parent else None
    with start_run(
        nested=above is not None,
        parent_run_id=above.run_id if above else None,
        experiment_id=above.experiment_id if above else None,
    ) as own:
        yield own
