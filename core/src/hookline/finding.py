"""Finding what people name: a run by the start of its id, and what there is where a name leads nowhere."""

import difflib
from collections.abc import Iterable

from hookline import search
from hookline.entities import RegisteredModel, RunRecord, ViewType
from hookline.errors import InvalidValue, NotFound
from hookline.interfaces import ModelRegistry, TrackingStore
from hookline.pages import PAGE_SIZE, all_pages

SHORTEST_PREFIX = 4
WHOLE_ID = 32
NAMES_SHOWN = 10


def find_run(tracking: TrackingStore, run_id: str) -> RunRecord:
    """Return a run by its id, or by the start of an id that only one run has.

    Raises:
        NotFound: no run, or more than one, has an id that starts so. InvalidValue: it is no text.
    """
    if not isinstance(run_id, str):
        raise InvalidValue(f"A run is named by its id, a text, not by {run_id!r}.")
    try:
        return tracking.get_run(run_id)
    except NotFound as error:
        if len(run_id) < SHORTEST_PREFIX:
            raise NotFound(f"{error}; the start of an id has at least {SHORTEST_PREFIX} digits.") from error
        # What has a meaning in a filter stands in no id.
        if len(run_id) >= WHOLE_ID or not run_id.replace("-", "").isalnum():
            raise
    query = search.parse(search.RUNS, f"run_id LIKE '{run_id}%'", max_results=2, view=ViewType.ALL)
    found = tracking.search_runs(all_experiment_ids(tracking), query).items
    if len(found) != 1:
        what = "More than one run has" if found else "No run has"
        raise NotFound(f"{what} an id that starts with {run_id!r}.")
    return found[0]


def all_experiment_ids(tracking: TrackingStore) -> list[str]:
    """Return the ids of all experiments, those that are deleted too."""
    pages = all_pages(
        lambda size, token: tracking.search_experiments(
            search.parse(search.EXPERIMENTS, None, max_results=size, view=ViewType.ALL, page_token=token)
        ),
        None,
        size=PAGE_SIZE,
    )
    return [each.experiment_id for each in pages]


def similar_model(registry: ModelRegistry, name: str) -> RegisteredModel | None:
    """Return the registered model whose name is most like one that is not there, or None."""
    models = {each.name: each for each in _first_models(registry, PAGE_SIZE)}
    close = difflib.get_close_matches(name, list(models), n=1)
    return models[close[0]] if close else None


def uris_of(model: RegisteredModel) -> str:
    """Return how the versions of a registered model are named: the latest by its number, and by each alias."""
    latest = max((each.version for each in model.latest_versions), default=None)
    numbers = [] if latest is None else [f"models:/{model.name}/{latest}"]
    return " or ".join([*numbers, *(f"models:/{model.name}@{alias}" for alias in sorted(model.aliases)[:NAMES_SHOWN])])


def not_registered(registry: ModelRegistry, name: str, error: NotFound) -> NotFound:
    """Return the error about a registered model, a version or an alias, which also says what there is."""
    said = str(error).rstrip(".")
    try:
        uris = uris_of(registry.get_model(name))
    except NotFound:
        similar = similar_model(registry, name)
        known = ", ".join(repr(each.name) for each in _first_models(registry, NAMES_SHOWN))
        make = f"No model is registered yet. To register one: hookline models register runs:/RUN_ID/NAME {name}"
        there = f"There are: {known}." if known else make
        return NotFound(f"{said}. " + (f"Did you mean {similar.name!r}?" if similar else there))
    return NotFound(f"{said}. " + (f"There is {uris}." if uris else f"{name!r} has no versions."))


def no_deployment(name: str, there: Iterable[str], target: str) -> NotFound:
    """Return the error about a deployment that a target does not have: it says what there is, or how one is made."""
    known = ", ".join(sorted(there))
    if known:
        return NotFound(f"There is no deployment {name!r} at the target {target!r}; there are: {known}.")
    return NotFound(
        f"There is no deployment {name!r} at the target {target!r}, nor any other. To make it: "
        f"hookline deployments create {name} -m models:/MODEL/VERSION -t {target}"
    )


def _first_models(registry: ModelRegistry, wanted: int) -> list[RegisteredModel]:
    pages = all_pages(
        lambda size, token: registry.search_models(
            search.parse(search.REGISTERED_MODELS, None, max_results=size, page_token=token)
        ),
        wanted,
    )
    return list(pages)
