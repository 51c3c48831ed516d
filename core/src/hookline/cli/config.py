"""`hookline config`: what is configured, and where each value came from."""

import re
from collections.abc import Mapping
from typing import Any

import click

from hookline.cli.context import CliContext, pass_cli
from hookline.cli.groups import PluginGroup
from hookline.config import FILE_NAME
from hookline.errors import HooklineError
from hookline.uris import without_secrets

_DEFAULTS = {"tracking.uri": "tracking_uri", "registry.uri": "registry_uri", "artifacts.uri": "artifacts_uri"}
_SECRET = re.compile(r"(?i)token|secret|passw|credential|(^|[_.-])key$")


@click.group(cls=PluginGroup)
def config() -> None:
    """The configuration, and where each value comes from: command line, environment, hookline.yaml, or default."""


@config.command()
@pass_cli
def show(cli: CliContext) -> None:
    """Print every setting with its value and its origin; secrets are taken out."""
    rows = [
        {"key": key, "value": without_secret_values(value), "origin": origin}
        for key, value, origin in (_with_default(cli, *each) for each in cli.config.explain())
    ]
    cli.out(rows, rows=[{**row, "value": _shown(row["value"])} for row in rows])


@config.command()
@pass_cli
def path(cli: CliContext) -> None:
    """Print the configuration file that was read, and the folder that holds the state of the workspace."""
    found = {"file": cli.config.file, "home": cli.config.home}
    cli.out(found if cli.as_json else {**found, "file": found["file"] or f"none: no {FILE_NAME} here or above"})


def _with_default(cli: CliContext, key: str, value: Any, origin: str) -> tuple[str, Any, str]:
    """Fill in the URI that a plugin offers where none is configured; no store is opened for it."""
    name = _DEFAULTS.get(key)
    if value is not None or name is None:
        return key, value, origin
    try:
        return key, getattr(cli.workspace, name), "default of the installed plugin"
    except HooklineError:
        return key, None, "no installed plugin has a default"


def without_secret_values(value: Any, key: str = "") -> Any:
    """Return a setting without passwords: those in URIs, and the values of keys that are called like a secret."""
    if isinstance(value, Mapping):
        return {name: without_secret_values(each, str(name)) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [without_secret_values(each, key) for each in value]
    if value is not None and _SECRET.search(key):
        return "***"
    return without_secrets(value) if isinstance(value, str) else value


def _shown(value: Any) -> Any:
    return "" if value is None or value == {} else value
