"""The scoring server as an ASGI application, without a framework: routing is one look into a dict.

MLflow's scoring protocol (`/invocations`), the Open Inference Protocol (`/v2/...`), `/ping` and `/health`, `/version`
and `/metrics`. The model answers on a thread of its own, so that the other routes always answer.
"""

import asyncio
import json
import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from importlib.metadata import version
from typing import Any, TypeAlias

from attrs import frozen

from hookline_lib_scoring.forms import MEDIA_TYPES, Form, Invocation, Question
from hookline_lib_scoring.inputs import InputReader
from hookline_lib_scoring.model_thread import ModelThread
from hookline_lib_scoring.replies import PLAIN, Reply, failure
from hookline_lib_scoring.scoring import MOST_ROWS, Model, Scorer
from hookline_lib_scoring.settings import MEGABYTE
from hookline_lib_scoring.tensors import Tensors, refusal
from hookline_lib_serving import serving
from hookline_lib_serving.monitoring import Counter, Monitor

TOKEN_HEADER = "x-hookline-server"
VERSION = "1"
"""What the Open Inference Protocol hears of the model's version."""
_METRICS = "text/plain; version=0.0.4; charset=utf-8"
Receive: TypeAlias = Callable[[], Awaitable[Any]]
Send: TypeAlias = Callable[[Any], Awaitable[None]]
Headers: TypeAlias = Mapping[bytes, bytes]
Handler: TypeAlias = Callable[[Headers, Receive], Awaitable[Reply]]


@frozen
class Limits:
    """What a request may cost.

    Attributes:
        timeout: seconds for reading a body, and seconds for an answer; 0: no limit.
        body: bytes.
        rows: how many rows of waiting requests a model that predicts row by row is asked for at once; 1: no more than
            one request's.
    """

    timeout: float = 60.0
    body: int = 64 * MEGABYTE
    rows: int = MOST_ROWS


@frozen
class _Route:
    operation: str
    method: str
    handler: Handler


class _Refused(Exception):
    """A request whose body is not read to its end, so that its connection cannot be used again."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        super().__init__(reply.status)


class ScoringApp:
    """Routes around a model.

    Args:
        model: what answers.
        token: sent back by `/ping` in the header `x-hookline-server`, which tells this server from others.
        name: what the Open Inference Protocol calls the model.
    """

    def __init__(self, model: Model, limits: Limits | None = None, token: str = "", name: str = "model") -> None:
        self._limits = limits or Limits()
        self._headers = [(b"x-content-type-options", b"nosniff")]
        if token:
            self._headers.append((TOKEN_HEADER.encode(), token.encode()))
        self.monitor = Monitor()
        self._calls = Counter("hookline_model_calls_total", "Calls of the model.")
        self._asked = Counter("hookline_model_requests_total", "Requests that the model answered.")
        self._rows = Counter("hookline_model_rows_total", "Rows that the model answered.")
        self._scorer = Scorer(model, self._limits.rows, self._count)
        self.thread = ModelThread(self._scorer.answer)
        reader = InputReader(model.signature.inputs if model.signature is not None else None)
        self._invocations = {media_type: Invocation(reader, media_type) for media_type in MEDIA_TYPES}
        self._tensors = Tensors(name, VERSION, model.signature)
        self._routes = self._all_routes(name)

    def _all_routes(self, name: str) -> dict[str, _Route]:
        alive = _fixed(Reply(200, b"\n"))
        server = {"name": "hookline", "version": version("hookline-core"), "extensions": []}
        model = f"/v2/models/{name}"
        routes = {
            "/ping": _Route("ping", "GET", alive),
            "/health": _Route("ping", "GET", alive),
            "/version": _Route("version", "GET", _fixed(Reply(200, version("hookline-core").encode(), PLAIN))),
            "/metrics": _Route("metrics", "GET", self._metrics),
            "/invocations": _Route("invocations", "POST", self._invoked),
            "/v2": _Route("v2", "GET", _fixed(Reply(200, json.dumps(server).encode()))),
            "/v2/health/live": _Route("v2 live", "GET", _fixed(Reply(200, b'{"live": true}'))),
            "/v2/health/ready": _Route("v2 ready", "GET", _fixed(Reply(200, b'{"ready": true}'))),
        }
        for path in (model, f"{model}/versions/{VERSION}"):
            routes[path] = _Route("v2 model", "GET", _fixed(Reply(200, self._tensors.description())))
            ready = Reply(200, json.dumps({"name": name, "ready": True}).encode())
            routes[f"{path}/ready"] = _Route("v2 model ready", "GET", _fixed(ready))
            routes[f"{path}/infer"] = _Route("v2 infer", "POST", self._inferred)
        return routes

    def serve(self, bound: socket.socket, started: Callable[[], None]) -> None:
        """Answer on a bound socket until SIGINT or SIGTERM. Args and errors: `hookline_lib_serving.serving.run`."""
        try:
            serving.run(self, bound, started)
        finally:
            self.thread.stop()

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            return
        began, method, more = time.perf_counter(), scope["method"], []
        route = self._routes.get(scope["path"])
        if route is None:
            reply = _not_found(scope["path"])
        elif method not in (route.method, "HEAD" if route.method == "GET" else route.method):
            reply, more = (
                failure(405, "METHOD_NOT_ALLOWED", f"Use {route.method}."),
                [(b"allow", route.method.encode())],
            )
        else:
            try:
                reply = await route.handler(dict(scope["headers"]), receive)
            except _Refused as refused:
                reply, more = refused.reply, [(b"connection", b"close")]
        await self._send(send, reply, more, without_body=method == "HEAD")
        self.monitor.note("" if route is None else route.operation, reply.status, time.perf_counter() - began)

    async def _send(self, send: Send, reply: Reply, more: list[tuple[bytes, bytes]], *, without_body: bool) -> None:
        headers = [
            (b"content-type", reply.media_type.encode()),
            (b"content-length", str(len(reply.body)).encode()),
            *self._headers,
            *more,
        ]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if without_body else reply.body})

    # Handlers --------------------------------------------------------------------------------------------------------

    async def _metrics(self, _headers: Headers, _receive: Receive) -> Reply:
        counted = "".join(each.text() for each in (self._calls, self._asked, self._rows))
        return Reply(200, (self.monitor.text() + counted).encode(), _METRICS)

    async def _invoked(self, headers: Headers, receive: Receive) -> Reply:
        media_type = _media_type(headers.get(b"content-type", b""), headers.get(b"content-encoding", b"identity"))
        return await self._answered(self._invocations[media_type], headers, receive)

    async def _inferred(self, headers: Headers, receive: Receive) -> Reply:
        if b"inference-header-content-length" in headers:
            raise _Refused(refusal(400, "Binary tensor data is not supported: send the tensors as JSON."))
        return await self._answered(self._tensors, headers, receive)

    async def _answered(self, form: Form, headers: Headers, receive: Receive) -> Reply:
        body = await self._body(form, headers, receive)
        try:
            return await self.thread.ask(Question(form, body), self._limits.timeout)
        except TimeoutError:
            message = f"The model took longer than {self._limits.timeout:g} s."
            return form.refuse(504, "DEADLINE_EXCEEDED", message)

    async def _body(self, form: Form, headers: Headers, receive: Receive) -> bytes:
        declared = headers.get(b"content-length", b"")
        if declared.isdigit() and int(declared) > self._limits.body:
            raise self._too_large(form)
        chunks: list[bytes] = []
        size, goes_on = 0, True
        try:
            async with asyncio.timeout(self._limits.timeout or None):
                while goes_on:
                    message = await receive()
                    goes_on = message.get("more_body", False)
                    if message["type"] == "http.disconnect":
                        raise _Refused(form.refuse(400, "BAD_REQUEST", "The client went away."))
                    chunks.append(message.get("body", b""))
                    size += len(chunks[-1])
                    if size > self._limits.body:
                        raise self._too_large(form)
        except TimeoutError:
            said = f"The body took longer than {self._limits.timeout:g} s to arrive."
            raise _Refused(form.refuse(408, "BAD_REQUEST", said)) from None
        return b"".join(chunks)

    def _too_large(self, form: Form) -> _Refused:
        return _Refused(form.refuse(413, "BAD_REQUEST", f"The body is larger than {self._limits.body} bytes."))

    def _count(self, requests: int, rows: int) -> None:
        self._calls.add(1)
        self._asked.add(requests)
        self._rows.add(rows)


def _fixed(reply: Reply) -> Handler:
    async def handler(_headers: Headers, _receive: Receive) -> Reply:
        return reply

    return handler


def _not_found(path: str) -> Reply:
    if path.startswith("/v2/"):
        return refusal(404, "There is no such path, model or version here.")
    return failure(404, "ENDPOINT_NOT_FOUND", "There is no such path. Models are asked at POST /invocations.")


@lru_cache(maxsize=64)  # clients send the same few
def _media_type(content_type: bytes, encoding: bytes) -> str:
    """Return the media type of an invocation. Raises `_Refused` where it is none of those that are read."""
    name, *parameters = (each.strip() for each in content_type.decode("latin-1").split(";"))
    name = name.lower()
    problem = None
    if name not in MEDIA_TYPES:
        problem = f"The content type {name!r} is not supported; send one of {', '.join(MEDIA_TYPES)}."
    elif encoding.lower() != b"identity":
        problem = "Compressed bodies are not supported: send no Content-Encoding."
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip().lower() != "charset":
            problem = problem or f"The content type has the parameter {key.strip()!r}; only 'charset' is known."
        elif value.strip().strip('"').lower() not in ("utf-8", "utf8"):
            problem = problem or "The scoring server only supports UTF-8."
    if problem is not None:
        raise _Refused(Reply(415, f"{problem}\n".encode(), PLAIN))
    return name
