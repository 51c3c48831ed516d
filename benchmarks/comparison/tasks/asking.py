"""Asking a server: plain sockets, kept open."""

import json
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from typing import Any

PREFIX, UI_PREFIX = "/api/2.0/mlflow", "/ajax-api/2.0/mlflow"
STORE = f"{PREFIX}/experiments/get?experiment_id=0"
"""What a tracking server answers once its store is open."""
PATIENCE = 180.0


class NotThere(RuntimeError):
    """The server has no such endpoint."""


class Connection:
    """One connection that is kept."""

    def __init__(self, port: int, prefix: str = PREFIX) -> None:
        self._port, self._prefix = port, prefix
        self.open()
        self._head = f"Host: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nContent-Length: "

    def open(self) -> None:
        """Connect, anew where it was connected: servers close connections that idle for some seconds."""
        self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, path: str, fields: dict[str, object]) -> bytes:
        """Return the body of the answer, which must be a good one."""
        return self.send(self.written(path, fields))

    def written(self, path: str, fields: dict[str, object]) -> bytes:
        """Return a request as it is sent."""
        body = json.dumps(fields)
        return f"POST {self._prefix}{path} HTTP/1.1\r\n{self._head}{len(body)}\r\n\r\n{body}".encode()

    def ask_json(self, path: str, fields: dict[str, object]) -> Any:
        """Return the answer as plain values."""
        return json.loads(self.ask(path, fields))

    def get(self, path: str) -> bytes:
        """Return the body of the answer to a GET, which must be a good one."""
        # The UI's paths, since MLflow's server has the chart's there only; for all others they are the same.
        return self.send(f"GET {UI_PREFIX}{path} HTTP/1.1\r\n{self._head}0\r\n\r\n".encode())

    def send(self, request: bytes) -> bytes:
        """Send a written request; return the body of the answer, which must be a good one."""
        self._socket.sendall(request)
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._more()
        head, _, answer = received.partition(b"\r\n\r\n")
        answer = self._body(head.lower(), answer)
        if b" 200 " not in head.partition(b"\r\n")[0]:
            kind = NotThere if b" 404 " in head.partition(b"\r\n")[0] else RuntimeError
            raise kind(f"{request[:80]!r}: {head[:50]!r} {answer[:200]!r}")
        return answer

    def _body(self, head: bytes, begun: bytes) -> bytes:
        """Return a body of which some was received: of a length that was said, or in chunks."""
        parts, have = [begun], len(begun)
        length = re.search(rb"\r\ncontent-length: *(\d+)", head)
        if length:
            while have < int(length[1]):
                parts.append(self._more())
                have += len(parts[-1])
            return b"".join(parts)
        last = begun[-5:]
        while last != b"0\r\n\r\n":
            parts.append(self._more())
            last = (last + parts[-1][-5:])[-5:]
        return b"".join(_unchunked(b"".join(parts)))

    def drain(self, request: bytes) -> int:
        """Send a request whose good answer comes in chunks; return how many bytes came, none of which is kept."""
        self._socket.sendall(request)
        part = self._more()
        if b" 200 " not in part.partition(b"\r\n")[0]:
            raise RuntimeError(f"{request[:80]!r}: {part[:200]!r}")
        came, last = len(part), part[-5:]
        while last != b"0\r\n\r\n":
            part = self._more()
            came, last = came + len(part), (last + part[-5:])[-5:]
        return came

    def _more(self) -> bytes:
        part = self._socket.recv(1 << 20)
        if not part:
            raise RuntimeError("the server closed the connection")
        return part

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()


def _unchunked(data: bytes) -> Iterator[bytes]:
    at = 0
    while size := int(data[at : (head := data.index(b"\r\n", at))], 16):
        yield data[head + 2 : head + 2 + size]
        at = head + 2 + size + 2


def free_port() -> int:
    """Return a port of this machine that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, process: "subprocess.Popen[bytes]", path: str = STORE) -> None:
    """Return when the server answers a GET."""
    deadline = time.monotonic() + PATIENCE
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                connection.sendall(request.encode())
                if b" 200 " in connection.recv(100):
                    return
        except OSError:
            pass
        time.sleep(0.01)
    raise RuntimeError(f"the server does not answer ({process.poll()})")
