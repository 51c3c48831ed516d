"""The configuration of a workspace: one YAML file, environment variables above it, and where each value came from.

A value is taken from the first of: what the caller gave, `HOOKLINE_*` variables, `MLFLOW_*` variables, `hookline.yaml`
(the nearest one, upwards from the working folder), the default. `${NAME}` and `${NAME:-default}` are expanded in the
values of `hookline.yaml` only: text from anywhere else is never expanded.
"""

import contextlib
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from attrs import evolve, field, frozen, validators

from hookline.documents import YamlFile, read_yaml, structure_strictly
from hookline.errors import ConfigError
from hookline.uris import is_path, looks_secret, without_secrets

FILE_NAME = "hookline.yaml"
HOME_NAME = ".hookline"
PicklePolicy = Literal["trusted", "allow", "deny"]
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")

VARIABLES = {
    "tracking.uri": ("HOOKLINE_TRACKING_URI", "MLFLOW_TRACKING_URI"),
    "registry.uri": ("HOOKLINE_REGISTRY_URI", "MLFLOW_REGISTRY_URI"),
    "artifacts.uri": ("HOOKLINE_ARTIFACTS_URI",),
    "experiment": ("HOOKLINE_EXPERIMENT_NAME", "MLFLOW_EXPERIMENT_NAME"),
    "experiment_id": ("HOOKLINE_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_ID"),
    "run_id": ("HOOKLINE_RUN_ID", "MLFLOW_RUN_ID"),
    "models.pickle": ("HOOKLINE_MODELS_PICKLE",),
    "plugins.disable": ("HOOKLINE_PLUGINS_DISABLE",),
    "journal.folder": ("HOOKLINE_JOURNAL",),
}
"""Which environment variables set which key, the first that is set and not empty wins."""
FILE_VARIABLE = "HOOKLINE_CONFIG"
_STORES = ("tracking", "registry", "artifacts")
_SECTIONS = (*_STORES, "models", "journal", "plugins")
_BY_CALLER = "given by the caller"


@frozen
class StoreSettings:
    """A store: its URI (None: the default of the installed plugin) and its plugin's options."""

    uri: str | None = None
    options: Mapping[str, Any] = field(factory=dict)


@frozen
class TrackingSettings(StoreSettings):
    """The tracking store; `mirrors` are the URIs of further ones that are given everything that is logged as well."""

    mirrors: tuple[str, ...] = ()


@frozen
class PluginSettings:
    """Which plugins to load: all, or only those under `allow`, but none under `disable`."""

    allow: tuple[str, ...] | None = None
    disable: tuple[str, ...] = ()


@frozen
class ModelSettings:
    """How models are opened. `pickle`: `trusted` opens what a record of this workspace vouches for."""

    pickle: PicklePolicy = "trusted"


@frozen
class JournalSettings:
    """How journals are kept, in which everything that is logged lies before a store has it.

    Attributes:
        folder: where; default beside a store that is a file, else the user's folder for state.
        max_bytes: of all journals of a store that it does not have yet; past it a call that logs raises.
        fsync_seconds: how long what was logged may be in this machine's memory only; 0 waits for the disk at each call.
        ship_seconds: how often a store is given what was logged.
    """

    folder: str | None = None
    max_bytes: int = field(default=10 * 2**30, validator=validators.ge(2**16))
    fsync_seconds: float = field(default=1.0, validator=[validators.ge(0), validators.le(3600)])
    ship_seconds: float = field(default=1.0, validator=[validators.gt(0), validators.le(3600)])


@frozen
class Settings:
    """All that can be configured: the keys of `hookline.yaml`.

    Attributes:
        version: of this format; 1.
        experiment: the name of the experiment that new runs go to; `experiment_id` wins where both are set.
        run_id: the run that a program started by a project logs into.
        backends, environments, targets, engines: options of the plugin with that name.
    """

    version: Literal[1] = 1
    tracking: TrackingSettings = field(factory=TrackingSettings)
    registry: StoreSettings = field(factory=StoreSettings)
    artifacts: StoreSettings = field(factory=StoreSettings)
    experiment: str = "Default"
    experiment_id: str | None = None
    run_id: str | None = None
    models: ModelSettings = field(factory=ModelSettings)
    journal: JournalSettings = field(factory=JournalSettings)
    plugins: PluginSettings = field(factory=PluginSettings)
    backends: Mapping[str, dict[str, Any]] = field(factory=dict)
    environments: Mapping[str, dict[str, Any]] = field(factory=dict)
    targets: Mapping[str, dict[str, Any]] = field(factory=dict)
    engines: Mapping[str, dict[str, Any]] = field(factory=dict)


@frozen
class Config:
    """Settings, where they came from, and the folder that a workspace keeps its state in.

    Attributes:
        home: `.hookline` beside the nearest `hookline.yaml`, else in the working folder; made when first written to.
        file: the `hookline.yaml` that was read, if any.
        origins: by dotted key: "default", "FILE:LINE", "environment variable NAME" or "given by the caller".
    """

    settings: Settings = field(factory=Settings)
    home: Path = field(factory=lambda: Path.cwd() / HOME_NAME)
    file: Path | None = None
    origins: Mapping[str, str] = field(factory=dict)

    @classmethod
    def load(
        cls,
        folder: Path | None = None,
        *,
        file: Path | None = None,
        environ: Mapping[str, str] | None = None,
        given: Mapping[str, Any] | None = None,
    ) -> "Config":
        """Read the configuration that holds in a folder.

        Args:
            folder: where to look upwards from; default the working folder.
            file: the configuration file to read instead of looking for one (`HOOKLINE_CONFIG` names one as well).
            environ: environment variables; default those of this process.
            given: dotted keys that win over everything, such as `{"tracking.uri": "sqlite:///runs.db"}`.

        Raises:
            ConfigError: with the file, the line and the key, or the variable, and what is allowed.
        """
        environ = os.environ if environ is None else environ
        folder = (folder or Path.cwd()).absolute()
        named = environ.get(FILE_VARIABLE)
        file = file or (Path(named) if named else _nearest(folder))
        source = _read(file, named) if file else None
        layers = _Layers(source)
        layers.add({key: (value, source.place(key)) for key, value in _from_file(source, environ).items() if source})
        for prefix in ("MLFLOW_", "HOOKLINE_"):
            layers.add(_from_environment(environ, prefix))
        named_values = {key: value for key, value in (given or {}).items() if value is not None}
        layers.add({key: (value, _BY_CALLER) for key, value in _flat(named_values, lambda _key: _BY_CALLER).items()})
        home = (file.absolute().parent if file else folder) / HOME_NAME
        return cls(structure_strictly(layers.values, Settings, layers), home, file, layers.origins)

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any], *, home: Path) -> "Config":
        """Make a configuration from plain values as they would stand in `hookline.yaml`, without any environment.

        For platforms that embed Hookline: nothing outside `values` is read and nothing is expanded.
        """
        layers = _Layers(None)
        layers.add({key: (value, _BY_CALLER) for key, value in _flat(values, lambda _key: _BY_CALLER).items()})
        return cls(structure_strictly(layers.values, Settings, layers), home, None, layers.origins)

    def with_given(self, key: str, value: Any) -> "Config":
        """Return this configuration with one dotted key replaced, such as `tracking.uri` or `experiment`.

        Raises:
            ConfigError: there is no such key, or the value is not allowed.
        """
        section, _, name = key.partition(".")
        nested: Any = getattr(self.settings, section, None) if name else None
        plain: Any = {section: {name: value} if name else value}
        checked = getattr(structure_strictly(plain, Settings), section)
        if isinstance(nested, Mapping):
            checked = {**nested, **checked}
        elif name:
            checked = evolve(nested, **{name: getattr(checked, name)})
        changes = {section: checked, **({"experiment_id": None} if section == "experiment" else {})}
        origins = {each: origin for each, origin in self.origins.items() if each not in changes}
        return evolve(self, settings=evolve(self.settings, **changes), origins={**origins, key: _BY_CALLER})

    def explain(self) -> list[tuple[str, Any, str]]:
        """Return (dotted key, value, origin) of every setting, secrets in URIs taken out."""
        rows = []
        for key, value in _flat_settings(self.settings).items():
            inner = (origin for each, origin in self.origins.items() if each.startswith(f"{key}."))
            rows.append((key, _shown(value), self.origins.get(key) or next(inner, "default")))
        return rows


class _Layers:
    """Values by dotted key, each layer above the one before, and where each value came from."""

    def __init__(self, source: YamlFile | None) -> None:
        self.values: dict[str, Any] = {}
        self.origins: dict[str, str] = {}
        self._source = source

    def add(self, layer: Mapping[str, tuple[Any, str]]) -> None:
        if "experiment" in layer and "experiment_id" not in layer:  # an id of a lower layer would win over the name
            self.values.pop("experiment_id", None)
            self.origins.pop("experiment_id", None)
        for key, (value, origin) in layer.items():
            section, _, name = key.partition(".")
            if not name:
                self.values[section] = value
            elif isinstance(held := self.values.setdefault(section, {}), dict):
                held[name] = value
            self.origins[key] = origin

    def place(self, key: str) -> str:
        """Return where a key's value came from; the file's lines are finer than the origins."""
        below = (each for each in self.origins if each.startswith(f"{key}."))
        origin = next((self.origins[each] for each in (*_key_and_above(key), *below) if each in self.origins), "")
        from_file = self._source is not None and (not origin or origin.startswith(f"{self._source.path}"))
        return self._source.place(key) if self._source and from_file else origin or "configuration"


def _key_and_above(key: str) -> list[str]:
    parts = key.split(".")
    return [".".join(parts[:count]) for count in range(len(parts), 0, -1)]


def _nearest(folder: Path) -> Path | None:
    for parent in (folder, *folder.parents):
        with contextlib.suppress(OSError):  # a folder on the way that this user may not enter
            if (parent / FILE_NAME).is_file():
                return parent / FILE_NAME
    return None


def _read(file: Path, named: str | None) -> YamlFile:
    try:
        source = read_yaml(file)
    except ConfigError as error:
        if named and file == Path(named):
            raise ConfigError(f"{error} (The environment variable {FILE_VARIABLE} names this file.)") from error
        raise
    for key, line in source.repeated:
        raise ConfigError(f"{file}:{line}: the key {key!r} is given twice; keep one of them.")
    return source


def _from_file(source: YamlFile | None, environ: Mapping[str, str]) -> dict[str, Any]:
    if source is None or source.value is None:
        return {}
    if not isinstance(source.value, dict):
        raise ConfigError(f"{source.path}: expected keys and values such as 'tracking: sqlite:///runs.db'.")
    flat = _flat(_expanded(source.value, source, environ, ""), source.place)
    uri = flat.get("artifacts.uri")
    if isinstance(uri, str) and is_path(uri) and not uri.startswith("~"):
        flat["artifacts.uri"] = str(source.path.absolute().parent / uri)
    return flat


def _flat(raw: Mapping[str, Any], place: Callable[[str], str]) -> dict[str, Any]:
    """Return values by dotted key; a store may be written as its bare URI."""
    flat: dict[str, Any] = {}
    for key, value in raw.items():
        if key in _STORES and isinstance(value, str):
            flat[f"{key}.uri"] = value
        elif key == "tracking" and isinstance(value, list | tuple) and value:
            flat["tracking.uri"], flat["tracking.mirrors"] = value[0], list(value[1:])
        elif key not in _SECTIONS:
            flat[str(key)] = value
        elif isinstance(value, Mapping):
            flat.update({f"{key}.{name}": each for name, each in value.items()})
        elif value is not None:
            raise ConfigError(f"{place(key)}: {key}: expected keys and values, not {value!r}")
    return flat


def _expanded(value: Any, source: YamlFile, environ: Mapping[str, str], key: str) -> Any:
    if isinstance(value, dict):
        return {name: _expanded(each, source, environ, f"{key}.{name}".strip(".")) for name, each in value.items()}
    if isinstance(value, list):
        return [_expanded(each, source, environ, key) for each in value]
    if not isinstance(value, str):
        return value

    def found(match: re.Match[str]) -> str:
        name, default = match.groups()
        if environ.get(name) is None and default is None:
            raise ConfigError(
                f"{source.place(key)}: {key}: the environment variable {name!r} is not set; "
                f"set it, or give a default with ${{{name}:-VALUE}}."
            )
        return environ.get(name) or default or ""

    return _VARIABLE.sub(found, value)


def _from_environment(environ: Mapping[str, str], prefix: str) -> dict[str, tuple[Any, str]]:
    found: dict[str, tuple[Any, str]] = {}
    for key, names in VARIABLES.items():
        for name in names:
            if name.startswith(prefix) and environ.get(name):
                text = environ[name]
                listed = [each.strip() for each in text.split(",") if each.strip()]
                found[key] = (listed if key == "plugins.disable" else text, f"environment variable {name}")
    return found


def _shown(value: Any, key: str = "") -> Any:
    """Return a value without the secrets in it."""
    if isinstance(value, Mapping):
        return {name: _shown(each, str(name)) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(each, key) for each in value]
    if not isinstance(value, str):
        return value
    return "***" if looks_secret(key) else without_secrets(value)


def _flat_settings(settings: Settings) -> dict[str, Any]:
    return {
        "tracking.uri": settings.tracking.uri,
        "tracking.options": dict(settings.tracking.options),
        "tracking.mirrors": settings.tracking.mirrors,
        "registry.uri": settings.registry.uri,
        "registry.options": dict(settings.registry.options),
        "artifacts.uri": settings.artifacts.uri,
        "artifacts.options": dict(settings.artifacts.options),
        "experiment": settings.experiment,
        "experiment_id": settings.experiment_id,
        "run_id": settings.run_id,
        "models.pickle": settings.models.pickle,
        "journal.folder": settings.journal.folder,
        "journal.max_bytes": settings.journal.max_bytes,
        "journal.fsync_seconds": settings.journal.fsync_seconds,
        "journal.ship_seconds": settings.journal.ship_seconds,
        "plugins.allow": settings.plugins.allow,
        "plugins.disable": settings.plugins.disable,
        "backends": dict(settings.backends),
        "environments": dict(settings.environments),
        "targets": dict(settings.targets),
        "engines": dict(settings.engines),
    }
