"""A server with the page, in memory and on a thread; for the browser's tests see `browser/conftest.py`."""

import http.client
import threading
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec

import pytest

collect_ignore_glob = []
if find_spec("hookline_ui") is None:  # it is not among the plugins that are installed with every clone
    collect_ignore_glob.append("*")
else:
    import hookline_server
    import hookline_ui
    from hookline.testing import memory_workspace
    from hookline_lib_serving import addresses, serving
    from hookline_server.app import App
    from hookline_server.serve import extensions
    from hookline_server.services import Services
    from hookline_server.settings import ServerSettings


@contextmanager
def served(workspace, authenticator=None, **settings):
    """Serve a workspace on a thread; gives a function that sends requests."""
    services = Services(workspace, ServerSettings(**settings))
    app, started = App(services, extensions(services), authenticator), threading.Event()
    server = serving.server_of(app, started.set)
    with addresses.bind("127.0.0.1", 0) as bound:
        addresses.listen(bound)
        port = bound.getsockname()[1]
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()

        def ask(path, method="GET", **headers):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            try:
                connection.request(method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})
                answer = connection.getresponse()
                return answer.status, answer.headers, answer.read()
            finally:
                connection.close()

        try:
            assert started.wait(10)
            yield ask
        finally:
            server.should_exit = True
            thread.join()
            app.close()


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    with memory_workspace(tmp_path_factory.mktemp("home"), hookline_server, hookline_ui) as found:
        yield found


@pytest.fixture(scope="module")
def serve(workspace):
    """Serve the workspace with settings."""
    return partial(served, workspace)


@pytest.fixture(scope="module")
def ask(serve):
    with serve() as found:
        yield found


@pytest.fixture
def served_over():
    """Serve another workspace."""
    return served
