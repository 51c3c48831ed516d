"""Sending the head of an answer with its body: the system is asked once, and the client wakes once."""

import asyncio
from typing import Any


class TogetherTransport:
    """A transport that keeps the first of two texts until the second comes, or until the loop's step ends.

    uvicorn writes head and body apart. All else is the transport's own.
    """

    __slots__ = ("_held", "_loop", "_transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self._held: bytes | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """See `asyncio.WriteTransport.write`."""
        held, self._held = self._held, None
        if held is not None:
            self._transport.writelines((held, data))
        elif data:
            self._held = data
            self._loop.call_soon(self._let_go)

    def write_whole(self, data: bytes) -> None:
        """Send what nothing follows."""
        self._let_go()
        self._transport.write(data)

    def close(self) -> None:
        """See `asyncio.BaseTransport.close`."""
        self._let_go()
        self._transport.close()

    def _let_go(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            self._transport.write(held)
