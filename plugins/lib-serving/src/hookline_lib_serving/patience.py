"""How long a connection may take to say what it wants: slow heads of requests would else hold connections for ever."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from hookline_lib_serving.together import TogetherTransport

HEAD_SECONDS = 20.0
"""From the first byte of a request's head, or from the connection's start, to the head's end."""


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which closes connections whose head does not end. It costs a timer a connection."""

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first head."""
        super().connection_made(TogetherTransport(transport, self.loop))  # type: ignore[arg-type]
        self._waits_since: float | None = self.loop.time()
        self._watch()

    def on_message_begin(self) -> None:
        """A head begins."""
        self._waits_since = self.loop.time()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A head ends."""
        self._waits_since = None
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop to wait."""
        self._watching.cancel()
        super().connection_lost(exc)

    def _watch(self) -> None:
        self._watching: asyncio.TimerHandle = self.loop.call_later(HEAD_SECONDS, self._look)

    def _look(self) -> None:
        if self._waits_since is not None and self.loop.time() - self._waits_since >= HEAD_SECONDS:
            self.transport.close()
        else:
            self._watch()
