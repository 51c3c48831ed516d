"""A server for the tests: the real application over SQLite, on a free port of this machine."""

import threading
from contextlib import contextmanager

import pytest

from hookline import Config, Workspace
from hookline_lib_serving import addresses, serving
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
        started = threading.Event()
        server = serving.server_of(app, started.set)
        with addresses.bind("127.0.0.1", 0) as bound:
            addresses.listen(bound)
            thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
            thread.start()
            try:
                assert started.wait(10)
                yield addresses.url("127.0.0.1", bound.getsockname()[1]) + app._services.settings.prefix
            finally:
                server.should_exit = True
                thread.join()
                app.close()


@pytest.fixture
def url(tmp_path):
    """The URL of a server with an empty store."""
    folder = tmp_path / "server"
    folder.mkdir()
    with serving_at(folder) as found:
        yield found
