"""Choosing a flavor: by the type of a model to save, and by what an `MLmodel` file offers to load."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from hookline.catalogue import what_to_install
from hookline.discovery import describe
from hookline.errors import InvalidValue, UnknownProvider
from hookline.interfaces import Flavor
from hookline.models.document import PYTHON_FUNCTION, ModelDocument
from hookline.plugins import Plugins
from hookline.providers import FlavorProvider, resolve


class Flavors:
    """The flavors of the installed plugins; each is made once, on first use. Thread safe."""

    def __init__(self, plugins: Plugins) -> None:
        self._plugins = plugins
        self._made: dict[str, Flavor] = {}
        self._distributions: dict[str, str] | None = None
        self._lock = Lock()

    def named(self, name: str) -> Flavor:
        """Return the flavor of this name. Raises `UnknownProvider` or `PluginError`."""
        with self._lock:
            if name not in self._made:
                provider = self._plugins.find_flavor(name)
                self._made[name] = self._plugins.load("flavors", provider)()
            return self._made[name]

    def for_model(self, model: Any) -> str:
        """Return the name of the flavor that handles the type of a model: that of the class closest to it.

        Raises:
            UnknownProvider: none does. InvalidValue: several do alike, or the model is a class.
        """
        if isinstance(model, type):
            raise InvalidValue(f"A model is an object, and {model.__name__} is a class; pass {model.__name__}(...).")
        providers = [each for each in self._plugins.providers("flavors") if isinstance(each, FlavorProvider)]
        for each in type(model).__mro__:
            name = f"{each.__module__}.{each.__qualname__}"
            fitting = sorted({provider.name for provider in providers if name in provider.handles})
            if len(fitting) > 1:
                raise InvalidValue(f"Several flavors handle {name}: {', '.join(fitting)}. Choose one with flavor=NAME.")
            if fitting:
                return fitting[0]
        raise UnknownProvider(_nothing_handles(model, [each.name for each in providers]))

    def to_load(self, document: ModelDocument, uri: str, wanted: str | None = None) -> str:
        """Return the name of the flavor to load a model with: the wanted one, else the first that is installed.

        Native flavors come before `python_function`, since they give back the model itself.

        Raises:
            InvalidValue: the model has no such flavor. UnknownProvider: no installed plugin offers any of its flavors.
        """
        names = sorted(document.flavors, key=lambda name: name == PYTHON_FUNCTION)
        if wanted is not None:
            if wanted not in names:
                raise InvalidValue(f"The model {uri!r} has no flavor {wanted!r}; it has: {', '.join(names)}.")
            return self._plugins.find_flavor(wanted).name
        installed = {each.name for each in self._plugins.providers("flavors")}
        chosen = next((name for name in names if name in installed), None)
        if chosen is None:
            raise UnknownProvider(_nothing_loads(uri, names, sorted(installed)))
        return chosen

    def is_installed(self, name: str) -> bool:
        """Return whether an installed plugin offers a flavor."""
        return any(each.name == name for each in self._plugins.providers("flavors"))

    def facts(self, name: str, folder: Path, block: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what a flavor's inspector tells of a saved model; where it fails, `problem` says why."""
        provider = next((each for each in self._plugins.providers("flavors") if each.name == name), None)
        if not isinstance(provider, FlavorProvider) or provider.inspector is None:
            return {}
        try:
            found: Mapping[str, Any] = resolve(provider.inspector)(folder, block)
        except Exception as error:  # noqa: BLE001 - a damaged file, or a library that is not here: all else is told
            return {"problem": describe(error)}
        return found

    def distribution_of(self, name: str) -> str | None:
        """Return the distribution whose plugin offers a flavor; None for one that is registered and not installed."""
        with self._lock:
            if self._distributions is None:
                self._distributions = {
                    provider.name: status.distribution
                    for status in self._plugins.report()
                    for kind, provider in status.provides
                    if kind == "flavors"
                }
            return self._distributions.get(name) or None


def _nothing_handles(model: Any, installed: Sequence[str]) -> str:
    kind = type(model)
    library = kind.__module__.partition(".")[0]
    lines = [f"No installed flavor saves a {kind.__module__}.{kind.__qualname__}."]
    lines.append(f"Installed: {', '.join(sorted(installed))}." if installed else "No model flavor is installed.")
    for name in dict.fromkeys((what_to_install("flavors", library), what_to_install("flavors", PYTHON_FUNCTION))):
        if name:
            lines.append(f"To get one: pip install {name}")
    return "\n".join(lines)


def _nothing_loads(uri: str, names: Sequence[str], installed: Sequence[str]) -> str:
    lines = [f"The model {uri!r} has the flavors {', '.join(names)}, and no installed plugin loads any of them."]
    lines.append(f"Installed: {', '.join(installed)}." if installed else "No model flavor is installed.")
    for name in names:
        distribution = what_to_install("flavors", name)
        if distribution:
            lines.append(f"To load it as {name}: pip install {distribution}")
    return "\n".join(lines)
