"""Servers for the tests: real ones, on free ports of this machine, over stores in memory."""

import http.client
import json
import socket
from contextlib import contextmanager
from functools import partial
from urllib.parse import urlencode, urlsplit

import pytest

import hookline_server
from hookline.testing import memory_workspace
from hookline_lib_serving import serving
from hookline_server.app import App
from hookline_server.services import Services
from hookline_server.settings import ServerSettings

API = "/api/2.0/mlflow"


class Client:
    """Sends requests to a server, as clients of MLflow do, or as they are given."""

    def __init__(self, port):
        self.port = port

    def raw(self, method, path, body=None, headers=None):
        """Return (status, headers, bytes)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()
        finally:
            connection.close()

    def bytes(self, sent):
        """Send bytes as they are; return all that comes back until the server closes, or two seconds have passed."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
            connection.sendall(sent)
            received = b""
            try:
                while part := connection.recv(65536):
                    received += part
            except TimeoutError:
                pass
            return received

    def ask(self, method, path, **fields):
        """Return (status, answer) of a request of MLflow's API; `path` without its prefix, such as `runs/create`."""
        whole = path if path.startswith("/") else f"{API}/{path}"
        if method == "GET":
            pairs = [(k, each) for k, v in fields.items() for each in (v if isinstance(v, list) else [v])]
            status, _, body = self.raw(method, f"{whole}?{urlencode(pairs)}" if pairs else whole)
        else:
            status, _, body = self.raw(method, whole, json.dumps(fields), {"Content-Type": "application/json"})
        return status, json.loads(body)

    def get(self, path, **fields):
        """Return the answer to a GET that succeeds."""
        status, answer = self.ask("GET", path, **fields)
        assert status == 200, answer
        return answer

    def post(self, path, method="POST", **fields):
        """Return the answer to a request that succeeds."""
        status, answer = self.ask(method, path, **fields)
        assert status == 200, answer
        return answer

    def refused(self, method, path, **fields):
        """Return the status, the code and the message of a request that fails."""
        status, answer = self.ask(method, path, **fields)
        assert status >= 400, answer
        return status, answer["error_code"], answer["message"]

    def run(self, **fields):
        """Return the id of a new run."""
        return self.post("runs/create", experiment_id="0", **fields)["run"]["info"]["run_id"]


@pytest.fixture
def workspace(tmp_path):
    """A workspace in memory."""
    with memory_workspace(tmp_path / "home", hookline_server) as found:
        yield found


@contextmanager
def served(workspace, extensions=(), authenticator=None, **settings):
    """Serve a workspace on a thread of this process."""
    app = App(Services(workspace, ServerSettings(**settings)), extensions, authenticator)
    try:
        with serving.in_background(app) as url:
            yield Client(urlsplit(url).port)
    finally:
        app.close()


@pytest.fixture
def serve(workspace):
    """Serve the workspace; gives a context manager of a `Client`."""
    return partial(served, workspace)


@pytest.fixture
def client(serve):
    """A client of a server with its defaults."""
    with serve() as found:
        yield found


@pytest.fixture(scope="module")
def serve_module(tmp_path_factory):
    """Serve one workspace for all tests of a module: starting and stopping takes longer than they do."""
    with memory_workspace(tmp_path_factory.mktemp("home"), hookline_server) as found:
        yield partial(served, found)
