"""Automatic logging of trainings."""

import contextlib
import logging
from collections.abc import Iterator, Sequence
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
        options: passed on to each flavor, such as `log_models=False`.

    Returns:
        The names of the flavors that were switched.
    """
    plugins = current_workspace().plugins
    switched = []
    for provider in plugins.providers("flavors"):
        if not isinstance(provider, FlavorProvider) or provider.autolog is None:
            continue
        if (flavors is None and not _is_installed(provider.library)) or (flavors and provider.name not in flavors):
            continue
        try:
            resolve(provider.autolog)(_run_scope, disable=disable, **options)
            switched.append(provider.name)
        except ImportError as error:
            log.warning("Automatic logging of %r cannot be used: %s", provider.name, describe(error))
    missing = set(flavors or ()) - set(switched)
    if missing:
        raise InvalidValue(f"No automatic logging is installed for: {', '.join(sorted(missing))}.")
    return switched


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
