"""An answer leaves in one piece where it is one, and in order where it is many."""

import socket
from urllib.parse import urlsplit

import pytest

from hookline_lib_serving import serving

pytest.importorskip("httptools")
HEAD = {"type": "http.response.start", "status": 200, "headers": []}


def application(parts, length):
    async def answer(scope, receive, send):
        await send({**HEAD, "headers": [(b"content-length", b"%d" % length)] if length is not None else []})
        for number, part in enumerate(parts, 1):
            await send({"type": "http.response.body", "body": part, "more_body": number < len(parts)})

    return answer


def received(app, request, until):
    """The pieces that a client gets after a request."""
    with (
        serving.in_background(app) as url,
        socket.create_connection(("127.0.0.1", urlsplit(url).port), timeout=30) as connection,
    ):
        connection.sendall(request)
        pieces = []
        while not b"".join(pieces).endswith(until):
            piece = connection.recv(1 << 20)
            if not piece:
                break
            pieces.append(piece)
        return pieces


GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(("parts", "length"), [([b"body"], 4), ([b"body"], None), ([b"bo", b"dy"], 4)])
def test_head_and_body_come_together(parts, length):
    pieces = received(application(parts[:1] if len(parts) == 1 else parts, length), GET, (b"dy", b"0\r\n\r\n"))
    assert pieces[0].startswith(b"HTTP/1.1 200 OK\r\n")
    assert parts[0] in pieces[0].partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize("count", [2, 3, 40])
def test_many_parts_come_in_order(count):
    parts = [bytes([65 + number % 26]) * 100_000 for number in range(count)] + [b"end"]
    whole = b"".join(parts)
    assert b"".join(received(application(parts, len(whole)), GET, b"end")).partition(b"\r\n\r\n")[2] == whole


@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
def test_a_connection_that_is_closed_afterwards_has_said_everything(method):
    request = method + b" / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    whole = b"".join(received(application([b"body"], 4), request, b"never"))
    assert whole.partition(b"\r\n\r\n")[2] == (b"body" if method == b"GET" else b"")
    assert b"connection: close" in whole


def test_several_requests_at_once_are_answered_one_after_the_other():
    whole = b"".join(
        received(
            application([b"body"], 4), GET * 5 + GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), b"never"
        )
    )
    assert whole.count(b"\r\n\r\nbody") == 6
