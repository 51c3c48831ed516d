"""The environment variables of a command in a container, where nothing of this process's own is by itself."""

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from hookline.entities import Execution
from hookline.errors import InvalidValue
from hookline_lib_container.containers import Image

PASSED = tuple(
    f"{prefix}_TRACKING_{name}" for prefix in ("HOOKLINE", "MLFLOW") for name in ("TOKEN", "USERNAME", "PASSWORD")
)
"""What a command of this machine would inherit, and needs to reach the stores: credentials of a server."""
PROXIES = tuple(case(name) for name in ("http_proxy", "https_proxy", "no_proxy") for case in (str.lower, str.upper))
_STORES = tuple(
    f"{prefix}_{name}"
    for prefix in ("HOOKLINE", "MLFLOW")
    for name in ("TRACKING_URI", "REGISTRY_URI", "ARTIFACTS_URI")
)
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


def variables_of(execution: Execution, image: Image, passed: tuple[str, ...], *, network: str) -> Mapping[str, str]:
    """Return the variables of an execution in an image.

    Raises:
        InvalidValue: a variable to pass on is not set, or a store is not reached from the network.
    """
    variables = {name: os.environ[name] for name in (*PASSED, *PROXIES) if name in os.environ}
    for name in passed:
        if name not in os.environ:
            raise InvalidValue(f"The option pass_variables names {name!r}, which is not set in this environment.")
        variables[name] = os.environ[name]
    variables |= {**execution.environment.variables, **execution.variables}
    if network != "host":
        _check_reach(variables, network)
    prefix = [str(folder) for folder in execution.environment.path_prefix]
    if prefix:
        path = variables.get("PATH") or image.path
        variables["PATH"] = ":".join([*prefix, *([path] if path else [])])
    return variables


def _check_reach(variables: Mapping[str, str], network: str) -> None:
    for name in _STORES:
        uri = variables.get(name, "")
        if "://" in uri and urlsplit(uri).hostname in _THIS_MACHINE:
            raise InvalidValue(
                f"The command finds its store at {urlsplit(uri).hostname} ({name}), which is this machine; from the "
                f"network {network!r} of its container that address leads elsewhere. Leave the option network at "
                "'host', or name the store by an address that both reach."
            )
