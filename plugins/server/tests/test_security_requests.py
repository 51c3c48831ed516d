"""What browsers, proxies and broken clients send: refused before a handler sees it, in bounded memory and time."""

import contextlib
import gzip
import json
import socket
import threading
import time

import pytest

from hookline_server.extensions import Extension

JSON = {"Content-Type": "application/json"}
CREATE = "/api/2.0/mlflow/experiments/create"
BODY = json.dumps({"name": "made"})


@pytest.fixture(scope="module")
def client(serve_module):
    with serve_module() as found:
        yield found


def names(client):
    return {each["name"] for each in client.get("experiments/search", max_results=100)["experiments"]}


# Pages in a browser --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.0.0.1:5000", "localhost", "LOCALHOST:1", "localhost.", "[::1]:5000", "10.1.2.3", "ml.lab:80"],
)
def test_a_host_that_cannot_be_made_to_point_here_is_served(serve, host):
    with serve(hosts=("ml.lab",)) as client:
        assert client.raw("GET", "/health", headers={"Host": host})[0] == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "ml.lab.evil", "127.0.0.1.evil.example", "[::1", "a:b:c", "", "x y"],
)
@pytest.mark.parametrize("path", ["/health", "/metrics", "/openapi.json", CREATE, "/no/such/path"])
def test_a_name_that_was_made_to_point_here_is_refused(client, host, path):
    status, _, body = client.raw("GET", path, headers={"Host": host})
    assert status in (400, 403)
    if status == 403:
        assert "DNS rebinding" in json.loads(body)["message"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "file://"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://evil.example", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"},
    ],
)
def test_another_page_cannot_change_anything(client, headers):
    status, answered, body = client.raw("POST", CREATE, BODY, {**JSON, **headers})
    assert (status, json.loads(body)["message"]) == (403, "Cross-origin request blocked")
    assert not any(name.startswith("access-control") for name in answered)
    assert "made" not in names(client)


def test_the_own_page_and_those_that_are_allowed_can(serve):
    with serve(origins=("https://notebooks.example",)) as client:
        for number, origin in enumerate([f"http://127.0.0.1:{client.port}", "https://notebooks.example"]):
            body = json.dumps({"name": f"made-{number}"})
            assert client.raw("POST", CREATE, body, {**JSON, "Origin": origin})[0] == 200


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "application/jsonx"],
)
def test_a_body_that_a_form_can_send_is_refused(client, content_type):
    status, _, body = client.raw("POST", CREATE, BODY, {"Content-Type": content_type} if content_type else {})
    assert (status, json.loads(body)["error_code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert "made" not in names(client)


def test_answers_cannot_be_framed_or_sniffed_or_cached(client):
    for path in ("/health", "/api/2.0/mlflow/experiments/get?experiment_id=0", "/no/such/path"):
        _, headers, _ = client.raw("GET", path)
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "SAMEORIGIN"
        assert headers["cache-control"] == "no-store"
        assert "server" not in headers


# Bodies --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    {
        "deep lists": b"[" * 200_000,
        "deep objects": b'{"a":' * 200_000,
        "a deep tag": b'{"name":"x","tags":' + b"[" * 5000 + b"]" * 5000 + b"}",
        "a huge number": b'{"name":' + b"9" * 100_000 + b"}",
        "a number as a name": b'{"name":1e400}',
        "half a character": b'{"name":"\\ud800"}',
        "bytes that are no text": b'{"name":"\xff\xfe"}',
        "no JSON": b"name=x",
        "a list": b"[]",
        "nothing": b"",
        "a name of a megabyte": json.dumps({"name": "x" * 2**20}).encode(),
        "an empty name": b'{"name":"  "}',
    }.items(),
    ids=lambda each: each[0],
)
def test_a_strange_body_is_refused(client, body):
    status, _, answer = client.raw("POST", CREATE, body[1], JSON)
    assert status == 400, answer
    assert json.loads(answer)["message"]


def test_many_keys_are_read_and_the_last_of_equal_ones_counts(client):
    body = "{" + ",".join(f'"k{number}":1' for number in range(200_000)) + ',"name":"a","name":"b"}'
    assert client.raw("POST", CREATE, body, JSON)[0] == 200
    assert {"b"} <= names(client)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity, gzip"])
def test_a_packed_body_is_not_unpacked(client, encoding):
    bomb = gzip.compress(bytes(10_000_000))
    assert client.raw("POST", CREATE, bomb, {**JSON, "Content-Encoding": encoding})[0] == 415


def test_a_body_that_is_too_large_is_refused_before_it_comes(serve):
    with serve(max_body=1000) as client:
        head = b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" % CREATE.encode()
        answer = client.bytes(head + b"Content-Length: 1000000000\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 413")
        assert b"connection: close" in answer.lower()
        answer = client.bytes(head + b"Transfer-Encoding: chunked\r\n\r\n" + b"400\r\n" + b"x" * 0x400 + b"\r\n")
        assert answer.startswith(b"HTTP/1.1 413")


def test_a_body_that_does_not_come_is_given_up(serve):
    with serve(body_seconds=0.3) as client:
        head = b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" % CREATE.encode()
        answer = client.bytes(head + b"Content-Length: 20\r\n\r\n{")
        assert answer.startswith(b"HTTP/1.1 408")


def test_those_who_send_their_heads_slowly_are_sent_away_and_keep_nobody(serve, monkeypatch):
    monkeypatch.setattr("hookline_lib_serving.patience.HEAD_SECONDS", 0.5)
    with serve() as client:
        slow = [socket.create_connection(("127.0.0.1", client.port)) for _ in range(50)]
        for each in slow:
            each.sendall(b"GET /health HTTP/1.1\r\nHost: loc")
        assert client.raw("GET", "/health")[0] == 200
        for each in slow:
            each.settimeout(20)
            while each.recv(1000):  # perhaps it is told why, before the end
                pass
            each.close()


@pytest.mark.parametrize("method", ["POST /api/2.0/mlflow/runs/create", "PUT /api/2.0/mlflow-artifacts/artifacts/f"])
def test_those_whose_bodies_do_not_begin_are_sent_away(serve, monkeypatch, method):
    monkeypatch.setattr("hookline_lib_serving.patience.HEAD_SECONDS", 0.5)
    with serve() as client, socket.create_connection(("127.0.0.1", client.port), timeout=20) as slow:
        head = f"{method} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"
        slow.sendall(head.encode())
        assert client.raw("GET", "/health")[0] == 200
        assert slow.recv(1000) == b""


@pytest.mark.parametrize(
    "head",
    {
        "two lengths": b"Content-Length: 2\r\nContent-Length: 30\r\n\r\n{}",
        "a length and chunks": b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "a negative length": b"Content-Length: -1\r\n\r\n",
        "an unknown coding": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "a space before the colon": b"X: a\r\n b\r\nContent-Length : 2\r\n\r\n{}",
    }.items(),
    ids=lambda each: each[0],
)
def test_a_request_that_two_servers_would_read_differently_is_refused(client, head):
    sent = b"POST %s HTTP/1.1\r\nHost: localhost\r\n" % CREATE.encode() + head[1]
    answer = client.bytes(sent + b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 4"), answer
    assert b" 200 " not in answer


@pytest.mark.parametrize("name", ["Host", "Origin", "Authorization", "Content-Type", "Content-Encoding"])
def test_a_header_that_says_two_things_is_refused(client, name):
    """A proxy may have looked at the one, and the server at the other."""
    head = "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX: 1\r\nX: 2\r\n"
    given = {"Host": "localhost", "Content-Type": "application/json"}.get(name, "identity")
    said = [f"{name}: {given}\r\n"] * (1 if name == "Host" else 2)
    assert client.bytes(f"{head}\r\n".encode()).startswith(b"HTTP/1.1 200 ")
    answer = client.bytes(f"{head}{''.join(said)}\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert name.lower().encode() in answer


@pytest.mark.parametrize("piece", [b"a" * 1000, b"b: c\r\n" * 100], ids=["one header", "many headers"])
@pytest.mark.parametrize(
    "begun", [b"GET /health?", b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: "], ids=["url", "headers"]
)
def test_a_head_that_does_not_end_is_refused_in_bounded_memory(client, begun, piece):
    if begun.endswith(b"?"):
        piece = piece.replace(b"\r\n", b"").replace(b" ", b"")
    with socket.create_connection(("127.0.0.1", client.port), timeout=30) as connection:
        connection.sendall(begun)
        sent = 0
        with contextlib.suppress(ConnectionError):
            while sent < 2**24:  # far less than it may be, far more than what waits in buffers of the system
                connection.sendall(piece)
                sent += len(piece)
    assert sent < 2**24


def test_a_long_head_is_answered(client):
    """A cookie of some kilobytes, say."""
    assert client.raw("GET", "/health", headers={"Cookie": "c" * 30_000})[0] == 200


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "DELETE", "PATCH", "PUT", "OPTIONS", "PROPFIND"])
def test_a_method_that_a_route_does_not_know_does_nothing(client, method):
    answer = client.bytes(f"{method} {CREATE} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n".encode())
    assert answer.split()[1] in (b"400", b"405")
    assert "made" not in names(client)


# Filters -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    {
        "SQL": "name = 'x'; DROP TABLE hookline_runs; --",
        "a quote": "params.a = '' OR '1'='1'",
        "a union": "params.a = 'x' UNION SELECT 1",
        "long": "params.a = '" + "x" * 200_000 + "'",
        "many clauses": " AND ".join(["params.a = 'x'"] * 5000),
        "a long list": "run_id IN (" + ",".join("'x'" for _ in range(20_000)) + ")",
        "deep": "(" * 10_000,
        "python": "__import__('os').system('id')",
        "a NUL": "params.a = '\0' AND",
    }.items(),
    ids=lambda each: each[0],
)
def test_a_filter_that_asks_for_more_is_refused_at_once(client, text):
    status, code, message = client.refused("POST", "runs/search", experiment_ids=["0"], filter=text[1])
    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert len(message) < 2000


def test_wildcards_and_quotes_in_values_are_values(client):
    run_id = client.run()
    client.post("runs/log-parameter", run_id=run_id, key="p", value="100%_'\"; DROP TABLE x")
    assert client.post("runs/search", experiment_ids=["0"], filter="params.p LIKE '100%'")["runs"]
    assert client.post("runs/search", experiment_ids=["0"], filter="params.p LIKE '%%%%%%%%%%%%%%%%x'")["runs"]
    assert client.post("runs/search", experiment_ids=["0"], filter="params.p = '100%_'") == {}


# Names and logs ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["a\nb", "a\rb", "a\u202eb", "a\u200bb", "\x1b[31ma", "<script>alert(1)</script>", "=1+1"]
)
def test_a_name_comes_back_as_it_is_and_as_json(client, name):
    made = client.post("experiments/create", name=name)["experiment_id"]
    status, headers, body = client.raw("GET", f"/api/2.0/mlflow/experiments/get?experiment_id={made}")
    assert (status, headers["content-type"]) == (200, "application/json")
    assert json.loads(body)["experiment"]["name"] == name
    assert b"\n" not in body
    assert b"\x1b" not in body


def test_the_log_of_requests_is_a_line_for_each(client, caplog):
    caplog.set_level("INFO", "hookline.server.requests")
    client.bytes(b"GET /a%0d%0aINFO%20fake%1b[31m HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    deadline = time.monotonic() + 10
    while not (lines := [each.getMessage() for each in caplog.records if each.name == "hookline.server.requests"]):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert len(lines) == 1
    assert all(character.isprintable() for character in lines[0])
    assert '"/a\\r\\nINFO fake' in lines[0]


# Extensions ----------------------------------------------------------------------------------------------------------


def test_an_operation_without_a_handler_stops_the_start(serve, workspace):
    with (
        pytest.raises(Exception, match="do not match: extra"),
        serve([Extension(handlers={"extra": lambda s, r: None})]),
    ):
        pass


def test_others_are_served_while_one_is_slow(serve, workspace, monkeypatch):
    release = threading.Event()
    monkeypatch.setattr(workspace.tracking, "search_datasets", lambda _ids: release.wait(20) and [])
    with serve() as client:
        slow = threading.Thread(target=lambda: client.post("experiments/search-datasets", experiment_ids=["0"]))
        slow.start()
        assert client.raw("GET", "/health")[0] == 200
        assert client.run()
        release.set()
        slow.join()
