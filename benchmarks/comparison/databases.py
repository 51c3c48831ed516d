"""A server of PostgreSQL for rows that need one: the programs of this machine, with their own settings."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from comparison.adapters.base import NotOffered

PASSWORD = "not-a-secret"
PATIENCE = 60.0


def programs() -> Path:
    """Return the folder of PostgreSQL's programs, which Debian keeps off the PATH.

    Raises:
        NotOffered: there is none.
    """
    found = [Path(program).resolve().parent for program in [shutil.which("initdb")] if program]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda each: int(each.parent.name), reverse=True)
    if not found:
        raise NotOffered("PostgreSQL is not installed on this machine")
    return found[0]


@contextmanager
def postgresql(folder: Path, port: int) -> Iterator[str]:
    """Serve the database that lies in a folder, a new one where there is none, on a port; give its URI.

    A commit waits for the disk, as PostgreSQL does where nobody changes it.

    Raises:
        NotOffered: PostgreSQL is not installed. RuntimeError: it does not start.
    """
    place = folder / "postgresql"
    as_user = _as_user(place)
    data = place / "data"
    if not data.exists():
        password = place / "password"
        password.write_text(PASSWORD)
        options = ["-D", data, "-U", "bench", "--auth=scram-sha-256", f"--pwfile={password}", "-E", "UTF8"]
        made = [*as_user, programs() / "initdb", *options, "--locale=C.UTF-8"]
        subprocess.run(made, check=True, capture_output=True, cwd=place)
    settings = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": ""}
    command = [programs() / "postgres", "-D", data, *(f"--{name}={value}" for name, value in settings.items())]
    with (place / "log").open("ab") as log:
        process = subprocess.Popen([*as_user, *command], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=place)
    try:
        _wait_for(process, port, place / "log")
        yield f"postgresql://bench:{PASSWORD}@127.0.0.1:{port}/postgres"
    finally:
        process.terminate()
        process.wait(60)


def _as_user(place: Path) -> Sequence[str]:
    """Return what to put before a command that refuses to run as root, and make the folder that user's."""
    place.mkdir(exist_ok=True)
    if os.geteuid() != 0:
        return ()
    shutil.chown(place, "postgres", "postgres")
    for parent in place.parents:  # folders for temporary files are closed to others
        if parent.stat().st_uid == 0 and not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o011)
    return ("runuser", "-u", "postgres", "--")


def _wait_for(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    ready = [str(programs() / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    deadline = time.monotonic() + PATIENCE
    while subprocess.run(ready, check=False).returncode:
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"PostgreSQL does not start: {log.read_text()[-500:]}")
        time.sleep(0.05)
