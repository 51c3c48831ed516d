"""How long a connection may take to say what it wants, and in how many bytes.

Requests that never begin would else hold it for ever, and heads that never end the memory.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from hookline_lib_serving.together import TogetherTransport

HEAD_SECONDS = 20.0
"""From the start of a connection or request to the end of its head; and from there to the start of its body."""
MOST_OF_HEAD = 2**16
"""Bytes after which a head that goes on is refused."""
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: 43\r\nconnection: close\r\n\r\nThe head of the request exceeds 65536 bytes"
)


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which closes connections whose head does not end soon, or whose body does not begin.

    It costs a timer a connection. How long the rest of a body may take is up to who reads it.
    """

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first head."""
        super().connection_made(TogetherTransport(transport, self.loop))  # type: ignore[arg-type]
        self._waits_since: float | None = self.loop.time()
        self._is_in_head, self._of_head = True, 0
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Read on. A head that comes in several parts is counted, for which most are too short."""
        super().data_received(data)
        if self._is_in_head:
            self._of_head += len(data)
            if self._of_head > MOST_OF_HEAD and not self.transport.is_closing():
                self.transport.write(_TOO_LARGE)
                self.transport.close()

    def on_message_begin(self) -> None:
        """A head begins."""
        self._waits_since = self.loop.time()
        self._is_in_head, self._of_head = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A head ends, and the body may begin."""
        self.head_ended()
        super().on_headers_complete()

    def head_ended(self) -> None:
        """Note that a head ended, and wait for the body to begin."""
        self._waits_since = self.loop.time()
        self._is_in_head = False

    def body_began(self) -> None:
        """Note that a part of a body came, or all of it."""
        self._waits_since = None

    def on_body(self, body: bytes) -> None:
        """A part of the body came."""
        self.body_began()
        super().on_body(body)

    def on_message_complete(self) -> None:
        """A request is whole."""
        self.body_began()
        super().on_message_complete()

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
