"""Asking an application for an answer at once, before there is a task for it."""

import asyncio
from typing import Any

from hookline_lib_serving.patience import PatientProtocol
from hookline_lib_serving.prompt import Prompt

MOST_HELD = 2**16
"""Bytes of a body that is waited for here; a longer one is read by the application."""
MOST_IN_A_ROW = 16
"""Requests of one piece that are answered before others have their turn."""
HOLD_SECONDS = 0.1
"""For how long it is waited for here. After that the application waits, by its own rules."""


class PromptProtocol(PatientProtocol):
    """The protocol, which holds a request that may be answered at once until it is whole, and else passes it on."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._prompt: Prompt | None = getattr(self.app, "prompt", None)
        self._held: bytearray | None = None
        self._holding: asyncio.TimerHandle | None = None
        self._head, self._head_of = b"", None
        self._in_a_row = 0

    def data_received(self, data: bytes) -> None:
        """Read on; what is not whole then is waited for, for a moment."""
        self._in_a_row = 0
        super().data_received(data)
        if self._held is not None and self._holding is None:
            self._holding = self.loop.call_later(HOLD_SECONDS, self._pass_on)

    def on_headers_complete(self) -> None:
        """Wait for the body of what may be answered at once."""
        if self._prompt is None or self.url not in self._prompt.paths or not self._is_plain():
            super().on_headers_complete()
            return
        self.head_ended()
        self._held = bytearray()
        self.scope |= {"method": "POST", "path": self.url.decode(), "raw_path": self.url, "query_string": b""}

    def _is_plain(self) -> bool:
        return (
            self.parser.get_method() == b"POST"
            and self.parser.get_http_version() == "1.1"
            and self.parser.should_keep_alive()
            and not self.parser.should_upgrade()
            and not self.expect_100_continue
            and not self.root_path
            and (self.cycle is None or self.cycle.response_complete)
            and self._in_a_row < MOST_IN_A_ROW
            and not self.flow.write_paused
            and (self.limit_concurrency is None or len(self.connections) < self.limit_concurrency)
        )

    def on_body(self, body: bytes) -> None:
        """Keep a part of a body."""
        if self._held is None:
            super().on_body(body)
            return
        self.body_began()
        self._held += body
        if len(self._held) > MOST_HELD:
            self._pass_on()

    def on_message_complete(self) -> None:
        """Answer, if that is possible at once."""
        if self._held is None or self._prompt is None:
            super().on_message_complete()
            return
        answer = self._prompt.answer(self.scope, bytes(self._held))
        if answer is None:
            self._pass_on()
            super().on_message_complete()
            return
        self._in_a_row += 1
        self.body_began()
        self._forget()
        self.transport.write_whole(self._head_of_answer(self._prompt) + b"%d\r\n\r\n" % len(answer) + answer)
        self.on_response_complete()

    def _head_of_answer(self, prompt: Prompt) -> bytes:
        default = self.server_state.default_headers
        if self._head_of is not default:  # the time is among them, and so there are others each second
            lines = [name + b": " + value for name, value in (*default, *prompt.headers)]
            self._head, self._head_of = b"\r\n".join([b"HTTP/1.1 200 OK", *lines, b"content-length: "]), default
        return self._head

    def _pass_on(self) -> None:
        """Hand what came so far to the application."""
        held = self._held
        self._forget()
        if held is not None:
            super().on_headers_complete()
            if held:
                super().on_body(bytes(held))

    def _forget(self) -> None:
        self._held = None
        if self._holding is not None:
            self._holding.cancel()
            self._holding = None

    def shutdown(self) -> None:
        """Let what has begun to arrive be answered."""
        self._pass_on()
        super().shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget what was waited for."""
        self._forget()
        super().connection_lost(exc)
