"""The in-memory reference of `ModelRegistry`."""

from collections.abc import Iterable, Mapping
from threading import RLock

from attrs import define, evolve, field

from hookline.entities import (
    ModelChange,
    ModelVersion,
    NewModelVersion,
    Page,
    RegisteredModel,
    VersionChange,
    check_alias,
    now_ms,
)
from hookline.interfaces import ModelRegistry
from hookline.search import evaluate
from hookline.search.syntax import Query
from hookline.store_rules import (
    archived_version,
    changed_model,
    changed_version,
    latest_versions,
    model_exists,
    model_not_found,
    new_model,
    new_version,
    version_not_found,
)


@define
class _Model:
    """What is stored of a registered model; changed in place, under the registry's lock."""

    model: RegisteredModel
    last_number: int = 0
    versions: dict[int, ModelVersion] = field(factory=dict)
    aliases: dict[str, int] = field(factory=dict)

    def record(self) -> RegisteredModel:
        """Return a snapshot that later changes do not touch."""
        return evolve(self.model, aliases=dict(self.aliases), latest_versions=latest_versions(self.records()))

    def records(self) -> Iterable[ModelVersion]:
        """Return snapshots of the versions."""
        return [self.version_record(number) for number in self.versions]

    def version_record(self, number: int) -> ModelVersion:
        """Return a snapshot of one version. Raises `NotFound`."""
        try:
            version = self.versions[number]
        except KeyError:
            raise version_not_found(self.model.name, number) from None
        pointing = sorted(alias for alias, target in self.aliases.items() if target == number)
        return evolve(version, aliases=tuple(pointing))

    def touch(self) -> None:
        """Note that a version or an alias changed."""
        self.model = evolve(self.model, last_update_time=now_ms())


class MemoryModelRegistry(ModelRegistry):
    """Keeps everything in dictionaries under one lock. Nothing outlives the object; may be a provider's target."""

    def __init__(self, uri: str = "memory:", options: object = None) -> None:
        self.uri = uri
        self._lock = RLock()
        self._models: dict[str, _Model] = {}

    def create_model(
        self, name: str, *, description: str = "", tags: Mapping[str, str] | None = None
    ) -> RegisteredModel:
        """See `ModelRegistry.create_model`."""
        with self._lock:
            created = _Model(new_model(name, description, tags, now_ms()))
            self._require_free(name)
            self._models[name] = created
            return created.record()

    def get_model(self, name: str) -> RegisteredModel:
        """See `ModelRegistry.get_model`."""
        with self._lock:
            return self._model(name).record()

    def update_model(self, name: str, change: ModelChange) -> RegisteredModel:
        """See `ModelRegistry.update_model`."""
        with self._lock:
            stored = self._model(name)
            changed = changed_model(stored.model, change, now_ms())
            if changed.name != name:
                self._require_free(changed.name)
                self._models[changed.name] = self._models.pop(name)
                stored.versions = {
                    number: evolve(version, name=changed.name) for number, version in stored.versions.items()
                }
            stored.model = changed
            return stored.record()

    def delete_model(self, name: str) -> None:
        """See `ModelRegistry.delete_model`."""
        with self._lock:
            self._model(name)
            del self._models[name]

    def search_models(self, query: Query) -> Page[RegisteredModel]:
        """See `ModelRegistry.search_models`."""
        with self._lock:
            return evaluate.page(query, [stored.record() for stored in self._models.values()])

    def create_version(self, version: NewModelVersion) -> ModelVersion:
        """See `ModelRegistry.create_version`."""
        with self._lock:
            stored = self._model(version.name)
            created = new_version(version, stored.last_number + 1, now_ms())
            stored.last_number = created.version
            stored.versions[created.version] = created
            stored.touch()
            return created

    def get_version(self, name: str, version: int) -> ModelVersion:
        """See `ModelRegistry.get_version`."""
        with self._lock:
            return self._model(name).version_record(version)

    def update_version(self, name: str, version: int, change: VersionChange) -> ModelVersion:
        """See `ModelRegistry.update_version`."""
        with self._lock:
            stored = self._model(name)
            changed = changed_version(stored.version_record(version), change, now_ms())
            stored.versions[version] = changed
            for number, other in list(stored.versions.items()):
                if change.archive_existing and number != version and other.current_stage == changed.current_stage:
                    stored.versions[number] = archived_version(other, changed.last_update_time)
            stored.touch()
            return stored.version_record(version)

    def delete_version(self, name: str, version: int) -> None:
        """See `ModelRegistry.delete_version`."""
        with self._lock:
            stored = self._model(name)
            stored.version_record(version)
            del stored.versions[version]
            stored.aliases = {alias: number for alias, number in stored.aliases.items() if number != version}
            stored.touch()

    def search_versions(self, query: Query) -> Page[ModelVersion]:
        """See `ModelRegistry.search_versions`."""
        with self._lock:
            return evaluate.page(query, [one for stored in self._models.values() for one in stored.records()])

    def set_alias(self, name: str, alias: str, version: int) -> None:
        """See `ModelRegistry.set_alias`."""
        check_alias(alias)
        with self._lock:
            stored = self._model(name)
            stored.version_record(version)
            stored.aliases[alias] = version
            stored.touch()

    def delete_alias(self, name: str, alias: str) -> None:
        """See `ModelRegistry.delete_alias`."""
        with self._lock:
            stored = self._model(name)
            if stored.aliases.pop(alias, None) is not None:
                stored.touch()

    def _model(self, name: str) -> _Model:
        try:
            return self._models[name]
        except KeyError:
            raise model_not_found(name) from None

    def _require_free(self, name: str) -> None:
        if name in self._models:
            raise model_exists(name)
