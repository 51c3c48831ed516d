"""The server as an ASGI application: from a request to its handler, and back."""

import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from inspect import iscoroutinefunction
from typing import Any

import msgspec
from attrs import frozen

from hookline.entities import NewRun, RunRecord, Write
from hookline.errors import HooklineError, InvalidValue, NotSupported
from hookline_lib_serving.monitoring import Monitor
from hookline_lib_serving.prompt import Prompt
from hookline_lib_wire.answers import run as run_answer
from hookline_lib_wire.codec import decode_body, decode_query, encode
from hookline_lib_wire.errors import WireError, is_for_clients, problem_of, status_of
from hookline_lib_wire.messages.base import Request
from hookline_lib_wire.messages.runs import RunFound
from hookline_lib_wire.permissions import NAMELESS, Action, Thing
from hookline_lib_wire.routes import Route
from hookline_lib_wire.table import ROUTES
from hookline_server.accepting import Accepting
from hookline_server.access import ANYBODY, Access, Authenticator, Caller, require, unknown_caller
from hookline_server.durability import DiskKeeper
from hookline_server.exchanges import HEADERS, ClientGone, Exchange, Receive, Reply, Send
from hookline_server.extensions import Extension, Handler
from hookline_server.guard import Guard, check_json
from hookline_server.handlers import HANDLERS, HOT
from hookline_server.handlers.origins import check_changes
from hookline_server.not_offered import NOT_OFFERED, is_not_offered
from hookline_server.readable import ReadableServices
from hookline_server.router import Router
from hookline_server.services import Services
from hookline_server.settings import Durability
from hookline_server.threads import Threads
from hookline_server.writing import Writes

IDENTIFYING_THREADS = 2
"""Threads on which callers are identified: who tries passwords must not keep the others from being answered."""
log = logging.getLogger("hookline.server")
requests_log = logging.getLogger("hookline.server.requests")


@frozen
class _Target:
    """A route with what answers it."""

    route: Route
    handler: Handler
    is_streamed: bool
    is_hot: bool
    may_delete: bool


class App:
    """The tracking server.

    Args:
        services: the stores.
        extensions: routes of other plugins.
        authenticator: who callers are; None: everybody may do everything.

    Raises:
        InvalidValue: an operation has no handler, or a handler no route; or two have one name.
    """

    def __init__(
        self, services: Services, extensions: Sequence[Extension] = (), authenticator: Authenticator | None = None
    ) -> None:
        self._services, self._authenticator = services, authenticator
        self._guard = Guard(services.settings)
        self.routes = (*ROUTES, *(route for each in extensions for route in each.routes))
        handlers = _joined(HANDLERS, *(each.handlers for each in extensions))
        self._router = Router(_targets(self.routes, handlers), services.settings.prefix)
        self._threads = services.threads
        self._identifying = Threads(IDENTIFYING_THREADS, "hookline-identify")
        self._accepting = Accepting(services)
        self._keeper = DiskKeeper(services, self._accepting)
        self._writes = Writes(services, self._accepting, self._keeper)
        self.monitor = Monitor()
        prompt = self._router.fixed(_is_prompt) if services.durability is Durability.INTAKE else ()
        self.prompt = Prompt(frozenset(map(str.encode, prompt)), HEADERS, self._at_once)
        services.app, services.authenticator = self, authenticator

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            return
        exchange, started, operation = Exchange(scope, receive, send, self._services.settings), time.perf_counter(), ""
        try:
            operation = await self._answer(exchange)
        except ClientGone:
            exchange.status = 499
        except HooklineError as error:
            await self._report(exchange, error)
        except Exception:  # noqa: BLE001 - the client is told that, and the log what
            await self._report_unknown(exchange)
        self._note(exchange, operation, started)

    def close(self) -> None:
        """Wait for what is being written, and end the threads."""
        self._writes.close()
        self._keeper.close()
        self._accepting.close()
        self._identifying.close()
        self._services.close()

    async def _answer(self, exchange: Exchange) -> str:
        self._guard.check(exchange)
        found = self._router.find(exchange.method, exchange.scope["path"])
        if isinstance(found, frozenset):
            raise self._not_found(exchange, found)
        target = found.target
        caller = await self._caller(exchange, target.route)
        services = self._services_for(caller)
        if target.is_hot:
            await self._write(exchange, target, services, caller)
            return target.route.operation
        if self._accepting.is_behind:
            await self._writes.settled()
        with self._accepting.deleting() if target.may_delete else nullcontext():
            await self._answer_one(exchange, target, services, caller, found.in_path)
        return target.route.operation

    async def _write(self, exchange: Exchange, target: _Target, services: Services, caller: Caller) -> None:
        """Answer a request that is stored together with others."""
        body = await exchange.body()
        check_json(exchange)
        request = decode_body(target.route.request, body)
        await self._check(caller, target.route, request)
        write = target.handler(services, request)
        if measured := self._measured(write):
            await self._threads(check_changes, services, measured)
        await exchange.answer(Reply(self._written(await self._writes.add(write, body))))

    def _at_once(self, scope: Mapping[str, Any], body: bytes) -> bytes | None:
        """Do the same where nothing needs to be waited for, or to be refused; else nothing is done."""
        exchange, started = Exchange(scope, _nobody, _nobody, self._services.settings), time.perf_counter()
        try:
            self._guard.check(exchange)
            target = self._router.at(exchange.method, scope["path"])
            caller = ANYBODY if self._authenticator is None else self._authenticator.recognise(exchange.headers)
            if caller is None or len(body) > self._services.settings.max_body:
                return None
            check_json(exchange)
            request = decode_body(target.route.request, body)
            if not self._allows_at_once(caller, target.route, request):
                return None
            write = target.handler(self._services_for(caller), request)
            kept = None if self._measured(write) else self._writes.keep(write, body)
        except Exception:  # noqa: BLE001 - it comes again when the application is asked as usual, and is told then
            return None
        if kept is None:
            return None
        exchange.status = 200
        self._note(exchange, target.route.operation, started)
        return self._written(kept.made)

    def _measured(self, write: Write) -> set[str]:
        """Return the models of which points are logged, where callers might not be allowed to."""
        if self._authenticator is None or isinstance(write, NewRun):
            return set()
        return {each.model_id for each in write[1].metrics if each.model_id}

    def _written(self, made: RunRecord | None) -> bytes:
        """Return the answer to what was written, and was safe then."""
        if made is None:
            return b"{}"
        if self._authenticator is not None:
            self._services.belonging.made(made.info)
        return encode(RunFound(run=run_answer(made)))

    def _note(self, exchange: Exchange, operation: str, started: float) -> None:
        seconds = time.perf_counter() - started
        self.monitor.note(operation, exchange.status, seconds)
        if requests_log.isEnabledFor(logging.INFO):
            _log_request(exchange, seconds)

    async def _answer_one(
        self, exchange: Exchange, target: _Target, services: Services, caller: Caller, in_path: Mapping[str, str]
    ) -> None:
        if target.is_streamed:
            if target.route.streams:
                request = decode_query(target.route.request, exchange.query, in_path)
            else:
                request = await self._read(exchange, target.route, in_path)
            await self._check(caller, target.route, request)
            reply = await target.handler(services, exchange, request)
            if reply is not None:
                if _writes(target.route):
                    await self._note_write()
                await exchange.answer(reply if isinstance(reply, Reply) else Reply(encode(reply)))
        else:
            request = await self._read(exchange, target.route, in_path)
            await self._check(caller, target.route, request)
            answer = await self._threads(self._handled, target, services, request)
            if self._authenticator is not None and target.route.permission.thing is Thing.OWNER_OF_NEW:
                await self._threads(self._note_owner, caller, answer)
            await exchange.answer(answer if isinstance(answer, Reply) else Reply(encode(answer)))

    async def _note_write(self) -> None:
        if self._keeper.waits:
            await self._threads(self._keeper.wrote)
        else:
            self._keeper.wrote()

    async def _read(self, exchange: Exchange, route: Route, in_path: Mapping[str, str]) -> Request:
        if route.method == "GET":
            exchange.is_read = True
            return decode_query(route.request, exchange.query, in_path)
        body = await exchange.body()
        if body or route.method in ("POST", "PUT", "PATCH"):
            check_json(exchange)
        return decode_body(route.request, body, in_path)

    def _handled(self, target: _Target, services: Services, request: Request) -> Any:
        answer = target.handler(services, request)
        if _writes(target.route):
            self._keeper.wrote()
        return answer

    # Access ----------------------------------------------------------------------------------------------------------

    def _services_for(self, caller: Caller) -> Services:
        if self._authenticator is None:
            return self._services
        return ReadableServices(self._services, Access(caller, self._authenticator))

    async def _caller(self, exchange: Exchange, route: Route) -> Caller:
        return ANYBODY if route.permission.thing in NAMELESS else await self.identify(exchange)

    async def identify(self, exchange: Exchange) -> Caller:
        """Return who sent a request. Raises `WireError` where it does not say, says it wrongly, or tries too often."""
        if self._authenticator is None:
            return ANYBODY
        caller = self._authenticator.recognise(exchange.headers)
        if caller is None:
            caller = await self._identifying(self._authenticator.identify, exchange.headers, exchange.address)
        if caller is None:
            raise unknown_caller()
        return caller

    async def _check(self, caller: Caller, route: Route, request: Request) -> None:
        if self._authenticator is not None and not self._allows_at_once(caller, route, request):
            await self._threads(require, self._authenticator, caller, route.permission, _names(request, route))

    def _allows_at_once(self, caller: Caller, route: Route, request: Request) -> bool:
        if self._authenticator is None:
            return True
        return self._authenticator.allows_at_once(caller, route.permission, _names(request, route))

    def _note_owner(self, caller: Caller, answer: Any) -> None:
        assert self._authenticator is not None
        experiment_id = getattr(answer, "experiment_id", None)
        if experiment_id:
            self._authenticator.created(caller, Thing.EXPERIMENT, experiment_id)
        else:
            self._authenticator.created(caller, Thing.REGISTERED_MODEL, answer.registered_model.name)

    # Errors ----------------------------------------------------------------------------------------------------------

    def _not_found(self, exchange: Exchange, methods: frozenset[str]) -> HooklineError:
        path = exchange.scope["path"]
        if methods:
            return WireError("METHOD_NOT_ALLOWED", f"This path knows {', '.join(sorted(methods))}.")
        if is_not_offered(path.removeprefix(self._services.settings.prefix)):
            return NotSupported(NOT_OFFERED)
        return WireError("ENDPOINT_NOT_FOUND", "There is no such path. The API is described at /openapi.json.")

    async def _report(self, exchange: Exchange, error: HooklineError) -> None:
        status = status_of(error)
        headers = {}
        if status == 401 and self._authenticator is not None and exchange.header(b"x-requested-with") is None:
            # A script of a page says so by this header, and asks its reader by itself: the browser would ask meanwhile.
            headers["www-authenticate"] = self._authenticator.challenge
        if isinstance(error, WireError) and error.retry_after:
            headers["retry-after"] = str(error.retry_after)
        reference = ""
        if not is_for_clients(error):
            reference = exchange.number
            log.error("The request %s failed: %s", reference, error)
        if not exchange.answered:
            await exchange.answer(Reply(encode(problem_of(error, reference)), status, headers=headers))

    async def _report_unknown(self, exchange: Exchange) -> None:
        log.exception("The request %s failed", exchange.number)
        if not exchange.answered:
            message = f"The server failed; its log says more under {exchange.number}."
            await exchange.answer(Reply(encode({"error_code": "INTERNAL_ERROR", "message": message}), 500))


def _is_prompt(target: _Target) -> bool:
    """A param waits for its commit: it might have another value."""
    return target.is_hot and target.route.operation != "log_param"


async def _nobody(*_: object) -> None:
    """What an answer that is returned is sent to, and more of a body that is whole asked of."""


_DELETE = frozenset({"delete_run", "delete_experiment", "change_run"})
"""The operations of the table that may delete runs; nobody knows what those of extensions do."""


def _targets(routes: Sequence[Route], handlers: Mapping[str, Handler]) -> list[tuple[Route, _Target]]:
    without = {route.operation for route in routes} ^ handlers.keys()
    if without:
        raise InvalidValue(f"Routes and handlers of the server do not match: {', '.join(sorted(without))}.")
    return [
        (
            route,
            _Target(
                route,
                handlers[route.operation],
                iscoroutinefunction(handlers[route.operation]),
                route.operation in HOT,
                route.operation in _DELETE or (_writes(route) and route not in ROUTES),
            ),
        )
        for route in routes
    ]


def _writes(route: Route) -> bool:
    """Return whether a request may have changed something: searches are POSTs that only read."""
    named, asked = bool(route.permission.field), route.permission.action
    return route.method != "GET" and not (named and asked is Action.READ)


def _joined(*parts: Mapping[str, Handler]) -> dict[str, Handler]:
    joined: dict[str, Handler] = {}
    for part in parts:
        twice = joined.keys() & part.keys()
        if twice:
            raise InvalidValue(f"Two extensions of the server have a handler for {', '.join(sorted(twice))}.")
        joined.update(part)
    return joined


def _names(request: Request, route: Route) -> Sequence[str]:
    """Return what a request is about, as its route's permission says."""
    if not route.permission.field:
        return ()
    value = getattr(request, route.permission.field)
    return tuple(value) if isinstance(value, list) else (str(value),)


def _log_request(exchange: Exchange, seconds: float) -> None:
    path = msgspec.json.encode(exchange.scope["path"]).decode()  # control characters are escaped
    requests_log.info("%s %s %d %.1f ms %s", exchange.method, path, exchange.status, seconds * 1000, exchange.number)
