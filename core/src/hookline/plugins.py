"""Finding plugins, isolating the broken ones, and choosing providers by name."""

import difflib
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from attrs import evolve, frozen
from pluggy import PluginManager

from hookline import hookspecs
from hookline.catalogue import known_names, what_to_install
from hookline.discovery import ENTRY_POINT_GROUP as ENTRY_POINT_GROUP
from hookline.discovery import checked, distribution_of, installed, listed, pass_on_interrupt
from hookline.discovery import describe as describe
from hookline.errors import ConfigError, HooklineError, PluginError, UnknownProvider
from hookline.providers import FlavorProvider, Provider, StoreProvider, resolve
from hookline.uris import is_path, scheme_of

KINDS = {
    "tracking_stores": "tracking store",
    "model_registries": "model registry",
    "artifact_stores": "artifact store",
    "project_sources": "project source",
    "project_backends": "project backend",
    "project_gateways": "project gateway",
    "environments": "environment",
    "flavors": "model flavor",
    "deployment_targets": "deployment target",
    "scoring_engines": "scoring engine",
    "run_contexts": "run context",
    "commands": "command",
}
"""The noun hooks of the core, and what each kind is called in messages.

A module of hook specs that a plugin brings names its own noun hooks in the same way, in a `KINDS` of its own."""
log = logging.getLogger("hookline")
P = TypeVar("P", bound=Provider)


@frozen
class PluginStatus:
    """How one plugin stands.

    Attributes:
        state: `ok`, `failed`, `disabled` (by `plugins.disable`) or `not allowed` (by `plugins.allow`).
        problems: why it failed, and what it offers that cannot be used.
        provides: (hook, provider) pairs.
    """

    name: str
    distribution: str = ""
    version: str = ""
    state: str = "ok"
    problems: tuple[str, ...] = ()
    provides: tuple[tuple[str, Provider], ...] = ()


@frozen
class _Loaded:
    status: PluginStatus
    module: object | None = None
    entry: EntryPoint | None = None

    def failed(self, problem: str) -> "_Loaded":
        return evolve(self, module=None, status=evolve(self.status, state="failed", problems=(problem,)))


class Plugins:
    """The plugins of one workspace. `Plugins()` is empty; `Plugins.discover()` loads what is installed.

    Nothing that a plugin does while it is loaded or asked (raising, exiting, returning rubbish) reaches the caller: the
    plugin is left out, and `report()` says why. Only Ctrl-C passes.

    Attributes:
        kinds: the noun hooks, the core's and those that plugins bring, and what each kind is called in messages.
    """

    def __init__(self) -> None:
        self._manager = PluginManager("hookline")
        self._manager.add_hookspecs(hookspecs)
        self._loaded: dict[str, _Loaded] = {}
        self._specs: list[ModuleType] = [hookspecs]
        self.kinds: dict[str, str] = dict(KINDS)

    @classmethod
    def discover(cls, allow: Collection[str] | None = None, disable: Collection[str] = ()) -> "Plugins":
        """Load every installed plugin that is allowed.

        Args:
            allow: names of the plugins to load; None loads all.
            disable: names of plugins to leave out.
        """
        plugins = cls()
        names = [plugins._import(entry, allow, disable) for entry in installed()]
        for step in (plugins._extend, plugins._register, plugins._introduce):  # a plugin may implement another's specs
            for name in names:
                plugins._isolated(step, name)
        return plugins

    def _import(self, entry: EntryPoint, allow: Collection[str] | None, disable: Collection[str]) -> str:
        name, state = entry.name, "ok"
        if name in self._loaded:
            name = f"{entry.name} ({distribution_of(entry)[0]})"
        if entry.name in disable:
            state = "disabled"
        elif allow is not None and entry.name not in allow:
            state = "not allowed"
        loaded = _Loaded(PluginStatus(name, state=state), None, entry)
        if state == "ok" and name != entry.name:
            other = self._loaded[entry.name].entry
            taker = distribution_of(other)[0] if other else "another plugin"
            loaded = loaded.failed(f"the name {entry.name!r} is taken by {taker}")
        elif state == "ok":
            try:
                loaded = evolve(loaded, module=entry.load())
            except BaseException as error:  # noqa: BLE001 - a plugin must never take the program down
                pass_on_interrupt(error)
                loaded = loaded.failed(f"importing {entry.value} failed: {describe(error)}")
        self._loaded[name] = loaded
        return name

    def register(self, plugin: object, name: str) -> None:
        """Add a plugin that is not installed, such as a module or an object with hook methods.

        Raises:
            PluginError: the name is taken, or what the plugin offers cannot be read.
        """
        if name in self._loaded:
            raise PluginError(f"A plugin named {name!r} is already registered.")
        self._loaded[name] = _Loaded(PluginStatus(name), plugin)
        for step in (self._extend, self._register, self._introduce):
            self._isolated(step, name)
        status = self._loaded[name].status
        if status.state == "failed":
            del self._loaded[name]
            raise PluginError(f"The plugin {name!r} cannot be used: {'; '.join(status.problems)}")

    def _isolated(self, step: Callable[[str, Any], None], name: str) -> None:
        """Do one step of taking a plugin in, if the steps before went well; leave it out if this one fails."""
        loaded = self._loaded[name]
        if loaded.status.state != "ok":
            return
        try:
            step(name, loaded.module)
        except BaseException as error:  # noqa: BLE001 - the same
            pass_on_interrupt(error)
            if self._manager.has_plugin(name):
                self._manager.unregister(name=name)
            self._loaded[name] = loaded.failed(str(error) if isinstance(error, PluginError) else describe(error))

    def _extend(self, _name: str, plugin: Any) -> None:
        """Take over the hook specs that a plugin brings."""
        if not hasattr(plugin, "hookspecs") or self._manager.parse_hookimpl_opts(plugin, "hookspecs") is None:
            return
        for given in listed("hookspecs", plugin.hookspecs):
            specs = resolve(given)
            if specs in self._specs:  # a plugin that implements another one's hooks brings them too, to stand alone
                continue
            self._manager.add_hookspecs(specs)
            self._specs.append(specs)
            self.kinds = {**getattr(specs, "KINDS", {}), **self.kinds}

    def _register(self, name: str, plugin: Any) -> None:
        if self._manager.is_registered(plugin) or plugin is None:
            other = self._manager.get_name(plugin) if plugin else None
            raise PluginError(f"it is the same object as the plugin {other!r}" if other else "it is None, not a module")
        self._manager.register(plugin, name)
        for hook, implementation in self._implementations(plugin):
            if implementation.wrapper or implementation.hookwrapper:
                raise PluginError(f"{hook}() is a hook wrapper; Hookline has none")

    def _implementations(self, plugin: Any) -> list[tuple[str, Any]]:
        """Return a plugin's implementations, each with the name of its hook."""
        callers = self._manager.get_hookcallers(plugin) or ()
        return [(caller.name, each) for caller in callers for each in caller.get_hookimpls() if each.plugin is plugin]

    def _introduce(self, name: str, plugin: Any) -> None:
        """Ask a plugin what it provides."""
        known = {hook for specs in self._specs for hook in vars(specs)}
        provides: list[tuple[str, Provider]] = []
        problems: list[str] = []
        implementations = self._implementations(plugin)
        for hook, implementation in implementations:
            if hook in self.kinds:
                provides += [(hook, checked(hook, each)) for each in listed(hook, implementation.function)]
            elif hook not in known:
                problems.append(f"unknown hook {hook!r}{_did_you_mean(hook, known)}: it is never called")
        if not implementations:
            problems.append("it implements no hook; mark its functions with @hookline.hookimpl")
        for problem in problems:
            log.warning("The plugin %r: %s.", name, problem)
        loaded = self._loaded[name]
        status = evolve(loaded.status, problems=tuple(problems), provides=tuple(provides))
        self._loaded[name] = evolve(loaded, status=status)

    def report(self) -> list[PluginStatus]:
        """Return how every plugin stands, ordered by name, with the names that two plugins offer as problems."""
        clashes = self._clashes()
        found = []
        for name, loaded in sorted(self._loaded.items()):
            distribution, version = distribution_of(loaded.entry) if loaded.entry else ("", "")
            problems = (*loaded.status.problems, *clashes.get(name, ()))
            found.append(evolve(loaded.status, distribution=distribution, version=version, problems=problems))
        return found

    def _clashes(self) -> dict[str, list[str]]:
        owners: dict[tuple[str, str], list[str]] = {}
        for loaded in self._loaded.values():
            for kind, provider in loaded.status.provides:
                owners.setdefault((kind, provider.name), []).append(loaded.status.name)
        found: dict[str, list[str]] = {}
        for (kind, name), plugins in owners.items():
            for plugin in dict.fromkeys(plugins) if len(plugins) > 1 else ():
                others = ", ".join(repr(each) for each in dict.fromkeys(plugins) if each != plugin)
                clash = f"by {others} as well" if others else "twice"
                found.setdefault(plugin, []).append(f"the {self.kinds[kind]} {name!r} is offered {clash}")
        return found

    def providers(self, kind: str) -> list[Provider]:
        """Return what is offered for a noun hook, ordered by name, clashing names once for each plugin."""
        return sorted((provider for _plugin, provider in self._offers(kind)), key=lambda each: each.name)

    def _offers(self, kind: str) -> Iterator[tuple[str, Provider]]:
        for loaded in self._loaded.values():
            for hook, provider in loaded.status.provides:
                if hook == kind:
                    yield loaded.status.name, provider

    def find(self, kind: str, name: str) -> Provider:
        """Return the one provider of a kind with this name.

        Raises:
            UnknownProvider: none offers it; the text names what is installed, broken plugins, and what to install.
            PluginError: several plugins offer it; the text names them.
        """
        offers = [(plugin, provider) for plugin, provider in self._offers(kind) if provider.name == name]
        if not offers:
            raise UnknownProvider(self._unknown(kind, name))
        if len(offers) > 1:
            owners = sorted({repr(plugin) for plugin, _provider in offers})
            if len(owners) == 1:
                raise PluginError(f"The {self.kinds[kind]} {name!r} is offered twice by the plugin {owners[0]}.")
            raise PluginError(
                f"The {self.kinds[kind]} {name!r} is offered by the plugins {' and '.join(owners)}. "
                "Name the one to leave out under plugins.disable in hookline.yaml."
            )
        return offers[0][1]

    def find_store(self, kind: str, scheme: str) -> StoreProvider:
        """Return the one store provider of a kind for a URI scheme; raises as `find` does."""
        return _typed(self.find(kind, scheme), StoreProvider)

    def find_flavor(self, name: str) -> FlavorProvider:
        """Return the one flavor with this name; raises as `find` does."""
        return _typed(self.find("flavors", name), FlavorProvider)

    def _unknown(self, kind: str, name: str) -> str:
        present = sorted({provider.name for _plugin, provider in self._offers(kind)})
        known = [*present, *known_names(kind)]
        hint = "" if name in known else _did_you_mean(name, known)
        lines = [f"No installed plugin offers the {self.kinds[kind]} {name!r}{hint}."]
        lines.append(f"Installed: {', '.join(present)}." if present else f"No {self.kinds[kind]} is installed.")
        meant = [name] if name in known else [name, *difflib.get_close_matches(name, known, n=1)]
        return "\n".join([*lines, *self._ways_out(kind, *meant, *(() if present else ("",)))])

    def _ways_out(self, kind: str, *names: str) -> list[str]:
        """Return what to install for the first of the names that is known, and which plugins are not in use."""
        wanted = next((found for name in names if (found := what_to_install(kind, name))), None)
        report = self.report()
        present = {status.distribution for status in report}
        lines = [f"To get it: pip install {wanted}"] if wanted and wanted not in present else []
        for status in report:
            if status.state != "ok":
                reason = status.problems[0] if status.problems else f"it is {status.state}"
                lines.append(f"The plugin {status.name!r} is installed and not in use: {reason.rstrip('.')}.")
        return lines

    def load(self, kind: str, provider: Provider) -> Any:
        """Return the object behind a provider's target.

        Raises:
            PluginError: it cannot be imported; the text says why.
        """
        try:
            return resolve(provider.target)
        except BaseException as error:
            pass_on_interrupt(error)
            raise PluginError(
                f"The {self.kinds[kind]} {provider.name!r} cannot be loaded: {describe(error)}"
            ) from error

    def make(self, kind: str, name: str, place: Any, settings: Mapping[str, Any]) -> Any:
        """Return `target(place, options)` of the provider of a kind with this name: backends, environments, targets.

        Args:
            place: what the kind's hook says: mostly a folder of its own for the object's state.
            settings: plain values for the provider's options class.

        Raises:
            UnknownProvider, PluginError: as `find` and `load`. ConfigError: an option is unknown or of a wrong type.
        """
        provider = self.find(kind, name)
        return self._made(kind, provider, place, settings)

    def make_store(self, kind: str, uri: str, settings: Mapping[str, Any]) -> Any:
        """Return `target(uri, options)` of the provider for a URI's scheme; raises as `make` does."""
        try:
            provider = self.find_store(kind, scheme_of(uri))
        except UnknownProvider as error:
            raise UnknownProvider(f"{error}{self._no_uri(kind, uri)}") from error
        return self._made(kind, provider, uri, settings)

    def _no_uri(self, kind: str, uri: str) -> str:
        """Return what to write instead of a path, where no installed store takes one."""
        forms = [each.default_uri for each in self.providers(kind) if isinstance(each, StoreProvider)]
        form = next(filter(None, forms), None)
        if form is None or not is_path(uri):
            return ""
        return f"\nA path alone names no {self.kinds[kind]}; write a URI such as {form.replace('{home}', 'FOLDER')}"

    def _made(self, kind: str, provider: Provider, place: Any, settings: Mapping[str, Any]) -> Any:
        target, options = self.load(kind, provider), self._options(kind, provider, settings)
        try:
            return target(place, options)
        except HooklineError:
            raise
        except Exception as error:
            raise PluginError(
                f"The {self.kinds[kind]} {provider.name!r} cannot be opened: {describe(error)}"
            ) from error

    def default_uri(self, kind: str, home: Path) -> str:
        """Return the URI to use for a kind of store where nothing is configured.

        Raises:
            UnknownProvider: no installed plugin has a default; the text says what to install.
            PluginError: several have one.
        """
        defaults = [p for p in self.providers(kind) if isinstance(p, StoreProvider) and p.default_uri]
        if not defaults:
            some = "has a default: choose one by a URI" if self.providers(kind) else "is installed"
            raise UnknownProvider("\n".join([f"No {self.kinds[kind]} {some}.", *self._ways_out(kind, "")]))
        if len(defaults) > 1:
            names = ", ".join(repr(each.name) for each in defaults)
            raise PluginError(
                f"Several plugins offer a default {self.kinds[kind]}: {names}. Choose by a URI in hookline.yaml."
            )
        return str(defaults[0].default_uri).replace("{home}", home.as_posix())

    def _options(self, kind: str, provider: Provider, settings: Mapping[str, Any]) -> Any:
        if provider.options is None:
            if settings:
                raise ConfigError(
                    f"The {self.kinds[kind]} {provider.name!r} has no options, but got: {', '.join(settings)}."
                )
            return None
        wanted = self.load(kind, evolve(provider, target=provider.options))
        structure = resolve(
            "hookline.documents:structure_strictly"
        )  # loads cattrs and yaml, which `--help` does without
        return structure(dict(settings), wanted, prefix=f"{provider.name}.")

    def listens(self, event: str) -> bool:
        """Return whether any plugin listens to an announcement; asked before one is made on a hot path."""
        return bool(getattr(self._manager.hook, event).get_hookimpls())

    def announce(self, event: str, **details: Any) -> None:
        """Tell every listener what happened; a listener that fails is logged and hinders nobody."""
        for implementation in getattr(self._manager.hook, event).get_hookimpls():
            wanted = {name: details[name] for name in implementation.argnames}
            try:
                implementation.function(**wanted)
            except BaseException as error:
                pass_on_interrupt(error)
                log.warning("The plugin %r failed in %s().", implementation.plugin_name, event, exc_info=True)


def _typed(provider: Provider, wanted: type[P]) -> P:
    if not isinstance(provider, wanted):
        raise PluginError(f"{provider.name!r} is offered as a {type(provider).__name__}, not as a {wanted.__name__}.")
    return provider


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""
