"""A connection that breaks: a proxy that does something once so many bytes have passed."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from urllib.parse import urlsplit

_PART = 65536


class Breaking:
    """Passes bytes on to a server until a limit; then calls `action` and cuts all connections.

    Args:
        url: of the server. after: bytes that pass before. downwards: whether those of answers count, else of requests.
        for_good: whether no new connections are accepted afterwards; else all goes on, without a limit.
    """

    def __init__(
        self,
        url: str,
        after: int,
        *,
        downwards: bool,
        for_good: bool = True,
        action: Callable[[], None] | None = None,
    ) -> None:
        parts = urlsplit(url)
        self._target = (parts.hostname, parts.port)
        self._left, self._downwards, self._action = after, downwards, action
        self._for_good = for_good
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.broken = threading.Event()
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def __enter__(self) -> "Breaking":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._for_good = True
        self._break()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                ours, _ = self._listening.accept()
                theirs = socket.create_connection(self._target)
                with self._lock:
                    self._open += [ours, theirs]
                for source, target, down in ((ours, theirs, False), (theirs, ours, True)):
                    threading.Thread(target=self._pass_on, args=(source, target, down), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, down: bool) -> None:
        with suppress(OSError):
            while part := source.recv(_PART):
                if down is self._downwards and self._is_too_much(len(part)):
                    return self._break()
                target.sendall(part)
            target.shutdown(socket.SHUT_WR)
        return None

    def _is_too_much(self, count: int) -> bool:
        with self._lock:
            self._left -= count
            return self._left < 0 and (self._for_good or not self.broken.is_set())

    def _break(self) -> None:
        with self._lock:
            opened, self._open = self._open, []
            action, self._action = self._action, None
        if action is not None:
            action()
        for each in (*([self._listening] if self._for_good else []), *opened):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self.broken.set()
