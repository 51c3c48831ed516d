"""Hookline: the machine-learning lifecycle as plugins.

The public face. Everything is imported on first use, so that `import hookline` costs next to nothing.
"""

import sys
from importlib import import_module

TYPE_CHECKING = False  # as type checkers know it; importing typing would cost more than all of this module
if TYPE_CHECKING:
    from hookline.config import Config as Config
    from hookline.errors import HooklineError as HooklineError
    from hookline.fluent import *  # noqa: F403 - the list of them is `_FLUENT`, which a test compares
    from hookline.models.signature import infer_signature as infer_signature
    from hookline.plugins import Plugins as Plugins
    from hookline.providers import FlavorProvider as FlavorProvider
    from hookline.providers import Provider as Provider
    from hookline.providers import StoreProvider as StoreProvider
    from hookline.providers import hookimpl as hookimpl
    from hookline.run import Run as Run
    from hookline.run_list import RunList as RunList
    from hookline.workspace import Workspace as Workspace

__version__ = "0.1.0"

_FLUENT = (
    "active_run",
    "autolog",
    "create_experiment",
    "delete_experiment",
    "delete_experiment_tag",
    "delete_run",
    "delete_tag",
    "download_artifacts",
    "end_run",
    "get_experiment",
    "get_experiment_by_name",
    "get_metric_history",
    "get_registry_uri",
    "get_run",
    "get_tracking_uri",
    "load_model",
    "log_artifact",
    "log_artifacts",
    "log_dict",
    "log_figure",
    "log_image",
    "log_input",
    "log_inputs",
    "log_metric",
    "log_metrics",
    "log_model",
    "log_param",
    "log_params",
    "log_table",
    "log_text",
    "register_model",
    "restore_experiment",
    "restore_run",
    "run_project",
    "save_model",
    "search_experiments",
    "search_runs",
    "set_experiment",
    "set_experiment_tag",
    "set_experiment_tags",
    "set_registry_uri",
    "set_tag",
    "set_tags",
    "set_tracking_uri",
    "start_run",
    "update_run",
    "use",
    "current_workspace",
)
_SUBMODULES = ("entities", "errors", "interfaces", "models", "projects", "search", "testing")
_HOMES = {
    **dict.fromkeys(_FLUENT, "hookline.fluent"),
    "Config": "hookline.config",
    "FlavorProvider": "hookline.providers",
    "HooklineError": "hookline.errors",
    "Plugins": "hookline.plugins",
    "Provider": "hookline.providers",
    "Run": "hookline.run",
    "RunList": "hookline.run_list",
    "StoreProvider": "hookline.providers",
    "Workspace": "hookline.workspace",
    "hookimpl": "hookline.providers",
    "infer_signature": "hookline.models.signature",
}


def __getattr__(name: str) -> object:
    value: object
    if name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
    elif name in _SUBMODULES:
        value = import_module(f"hookline.{name}")
    else:
        # with the module, so that Python can say which name was meant
        raise AttributeError(f"module 'hookline' has no attribute {name!r}", name=name, obj=sys.modules[__name__])
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, *_SUBMODULES})
