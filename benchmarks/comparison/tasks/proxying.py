"""Files through a tracking server, which keeps them for its clients: from this process, over sockets that are kept."""

import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from comparison.adapters.base import Serving
from comparison.jobs import Figures, Job
from comparison.measuring import descendants_cpu
from comparison.tasks.asking import PATIENCE, STORE, free_port
from comparison.tasks.files import MEGABYTE, SMALL
from comparison.tasks.serving import memory_mb, started

PLACE = "/api/2.0/mlflow-artifacts/artifacts/0/0123456789abcdef0123456789abcdef/artifacts"
CONNECTIONS = 8


def one_file(job: Job) -> Figures:
    """One large file up, and down again."""
    size = job.size["megabytes"] * MEGABYTE
    with (job.place() / "big.bin").open("wb") as stream:
        for _ in range(job.size["megabytes"]):
            stream.write(os.urandom(MEGABYTE))
    return _there_and_back(job, [job.place() / "big.bin"], size / 1e6)


def many_files(job: Job) -> Figures:
    """Small files up, and down again, over eight connections."""
    sources = [job.place() / f"f{number:05}" for number in range(job.size["files"])]
    for source in sources:
        source.write_bytes(os.urandom(SMALL))
    return _there_and_back(job, sources, len(sources))


def _there_and_back(job: Job, sources: Sequence[Path], amount: float) -> Figures:
    serving: Serving = job.area("Serving")
    port, folder = free_port(), job.place() / "store"
    folder.mkdir()
    with started(job, folder, serving.command(folder, port), port, STORE) as (process, _):
        figures: Figures = {}
        for name, work in (("put", _put), ("get", _get)):
            os.sync()  # what was left to write is not this one's
            cpu, began = descendants_cpu(), time.perf_counter()
            _shared(port, sources, work)
            wall, cpu = time.perf_counter() - began, descendants_cpu() - cpu
            figures |= {name: amount / wall, f"{name}_cpu_ms": cpu / amount * 1e3}
        return figures | {"mb": memory_mb(process.pid)}


Work = Callable[[socket.socket, int, Path], None]


def _shared(port: int, sources: Sequence[Path], work: Work) -> None:
    """Do the work for all files, over as many connections as there are files, at most eight."""
    failures: list[BaseException] = []

    def some(own: Sequence[Path]) -> None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for source in own:
                    work(connection, port, source)
        except BaseException as error:  # noqa: BLE001 - told by the thread that waits
            failures.append(error)

    count = min(CONNECTIONS, len(sources))
    threads = [threading.Thread(target=some, args=(sources[first::count],)) for first in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def _put(connection: socket.socket, port: int, source: Path) -> None:
    head = f"PUT {PLACE}/{source.name} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {source.stat().st_size}"
    with source.open("rb") as stream:
        connection.sendall(f"{head}\r\nContent-Type: application/octet-stream\r\n\r\n".encode())
        connection.sendfile(stream)
    answer = _Answer(connection)
    answer.take(None)


def _get(connection: socket.socket, port: int, source: Path) -> None:
    connection.sendall(f"GET {PLACE}/{source.name} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    with source.open("rb") as stream:
        _Answer(connection).take(stream.read if source.stat().st_size == SMALL else None, source.stat().st_size)


class _Answer:
    """An answer, whose body is read and thrown away, or compared."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection, received = connection, b""
        while b"\r\n\r\n" not in received:
            received += self._more(connection.recv(1 << 16))
        head, _, self._begun = received.partition(b"\r\n\r\n")
        if b" 200 " not in head.partition(b"\r\n")[0] and b" 204 " not in head.partition(b"\r\n")[0]:
            raise RuntimeError(f"{head[:50]!r} {self._begun[:200]!r}")
        fields = dict(line.split(b":", 1) for line in head.lower().split(b"\r\n")[1:])
        self._length = int(fields[b"content-length"]) if b"content-length" in fields else None

    def take(self, expected: Callable[[], bytes] | None, size: int | None = None) -> None:
        """Read the body: of this size, and with what `expected` returns, where they are given."""
        if self._length is None:
            body = self._begun
            while not body.endswith(b"0\r\n\r\n"):
                body += self._more(self._connection.recv(1 << 16))
            return
        if size not in (None, self._length):
            raise RuntimeError(f"{self._length} bytes came back instead of {size}")
        buffer, left, first = memoryview(bytearray(MEGABYTE)), self._length - len(self._begun), self._begun
        parts = [first]
        while left:
            got = self._connection.recv_into(buffer, min(left, MEGABYTE))
            if not got:
                raise RuntimeError("the server closed the connection")
            left -= got
            if expected is not None:
                parts.append(bytes(buffer[:got]))
        if expected is not None and b"".join(parts) != expected():
            raise RuntimeError("other bytes came back")

    @staticmethod
    def _more(part: bytes) -> bytes:
        if not part:
            raise RuntimeError("the server closed the connection")
        return part
