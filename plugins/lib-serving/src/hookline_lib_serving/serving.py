"""Running an ASGI application in this process until it is told to stop."""

import asyncio
import gc
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from hookline.errors import Unavailable
from hookline_lib_serving import addresses

try:
    from hookline_lib_serving import prompt_protocol

    PROTOCOL: Any = prompt_protocol.PromptProtocol
except ImportError:  # where there is no httptools, uvicorn takes h11
    PROTOCOL = "auto"

GRACE = 10
"""Seconds that open requests get to end in after a signal."""
LINGER = 0.5
"""Seconds that connections without a request stay open after a signal."""
MOST_CONNECTIONS = 1024
GARBAGE = 100_000
"""How many objects more there are, of those that may refer to each other, when a server looks for garbage."""
START = 30
"""Seconds that a server in the background gets to begin."""


class _Server(uvicorn.Server):
    """uvicorn's server, which says when it accepts connections."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._tell = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._tell()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop without losing a request: another process on the same port may have taken over already.

        The system resets the connections in the queue of a socket that is closed, and uvicorn closes those whose
        request has not begun to arrive. So the queue is emptied first, by a copy of the socket that no loop closes with
        a delay, and those that were just let in get a moment to speak.
        """
        queues = [bound.dup() for bound in sockets or ()]
        for server in self.servers:
            server.close()
        for bound in sockets or ():
            bound.close()
        await asyncio.sleep(0.02)
        for queue in queues:
            await self._empty(queue)
        deadline = time.monotonic() + LINGER
        while self.server_state.connections and time.monotonic() < deadline and not self.force_exit:
            await asyncio.sleep(0.02)
        await super().shutdown(sockets)

    async def _empty(self, queue: socket.socket) -> None:
        """Let in who waits at a listening socket, and close it."""
        loop = asyncio.get_running_loop()
        queue.setblocking(False)
        with queue:
            while True:
                try:
                    connection, _address = queue.accept()
                except OSError:  # BlockingIOError: nobody waits; else whoever did is gone
                    return
                connection.setblocking(False)
                await loop.connect_accepted_socket(self._protocol, connection)

    def _protocol(self) -> asyncio.Protocol:
        make: Any = self.config.http_protocol_class
        protocol: asyncio.Protocol = make(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return protocol


def server_of(app: Any, started: Callable[[], None], **options: Any) -> uvicorn.Server:
    """Return a server of an ASGI application, to be run on a socket.

    Args:
        started: called once connections are accepted.
        options: further settings of `uvicorn.Config`.
    """
    settings: dict[str, Any] = {
        "http": PROTOCOL,
        "lifespan": "off",
        "access_log": False,
        "log_config": None,
        "server_header": False,
        "proxy_headers": False,  # anybody may claim to be a proxy
        "limit_concurrency": MOST_CONNECTIONS,
        "timeout_graceful_shutdown": GRACE,
    }
    return _Server(uvicorn.Config(app, **{**settings, **options}), started)


@contextmanager
def in_background(app: Any, host: str = "127.0.0.1") -> Iterator[str]:
    """Serve an application on a thread of this process and a free port; gives the URL. Leaving the context stops it.

    Raises:
        Unavailable: nothing can be served there, or it did not begin within `START` seconds.
    """
    started = threading.Event()
    server = server_of(app, started.set)
    with addresses.bind(host, 0) as bound:
        url = addresses.url(host, bound.getsockname()[1])
        addresses.listen(bound)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, name="hookline-serving", daemon=True)
        thread.start()
        try:
            if not started.wait(START):
                raise Unavailable(f"The server at {url} did not begin within {START} s.")
            yield url
        finally:
            server.should_exit = True
            thread.join()


def run(app: Any, bound: socket.socket, started: Callable[[], None], **options: Any) -> None:
    """Serve on a bound socket until SIGINT or SIGTERM; open requests are answered first. The socket is closed.

    Args:
        started: called once connections are accepted.

    Raises:
        Unavailable: another program took the port meanwhile.
    """
    addresses.listen(bound)
    try:
        with _collecting_rarely():
            server_of(app, started, **options).run(sockets=[bound])
    except KeyboardInterrupt:
        pass  # uvicorn passes the signal on after it has shut down
    finally:
        bound.close()


@contextmanager
def _collecting_rarely() -> Iterator[None]:
    """Let the garbage collector look at what requests leave behind, not at what they are about to free.

    An answer is made of tens of thousands of objects, at which it would look several times, and free none of them. What
    was there before, modules most of all, stays until the end anyway.
    """
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
