"""Addresses, and a server on one of them."""

import socket
import threading
import urllib.request

import pytest

from hookline.errors import InvalidValue, Refused, Unavailable
from hookline_lib_serving import addresses, serving


@pytest.mark.parametrize("host", ["127.0.0.1", "127.3.2.1", "::1", "[::1]", "localhost", "LOCALHOST."])
def test_this_machine_may_always_listen_to_itself(host):
    assert addresses.check_host(host, allow_unauthenticated=False, flag="--f", what="it") == host


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.org", "localhost.example.org"])
def test_others_are_let_in_only_where_that_is_said(host):
    with pytest.raises(Refused, match=r"could use the stores.*--flag"):
        addresses.check_host(host, allow_unauthenticated=False, flag="--flag", what="the stores")
    assert addresses.check_host(host, allow_unauthenticated=True, flag="--flag", what="the stores") == host


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8"),
        ("::1", "http://[::1]:8"),
        ("0.0.0.0", "http://127.0.0.1:8"),
        ("::", "http://[::1]:8"),
        ("a.example", "http://a.example:8"),
    ],
)
def test_a_server_is_reached_at_its_url(host, url):
    assert addresses.url(host, 8) == url


def test_a_port_that_is_taken_is_named():
    with addresses.bind("127.0.0.1", 0) as first:
        first.listen()
        port = first.getsockname()[1]
        with pytest.raises(Unavailable, match=f"Port {port} of 127.0.0.1 is taken"):
            addresses.bind("127.0.0.1", port)


def test_a_host_that_is_no_address_is_named():
    with pytest.raises(InvalidValue, match=r"no-such-host\.invalid"):
        addresses.bind("no-such-host.invalid", 0)


async def _application(_scope, receive, send):
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


def test_an_application_answers_until_it_is_stopped_and_does_not_wait_before_it_sends():
    started = threading.Event()
    server = serving.server_of(_application, started.set)
    with addresses.bind("127.0.0.1", 0) as bound:
        assert bound.proto == socket.IPPROTO_TCP  # or asyncio leaves TCP_NODELAY off
        addresses.listen(bound)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        assert started.wait(10)
        url = addresses.url("127.0.0.1", bound.getsockname()[1])
        with urllib.request.urlopen(url, timeout=10) as answer:
            assert answer.read() == b"ok"
        server.should_exit = True
        thread.join(20)
    assert not thread.is_alive()
