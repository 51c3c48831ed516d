"""Asking a server: what is sent, what is sent again, and what is said of a server that does not answer."""

import http.server
import shutil
import ssl
import subprocess
import threading
from contextlib import contextmanager

import pytest

from hookline.errors import HooklineError, InvalidValue, NotFound, NotSupported, Refused, Unavailable
from hookline_lib_client.options import HttpOptions
from hookline_lib_client.server import Server
from hookline_lib_wire.messages import artifacts, experiments, own, registry
from hookline_lib_wire.table import ROUTES

BY_OPERATION = {route.operation: route for route in ROUTES}


@contextmanager
def answering(*answers, certificate=None):
    """A server that gives these answers (status, body) in turn, the last one for ever; yields its URL and requests."""
    left, got = list(answers), []

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            length = int(self.headers.get("content-length") or 0)
            got.append((self.command, self.path, dict(self.headers.items()), self.rfile.read(length)))
            status, body = left.pop(0) if len(left) > 1 else left[0]
            if status == 0:
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - names of http.server

        def log_message(self, *_given):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, certificate.with_suffix(".key"))
            server.socket = context.wrap_socket(server.socket, server_side=True)
            server.handle_error = lambda *_given: None  # who does not trust it hangs up
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}", got
        finally:
            server.shutdown()
            thread.join()


def ask(url, **options):
    server = Server(url, HttpOptions(**{"retries": 2, "timeout": 5, **options}))
    try:
        found = experiments.ExperimentFound
        return server.ask(BY_OPERATION["get_experiment"], experiments.ExperimentId(experiment_id="0"), found)
    finally:
        server.close()


EXPERIMENT = b'{"experiment":{"experiment_id":"0","name":"Default"}}'


def test_an_answer_is_read(monkeypatch):
    with answering((200, EXPERIMENT)) as (url, got):
        assert ask(url).experiment.name == "Default"
    assert got[0][:2] == ("GET", "/api/2.0/mlflow/experiments/get?experiment_id=0")


@pytest.mark.parametrize(
    ("url", "options", "variables", "sent"),
    [
        ("{}", {}, {}, None),
        ("{}", {"token": "t"}, {"HOOKLINE_TRACKING_TOKEN": "other"}, "Bearer t"),
        ("{}", {}, {"HOOKLINE_TRACKING_TOKEN": "t", "MLFLOW_TRACKING_TOKEN": "other"}, "Bearer t"),
        ("{}", {}, {"MLFLOW_TRACKING_TOKEN": "t"}, "Bearer t"),
        ("{}", {"use_environment": False}, {"MLFLOW_TRACKING_TOKEN": "t"}, None),
        ("{}", {}, {"MLFLOW_TRACKING_USERNAME": "ann", "MLFLOW_TRACKING_PASSWORD": "x"}, "Basic YW5uOng="),
        ("{}", {"username": "ann", "password": "x"}, {}, "Basic YW5uOng="),
        ("{}", {"username": "ann"}, {"HOOKLINE_TRACKING_PASSWORD": "x"}, "Basic YW5uOng="),
        ("{}", {"username": "ann", "password": "x"}, {"HOOKLINE_TRACKING_TOKEN": "t"}, "Basic YW5uOng="),
        ("{}", {"username": "ann", "token": "t"}, {}, "Bearer t"),
        (
            "{}",
            {},
            {"HOOKLINE_TRACKING_USERNAME": "ann", "HOOKLINE_TRACKING_PASSWORD": "x", "MLFLOW_TRACKING_TOKEN": "t"},
            "Basic YW5uOng=",
        ),
        ("http://ann:x@{}", {}, {"MLFLOW_TRACKING_TOKEN": "t"}, "Basic YW5uOng="),
        ("http://ann:@{}", {}, {"HOOKLINE_TRACKING_PASSWORD": "x"}, "Basic YW5uOg=="),
        ("http://ann:x@{}", {}, {}, "Basic YW5uOng="),
        ("{}", {"username": "zoë", "password": "größe €"}, {}, "Basic em/DqzpncsO2w59lIOKCrA=="),
        ("http://zo%C3%AB:gr%C3%B6%C3%9Fe%20%E2%82%AC@{}", {}, {}, "Basic em/DqzpncsO2w59lIOKCrA=="),
        ("{}", {"headers": {"authorization": "mine"}}, {}, "mine"),
        ("{}", {"headers_from": "hookline_lib_client_test_headers:of"}, {}, "of the server"),
    ],
)
def test_who_asks_is_said(monkeypatch, tmp_path, url, options, variables, sent):
    for name in ("TOKEN", "USERNAME", "PASSWORD"):
        for prefix in ("HOOKLINE_TRACKING_", "MLFLOW_TRACKING_"):
            monkeypatch.delenv(prefix + name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    module = tmp_path / "hookline_lib_client_test_headers.py"
    module.write_text("def of(url):\n    return {'authorization': 'of the server'}\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with answering((200, EXPERIMENT)) as (place, got):
        whole = url.format(place) if url == "{}" else url.format(place.removeprefix("http://"))
        ask(whole, **options)
    assert {k.lower(): v for k, v in got[0][2].items()}.get("authorization") == sent


@pytest.mark.parametrize("value", ["t0k3n\n", "t0k3n\r\nX: y", "t0k3n€", "t0k3n\0"])
@pytest.mark.parametrize(("name", "said"), [("token", "HOOKLINE_TRACKING_TOKEN"), ("headers", "'x-key'")])
def test_what_no_header_can_have_is_told_and_not_shown(name, value, said):
    with answering((200, EXPERIMENT)) as (url, got):
        with pytest.raises(InvalidValue, match=said) as caught:
            ask(url, **{name: value if name == "token" else {"x-key": value}})
        assert got == []
    assert "t0k3n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        ({}, 401, "wants to know who asks"),
        ({"token": "t0k3n"}, 401, "does not accept the token"),
        ({"username": "ann", "password": "w0rd"}, 401, "does not accept the user 'ann' with the password"),
        ({"username": "ann", "password": "w0rd"}, 403, "does not let the user 'ann' do that"),
        ({"token": "t0k3n"}, 403, "does not let the owner of the token do that"),
    ],
)
def test_who_is_turned_away_is_told_why(options, status, said):
    body = b'{"error_code":"PERMISSION_DENIED","message":"Permission denied"}' if status == 403 else b"no"
    with answering((status, body)) as (url, _), pytest.raises(Refused, match=said) as caught:
        ask(url, use_environment=False, **options)
    assert url in str(caught.value)
    assert not {"t0k3n", "w0rd"} & set(str(caught.value).replace(".", " ").split())


def test_what_is_secret_is_not_shown():
    server = Server("https://ann:word@host/prefix/", HttpOptions(token="t0k3n", password="word"))
    assert server.url == "https://host/prefix"
    assert "t0k3n" not in repr(HttpOptions(token="t0k3n", password="word"))
    with pytest.raises(InvalidValue) as caught:
        Server("ftp://ann:word@host")
    assert "word" not in str(caught.value)


@pytest.mark.parametrize("status", [429, 502, 503, 504, 0])
def test_a_request_that_may_be_repeated_is_sent_again(status):
    with answering((status, b""), (200, EXPERIMENT)) as (url, got):
        assert ask(url).experiment.name == "Default"
    assert len(got) == 2


@pytest.mark.parametrize("status", [503, 0])
def test_a_request_that_changes_something_twice_is_sent_once(status):
    with answering((status, b"")) as (url, got):
        server = Server(url, HttpOptions(retries=3, timeout=5))
        with pytest.raises(Unavailable):
            server.ask(BY_OPERATION["create_model"], registry.CreateModel(name="m"), dict, repeat=False)
        server.close()
    assert len(got) == 1


@pytest.mark.parametrize(
    ("status", "body", "kind", "said"),
    [
        (404, b'{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"no such"}', NotFound, "no such"),
        (403, b'{"error_code":"PERMISSION_DENIED","message":"Permission denied"}', Refused, "denied"),
        (401, b"<html>", Refused, "HOOKLINE_TRACKING_TOKEN"),
        (404, b"<html>", NotSupported, "404"),
        (418, b"", HooklineError, "418"),
        (302, b"", Unavailable, "no tracking server"),
        (200, b"<html>hello</html>", Unavailable, "no tracking server"),
        (200, b"[1]", Unavailable, "no tracking server"),
    ],
)
def test_an_error_is_raised_as_it_was_meant(status, body, kind, said):
    with answering((status, body)) as (url, _), pytest.raises(kind, match=said):
        ask(url)


def test_a_redirection_is_not_followed():
    with answering((200, EXPERIMENT)) as (other, got):

        class Away(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(302)
                self.send_header("location", other)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_given):
                pass

        with http.server.HTTPServer(("127.0.0.1", 0), Away) as server:
            thread = threading.Thread(target=server.handle_request)
            thread.start()
            with pytest.raises(HooklineError):
                ask(f"http://127.0.0.1:{server.server_port}", token="t")
            thread.join()
    assert got == []


def test_names_in_paths_are_quoted():
    with answering((200, b'{"name":"a/b c","value":{},"version":1}')) as (url, got):
        server = Server(url)
        server.ask(BY_OPERATION["get_view"], own.ViewName(name="a/b c?#%"), own.View)
        server.fetch("GET", "/x")
        server.close()
    assert got[0][1] == "/api/hookline/v1/views/a/b%20c%3F%23%25"


def test_an_answer_that_breaks_off_is_said():
    class Broken(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("content-length", "100")
            self.end_headers()
            self.wfile.write(b"part")

        def log_message(self, *_given):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Broken) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        client = Server(f"http://127.0.0.1:{server.server_port}")
        with client.reading(BY_OPERATION["download"], artifacts.ArtifactPath(artifact_path="a")) as answer:
            assert answer.read(4) == b"part"
            with pytest.raises(Unavailable, match="the connection broke"):
                answer.read(96)
        client.close()
        thread.join()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """The file of a certificate for this machine that nobody else knows; its key lies beside it."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate")
    file = tmp_path_factory.mktemp("tls") / "own.pem"
    options = ["-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=own"]
    files = ["-keyout", str(file.with_suffix(".key")), "-out", str(file)]
    extensions = ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(["openssl", "req", "-x509", *options, *extensions, *files], check=True, capture_output=True)
    return file


@pytest.mark.parametrize("way", ["an option", "the environment"])
def test_a_certificate_of_one_s_own_is_trusted_where_it_is_named(certificate, monkeypatch, way):
    options = {"ca_bundle": str(certificate)}
    if way == "the environment":
        monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", str(certificate))
        options = {}
    with answering((200, EXPERIMENT), certificate=certificate) as (url, _):
        assert ask(url, **options).experiment.name == "Default"


@pytest.mark.parametrize(
    ("named", "error", "said"),
    [
        (None, Unavailable, "certificate is not trusted"),
        ("none.pem", InvalidValue, "none.pem"),
        ("no.pem", InvalidValue, "no.pem"),
        ("", InvalidValue, "ca_bundle"),
    ],
)
def test_one_that_is_not_trusted_ends_the_request_and_says_why(certificate, tmp_path, named, error, said):
    (tmp_path / "no.pem").write_text("no certificate", encoding="utf-8")
    options = {} if named is None else {"ca_bundle": str(tmp_path / named)}
    with answering((200, EXPERIMENT), certificate=certificate) as (url, got):
        with pytest.raises(error, match=said):
            ask(url, **options)
        assert got == []
