"""Servers and models for the tests: real ones, on free ports of this machine."""

import http.client
import json
import shutil
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

import hookline_deploy_local
from hookline.testing import memory_workspace
from hookline_lib_scoring.app import ScoringApp
from hookline_lib_serving import addresses, serving

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def recipe_plugin(tmp_path_factory):
    """A folder that holds the flavor of the tests as an installed distribution."""
    folder = tmp_path_factory.mktemp("installed")
    shutil.copy(HERE / "recipe_flavor.py", folder)
    information = folder / "recipe_flavor-0.1.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: recipe-flavor\nVersion: 0.1\n", encoding="utf-8"
    )
    (information / "entry_points.txt").write_text("[hookline]\nrecipe = recipe_flavor\n", encoding="utf-8")
    return folder


@pytest.fixture
def recipes(recipe_plugin, monkeypatch, tmp_path):
    """The flavor's module, installed for this process and for those that it starts."""
    monkeypatch.syspath_prepend(str(recipe_plugin))
    monkeypatch.setenv("PYTHONPATH", str(recipe_plugin))
    monkeypatch.delenv("HOOKLINE_CONFIG", raising=False)
    import recipe_flavor

    return recipe_flavor


@pytest.fixture
def workspace(recipes, tmp_path):
    """A workspace in memory that knows the flavor of the tests."""
    with memory_workspace(tmp_path / "home", recipes, hookline_deploy_local) as found:
        yield found


class Client:
    """Sends requests to a server as they are given."""

    def __init__(self, port):
        self.port = port

    def __call__(self, path="/invocations", body=None, content_type="application/json", method=None, headers=None):
        """Return (status, headers, text)."""
        if body is not None and not isinstance(body, str | bytes):
            body = json.dumps(body)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            sent = {**({"Content-Type": content_type} if content_type else {}), **(headers or {})}
            connection.request(method or ("GET" if body is None else "POST"), path, body, sent)
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read().decode()
        finally:
            connection.close()

    def predictions(self, body, **options):
        status, _headers, text = self(body=body, **options)
        assert status == 200, text
        return json.loads(text)["predictions"]

    def error(self, body, status=400, **options):
        found, _headers, text = self(body=body, **options)
        assert found == status, text
        answer = json.loads(text)
        assert set(answer) == {"error_code", "message"}
        return answer


@pytest.fixture
def served():
    """Serve a model on a thread of this process; gives a context manager of a `Client`."""

    @contextmanager
    def serve(model, limits=None, token=""):
        app = ScoringApp(model, limits, token)
        started = threading.Event()
        server = serving.server_of(app, started.set)
        with addresses.bind("127.0.0.1", 0) as bound:
            addresses.listen(bound)
            thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
            thread.start()
            try:
                assert started.wait(10)
                client = Client(bound.getsockname()[1])
                client.app = app
                yield client
            finally:
                server.should_exit = True
                thread.join()
                app.thread.stop()

    return serve
