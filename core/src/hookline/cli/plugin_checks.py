"""What `hookline plugins check` looks at: whether all that a plugin offers can be loaded and has the right shape."""

import inspect
from collections.abc import Sequence
from typing import Any

import attrs
import click

from hookline import interfaces
from hookline.cli.groups import is_reserved
from hookline.errors import PluginError
from hookline.plugins import Plugins, PluginStatus, describe
from hookline.providers import FlavorProvider, Provider, StoreProvider, resolve

INTERFACES: dict[str, type] = {
    "tracking_stores": interfaces.TrackingStore,
    "model_registries": interfaces.ModelRegistry,
    "artifact_stores": interfaces.ArtifactStore,
    "project_sources": interfaces.ProjectSource,
    "project_backends": interfaces.ProjectBackend,
    "project_gateways": interfaces.ProjectGateway,
    "environments": interfaces.Environment,
    "flavors": interfaces.Flavor,
    "deployment_targets": interfaces.DeploymentTarget,
    "scoring_engines": interfaces.ScoringEngine,
    "run_contexts": interfaces.RunContext,
}
STORES = ("tracking_stores", "model_registries", "artifact_stores")


@attrs.frozen
class Check:
    """One thing that a plugin offers, and what is wrong with it; `problem` is "" where nothing is."""

    plugin: str
    kind: str
    name: str
    problem: str = ""


def check_plugin(plugins: Plugins, status: PluginStatus) -> list[Check]:
    """Load the target and the options of every provider of a plugin and look at their shape; nothing is started."""
    own = [Check(status.name, "plugin", status.name, problem) for problem in _standing(status)]
    checks = [
        Check(status.name, plugins.kinds[kind], each.name, _problem(plugins, kind, each))
        for kind, each in status.provides
    ]
    return [*own, *checks] or [Check(status.name, "plugin", status.name)]


def command_problems(status: PluginStatus, root: click.Command) -> list[str]:
    """Return which commands of a plugin can never be called, since the core has one of that name."""
    names = [each.name for kind, each in status.provides if kind == "commands"]
    return [f"the command {name!r} is Hookline's own; it is never called" for name in names if is_reserved(root, name)]


def _standing(status: PluginStatus) -> Sequence[str]:
    return status.problems if status.problems or status.state == "ok" else (f"it is {status.state}",)


def _problem(plugins: Plugins, kind: str, provider: Provider) -> str:
    try:
        target = plugins.load(kind, provider)
        return _target_problem(kind, provider, target) or _provider_problem(kind, provider)
    except PluginError as error:
        return str(error)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a plugin does here is its answer
        return describe(error)


def _target_problem(kind: str, provider: Provider, target: Any) -> str:
    if kind == "commands":
        return "" if isinstance(target, click.Command) else f"its target {target!r} is no click command"
    if not callable(target):
        return f"its target {target!r} cannot be called"
    wanted = INTERFACES.get(kind)
    if wanted is None or not inspect.isclass(target):
        return ""  # a plugin's own kind, or a function that makes the object: what it returns is seen when it is used
    if not issubclass(target, wanted):
        return f"{target.__name__} is no hookline.interfaces.{wanted.__name__}"
    missing = sorted(getattr(target, "__abstractmethods__", ()))
    return f"{target.__name__} lacks {', '.join(missing)}" if missing else ""


def _provider_problem(kind: str, provider: Provider) -> str:
    if kind in STORES and not isinstance(provider, StoreProvider):
        return "a store is offered as a StoreProvider"
    if kind == "flavors" and not isinstance(provider, FlavorProvider):
        return "a flavor is offered as a FlavorProvider"
    if isinstance(provider, FlavorProvider):
        for each in ("autolog", "inspector"):
            function = getattr(provider, each)
            if function is not None and not callable(resolve(function)):
                return f"its {each} {function!r} cannot be called"
        name = getattr(resolve(provider.target), "name", provider.name)
        return "" if name == provider.name else f"its class calls itself {name!r}"
    options = options_class(provider)
    return "" if options is None or attrs.has(options) else f"its options {options!r} are no attrs class"


def options_class(provider: Provider) -> Any:
    """Return the class of a provider's options, imported if need be, or None."""
    return resolve(provider.options) if isinstance(provider.options, str) else provider.options
