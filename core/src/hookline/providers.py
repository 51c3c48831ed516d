"""What a plugin returns from a noun hook: small frozen descriptors, cheap to make and cheap to read.

A descriptor names a target by string (`"package.module:Name"`), so that listing what is installed
imports nothing but the plugin's one light module.
"""

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

from attrs import field, frozen
from pluggy import HookimplMarker

hookimpl = HookimplMarker("hookline")
"""Marks a function of a plugin's module as the implementation of the hook with the same name."""

Target = str | Callable[..., Any]


def resolve(target: Target) -> Any:
    """Return the object behind a target, importing its module on first use.

    Raises whatever the import raises; `hookline.plugins` turns that into a `PluginError`.
    """
    if not isinstance(target, str):
        return target
    module, _, name = target.partition(":")
    found: Any = import_module(module)
    for part in name.split(".") if name else ():
        found = getattr(found, part)
    return found


@frozen
class Provider:
    """One thing that a plugin offers.

    Attributes:
        name: what selects it: a URI scheme, a backend, an environment, a target, a command ("models serve" nests).
        target: `"package.module:Class"`, imported on first use, or a callable. Its arguments are the hook's.
        summary: its line in `--help` and in `hookline plugins show`.
        options: an attrs class (or its string target): typed settings, structured from YAML or `-o key=value`.
    """

    name: str
    target: Target
    summary: str = ""
    options: type | str | None = None


@frozen
class StoreProvider(Provider):
    """A provider of a store, selected by the scheme of a URI.

    Attributes:
        default_uri: the URI to use when nothing is configured; `{home}` stands for the workspace's folder.
        file: for a store that is a file of this machine: a function from the URI to its path. Journals lie beside it.
        artifacts: for a tracking store whose server keeps artifacts too: a function from its URI and its options to the
            URI and the options of that artifact store, which is used where none is configured.
    """

    default_uri: str | None = None
    file: Target | None = None
    artifacts: Target | None = None


def _names(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(names)


@frozen
class GatewayProvider(Provider):
    """A provider of a project gateway, selected by what the project's code imports.

    Attributes:
        imports: top-level modules, such as `"mlflow"`: a project whose code imports one of them needs the gateway.
    """

    imports: tuple[str, ...] = field(default=(), converter=_names)


@frozen
class FlavorProvider(Provider):
    """A provider of a model flavor, selected by the type of the model.

    Attributes:
        handles: dotted names of classes, such as `"sklearn.base.BaseEstimator"`, compared by name with every class
            in the model's method resolution order; the closest match wins. `"builtins.object"` is a last resort.
        autolog: `"package.module:function"` that switches automatic logging on, where the flavor has it.
        library: the module whose import makes the flavor relevant, such as `"sklearn"`.
        inspector: `"package.module:function"` that tells of a saved model, given its folder and the flavor's block of
            `MLmodel`, what its files say beyond that: plain values by name. It executes nothing of the model.
    """

    handles: tuple[str, ...] = field(default=(), converter=_names)
    autolog: Target | None = None
    library: str = ""
    inspector: Target | None = None
