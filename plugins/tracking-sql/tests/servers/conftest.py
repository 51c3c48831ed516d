"""Tests on real database servers, which `tox -e databases` installs; elsewhere they are skipped.

Each server runs on a free port of this machine, with its files in a folder of its own.
"""

import itertools
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pymysql
import pytest

_numbers = itertools.count()
NEEDED = "HOOKLINE_TEST_DATABASES"


PASSWORD = "not-a-secret"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def postgresql_programs() -> Path | None:
    """The folder of PostgreSQL's programs, which Debian keeps off the PATH."""
    found = [Path(program).parent for program in [shutil.which("initdb")] if program]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda each: int(each.parent.name), reverse=True)
    return found[0] if found else None


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """A server of PostgreSQL; give the URI of its database."""
    programs = postgresql_programs()
    assert programs is not None, "PostgreSQL is not installed: tox -e databases installs it"
    port = free_port()
    password = folder / "password"
    password.write_text(PASSWORD)
    as_user = _as_user("postgres", folder)
    data = folder / "data"
    options = ["-D", data, "-U", "hookline", "--auth=scram-sha-256", f"--pwfile={password}", "-E", "UTF8", "--no-sync"]
    made = [*as_user, programs / "initdb", *options, "--locale=C.UTF-8"]
    subprocess.run(made, check=True, capture_output=True, cwd=folder)
    uri = f"postgresql://hookline:{PASSWORD}@127.0.0.1:{port}/postgres"
    settings = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": "", "fsync": "off"}
    command = [programs / "postgres", "-D", data, *(f"--{name}={value}" for name, value in settings.items())]
    with _running([*as_user, *command], folder, lambda: _answers(uri)):
        yield uri


@contextmanager
def mariadb(folder: Path) -> Iterator[str]:
    """A server of MariaDB; give a URI of it without a database."""
    program = shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program is not None, "MariaDB is not installed: tox -e databases installs it"
    port = free_port()
    data = folder / "data"
    _as_user("mysql", folder)
    user = "mysql" if os.geteuid() == 0 else os.environ.get("USER", "mysql")
    options = ["--no-defaults", f"--datadir={data}", f"--user={user}", "--auth-root-authentication-method=normal"]
    subprocess.run(["mariadb-install-db", *options], check=True, capture_output=True, cwd=folder)
    start = folder / "start.sql"
    account = "hookline@'127.0.0.1'"  # the server reads a statement from each line
    start.write_text(f"CREATE USER {account} IDENTIFIED BY '{PASSWORD}';\nGRANT ALL ON *.* TO {account};\n")
    start.chmod(0o644)
    settings = {
        "datadir": data,
        "user": user,
        "port": port,
        "bind-address": "127.0.0.1",
        "socket": folder / "socket",
        "pid-file": folder / "pid",
        "init-file": start,
        "innodb-flush-log-at-trx-commit": 0,
        "innodb-doublewrite": 0,
        "innodb-buffer-pool-size": "64M",
        "skip-name-resolve": 1,
    }
    command = [program, "--no-defaults", *(f"--{name}={value}" for name, value in settings.items())]
    with _running(command, folder, lambda: _listens(port)):
        yield f"mariadb://hookline:{PASSWORD}@127.0.0.1:{port}"


def _as_user(name: str, folder: Path) -> list[str]:
    """What to put before a command that refuses to run as root; the folder becomes that user's."""
    if os.geteuid() != 0:
        return []
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, name, name)
    for parent in folder.parents:  # temporary folders may be closed to others
        if parent.stat().st_uid == 0 and not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o011)
    return ["runuser", "-u", name, "--"]


@contextmanager
def _running(command: list[str | Path], folder: Path, is_ready: Callable[[], bool]) -> Iterator[None]:
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    try:
        deadline = time.monotonic() + 60
        while not is_ready():
            failed = process.poll() is not None or time.monotonic() > deadline
            assert not failed, (folder / "log").read_text()[-2000:]
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(30)


def _answers(uri: str) -> bool:
    try:
        psycopg.connect(uri).close()
    except psycopg.OperationalError:
        return False
    return True


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


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
