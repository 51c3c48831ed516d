"""Signing in and out, on a server that knows its callers (`--auth`): the browser asks for the name and the password.

The page's own requests are not challenged (`x-requested-with`): they end where nobody is signed in, and the page says
so. A browser that is led to `sign-in` is challenged: it asks, and keeps what it is told for the whole page.
"""

import base64
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, TypeAlias

from hookline_lib_wire import permissions as may
from hookline_lib_wire.errors import WireError
from hookline_lib_wire.messages.base import Empty, Request, Response
from hookline_lib_wire.routes import Family, Route
from hookline_server.exchanges import Exchange, Reply
from hookline_server.services import Services

NOBODY = "signed-out"
"""The name that a page gives to a browser in the place of its user's."""

SendPage: TypeAlias = Callable[[Exchange, int, Mapping[str, str]], Awaitable[None]]


class Who(Response):
    """The name of who asks; "" on a server that knows nobody."""

    name: str = ""


class SigningIn:
    """Answers requests about who looks at the page.

    Args:
        send_page: sends the page with a status and headers.
    """

    def __init__(self, send_page: SendPage) -> None:
        self._send_page = send_page

    def handlers(self) -> Mapping[str, Any]:
        """Return the handlers by their operations."""
        return {"ui_who": _who, "ui_sign_in": self._sign_in, "ui_sign_out": _sign_out}

    async def _sign_in(self, services: Services, exchange: Exchange, _request: Request) -> None:
        """Lead who is known to the page; the others see it behind the browser's question."""
        try:
            await services.app.identify(exchange)
        except WireError as error:
            if error.code != "UNAUTHENTICATED":
                raise
            await self._send_page(exchange, 401, {"www-authenticate": services.authenticator.challenge})
        else:
            await exchange.answer(Reply(status=303, media_type="", headers={"location": "./"}))


def _who(services: Services, _request: Request) -> Who:
    return Who(name=services.access.caller.name)


async def _sign_out(services: Services, exchange: Exchange, _request: Request) -> None:
    """Let a browser forget its user: it keeps the credentials that were answered last, and those are nobody's."""
    if services.authenticator is None or _name_of(exchange) == NOBODY:
        await exchange.answer(Reply(b"{}"))
    else:
        headers = {"www-authenticate": services.authenticator.challenge}
        await exchange.answer(Reply(b"{}", 401, headers=headers))


def _name_of(exchange: Exchange) -> str:
    scheme, _, given = exchange.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(given, validate=True).decode().partition(":")[0]
    except ValueError:
        return ""


def signing_in_routes() -> list[Route]:
    """Return the rows of the table of routes."""
    root = partial(Route, family=Family.ROOT)
    return [
        root("ui_who", "GET", "/who", Request, Who, may.CALLER, summary="Who looks at the page"),
        root("ui_sign_in", "GET", "/sign-in", Request, None, may.PUBLIC, summary="Let a browser ask who looks at it"),
        root("ui_sign_out", "GET", "/sign-out", Request, Empty, may.PUBLIC, summary="Let a browser forget who it was"),
    ]
