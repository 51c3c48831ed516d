"""Tests on real database servers, which `tox -e databases` installs; elsewhere they are skipped."""

import itertools
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pymysql
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from database_servers import mariadb, postgresql

_numbers = itertools.count()
NEEDED = "HOOKLINE_TEST_DATABASES"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.environ.get(NEEDED):
        return
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.skip(reason=f"needs real servers: tox -e databases, which sets {NEEDED}"))


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """A folder with a short path, for sockets."""
    with tempfile.TemporaryDirectory(prefix="hookline-servers-", ignore_cleanup_errors=True) as place:
        yield Path(place)


@pytest.fixture(scope="session")
def postgresql_server(folder: Path) -> Iterator[str]:
    """The URI of a database of PostgreSQL."""
    own = folder / "postgresql"
    own.mkdir()
    with postgresql(own) as uri:
        yield uri


@pytest.fixture(scope="session")
def mariadb_server(folder: Path) -> Iterator[str]:
    """The URI of a server of MariaDB, without a database."""
    own = folder / "mariadb"
    own.mkdir()
    with mariadb(own) as uri:
        yield uri


@pytest.fixture
def postgresql_uri(postgresql_server: str) -> Iterator[str]:
    """The URI of an empty schema."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(postgresql_server, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
        yield f"{postgresql_server}?options={quote(f'-csearch_path={name}')}"
        connection.execute(f"DROP SCHEMA {name} CASCADE")


def execute_on_mariadb(uri: str, statement: str) -> list[Any]:
    user, _, place = uri.partition("://")[2].partition("@")
    address, _, database = place.partition("/")
    host, _, port = address.partition(":")
    name, _, password = user.partition(":")
    with (
        pymysql.connect(
            host=host, port=int(port), user=name, password=password, database=database or None, autocommit=True
        ) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
        return list(cursor.fetchall())


@pytest.fixture
def mariadb_uri(mariadb_server: str) -> Iterator[str]:
    """The URI of an empty database."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    execute_on_mariadb(mariadb_server, f"CREATE DATABASE {name}")
    yield f"{mariadb_server}/{name}"
    execute_on_mariadb(mariadb_server, f"DROP DATABASE {name}")


Execute = Callable[[str], list[Any]]


@pytest.fixture(params=["postgresql", "mariadb"])
def system(request: pytest.FixtureRequest) -> str:
    """Each database system in turn."""
    return str(request.param)


@pytest.fixture
def uri(system: str, request: pytest.FixtureRequest) -> str:
    """The URI of an empty database."""
    found: str = request.getfixturevalue(f"{system}_uri")
    return found


@pytest.fixture
def execute(system: str, uri: str) -> Execute:
    """A function that executes a statement by a connection of its own."""

    def executes(statement: str) -> list[Any]:
        if system == "mariadb":
            return execute_on_mariadb(uri, statement)
        with psycopg.connect(uri, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    return executes
