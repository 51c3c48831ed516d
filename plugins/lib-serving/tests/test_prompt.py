"""What an application answers at once, and what it is asked as usual, however a request arrives."""

import asyncio
import socket
import threading
import time
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
import uvicorn
from hypothesis import given, settings
from hypothesis import strategies as st
from uvicorn.server import ServerState

from hookline_lib_serving import serving
from hookline_lib_serving.prompt import Prompt

pytest.importorskip("httptools")
from hookline_lib_serving.prompt_protocol import PromptProtocol

PATH, SEPARATOR = "/log", b"\r\n\r\n"


class Application:
    """Says who answered, unless it is to say the `same`, and how long the body was.

    What begins with `later` is not answered at once.
    """

    def __init__(self, *, same=False):
        self.form = (b"%d bytes.", b"%d bytes.") if same else (b"at once %d.", b"as usual %d.")
        self.prompt = Prompt(frozenset({PATH.encode()}), [(b"content-type", b"text/plain")], self.at_once)
        self.scopes, self.passed_on = [], 0

    def at_once(self, scope, body):
        self.scopes.append(scope)
        return None if body.startswith(b"later") else self.form[0] % len(body)

    async def __call__(self, scope, receive, send):
        self.passed_on += 1
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message["body"]
            more = message["more_body"]
        answer = self.form[1] % len(body)
        headers = [(b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})


@contextmanager
def connected():
    app = Application()
    with (
        serving.in_background(app) as url,
        socket.create_connection(("127.0.0.1", urlsplit(url).port), timeout=30) as connection,
    ):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield app, connection


def request(body=b"body", path=PATH, method="POST", version="1.1", extra=""):
    return f"{method} {path} HTTP/{version}\r\nHost: x\r\n{extra}Content-Length: {len(body)}\r\n\r\n".encode() + body


def answers(connection, count=1):
    """The bodies of so many answers, each of which ends with a point."""
    came = b""
    while len(found := bodies(came)) < count:
        piece = connection.recv(1 << 16)
        assert piece, f"closed after {came}"
        came += piece
    return found


def bodies(came):
    parts = [part.partition(b"\r\n\r\n")[2] for part in came.split(b"HTTP/1.1 200 OK\r\n")]
    return [part.decode() for part in parts if part.endswith(b".")]


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (request(), "at once 4."),
        (request(b""), "at once 0."),
        (request(b"later"), "as usual 5."),
        (request(path="/other"), "as usual 4."),
        (request(path="/log?a=1"), "as usual 4."),
        (request(path="/%6cog"), "as usual 4."),
        (request(method="PUT"), "as usual 4."),
        (request(version="1.0"), "as usual 4."),
        (request(extra="Connection: close\r\n"), "as usual 4."),
        (request(b"x" * 65_536), "at once 65536."),
        (request(b"x" * 65_537), "as usual 65537."),
        (request(b"x" * 1_000_000), "as usual 1000000."),
        (
            b"POST /log HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n",
            "at once 4.",
        ),
    ],
)
def test_who_answers(sent, answer):
    with connected() as (_, connection):
        connection.sendall(sent)
        assert answers(connection) == [answer]


def test_an_answer_at_once_has_its_headers():
    with connected() as (app, connection):
        connection.sendall(request())
        head, _, body = connection.recv(1 << 16).partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"HTTP/1.1 200 OK"
    assert {b"content-type: text/plain", b"content-length: 10"} < set(lines)
    assert any(line.startswith(b"date: ") for line in lines)
    assert body == b"at once 4."
    (scope,) = app.scopes
    assert (scope["method"], scope["path"], scope["raw_path"], scope["query_string"]) == ("POST", "/log", b"/log", b"")
    assert (b"host", b"x") in scope["headers"]
    assert scope["client"][0] == "127.0.0.1"


@pytest.mark.parametrize("body", [b"body", b"later"])
def test_a_request_may_come_in_any_two_parts(body):
    whole = request(body)
    with connected() as (_, connection):
        for at in range(1, len(whole)):
            connection.sendall(whole[:at])
            time.sleep(0.001)
            connection.sendall(whole[at:])
            assert answers(connection) == ["at once 4." if body == b"body" else "as usual 5."]


def test_a_body_that_is_not_there_soon_is_waited_for_by_the_application():
    with connected() as (app, connection):
        connection.sendall(request(b"slow body")[:-4])
        deadline = time.monotonic() + 20
        while not app.passed_on and time.monotonic() < deadline:
            time.sleep(0.01)
        connection.sendall(b"body")
        assert answers(connection) == ["as usual 9."]
        connection.sendall(request())
        assert answers(connection) == ["at once 4."]
    assert len(app.scopes) == 1


def test_requests_in_one_piece_are_answered_in_order():
    with connected() as (_, connection):
        connection.sendall(request(b"a") + request(b"bb") + request(b"later") + request(b"dddd") + request(b"later!"))
        assert answers(connection, 5) == ["at once 1.", "at once 2.", "as usual 5.", "as usual 4.", "as usual 6."]


def test_others_have_their_turn_among_many_requests_in_one_piece():
    with connected() as (_, connection):
        connection.sendall(request() * 40)
        assert answers(connection, 40) == ["at once 4."] * 16 + ["as usual 4."] * 24
        connection.sendall(request())
        assert answers(connection) == ["at once 4."]


def test_who_asks_whether_to_send_a_body_is_told():
    with connected() as (_, connection):
        head, _, body = request(extra="Expect: 100-continue\r\n").partition(b"\r\n\r\n")
        connection.sendall(head + b"\r\n\r\n")
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 100 Continue")
        connection.sendall(body)
        assert answers(connection) == ["as usual 4."]


def test_a_client_that_leaves_in_the_middle_is_forgotten():
    with connected() as (app, connection):
        connection.sendall(request(b"gone for good")[:-4])
        connection.shutdown(socket.SHUT_RDWR)
        time.sleep(0.3)
    assert (app.scopes, app.passed_on) == ([], 0)


def test_a_request_that_has_begun_to_arrive_is_answered_although_the_server_stops():
    app = Application()
    with serving.in_background(app) as url:
        connection = socket.create_connection(("127.0.0.1", urlsplit(url).port), timeout=30)
        connection.sendall(request())
        assert answers(connection) == ["at once 4."]
        connection.sendall(request(b"the last")[:-4])
        time.sleep(0.02)
        threading.Timer(0.05, connection.sendall, [b"last"]).start()
    assert answers(connection)[0].endswith("8.")
    connection.close()


class Wire(asyncio.Transport):
    """A connection that keeps what is written to it."""

    def __init__(self):
        super().__init__({"sockname": ("127.0.0.1", 1), "peername": ("127.0.0.1", 2)})
        self.sent, self.is_closed = b"", False

    def write(self, data):
        assert not self.is_closed
        self.sent += data

    def writelines(self, parts):
        self.write(b"".join(parts))

    def is_closing(self):
        return self.is_closed

    def close(self):
        self.is_closed = True

    def pause_reading(self):
        """Whoever sends here does so all the same."""

    def resume_reading(self):
        """See above."""


async def said(pieces, count):
    """What so many requests are answered with, which come in pieces of which each is a step of the loop, or several."""
    app = Application(same=True)
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", proxy_headers=False)
    config.load()
    wire = Wire()
    protocol = PromptProtocol(config=config, server_state=ServerState(), app_state={})
    protocol.connection_made(wire)
    for piece, steps in pieces:
        protocol.data_received(piece)
        for _ in range(steps):
            await asyncio.sleep(0)
    for _ in range(400):
        if len(bodies(wire.sent)) == count:
            break
        await asyncio.sleep(0.001)
    protocol.connection_lost(None)
    return bodies(wire.sent)


REQUESTS = st.builds(
    request,
    st.sampled_from([b"", b"body", b"later", b"x" * 300]),
    st.sampled_from([PATH, PATH, "/other"]),
    st.sampled_from(["POST", "POST", "PUT"]),
)


@settings(max_examples=150, deadline=None)
@given(data=st.data(), requests=st.lists(REQUESTS, min_size=1, max_size=6))
def test_requests_are_answered_in_order_wherever_they_are_cut(data, requests):
    whole = b"".join(requests)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=8)))
    ends = zip([0, *cuts], [*cuts, len(whole)], strict=True)
    pieces = [(whole[begin:end], data.draw(st.integers(0, 4))) for begin, end in ends if begin < end]
    expected = [f"{len(each.partition(SEPARATOR)[2])} bytes." for each in requests]
    assert asyncio.run(said(pieces, len(requests))) == expected
