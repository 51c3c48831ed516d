"""The one object that an application holds: configuration, plugins, stores and flows, each made on first use."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

from hookline.artifacts import OWN_SCHEME, Artifacts
from hookline.config import Config
from hookline.deployments import Deployments
from hookline.entities import NewLoggedModel
from hookline.errors import InvalidValue, NotSupported, Refused
from hookline.experiments import Experiments
from hookline.housekeeping import Housekeeping
from hookline.interfaces import Documents, LoggedModels, ModelRegistry, TrackingStore
from hookline.interfaces.tracking import OWN_PLACES
from hookline.journal import Journals
from hookline.journal.places import BESIDE_SUFFIX, journal_root
from hookline.journal.records import Records
from hookline.journal.shipping import Sink
from hookline.models import Models
from hookline.plugins import Plugins
from hookline.projects import Projects
from hookline.providers import StoreProvider, resolve
from hookline.registry import Registry
from hookline.run import Run
from hookline.run_list import RunList
from hookline.runs import Runs
from hookline.scoring import Scoring
from hookline.staging import Staging
from hookline.uris import file_path, file_uri, is_path, scheme_of, without_secrets


class Workspace:
    """Everything that Hookline does for one configuration. Several may live in one process; they share nothing.

    Args:
        config: default the nearest `hookline.yaml`, the environment and the defaults (`Config.load()`).
        plugins: default the installed plugins that the configuration allows.

    Use it as a context manager, or call `close`, to give back what its stores hold open.
    """

    def __init__(self, config: Config | None = None, *, plugins: Plugins | None = None) -> None:
        self.config = config or Config.load()
        self._mirrors: dict[str, TrackingStore] = {}
        if plugins is not None:
            self.plugins = plugins

    @cached_property
    def plugins(self) -> Plugins:
        """The plugins of this workspace."""
        settings = self.config.settings.plugins
        return Plugins.discover(settings.allow, settings.disable)

    # Where things are ------------------------------------------------------------------------------------------------

    @cached_property
    def tracking_uri(self) -> str:
        """The URI of the tracking store: configured, or the default of the installed plugin."""
        return self.config.settings.tracking.uri or self.plugins.default_uri("tracking_stores", self.config.home)

    @cached_property
    def registry_uri(self) -> str:
        """The URI of the model registry: configured, or that of the tracking store."""
        return self.config.settings.registry.uri or self.tracking_uri

    @cached_property
    def artifacts_uri(self) -> str:
        """The URI of the artifact store, as an absolute one.

        It is the configured one; or that of the server behind the tracking store, where there is one; or the default of
        the installed plugin.
        """
        beside = self._artifacts_beside()
        default = beside[0] if beside else self.config.settings.artifacts.uri
        uri = default or self.plugins.default_uri("artifact_stores", self.config.home)
        if scheme_of(uri) == OWN_SCHEME:
            raise InvalidValue(f"artifacts.uri cannot be {uri!r}: that names the artifact store itself.")
        return file_uri(Path(uri).expanduser()) if is_path(uri) else uri

    def _artifacts_beside(self) -> tuple[str, Mapping[str, Any]] | None:
        """Return the artifact store that comes with the tracking store, where none is configured, and its options."""
        settings = self.config.settings
        if settings.artifacts.uri or not settings.tracking.uri or is_path(settings.tracking.uri):
            return None
        scheme = scheme_of(settings.tracking.uri)
        for each in self.plugins.providers("tracking_stores"):
            if each.name == scheme and isinstance(each, StoreProvider) and each.artifacts is not None:
                uri, options = resolve(each.artifacts)(settings.tracking.uri, settings.tracking.options)
                return uri, {**options, **settings.artifacts.options}
        return None

    # Stores ----------------------------------------------------------------------------------------------------------

    @cached_property
    def tracking(self) -> TrackingStore:
        """The tracking store."""
        options, uri = self.config.settings.tracking.options, self.tracking_uri
        if not self.config.settings.tracking.uri:
            self._make_home()
        store: TrackingStore = self.plugins.make_store("tracking_stores", uri, options)
        return store

    @cached_property
    def journals(self) -> Journals:
        """What this machine logged into the tracking store, and what of it the store does not have yet."""
        settings, stores = self.config.settings, [lambda: self.tracking, *map(self._mirror, self._mirror_uris)]
        names = [without_secrets(uri) for uri in (self.tracking_uri, *self._mirror_uris)]
        sinks = [
            Sink(name, store, _experiment_ids(store), is_primary=number == 0)
            for number, (name, store) in enumerate(zip(names, stores, strict=True))
        ]
        return Journals(self._journal_root, sinks, settings.journal, self._announce_stored, self._deliver_staged)

    @cached_property
    def staging(self) -> Staging:
        """Files and models that wait for a store to come back."""
        return Staging(lambda: self.journals, {"file": self._store_file, "model": self._store_model})

    def _deliver_staged(self, root: Path) -> None:
        self.staging.deliver(root)

    def _store_file(self, run_id: str, content: Path, details: Mapping[str, Any]) -> None:
        location = self.artifacts.locate(self.tracking.get_run(run_id).info.artifact_uri, details["key"])
        if content.is_dir():
            self.artifacts.upload(content, location)
        else:
            location.store.put(location.key, content)

    def _store_model(self, _run_id: str, content: Path, details: Mapping[str, Any]) -> None:
        self.models.store(NewLoggedModel(**details["model"]), content, details["digest"], details["step"])

    @property
    def _mirror_uris(self) -> tuple[str, ...]:
        return self.config.settings.tracking.mirrors

    def _mirror(self, uri: str) -> Callable[[], TrackingStore]:
        def opened() -> TrackingStore:
            if uri not in self._mirrors:
                self._mirrors[uri] = self.plugins.make_store("tracking_stores", uri, {})
            return self._mirrors[uri]

        return opened

    def _store_file_on_disk(self, kind: str, uri: str) -> Path | None:
        """Return the file that a store is, where it is one."""
        provider = self.plugins.find_store(kind, scheme_of(uri))
        file: Path | None = resolve(provider.file)(uri) if provider.file else None
        return file

    def _journal_root(self) -> Path:
        uri = self.tracking_uri
        if not self.config.settings.tracking.uri:
            self._make_home()
        return self._journals_of(uri)

    def _journals_of(self, uri: str) -> Path:
        file = self._store_file_on_disk("tracking_stores", uri)
        return journal_root(uri, self.config.settings.journal.folder, file)

    def _announce_stored(self, run_id: str, records: Records) -> None:
        if self.plugins.listens("batch_logged"):
            batch = records.batch()
            if batch is not None:
                self.plugins.announce("batch_logged", run_id=run_id, batch=batch)

    def _caught_up(self) -> TrackingStore:
        """Return the tracking store after it was given what this machine has logged."""
        store = self.tracking
        self.journals.catch_up()
        return store

    def _make_home(self) -> None:
        """Make the workspace's folder, which version control is told to pass over."""
        home = self.config.home
        if home.exists():
            return
        try:
            home.mkdir(parents=True, exist_ok=True)
            (home / ".gitignore").write_text("*\n", encoding="utf-8")
        except OSError as error:
            problem = f"The folder {home}, which keeps the runs, cannot be made: {error.strerror or error}."
            raise Refused(f"{problem} Work in another folder, or name a store with HOOKLINE_TRACKING_URI.") from error

    @property
    def has_store(self) -> bool:
        """Whether there is a tracking store already: opening one that is a file for the first time makes it."""
        return self._may_be_there and self._is_there(self.tracking_uri)

    @property
    def _may_be_there(self) -> bool:
        """Whether a store is named, or there is a folder that may hold the default one."""
        return self.config.settings.tracking.uri is not None or self.config.home.is_dir()

    def _is_there(self, uri: str) -> bool:
        """Return whether a tracking store is there, or what was logged and is on its way into one."""
        if not self._may_be_there:
            return False
        file = self._store_file_on_disk("tracking_stores", uri)
        return file is None or file.exists() or self._journals_of(uri).exists()

    @property
    def logged_models(self) -> LoggedModels:
        """The store of logged models, which is the tracking store. Raises `NotSupported` where it keeps none."""
        if not isinstance(self.tracking, LoggedModels):
            raise NotSupported(f"The tracking store of {scheme_of(self.tracking_uri)!r} keeps no logged models.")
        return self.tracking

    @property
    def documents(self) -> Documents:
        """The store of small documents, which is the tracking store. Raises `NotSupported` where it keeps none."""
        if not isinstance(self.tracking, Documents):
            raise NotSupported(f"The tracking store of {scheme_of(self.tracking_uri)!r} keeps no documents.")
        return self.tracking

    @cached_property
    def model_registry(self) -> ModelRegistry:
        """The store of registered models."""
        options = self.config.settings.registry.options
        store: ModelRegistry = self.plugins.make_store("model_registries", self.registry_uri, options)
        return store

    # Flows -----------------------------------------------------------------------------------------------------------

    @cached_property
    def artifacts(self) -> Artifacts:
        """Files: from URIs to stores, folders up and down."""
        beside = self._artifacts_beside()
        options = beside[1] if beside else self.config.settings.artifacts.options
        return Artifacts(self.plugins, lambda: self.artifacts_uri, options)

    @cached_property
    def experiments(self) -> Experiments:
        """Experiments: finding, making and changing them."""
        return Experiments(lambda: self.tracking)

    @cached_property
    def models(self) -> Models:
        """Models: saving, logging, loading, inspecting and registering them."""
        return Models(
            plugins=self.plugins,
            artifacts=self.artifacts,
            tracking=self._caught_up,
            registry=lambda: self.model_registry,
            policy=self.config.settings.models.pickle,
            stage=lambda *staged: self.staging.add(*staged),
            has_store=lambda: self.has_store,
        )

    @cached_property
    def registry(self) -> Registry:
        """Registered models: versions, aliases, tags."""
        return Registry(lambda: self.model_registry)

    @cached_property
    def runs(self) -> Runs:
        """Runs: starting, finding and changing them."""
        return Runs(
            plugins=self.plugins,
            tracking=self._caught_up,
            places_runs=lambda: OWN_PLACES in self.tracking.capabilities,
            journals=lambda: self.journals,
            staging=lambda: self.staging,
            artifacts=self.artifacts,
            models=self.models,
            experiments=self.experiments,
            settings=self.config.settings,
        )

    @cached_property
    def projects(self) -> Projects:
        """Projects: fetching and running them."""
        return Projects(
            plugins=self.plugins,
            runs=lambda: self.runs,
            artifacts=self.artifacts,
            home=self.config.home,
            settings=self.config.settings,
            child_variables=self.child_variables,
            child_places=self.child_places,
            gateway=lambda name: self.plugins.make("project_gateways", name, self, {}),
        )

    @cached_property
    def deployments(self) -> Deployments:
        """Deployments: models that answer somewhere."""
        return Deployments(
            plugins=self.plugins, models=self.models, home=self.config.home, settings=self.config.settings
        )

    @cached_property
    def scoring(self) -> Scoring:
        """Scoring: predictions for the rows of files."""
        return Scoring(
            plugins=self.plugins, models=lambda: self.models, home=self.config.home, settings=self.config.settings
        )

    @cached_property
    def housekeeping(self) -> Housekeeping:
        """Housekeeping: deleting for good what is marked deleted."""
        return Housekeeping(
            tracking=self._caught_up,
            registry=self._registry_if_offered,
            artifacts=self.artifacts,
            forget=lambda run_id: self.journals.forget(run_id),
        )

    def _registry_if_offered(self) -> ModelRegistry | None:
        """Return the registry; None where none is configured and the plugin of the tracking store has none."""
        if self.config.settings.registry.uri is None:
            offered = {each.name for each in self.plugins.providers("model_registries")}
            if scheme_of(self.tracking_uri) not in offered:
                return None
        return self.model_registry

    def child_variables(self) -> Mapping[str, str]:
        """Return the environment variables that let a child process open the same stores with the same options."""
        variables = {
            "HOOKLINE_TRACKING_URI": self.tracking_uri,
            "HOOKLINE_REGISTRY_URI": self.registry_uri,
        }
        if self._artifacts_beside() is None:  # or the child finds them there as well, with the same options
            variables["HOOKLINE_ARTIFACTS_URI"] = self.artifacts_uri
        root = self._journal_root()
        if not root.name.endswith(BESIDE_SUFFIX):  # the child may have another user's folder for state, or none
            variables["HOOKLINE_JOURNAL"] = str(root.parent)
        return variables | ({"HOOKLINE_CONFIG": str(self.config.file.absolute())} if self.config.file else {})

    def child_places(self) -> Sequence[Path]:
        """Return the files and folders of this machine that such a child process opens."""
        file = self._store_file_on_disk("tracking_stores", self.tracking_uri)
        registry = self._store_file_on_disk("model_registries", self.registry_uri)
        # A database is a file with others beside it, which come and go.
        places = [each.absolute().parent for each in (file, registry) if each is not None]
        if scheme_of(self.artifacts_uri) == "file":
            places.append(file_path(self.artifacts_uri).absolute())
        places.append(self._journal_root())
        return [*places, self.config.file.absolute()] if self.config.file else places

    # Shortcuts -------------------------------------------------------------------------------------------------------

    def start_run(self, **options: Any) -> Run:
        """Start a run; options as for `Runs.start`."""
        return self.runs.start(**options)

    def search_runs(self, filter: str | None = None, **options: Any) -> RunList:
        """Return the runs that a filter asks for; options as for `Runs.search`."""
        return self.runs.search(filter, **options)

    def save_model(self, model: Any, path: str | Path, **options: Any) -> Any:
        """Save a model into a new local folder; options as for `Models.save`."""
        return self.models.save(model, path, **options)

    def load_model(self, uri: str | Path, *, allow_pickle: bool = False, **options: Any) -> Any:
        """Return a model with `.predict(data)`; options as for `Models.load`."""
        return self.models.load(str(uri), allow_pickle=allow_pickle, **options)

    def close(self) -> None:
        """Ship what was logged, and give back what the stores hold open. Runs that are open stay open."""
        if "journals" in self.__dict__:
            self.journals.close()
        for mirror in self._mirrors.values():
            mirror.close()
        self._mirrors.clear()
        for name in ("tracking", "model_registry"):
            close = getattr(self.__dict__.pop(name, None), "close", None)
            if close is not None:
                close()

    def __enter__(self) -> "Workspace":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()


def _experiment_ids(store: Callable[[], TrackingStore]) -> Callable[[str], str]:
    experiments = Experiments(store)
    return lambda name: experiments.get_or_create(name).experiment_id
