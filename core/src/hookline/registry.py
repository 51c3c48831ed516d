"""Registered models: finding and changing them, their versions and aliases."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from hookline import search
from hookline.entities import ModelChange, ModelVersion, RegisteredModel, VersionChange, check_alias, check_model_name
from hookline.errors import InvalidValue, NotFound
from hookline.finding import not_registered
from hookline.interfaces import ModelRegistry
from hookline.pages import all_pages


class Registry:
    """The model registry of a workspace. Versions are made by `Models.register`, which knows where a model comes from.

    Args:
        store: returns the store; asked on first use.
    """

    def __init__(self, store: Callable[[], ModelRegistry]) -> None:
        self._store = store

    def create(self, name: str, *, description: str = "", tags: Mapping[str, str] | None = None) -> RegisteredModel:
        """Create a registered model without versions; raises `AlreadyExists`."""
        return self._store().create_model(check_model_name(name), description=description, tags=tags)

    def get(self, name: str) -> RegisteredModel:
        """Return a registered model; raises `NotFound`."""
        with self._named(name) as store:
            return store.get_model(name)

    def search(
        self, filter: str | None = None, *, order_by: Sequence[str] = (), max_results: int | None = None
    ) -> list[RegisteredModel]:
        """Return the registered models that a filter such as `"name LIKE 'fraud%'"` asks for, by name."""
        return list(
            all_pages(
                lambda size, token: self._store().search_models(
                    search.parse(search.REGISTERED_MODELS, filter, order_by, max_results=size, page_token=token)
                ),
                max_results,
            )
        )

    def update(self, name: str, change: ModelChange) -> RegisteredModel:
        """Change a registered model's name, description or tags."""
        with self._named(name) as store:
            return store.update_model(name, change)

    def delete(self, name: str) -> None:
        """Delete a registered model with its versions and aliases; the files of its models stay."""
        with self._named(name) as store:
            store.delete_model(name)

    def versions(self, name: str, *, max_results: int | None = None) -> list[ModelVersion]:
        """Return the versions of a registered model, the newest number first; raises `NotFound`."""
        self.get(name)
        mark = '"' if "'" in name else "'"
        of_name, order_by = f"name = {mark}{name}{mark}", ["version_number DESC"]
        return list(
            all_pages(
                lambda size, token: self._store().search_versions(
                    search.parse(search.MODEL_VERSIONS, of_name, order_by, max_results=size, page_token=token)
                ),
                max_results,
            )
        )

    def get_version(self, name: str, version: int | str) -> ModelVersion:
        """Return a version by its number, or by `@ALIAS` or `latest`; raises `NotFound`."""
        if version == "latest":
            versions = self.versions(name, max_results=1)
            version = versions[0].version if versions else 1
        with self._named(name) as store:
            if isinstance(version, str) and version.startswith("@"):
                return store.get_version_by_alias(name, version[1:])
            try:
                return store.get_version(name, int(version))
            except ValueError as error:
                raise InvalidValue(f"A version is a number, '@ALIAS' or 'latest', not {version!r}.") from error

    def update_version(self, name: str, version: int, change: VersionChange) -> ModelVersion:
        """Change a version's description, stage or tags."""
        with self._named(name) as store:
            return store.update_version(name, version, change)

    def delete_version(self, name: str, version: int) -> None:
        """Delete a version and the aliases that point at it; its files stay."""
        with self._named(name) as store:
            store.delete_version(name, version)

    def set_alias(self, name: str, alias: str, version: int) -> None:
        """Let an alias point at a version."""
        with self._named(name) as store:
            store.set_alias(name, check_alias(alias), version)

    def delete_alias(self, name: str, alias: str) -> None:
        """Remove an alias."""
        with self._named(name) as store:
            store.delete_alias(name, alias)

    @contextmanager
    def _named(self, name: str) -> Iterator[ModelRegistry]:
        """Give the store; where the model, version or alias that the block names is not there, say what is."""
        store = self._store()
        try:
            yield store
        except NotFound as error:
            raise not_registered(store, name, error) from error
