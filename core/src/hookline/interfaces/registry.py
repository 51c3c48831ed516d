"""The interface of a model registry.

Laws (`hookline.testing.ModelRegistrySuite` holds them):

- Version numbers start at 1, grow by one and are never used again, also under concurrent writers and after a delete.
- Changes of one registered model are linearizable: whoever reads after a write returned sees it.
- Deleting a version drops the aliases that point at it; deleting a model drops its versions and aliases.
- Thread safe; not there: `NotFound`; name taken: `AlreadyExists`; bad value: `InvalidValue`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping

from hookline.entities import ModelChange, ModelVersion, NewModelVersion, Page, RegisteredModel, VersionChange
from hookline.errors import NotFound
from hookline.search.syntax import Query


class ModelRegistry(ABC):
    """Keeps registered models, their versions and aliases. A provider's target is called as `target(uri, options)`."""

    @abstractmethod
    def create_model(
        self, name: str, *, description: str = "", tags: Mapping[str, str] | None = None
    ) -> RegisteredModel:
        """Create a registered model without versions. Raises `AlreadyExists` where the name is taken."""

    @abstractmethod
    def get_model(self, name: str) -> RegisteredModel:
        """Return a registered model. Raises `NotFound`."""

    @abstractmethod
    def update_model(self, name: str, change: ModelChange) -> RegisteredModel:
        """Apply a change; renaming carries the versions. Raises `NotFound`, or `AlreadyExists` for a taken name."""

    @abstractmethod
    def delete_model(self, name: str) -> None:
        """Delete a registered model with its versions and aliases. Raises `NotFound`."""

    @abstractmethod
    def search_models(self, query: Query) -> Page[RegisteredModel]:
        """Return the models that a query (vocabulary `search.REGISTERED_MODELS`) asks for."""

    @abstractmethod
    def create_version(self, version: NewModelVersion) -> ModelVersion:
        """Create the next version of an existing model. Raises `NotFound` where there is no such model."""

    @abstractmethod
    def get_version(self, name: str, version: int) -> ModelVersion:
        """Return a version. Raises `NotFound`."""

    @abstractmethod
    def update_version(self, name: str, version: int, change: VersionChange) -> ModelVersion:
        """Apply a change. Raises `NotFound`, or `InvalidValue` for an unknown stage."""

    @abstractmethod
    def delete_version(self, name: str, version: int) -> None:
        """Delete a version and the aliases that point at it. Raises `NotFound`."""

    @abstractmethod
    def search_versions(self, query: Query) -> Page[ModelVersion]:
        """Return the versions that a query (vocabulary `search.MODEL_VERSIONS`) asks for."""

    @abstractmethod
    def set_alias(self, name: str, alias: str, version: int) -> None:
        """Let an alias point at a version; an alias that points elsewhere moves. Raises `NotFound`."""

    @abstractmethod
    def delete_alias(self, name: str, alias: str) -> None:
        """Remove an alias; a missing one is no error. Raises `NotFound` where there is no such model."""

    def get_version_by_alias(self, name: str, alias: str) -> ModelVersion:
        """Return the version that an alias points at. Raises `NotFound`."""
        from_alias = self.get_model(name).aliases.get(alias)
        if from_alias is None:
            raise NotFound(f"Registered model alias {alias} not found.")
        return self.get_version(name, from_alias)
