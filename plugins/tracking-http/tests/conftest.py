"""A server for the tests: the real application over SQLite, on a free port of this machine."""

from contextlib import contextmanager

import pytest

from hookline import Config, Workspace
from hookline_lib_serving import serving
from hookline_server.app import App
from hookline_server.services import Services
from hookline_server.settings import ServerSettings


@contextmanager
def serving_at(folder, authenticator=None, **settings):
    """Serve the stores of a folder on a thread of this process; gives the URL."""
    (folder / "hookline.yaml").touch()
    with Workspace(Config.load(folder, environ={})) as workspace:
        services = Services(workspace, ServerSettings(**{"artifact_schemes": ("", "s3", "file", "mem"), **settings}))
        services.open()
        app = App(services, (), authenticator)
        try:
            with serving.in_background(app) as url:
                yield url
        finally:
            app.close()


@pytest.fixture(name="serving_at")
def serving_at_fixture():
    """`serving_at`, for tests that set something."""
    return serving_at


@pytest.fixture
def url(tmp_path):
    """The URL of a server with an empty store."""
    folder = tmp_path / "server"
    folder.mkdir()
    with serving_at(folder) as found:
        yield found
