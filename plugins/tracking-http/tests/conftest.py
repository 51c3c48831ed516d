"""A server for the tests: the real application over SQLite, on a free port of this machine."""

from contextlib import contextmanager

import pytest

from hookline import Config, Workspace
from hookline_lib_serving import serving
from hookline_server.app import App
from hookline_server.services import Services
from hookline_server.settings import ServerSettings


class Switch:
    """Hands requests to the application of the present test, so that the server itself starts once."""

    def __init__(self):
        self.app, self.url = None, ""

    async def __call__(self, scope, receive, send):
        await self.app(scope, receive, send)

    @contextmanager
    def serving_at(self, folder, **settings):
        """Serve the stores of a folder; gives the URL."""
        (folder / "hookline.yaml").touch()
        allowed = {"artifact_schemes": ("", "s3", "file", "mem"), **settings}
        with Workspace(Config.load(folder, environ={})) as workspace:
            services = Services(workspace, ServerSettings(**allowed))
            services.open()
            self.app = App(services)
            try:
                yield self.url
            finally:
                self.app.close()


@pytest.fixture(scope="session")
def switch():
    """A server that waits for applications."""
    made = Switch()
    with serving.in_background(made) as made.url:
        yield made


@pytest.fixture
def serving_at(switch):
    """A function that serves the stores of a folder: a context manager that gives the URL."""
    return switch.serving_at


@pytest.fixture
def url(serving_at, tmp_path):
    """The URL of a server with an empty store."""
    folder = tmp_path / "server"
    folder.mkdir()
    with serving_at(folder) as found:
        yield found
