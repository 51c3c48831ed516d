"""The scoring server as an ASGI application.

`GET /ping` and `/health` say that the process is alive, `GET /version` names Hookline's version, `POST /invocations`
asks the model. Predictions run one at a time on a thread of their own, so that the other routes always answer.
"""

import asyncio
import queue
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from importlib.metadata import version

from attrs import frozen
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from hookline_deploy_local.scoring import MEDIA_TYPES, Model, Reply, Scorer, failure
from hookline_lib_serving import serving

MEGABYTE = 2**20
TOKEN_HEADER = "x-hookline-server"
_PLAIN = "text/plain; charset=utf-8"


@frozen
class Limits:
    """What a request may cost.

    Attributes:
        timeout: seconds for reading a body, and seconds for an answer; 0: no limit.
        body: bytes.
    """

    timeout: float = 60.0
    body: int = 64 * MEGABYTE


class OneThread:
    """Runs calls one after another on a daemon thread: a call that never returns does not keep the process alive."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[tuple[Future[Reply], Callable[[], Reply]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="predictions", daemon=True)
        self._thread.start()

    def submit(self, call: Callable[[], Reply]) -> "Future[Reply]":
        """Queue a call; one that is cancelled before its turn is never made."""
        future: Future[Reply] = Future()
        self._calls.put((future, call))
        return future

    def stop(self) -> None:
        """Let the thread end after the calls that are queued."""
        self._calls.put(None)

    def _run(self) -> None:
        while (item := self._calls.get()) is not None:
            future, call = item
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(call())
                except BaseException as error:  # noqa: BLE001 - it is handed to whoever waits
                    future.set_exception(error)


class ScoringApp:
    """Routes around a scorer.

    Args:
        model: what answers.
        token: sent back by `/ping` in the header `x-hookline-server`, which tells this server from others.
    """

    def __init__(self, model: Model, limits: Limits | None = None, token: str = "") -> None:
        self._scorer = Scorer(model)
        self._limits = limits or Limits()
        self._headers = {"x-content-type-options": "nosniff", **({TOKEN_HEADER: token} if token else {})}
        self._version = version("hookline-core").encode()
        self.thread = OneThread()
        self.asgi = Starlette(
            routes=[
                Route("/ping", self.ping, methods=["GET"]),
                Route("/health", self.ping, methods=["GET"]),
                Route("/version", self.version, methods=["GET"]),
                Route("/invocations", self.invocations, methods=["POST"]),
            ]
        )

    def serve(self, bound: socket.socket, started: Callable[[], None]) -> None:
        """Answer on a bound socket until SIGINT or SIGTERM. Args and errors: `hookline_lib_serving.serving.run`."""
        try:
            serving.run(self.asgi, bound, started)
        finally:
            self.thread.stop()

    async def ping(self, _request: Request) -> Response:
        """Say that the process is alive and its model loaded."""
        return self._response(Reply(200, b"\n"))

    async def version(self, _request: Request) -> Response:
        """Name the version of Hookline."""
        return self._response(Reply(200, self._version, _PLAIN))

    async def invocations(self, request: Request) -> Response:
        """Ask the model."""
        media_type, refusal = _media_type(request)
        body = refusal or await self._body(request)
        if isinstance(body, Reply):
            # The rest of the body is not read: the connection cannot be used again.
            return self._response(body, {"connection": "close"})
        return self._response(await self._answer(media_type, body))

    async def _answer(self, media_type: str, body: bytes) -> Reply:
        future = self.thread.submit(lambda: self._scorer.answer(media_type, body))
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), self._limits.timeout or None)
        except TimeoutError:
            return failure(504, "DEADLINE_EXCEEDED", f"The model took longer than {self._limits.timeout:g} s.")

    async def _body(self, request: Request) -> bytes | Reply:
        too_large = failure(413, "BAD_REQUEST", f"The body is larger than {self._limits.body} bytes.")
        declared = request.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > self._limits.body:
            return too_large
        chunks, size = [], 0
        try:
            async with asyncio.timeout(self._limits.timeout or None):
                async for chunk in request.stream():
                    size += len(chunk)
                    if size > self._limits.body:
                        return too_large
                    chunks.append(chunk)
        except TimeoutError:
            return failure(408, "BAD_REQUEST", f"The body took longer than {self._limits.timeout:g} s to arrive.")
        except ClientDisconnect:
            return failure(400, "BAD_REQUEST", "The client went away.")
        return b"".join(chunks)

    def _response(self, reply: Reply, headers: dict[str, str] | None = None) -> Response:
        return Response(reply.body, reply.status, {**self._headers, **(headers or {})}, reply.media_type)


def _media_type(request: Request) -> tuple[str, Reply | None]:
    """Return the media type of a request, and the refusal where it is none of those that are read."""
    name, *parameters = (each.strip() for each in request.headers.get("content-type", "").split(";"))
    name = name.lower()
    problem = None
    if name not in MEDIA_TYPES:
        problem = f"The content type {name!r} is not supported; send one of {', '.join(MEDIA_TYPES)}."
    elif request.headers.get("content-encoding", "identity").lower() != "identity":
        problem = "Compressed bodies are not supported: send no Content-Encoding."
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip().lower() != "charset":
            problem = problem or f"The content type has the parameter {key.strip()!r}; only 'charset' is known."
        elif value.strip().strip('"').lower() not in ("utf-8", "utf8"):
            problem = problem or "The scoring server only supports UTF-8."
    return name, None if problem is None else Reply(415, f"{problem}\n".encode(), _PLAIN)
