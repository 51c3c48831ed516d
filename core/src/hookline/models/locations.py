"""Model URIs: from what a user names to the folder that holds the model, and to what is on record about it.

| URI | What it names |
|---|---|
| a path, `file:///PATH` | a local folder |
| `runs:/RUN_ID/NAME` | the newest ready model that the run logged under the name, else that folder of its artifacts |
| `models:/NAME/3`, `models:/NAME@ALIAS` | a version of a registered model, by its number or an alias |
| `models:/NAME/latest`, `models:/NAME/STAGE` | the newest version, of all or of a stage such as `Production` |
| `models:/m-ID` | a logged model |
| any artifact store's URI | a folder in it |
"""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from attrs import evolve, frozen

from hookline import search
from hookline.artifacts import Artifacts, Location
from hookline.entities import STAGES, LoggedModel, ModelStatus, ModelVersion
from hookline.errors import InvalidState, InvalidValue, NotFound, UnknownProvider
from hookline.finding import find_run, not_registered
from hookline.interfaces import LoggedModels, ModelRegistry, TrackingStore
from hookline.models.document import FILE_NAME
from hookline.models.records import MANIFEST_TAG, PINNED_TAG
from hookline.models.suggestions import FORMS, KINDS_OF_NAMES, LOGGED_ID, Suggestions
from hookline.search.syntax import Comparison, Entity, Field, Operator, Query
from hookline.uris import file_path, file_uri, scheme_of

T = TypeVar("T")
_MAX_STEPS = 5


@frozen
class Source:
    """Where a model is and what is on record about it.

    Attributes:
        uri: how the user named it, for messages.
        place: a local folder, or a folder in an artifact store.
        lasting_uri: names the same bytes for ever: what a version of it keeps.
        digest: the digest of its manifest that a store keeps; None where none is on record.
        vouched: whether that record vouches for its pickles.
        run_id, model_id: the run and the logged model that it comes from, where known.
    """

    uri: str
    place: Path | Location
    lasting_uri: str
    digest: str | None = None
    vouched: bool = False
    run_id: str | None = None
    model_id: str | None = None


class ModelLocations:
    """Finds models by their URIs.

    Args:
        tracking, registry: return the stores; asked on first use.
        suggestions: says what to write instead of a URI that leads nowhere.
    """

    def __init__(
        self,
        artifacts: Artifacts,
        tracking: Callable[[], TrackingStore],
        registry: Callable[[], ModelRegistry],
        suggestions: Suggestions,
    ) -> None:
        self._artifacts, self._tracking, self._registry = artifacts, tracking, registry
        self._suggestions = suggestions

    def find(self, uri: str) -> Source:
        """Return where the model of a URI is.

        Raises:
            NotFound: there is no such run, model, version or alias. InvalidValue: the URI cannot be read.
        """
        return evolve(self._find(uri, _MAX_STEPS), uri=uri)

    def _find(self, uri: str, steps: int) -> Source:
        scheme = scheme_of(uri)
        if steps == 0:
            raise InvalidValue(f"The source of the model leads in a circle: {uri!r}.")
        if scheme == "file":
            path = file_path(uri)
            return Source(uri, path, file_uri(path))
        if scheme == "runs":
            return self._of_run(uri)
        if scheme == "models":
            return self._of_registry(uri, steps)
        try:
            return Source(uri, self._artifacts.locate(uri), uri)
        except UnknownProvider as error:
            raise UnknownProvider(f"{error}\n{KINDS_OF_NAMES}") from error

    @contextlib.contextmanager
    def as_local(self, source: Source) -> Iterator[Path]:
        """Give the model's folder on local disk: in place where it is there already, else a private copy.

        Raises:
            NotFound: there is no model.
        """
        if isinstance(source.place, Path):
            yield self._checked(source.place, source.uri)
            return
        local = self._artifacts.as_local(source.place)
        try:
            folder = local.__enter__()
        except NotFound as error:
            raise self._no_model(source.uri) from error
        with contextlib.ExitStack() as stack:
            stack.push(local)
            yield self._checked(folder, source.uri)

    def _checked(self, folder: Path, uri: str) -> Path:
        if not (folder / FILE_NAME).is_file():
            raise self._no_model(uri, folder)
        return folder

    def _no_model(self, uri: str, folder: Path | None = None) -> NotFound:
        is_folder = folder is not None and folder.is_dir()
        why = f": the folder has no file {FILE_NAME!r}" if is_folder else ""
        return NotFound(f"There is no model at {uri!r}{why}. {self._suggestions.instead_of(uri)}".rstrip())

    # runs:/ ----------------------------------------------------------------------------------------------------------

    def _of_run(self, uri: str) -> Source:
        run_id, _, name = uri.partition(":")[2].strip("/").partition("/")
        if not run_id or not name:
            raise InvalidValue(f"{uri!r} names no model of a run; {self._suggestions.without_model(run_id)}")
        run = find_run(self._tracking(), run_id)
        run_id = run.info.run_id
        logged = self._logged_by(run_id, run.info.experiment_id, name)
        ready = next((each for each in logged if each.status is ModelStatus.READY), None)
        if ready is not None:
            return self._of_logged(ready)
        location = self._artifacts.locate(run.info.artifact_uri, name)
        if logged and not location.store.list(location.key):
            raise InvalidState(_not_ready(logged[0]))
        return Source(uri, location, location.uri, run_id=run_id)

    def _logged_by(self, run_id: str, experiment_id: str, name: str) -> list[LoggedModel]:
        store = self._tracking()
        if not isinstance(store, LoggedModels):
            return []
        where = (
            Comparison(Field(Entity.ATTRIBUTE, "source_run_id"), Operator.EQUAL, run_id),
            Comparison(Field(Entity.ATTRIBUTE, "name"), Operator.EQUAL, name),
        )
        query = Query(
            where=where, order_by=search.LOGGED_MODELS.tie_break, max_results=search.LOGGED_MODELS.max_results
        )
        return list(store.search_logged_models([experiment_id], query).items)

    # models:/ --------------------------------------------------------------------------------------------------------

    def _of_registry(self, uri: str, steps: int) -> Source:
        text = uri.partition(":")[2].strip("/")
        if LOGGED_ID.fullmatch(text):
            return self._of_logged_id(text)
        version = self._version(uri, text)
        # What the registry says of the version counts for more than what its source says of itself.
        source = self._find(version.source, steps - 1)
        digest = version.tags.get(MANIFEST_TAG) or version.tags.get(PINNED_TAG)
        if digest:
            source = evolve(source, digest=digest, vouched=MANIFEST_TAG in version.tags)
        return evolve(source, run_id=version.run_id or source.run_id, model_id=version.model_id or source.model_id)

    def _version(self, uri: str, text: str) -> ModelVersion:
        name, mark, alias = text.rpartition("@")
        if mark and "/" not in alias:
            return self._in_registry(name, lambda registry: registry.get_version_by_alias(name, alias))
        name, _, which = text.rpartition("/")
        if not name:
            raise InvalidValue(f"{uri!r} does not say which version; {self._suggestions.without_version(which)}")
        if which.isdecimal():
            return self._in_registry(name, lambda registry: registry.get_version(name, int(which)))
        stage = next((each for each in STAGES if each.lower() == which.lower()), None)
        if stage is None and which.lower() != "latest":
            raise InvalidValue(f"{uri!r} names no version: {which!r} is no number and no stage. Write {FORMS}.")
        model = self._in_registry(name, lambda registry: registry.get_model(name))
        versions = [each for each in model.latest_versions if stage in (None, each.current_stage)]
        if not versions:
            raise NotFound(f"The registered model {name!r} has no version" + (f" in {stage}." if stage else "."))
        return max(versions, key=lambda each: each.version)

    def _in_registry(self, name: str, find: Callable[[ModelRegistry], T]) -> T:
        registry = self._registry()
        try:
            return find(registry)
        except NotFound as error:
            raise not_registered(registry, name, error) from error

    def _of_logged_id(self, model_id: str) -> Source:
        store = self._tracking()
        if not isinstance(store, LoggedModels):
            raise NotFound(f"The tracking store keeps no logged models, so that there is no {model_id!r}.")
        model = store.get_logged_model(model_id)
        if model.status is not ModelStatus.READY:
            raise InvalidState(_not_ready(model))
        return self._of_logged(model)

    def _of_logged(self, model: LoggedModel) -> Source:
        digest = model.tags.get(MANIFEST_TAG)
        return Source(
            uri=f"models:/{model.model_id}",
            place=self._artifacts.locate(model.artifact_uri),
            lasting_uri=f"models:/{model.model_id}",
            digest=digest,
            vouched=digest is not None,
            run_id=model.source_run_id,
            model_id=model.model_id,
        )


def _not_ready(model: LoggedModel) -> str:
    if model.status is ModelStatus.UPLOAD_FAILED:
        return f"The files of the logged model {model.model_id!r} could not be stored: {model.status_message}"
    return f"The files of the logged model {model.model_id!r} are not stored yet."
