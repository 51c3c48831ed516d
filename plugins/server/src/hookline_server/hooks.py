"""The hooks that extend the tracking server. Law: as in `hookline.hookspecs`, called once per workspace, and cheap."""

from collections.abc import Iterable

from pluggy import HookspecMarker

from hookline.providers import Provider

hookspec = HookspecMarker("hookline")
KINDS = {"server_extensions": "server extension", "authenticators": "authenticator"}
"""The noun hooks, and what each kind is called in messages."""


@hookspec
def server_extensions() -> Iterable[Provider]:
    """Further routes: the UI, users. Name: any. `target(services, None) -> hookline_server.extensions.Extension`."""
    return ()


@hookspec
def authenticators() -> Iterable[Provider]:
    """Ways to know callers. Name: `--auth`. `target(services, options) -> hookline_server.access.Authenticator`."""
    return ()
