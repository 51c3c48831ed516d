"""The flows around a flavor: save, log, fetch, load, inspect, register."""

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from attrs import asdict, evolve, frozen

from hookline.artifacts import Artifacts, Location
from hookline.config import PicklePolicy
from hookline.discovery import describe
from hookline.entities import (
    LoggedModel,
    LoggedModelChange,
    ModelFolder,
    ModelOutput,
    ModelStatus,
    ModelVersion,
    NewLoggedModel,
    NewModelVersion,
    RunInfo,
)
from hookline.errors import (
    AlreadyExists,
    DigestMismatch,
    HooklineError,
    InvalidState,
    NotFound,
    NotSupported,
    Unavailable,
)
from hookline.interfaces import LoggedModels, ModelRegistry, TrackingStore
from hookline.models.choosing import Flavors
from hookline.models.distributions import Distributions
from hookline.models.document import ModelDocument
from hookline.models.inspection import Inspection, inspect_folder
from hookline.models.loading import LoadedModel
from hookline.models.locations import ModelLocations, Source
from hookline.models.manifest import Manifest
from hookline.models.pickles import PickleGate
from hookline.models.records import MANIFEST_TAG, PINNED_TAG, Records
from hookline.models.saving import Identity, Saving, new_folder, write_model
from hookline.models.suggestions import Suggestions
from hookline.paths import check_key_path
from hookline.plugins import Plugins
from hookline.system import current_user


@frozen
class _Opened:
    """A model on local disk whose files are those on record, and the gate of its pickles."""

    source: Source
    folder: Path
    digest: str | None
    gate: PickleGate


class Models:
    """The models of a workspace. Thread safe.

    Args:
        tracking, registry: return the stores; asked on first use.
        policy: whether pickles are opened: `trusted`, `allow` or `deny`.
        has_store: whether an error may look into the stores for what was meant.
        stage: keeps a saved model until the stores are back: `stage(run_id, "model", folder, details)`; None: nobody
            does, and `log` raises where a store is away.
    """

    def __init__(
        self,
        *,
        plugins: Plugins,
        artifacts: Artifacts,
        tracking: Callable[[], TrackingStore],
        registry: Callable[[], ModelRegistry],
        policy: PicklePolicy,
        has_store: Callable[[], bool] = lambda: True,
        stage: Callable[[str, str, Path, Mapping[str, Any]], None] | None = None,
    ) -> None:
        self._plugins, self._artifacts, self._policy = plugins, artifacts, policy
        self._tracking, self._registry, self._stage = tracking, registry, stage
        self._flavors = Flavors(plugins)
        self._locations = ModelLocations(artifacts, tracking, registry, Suggestions(tracking, registry, has_store))
        self._records = Records(tracking, registry)
        self._installed = Distributions()

    # Saving ----------------------------------------------------------------------------------------------------------

    def save(
        self,
        model: Any,
        path: str | Path,
        *,
        flavor: str | None = None,
        signature: Any = None,
        input_example: Any = None,
        requirements: Sequence[str] | None = None,
        metadata: Mapping[str, Any] | None = None,
        **flavor_options: Any,
    ) -> ModelDocument:
        """Save a model into a new local folder, whole or not at all.

        Args:
            flavor: default the one that handles the model's type.
            signature: what `infer_signature` returns; default inferred from the example, for which the model is asked
                to predict once.
            input_example: data that the model takes, or a pair of data and params.
            requirements: lines of `requirements.txt`; default found from what the model is made of.
            metadata: plain values to keep in `MLmodel`.
            flavor_options: what the flavor's own `save` takes.

        Raises:
            AlreadyExists: the folder is there and not empty.
            UnknownProvider: no installed flavor handles the model. InvalidValue: an argument is wrong.
        """
        saving = Saving(signature, input_example, requirements, metadata, flavor_options)
        with new_folder(Path(path)) as folder:
            document, _manifest = self._write(folder, model, flavor, saving)
        return document

    def _write(
        self, folder: Path, model: Any, flavor: str | None, saving: Saving, identity: Identity | None = None
    ) -> tuple[ModelDocument, Manifest]:
        name = flavor or self._flavors.for_model(model)
        found = self._flavors.named(name)
        own = self._flavors.distribution_of(name) if saving.requirements is None else None
        document, manifest = write_model(
            folder,
            model,
            found,
            saving,
            names=[own] if own else [],
            installed=self._installed,
            identity=identity,
        )
        self._records.note_saved(manifest.digest)
        return document, manifest

    def log(
        self,
        run: RunInfo,
        model: Any,
        name: str = "model",
        *,
        registered_name: str | None = None,
        step: int = 0,
        flavor: str | None = None,
        signature: Any = None,
        input_example: Any = None,
        requirements: Sequence[str] | None = None,
        metadata: Mapping[str, Any] | None = None,
        **flavor_options: Any,
    ) -> LoggedModel:
        """Save a model, store its files and note it as an output of a run; arguments as for `save`.

        Args:
            name: finds it again: `runs:/RUN_ID/NAME`.
            registered_name: a registered model to make a version of; created where it is not there.
            step: of the training that the model comes from.

        Raises:
            As for `save`. NotSupported: the tracking store keeps no logged models. Where the files cannot be stored the
            logged model has the status UPLOAD_FAILED, and the store's error is raised. Where a store is away the model
            is kept beside the run's journal, and stored once it is back; one to be registered raises `Unavailable`.
        """
        with contextlib.suppress(Unavailable):
            self._logged_models()  # a store that keeps none says so before anything is saved
        saving = Saving(signature, input_example, requirements, metadata, flavor_options)
        new = NewLoggedModel(run.experiment_id, check_key_path(name), source_run_id=run.run_id)
        with tempfile.TemporaryDirectory(prefix="hookline-model-") as temporary:
            folder = Path(temporary)
            _document, manifest = self._write(folder, model, flavor, saving, Identity(new.model_id, run.run_id, name))
            try:
                logged = self.store(new, folder, manifest.digest, step)
            except Unavailable:
                if self._stage is None or registered_name is not None:  # a version is made by the registry, now
                    raise
                details = {"key": name, "model": asdict(new), "digest": manifest.digest, "step": step}
                self._stage(run.run_id, "model", folder, details)
                return LoggedModel(new.model_id, new.experiment_id, new.name, "", source_run_id=run.run_id)
        if registered_name is not None:
            self.register(f"models:/{logged.model_id}", registered_name)
        return logged

    def store(self, new: NewLoggedModel, folder: Path, digest: str, step: int) -> LoggedModel:
        """Store a saved model as one that its run made; doing it again is no error.

        Args:
            digest: of the manifest in the model's folder.

        Raises:
            As for `log`.
        """
        run_id = str(new.source_run_id)
        store = self._logged_models()
        if not new.experiment_id:
            new = evolve(new, experiment_id=self._tracking().get_run(run_id).info.experiment_id)
        logged = store.create_logged_model(new)
        self._upload(folder, logged, store)
        change = LoggedModelChange(status=ModelStatus.READY, tags={MANIFEST_TAG: digest})
        logged = store.update_logged_model(logged.model_id, change)
        self._tracking().log_outputs(run_id, [ModelOutput(logged.model_id, step)])
        self._plugins.announce("model_logged", model=logged)
        return logged

    def _logged_models(self) -> LoggedModels:
        store = self._tracking()
        if not isinstance(store, LoggedModels):
            raise NotSupported(
                f"The tracking store {type(store).__name__} keeps no logged models. "
                "Save the model with save_model and log its folder with log_artifacts."
            )
        return store

    def _upload(self, folder: Path, logged: LoggedModel, store: LoggedModels) -> None:
        location: Location | None = None
        try:
            location = self._artifacts.locate(logged.artifact_uri)
            self._artifacts.upload(folder, location)
        except Unavailable:
            raise  # it stays PENDING until it is tried again
        except BaseException as error:
            change = LoggedModelChange(status=ModelStatus.UPLOAD_FAILED, status_message=describe(error))
            with contextlib.suppress(Exception):
                store.update_logged_model(logged.model_id, change)
            with contextlib.suppress(Exception):
                if location is not None:
                    location.store.delete(location.key)
            raise

    # Opening ---------------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def fetch(self, uri: str | Path, *, allow_pickle: bool = False) -> Iterator[ModelFolder]:
        """Give a model's folder on local disk, its digests verified; a private copy is gone after the block.

        Raises:
            As for `load`.
        """
        with self._opened(uri, allow_pickle) as opened:
            trusted = opened.gate.is_open()
            yield ModelFolder(str(uri), opened.folder, opened.digest, trusted, trusted or opened.gate.vouched())

    def load(self, uri: str | Path, *, flavor: str | None = None, allow_pickle: bool = False) -> LoadedModel:
        """Return a model that is ready to predict.

        Args:
            uri: a path or a model URI; `hookline.models.locations` lists the forms.
            flavor: the flavor to load it with; default the first that is installed, native ones first.
            allow_pickle: open its pickles though no record vouches for them. The policy `deny` stays.

        Raises:
            NotFound: there is no such model. DigestMismatch: its files are not those on record.
            PickleRefused: opening it would run code that nobody vouches for.
            UnknownProvider: no installed plugin offers its flavors; the text says what to install.
            InvalidState: it needs a module that is not here, or is damaged.
        """
        with contextlib.ExitStack() as stack:
            opened = stack.enter_context(self._opened(uri, allow_pickle))
            document = ModelDocument.read(opened.folder)
            found = self._flavors.named(self._flavors.to_load(document, str(uri), flavor))
            try:
                with opened.gate.watch():
                    native = found.load(opened.folder, document.flavors[found.name], opened.gate)
            except HooklineError:
                raise
            except Exception as error:
                raise InvalidState(f"The model {str(uri)!r} cannot be loaded: {describe(error)}") from error
            return LoadedModel(native, document, found, opened.folder, stack.pop_all().close)

    @contextlib.contextmanager
    def _opened(self, uri: str | Path, allow_pickle: bool) -> Iterator[_Opened]:
        source = self._locations.find(str(uri))
        with self._locations.as_local(source) as folder:
            digest = _verified(folder, source)
            yield _Opened(source, folder, digest, self._gate(source, folder, digest, allow_pickle))

    def _gate(self, source: Source, folder: Path, digest: str | None, allowed: bool) -> PickleGate:
        @cache
        def vouched() -> bool:
            return source.vouched or (digest is not None and self._records.vouch_for(digest))

        return PickleGate(folder, source.uri, self._policy, allowed, vouched)

    def vouch(self, digest: str) -> None:
        """Let this object take the model with a manifest's digest for one that a record vouches for.

        For a process that has no store to ask and is told so by the one that started it.
        """
        self._records.note_saved(digest)

    def inspect(self, uri: str | Path) -> Inspection:
        """Return what a model is, without executing anything of it. A model whose files were changed is reported so.

        Raises:
            NotFound: there is no such model. InvalidValue: its `MLmodel` cannot be read.
        """
        source = self._locations.find(str(uri))
        with self._locations.as_local(source) as folder:

            def is_trusted(digest: str) -> bool:
                return self._gate(source, folder, digest, False).is_open()

            return inspect_folder(
                folder, uri=source.uri, recorded=source.digest, is_trusted=is_trusted, flavors=self._flavors
            )

    # Registering -----------------------------------------------------------------------------------------------------

    def register(
        self,
        uri: str | Path,
        name: str,
        *,
        description: str = "",
        tags: Mapping[str, str] | None = None,
        allow_pickle: bool = False,
    ) -> ModelVersion:
        """Make a version of a registered model, which is created where it is not there.

        The version keeps the digest of the model's files, so that changed files are refused. It vouches for the
        model's pickles only where a record did before: registering a stranger's model does not make it trusted.

        Args:
            allow_pickle: vouch for the model's pickles, so that the version opens without being allowed each time.

        Raises:
            As for `load`. InvalidValue: the name is not allowed.
        """
        with self._opened(uri, allow_pickle) as opened:
            digest = opened.digest or Manifest.of(opened.folder).digest
            vouched = allow_pickle or opened.gate.vouched()
        source = opened.source
        new = NewModelVersion(
            name=name,
            source=source.lasting_uri,
            run_id=source.run_id,
            model_id=source.model_id,
            description=description,
            user_id=current_user(),
            tags={**(tags or {}), (MANIFEST_TAG if vouched else PINNED_TAG): digest},
        )
        registry = self._registry()
        try:
            registry.get_model(name)
        except NotFound:
            with contextlib.suppress(AlreadyExists):
                registry.create_model(name)
        version = registry.create_version(new)
        self._plugins.announce("version_created", version=version)
        return version


def _verified(folder: Path, source: Source) -> str | None:
    """Return the digest of a model's files after comparing them with its manifest and with what is on record."""
    manifest = Manifest.read(folder)
    if manifest is not None:
        manifest.verify(folder, source.uri)
    elif source.digest is not None:
        manifest = Manifest.of(folder)
    if manifest is None:
        return None
    if source.digest is not None and source.digest != manifest.digest:
        raise DigestMismatch(
            f"The files of the model {source.uri!r} were changed after they were stored: their digest is "
            f"{manifest.digest}, on record is {source.digest}. Log the model anew, or restore its files."
        )
    return manifest.digest
