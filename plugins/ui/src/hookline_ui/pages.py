"""The routes of the page: itself, its files, and HTML artifacts in a frame that can do nothing."""

import asyncio

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
from hookline_ui.assets import ASK, FOREVER, Asset, Assets

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
        headers = {"content-security-policy": PAGE_POLICY, "referrer-policy": "same-origin", "cache-control": ASK}
        await _send(exchange, self.assets["index.html"], headers)

    async def file(self, _services: Services, exchange: Exchange, request: File) -> None:
        """Send a file of the page. Its name changes with its content, so it is kept for good."""
        await _send(exchange, self.assets[f"static/{request.path}"], {"cache-control": FOREVER})

    async def frame(self, services: Services, exchange: Exchange, request: GetArtifact) -> None:
        """Send an artifact that is HTML, as a document that runs nothing and reaches nothing."""
        body = await asyncio.to_thread(_artifact, services, request)
        headers = {"content-security-policy": FRAME_POLICY, "referrer-policy": "no-referrer"}
        await exchange.answer(Reply(body, media_type="text/html; charset=utf-8", headers=headers))


async def redirect(_services: Services, exchange: Exchange, _request: Request) -> None:
    """Send who leaves out the slash after the prefix to the page, by a URL that holds behind any proxy."""
    last = exchange.scope["path"].rpartition("/")[2]
    await exchange.answer(Reply(status=308, media_type="", headers={"location": f"{last}/"}))


async def _send(exchange: Exchange, asset: Asset, headers: dict[str, str]) -> None:
    encoding, body = asset.best(exchange.headers.get("accept-encoding", ""))
    etag = f'"{asset.etag}{"-" + encoding if encoding else ""}"'
    headers = {**headers, "etag": etag, "vary": "accept-encoding"}
    if etag in exchange.headers.get("if-none-match", ""):
        await exchange.answer(Reply(status=304, media_type="", headers=headers))
        return
    if encoding:
        headers["content-encoding"] = encoding
    await exchange.answer(Reply(body, media_type=asset.media_type, headers=headers))


def _artifact(services: Services, request: GetArtifact) -> bytes:
    run = services.tracking.get_run(request.run_id)
    key = services.artifact_key(run.info.artifact_uri, check_key_path(request.path))
    with services.workspace.artifacts.locate("artifacts:/").store.open(key) as stream:
        body: bytes = stream.read(MAX_PREVIEW + 1)
    if len(body) > MAX_PREVIEW:
        raise InvalidValue(f"This file is larger than {MAX_PREVIEW:,} bytes: download it instead.")
    return body


def extension(_services: Services, _options: None) -> Extension:
    """Return the page's routes. Raises `Unavailable` where the page was not built."""
    pages = Pages(Assets())
    routes = [
        Route("ui_index", "GET", "/", Request, None, may.PUBLIC, family=Family.ROOT, summary="The web page"),
        Route(
            *("ui_redirect", "GET", "", Request, None, may.PUBLIC), family=Family.ROOT, summary="Lead to the web page"
        ),
        Route(
            *("ui_file", "GET", "/static/{path:path}", File, None, may.PUBLIC),
            family=Family.ROOT,
            summary="A file of the web page",
        ),
        Route(
            *("ui_frame", "GET", "/ui/frame", GetArtifact, None, may.run(Action.READ)),
            family=Family.ROOT,
            summary="An HTML artifact of a run, as a document that runs nothing",
        ),
    ]
    handlers = {"ui_index": pages.index, "ui_redirect": redirect, "ui_file": pages.file, "ui_frame": pages.frame}
    return Extension(routes, handlers)
