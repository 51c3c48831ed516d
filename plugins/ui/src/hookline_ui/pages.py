"""The routes of the page: itself, its files, and HTML artifacts in a frame that can do nothing."""

from collections.abc import Mapping
from functools import partial

from hookline.errors import InvalidValue
from hookline.paths import check_key_path
from hookline_lib_wire import permissions as may
from hookline_lib_wire.messages.artifacts import GetArtifact
from hookline_lib_wire.messages.base import Request
from hookline_lib_wire.permissions import Action
from hookline_lib_wire.routes import Family, Route
from hookline_server.exchanges import Exchange, Reply
from hookline_server.extensions import Extension
from hookline_server.services import Services
from hookline_ui.assets import ASK, FOREVER, Assets
from hookline_ui.panels import Module, PanelsFound, panels_of
from hookline_ui.sending import send_asset
from hookline_ui.signing_in import SigningIn, signing_in_routes

MAX_PREVIEW = 10_000_000
"""Bytes of an HTML artifact that is shown."""
PAGE_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-src 'self'",
        "frame-ancestors 'self'",
    )
)
FRAME_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; frame-ancestors 'self'"
)
"""An artifact's page: an origin of its own, no script, no request; also where somebody opens it by its address."""


class File(Request):
    """Name a file of the page by its path in the URL."""

    path: str = ""


class Pages:
    """Answers requests for the page."""

    def __init__(self, assets: Assets) -> None:
        self.assets = assets

    async def index(self, _services: Services, exchange: Exchange, _request: Request) -> None:
        """Send the page."""
        await self.send_index(exchange)

    async def send_index(self, exchange: Exchange, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Send the page with a status and further headers."""
        known = {"content-security-policy": PAGE_POLICY, "referrer-policy": "same-origin", "cache-control": ASK}
        await send_asset(exchange, self.assets["index.html"], {**known, **(headers or {})}, status)

    async def file(self, _services: Services, exchange: Exchange, request: File) -> None:
        """Send a file of the page. Its name changes with its content, so it is kept for good."""
        await send_asset(exchange, self.assets[f"static/{request.path}"], {"cache-control": FOREVER})

    async def frame(self, services: Services, exchange: Exchange, request: GetArtifact) -> None:
        """Send an artifact that is HTML, as a document that runs nothing and reaches nothing."""
        body = await services.threads(_artifact, services, request)
        headers = {"content-security-policy": FRAME_POLICY, "referrer-policy": "no-referrer"}
        await exchange.answer(Reply(body, media_type="text/html; charset=utf-8", headers=headers))


async def redirect(_services: Services, exchange: Exchange, _request: Request) -> None:
    """Send who leaves out the slash after the prefix to the page, by a URL that holds behind any proxy."""
    last = exchange.scope["path"].rpartition("/")[2]
    await exchange.answer(Reply(status=308, media_type="", headers={"location": f"{last}/"}))


def _artifact(services: Services, request: GetArtifact) -> bytes:
    run = services.tracking.get_run(request.run_id)
    key = services.artifact_key(run.info.artifact_uri, check_key_path(request.path))
    with services.workspace.artifacts.locate("artifacts:/").store.open(key) as stream:
        body: bytes = stream.read(MAX_PREVIEW + 1)
    if len(body) > MAX_PREVIEW:
        raise InvalidValue(f"This file is larger than {MAX_PREVIEW:,} bytes: download it instead.")
    return body


def extension(services: Services, _options: None) -> Extension:
    """Return the page's routes. Raises `Unavailable` where the page was not built."""
    pages, panels = Pages(Assets()), panels_of(services)
    root = partial(Route, family=Family.ROOT)
    routes = [
        *signing_in_routes(),
        root("ui_index", "GET", "/", Request, None, may.PUBLIC, summary="The web page"),
        root("ui_redirect", "GET", "", Request, None, may.PUBLIC, summary="Lead to the web page"),
        root("ui_file", "GET", "/static/{path:path}", File, None, may.PUBLIC, summary="A file of the web page"),
        root(
            *("ui_frame", "GET", "/ui/frame", GetArtifact, None, may.run(Action.READ)),
            summary="An HTML artifact of a run, as a document that runs nothing",
        ),
        root(
            "ui_panels", "GET", "/ui/panels", Request, PanelsFound, may.PUBLIC, summary="What plugins add to the page"
        ),
        root("ui_panel", "GET", "/ui/panels/{name}", Module, None, may.PUBLIC, summary="The module of a panel"),
    ]
    handlers = {
        **SigningIn(pages.send_index).handlers(),
        "ui_index": pages.index,
        "ui_redirect": redirect,
        "ui_file": pages.file,
        "ui_frame": pages.frame,
        "ui_panels": panels.found,
        "ui_panel": panels.module,
    }
    return Extension(routes, handlers)
