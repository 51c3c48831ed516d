"""One request and its answer, on ASGI."""

import asyncio
import itertools
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import cached_property
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

from attrs import field, frozen

from hookline_lib_wire.errors import WireError
from hookline_server.settings import ServerSettings

Receive: TypeAlias = Callable[[], Awaitable[Any]]
Send: TypeAlias = Callable[[Any], Awaitable[None]]
JSON = "application/json"
MAX_FIELDS = 1000
_PROCESS = secrets.token_hex(3)
_numbers = itertools.count()
_SAFE = {"x-content-type-options": "nosniff", "x-frame-options": "SAMEORIGIN", "cache-control": "no-store"}
"""Headers of every answer, unless it says otherwise."""
_SAFE_SENT = [(name.encode(), value.encode()) for name, value in _SAFE.items()]
HEADERS = ((b"content-type", JSON.encode()), *_SAFE_SENT)
"""Headers of an answer that says nothing else."""


@frozen
class Reply:
    """An answer that is no struct."""

    body: bytes = b""
    status: int = 200
    media_type: str = JSON
    headers: Mapping[str, str] = field(factory=dict)


class ClientGone(Exception):
    """The client closed the connection before its request was whole."""


class Exchange:
    """A request, and the way to answer it.

    Attributes:
        number: what names it in the log, and in the answer where the log says more.
        header: returns a header by its name in lower case, the first of several; None where there is none.
    """

    def __init__(self, scope: Mapping[str, Any], receive: Receive, send: Send, settings: ServerSettings) -> None:
        self.scope, self._receive, self._send, self._settings = scope, receive, send, settings
        self.method: str = scope["method"]
        self.answered = False
        self.status = 0
        self.is_read = False
        self.number = f"{_PROCESS}{next(_numbers):x}"
        self._first_headers: dict[bytes, bytes] = dict(reversed(scope["headers"]))
        self.header = self._first_headers.get

    @property
    def address(self) -> str:
        """The address that the request came from; "" where that is not known. What a proxy says is not heard."""
        client = self.scope.get("client")
        return str(client[0]) if client else ""

    @cached_property
    def headers(self) -> dict[str, str]:
        """The headers; names in lower case, the last of several."""
        return {name.decode("latin-1"): value.decode("latin-1") for name, value in self.scope["headers"]}

    @property
    def repeated_headers(self) -> frozenset[bytes]:
        """The names of the headers that came more than once; mostly none."""
        if len(self._first_headers) == len(self.scope["headers"]):
            return frozenset()
        counts = Counter(name for name, _ in self.scope["headers"])
        return frozenset(name for name, count in counts.items() if count > 1)

    @cached_property
    def query(self) -> list[tuple[str, str]]:
        """The pairs of the query. Raises `WireError` where there are too many."""
        if not self.scope["query_string"]:
            return []
        try:
            return parse_qsl(
                self.scope["query_string"].decode("latin-1"),
                keep_blank_values=True,
                max_num_fields=MAX_FIELDS,
                errors="strict",
            )
        except ValueError as error:
            raise WireError("BAD_REQUEST", "The query cannot be read: UTF-8, and at most 1,000 fields.") from error

    async def body(self, at_least: int = 0) -> bytes:
        """Return the whole body. Raises `WireError` where it is too large or too slow, `ClientGone`.

        Args:
            at_least: bytes that it may have, also where the settings allow fewer.
        """
        limit = max(self._settings.max_body, at_least)
        self._check_declared(limit)
        message = await self._next()
        first: bytes = message.get("body", b"")
        if len(first) > limit:
            raise _too_large(limit)
        if not message.get("more_body"):
            self.is_read = True
            return first
        chunks, size = [first], len(first)
        try:
            async with asyncio.timeout(self._settings.body_seconds):
                while message.get("more_body"):
                    message = await self._next()
                    chunks.append(message.get("body", b""))
                    size += len(chunks[-1])
                    if size > limit:
                        raise _too_large(limit)
        except TimeoutError as error:
            raise WireError("DEADLINE_EXCEEDED", "The body took too long to arrive.") from error
        self.is_read = True
        return b"".join(chunks)

    async def parts(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes. Raises as `body`; the deadline is for each part, the limit that of files."""
        limit, size, more = self._settings.max_file, 0, True
        if limit:
            self._check_declared(limit)
        message: Any = None
        while more:
            try:
                message = await self._following() if message else await self._next()
            except TimeoutError as error:
                raise WireError("DEADLINE_EXCEEDED", "The next part of the file took too long to arrive.") from error
            part: bytes = message.get("body", b"")
            more = bool(message.get("more_body"))
            size += len(part)
            if limit and size > limit:
                raise _too_large(limit)
            if part:
                yield part
        self.is_read = True

    def _check_declared(self, limit: int) -> None:
        declared = self.header(b"content-length")
        if declared is not None and declared.isdigit() and int(declared) > limit:
            raise _too_large(limit)

    async def _following(self) -> Any:
        async with asyncio.timeout(self._settings.body_seconds):
            return await self._next()

    async def _next(self) -> Any:
        """Return what comes next; for how long the first of it may take is up to the connection (`patience`)."""
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        return message

    async def answer(self, reply: Reply) -> None:
        """Send an answer whole, head and body together."""
        await self.begin(reply.status, reply.media_type, len(reply.body), reply.headers)
        await self._send({"type": "http.response.body", "body": reply.body if self.method != "HEAD" else b""})

    async def begin(
        self, status: int, media_type: str, length: int | None, headers: Mapping[str, str] | None = None
    ) -> None:
        """Send the head of an answer."""
        self.answered, self.status = True, status
        sent = [*_SAFE_SENT]
        if headers:
            said = {**_SAFE, **headers}
            sent = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in said.items()]
        if media_type:
            sent.append((b"content-type", media_type.encode("latin-1")))
        if length is not None:
            sent.append((b"content-length", b"%d" % length))
        if not self.is_read and self.method not in ("GET", "HEAD"):
            sent.append((b"connection", b"close"))  # the rest of the body is not read: it cannot be used again
        await self._send({"type": "http.response.start", "status": status, "headers": sent})

    async def go_on(self, part: bytes, *, more: bool) -> None:
        """Send a part of an answer's body."""
        await self._send({"type": "http.response.body", "body": part, "more_body": more})


def _too_large(limit: int) -> WireError:
    return WireError("REQUEST_TOO_LARGE", f"The body is larger than {limit:,} bytes, which this server allows.")
