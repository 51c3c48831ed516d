"""The hook that extends the page. Law: as in `hookline.hookspecs`, called once per workspace, and cheap."""

from collections.abc import Iterable

from pluggy import HookspecMarker

from hookline.providers import Provider

hookspec = HookspecMarker("hookline")
KINDS = {"ui_panels": "panel"}
"""The noun hook, and what its kind is called in messages."""


@hookspec
def ui_panels() -> Iterable[Provider]:
    """Parts of the page. Name: of the custom element. `target(services, None) -> hookline_ui.panels.Panel`."""
    return ()
