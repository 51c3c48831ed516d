"""Real database servers, each on a free port of this machine, with its files in a folder of its own."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

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
    start.write_text(
        f"CREATE USER {account} IDENTIFIED BY '{PASSWORD}';\nGRANT ALL ON *.* TO {account} WITH GRANT OPTION;\n"
    )
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
