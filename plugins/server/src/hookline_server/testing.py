"""A server for the tests of what talks to one: the real application over SQLite, on a free port of this machine.

A `conftest.py` imports the fixtures: `from hookline_server.testing import serving_at, switch, url`.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from hookline import Config, Workspace
from hookline_lib_serving import serving
from hookline_server.app import App
from hookline_server.exchanges import Receive, Send
from hookline_server.services import Services
from hookline_server.settings import ServerSettings


class Switch:
    """Hands requests to the application of the present test, so that the server itself starts once."""

    def __init__(self) -> None:
        self.app: App | None = None
        self.url = ""

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer a request."""
        assert self.app is not None, "no test serves anything"
        await self.app(scope, receive, send)

    @contextmanager
    def serving_at(self, folder: Path, **settings: Any) -> Iterator[str]:
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
def switch() -> Iterator[Switch]:
    """A server that waits for applications."""
    made = Switch()
    with serving.in_background(made) as made.url:
        yield made


@pytest.fixture
def serving_at(switch: Switch) -> Callable[..., AbstractContextManager[str]]:
    """A function that serves the stores of a folder: a context manager that gives the URL."""
    return switch.serving_at


@pytest.fixture
def url(serving_at: Callable[..., AbstractContextManager[str]], tmp_path: Path) -> Iterator[str]:
    """The URL of a server with an empty store."""
    folder = tmp_path / "server"
    folder.mkdir()
    with serving_at(folder) as found:
        yield found
