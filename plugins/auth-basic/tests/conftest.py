"""A server that knows users, over stores in memory."""

import sys
from pathlib import Path

import pytest

import hookline_auth_basic
import hookline_server
from hookline.testing import memory_workspace

sys.path.insert(0, str(Path(__file__).parent))
from auth_servers import allow_roles, make_things, served


@pytest.fixture
def workspace(tmp_path):
    """A workspace in memory."""
    with memory_workspace(tmp_path / "home", hookline_server, hookline_auth_basic) as found:
        (tmp_path / "home").mkdir(exist_ok=True)
        yield found


@pytest.fixture
def client(workspace):
    """A client of a server where nothing is allowed by default."""
    with served(workspace) as found:
        yield found


@pytest.fixture
def things(client):
    """Things that reader, editor and manager have their rights on."""
    made = make_things(client.services)
    allow_roles(client.accounts, made)
    return made
