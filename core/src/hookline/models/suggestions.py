"""What to write instead of a model's URI that leads nowhere."""

import re
from collections.abc import Callable

from hookline import search
from hookline.entities import RegisteredModel
from hookline.errors import HooklineError, NotFound
from hookline.finding import NAMES_SHOWN, WHOLE_ID, all_experiment_ids, find_run, similar_model, uris_of
from hookline.interfaces import LoggedModels, ModelRegistry, TrackingStore
from hookline.search.syntax import Comparison, Entity, Field, Operator, Query
from hookline.uris import is_path, scheme_of

FORMS = "models:/NAME/VERSION, models:/NAME@ALIAS, models:/NAME/latest or models:/m-ID"
LOGGED_ID = re.compile(r"m-[0-9a-f]{32}")
_RUN = re.compile(r"([0-9a-f]{4,32})(?:/(.+))?")
KINDS_OF_NAMES = f"A model is named by its folder, as runs:/RUN_ID/NAME, or as {FORMS}."


class Suggestions:
    """Knows what people leave out: `models:/` before a name, `runs:/` before an id, the version, the model's name.

    Args:
        has_store: whether there is anything to look into; opening a store for the first time would make it.
    """

    def __init__(
        self,
        tracking: Callable[[], TrackingStore],
        registry: Callable[[], ModelRegistry],
        has_store: Callable[[], bool],
    ) -> None:
        self._tracking, self._registry, self._has_store = tracking, registry, has_store

    def instead_of(self, uri: str) -> str:
        """Return a sentence that helps whoever wrote a URI without a model, or ""."""
        try:
            if not is_path(uri):
                return self._in_run(uri) if scheme_of(uri) == "runs" else ""
            return (self._has_store() and self._meant(uri.strip("/"))) or KINDS_OF_NAMES
        except HooklineError:  # what is wrong with the store is not what was asked
            return KINDS_OF_NAMES if is_path(uri) else ""

    def _meant(self, text: str) -> str:
        return self._registered(text) or self._of_run(text) or self._logged(text)

    def without_version(self, name: str) -> str:
        """Return what to write instead of `models:/NAME`."""
        try:
            return f"write {uris_of(self._registry().get_model(name)) or FORMS}."
        except HooklineError:
            return f"write {FORMS}."

    def without_model(self, run_id: str) -> str:
        """Return what to write instead of `runs:/RUN_ID`."""
        try:
            uris = self._uris_in_run(run_id)
        except HooklineError:
            return "write runs:/RUN_ID/NAME, such as runs:/RUN_ID/model."
        return f"write {uris}." if uris else "the run logged no model."

    # models:/ --------------------------------------------------------------------------------------------------------

    def _registered(self, text: str) -> str:
        if LOGGED_ID.fullmatch(text):
            return f"To name a logged model write models:/{text}."
        for name in (text, text.rpartition("@")[0], text.rpartition("/")[0]):
            model = self._model(name)
            if model is not None:
                return f"There is a registered model {name!r}: {self._uri(model, text)}."
        similar = similar_model(self._registry(), re.split("[/@]", text)[0])
        return "" if similar is None or not uris_of(similar) else f"Did you mean {uris_of(similar)}?"

    def _model(self, name: str) -> RegisteredModel | None:
        try:
            return self._registry().get_model(name) if name else None
        except NotFound:
            return None

    def _uri(self, model: RegisteredModel, text: str) -> str:
        uris = uris_of(model)
        named = f"models:/{text}"
        return f"write {named if named in uris.split(' or ') else uris}" if uris else "it has no versions yet"

    # runs:/ ----------------------------------------------------------------------------------------------------------

    def _of_run(self, text: str) -> str:
        match = _RUN.fullmatch(text)
        if match is None:
            return ""
        try:
            run_id = find_run(self._tracking(), match[1]).info.run_id
        except NotFound:
            return "To name a model of a run write runs:/RUN_ID/NAME." if len(match[1]) == WHOLE_ID else ""
        if match[2]:
            return f"{match[1]!r} is a run: write runs:/{run_id}/{match[2]}."
        uris = self._uris_in_run(run_id)
        return f"That is a run: write {uris}." if uris else "That is a run, which logged no model."

    def _logged(self, name: str) -> str:
        store = self._tracking()
        if not isinstance(store, LoggedModels) or not name:
            return ""
        where = (Comparison(Field(Entity.ATTRIBUTE, "name"), Operator.EQUAL, name),)
        query = Query(where=where, order_by=search.LOGGED_MODELS.tie_break, max_results=1)
        found = store.search_logged_models(all_experiment_ids(store), query).items
        if not found:
            return ""
        run_id, model_id = found[0].source_run_id, found[0].model_id
        return (
            f"There is a logged model {name!r}: write {f'runs:/{run_id}/{name}' if run_id else f'models:/{model_id}'}."
        )

    def _in_run(self, uri: str) -> str:
        uris = self._uris_in_run(uri.partition(":")[2].strip("/").partition("/")[0])
        return f"The run logged {uris}." if uris else "The run logged no model."

    def _uris_in_run(self, run_id: str) -> str:
        """Return how the models that a run logged are named; raises `NotFound` where there is no such run."""
        store = self._tracking()
        info = find_run(store, run_id).info
        if not isinstance(store, LoggedModels):
            return ""
        query = search.parse(search.LOGGED_MODELS, f"source_run_id = '{info.run_id}'", max_results=100)
        found = store.search_logged_models([info.experiment_id], query).items
        names = sorted({each.name for each in found})[:NAMES_SHOWN]
        return " or ".join(f"runs:/{info.run_id}/{name}" for name in names)
