"""What other plugins add to the page: custom elements, each in a JavaScript module of its own.

`docs/guides/write-a-panel.md` says what an element is given and what it may do.
"""

import logging
import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from attrs import field, frozen

from hookline.errors import HooklineError, NotFound, PluginError
from hookline.plugins import Plugins
from hookline_lib_wire.messages.base import Request, Response
from hookline_server.exchanges import Exchange
from hookline_server.services import Services
from hookline_ui.assets import ASK, Asset, asset_of
from hookline_ui.sending import send_asset

CONTRACT = 1
"""The version of what elements are given."""
log = logging.getLogger("hookline")
_ELEMENT = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+")


class Place(StrEnum):
    """Where on the page a panel stands: a tab on the page of a run, or a kind of chart over several runs."""

    RUN = "run"
    CHART = "chart"


@frozen
class Panel:
    """A part of the page.

    Attributes:
        title: of the tab or the kind of chart.
        module: the file with the JavaScript module, which defines the custom element that the provider's name names.
    """

    title: str
    module: Path
    place: Place = field(default=Place.RUN, converter=Place)


class PanelShown(Response):
    """A panel, and the address of its module, relative to the page."""

    name: str
    title: str
    place: str
    module: str


class PanelsFound(Response):
    """All panels."""

    panels: list[PanelShown]
    contract: int = CONTRACT


class Module(Request):
    """Name the module of a panel by the panel's name."""

    name: str = ""


class Panels:
    """Answers requests for panels."""

    def __init__(self, found: Mapping[str, tuple[Panel, Asset]]) -> None:
        self._found = found

    def found(self, _services: Services, _request: Request) -> PanelsFound:
        """Say which panels there are, by their titles."""
        shown = [
            PanelShown(name=name, title=panel.title, place=panel.place.value, module=f"ui/panels/{name}?{asset.etag}")
            for name, (panel, asset) in self._found.items()
        ]
        return PanelsFound(panels=sorted(shown, key=lambda each: each.title))

    async def module(self, _services: Services, exchange: Exchange, request: Module) -> None:
        """Send a panel's module."""
        if request.name not in self._found:
            raise NotFound(f"There is no panel {request.name[:100]!r}.")
        await send_asset(exchange, self._found[request.name][1], {"cache-control": ASK})


def panels_of(services: Services) -> Panels:
    """Return the panels of the installed plugins; one that is broken is left out, with a warning in the log."""
    plugins = services.workspace.plugins
    found = {}
    for provider in plugins.providers("ui_panels"):
        try:
            found[provider.name] = _panel(plugins, provider.name, services)
        except (HooklineError, OSError) as error:
            log.warning("The panel %r is left out: %s", provider.name, error)
    return Panels(found)


def _panel(plugins: Plugins, name: str, services: Services) -> tuple[Panel, Asset]:
    if not _ELEMENT.fullmatch(name):
        raise PluginError("a custom element has small letters and a hyphen in its name, such as 'my-panel'.")
    panel: Panel = plugins.make("ui_panels", name, services, {})
    asset = asset_of(panel.module)
    if asset.media_type.partition(";")[0] != "text/javascript":
        raise PluginError(f"its module {panel.module.name!r} must be a file with the ending .js.")
    return panel, asset
