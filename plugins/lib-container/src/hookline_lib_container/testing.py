"""A real podman for tests: its service on a socket of its own, over the storage that `prepare.py` filled.

A test folder's `conftest.py` imports the fixtures, and `skip_without_engine` as `pytest_collection_modifyitems`.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hookline.system import end_process_group, run_process, start_process
from hookline_lib_container.engine import Engine

NEEDED = "HOOKLINE_TEST_CONTAINERS"
"""Names the folder that `prepare.py` filled."""
BASE = "localhost/hookline-test-base:1"
PATIENCE = 60.0


def engine_name() -> str:
    """Return what the conformance suites run against: podman with its version."""
    program = shutil.which("podman")
    return run_process([program, "--version"]).strip().replace("version ", "") if program else "podman"


def skip_without_engine(items: list[pytest.Item], folder: Path) -> None:
    """Skip the tests below a folder where no engine was prepared."""
    if os.environ.get(NEEDED):
        return
    for item in items:
        if folder in item.path.parents:
            item.add_marker(pytest.mark.skip(reason=f"needs podman: tox -e containers, which sets {NEEDED}"))


@contextmanager
def podman_service(socket: Path) -> Iterator[str]:
    """Run podman's service on a socket; gives its address."""
    folder = Path(os.environ[NEEDED])
    places = ["--root", str(folder / "storage"), "--runroot", str(folder / "run")]
    address = f"unix://{socket}"
    log = socket.with_suffix(".log")
    with log.open("wb") as output:
        process = start_process(
            ["podman", *places, "system", "service", "--time=0", address],
            variables={"CONTAINERS_CONF": str(folder / "containers.conf")},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + PATIENCE
        while not socket.is_socket():
            assert process.poll() is None, log.read_text(encoding="utf-8", errors="replace")
            assert time.monotonic() < deadline, "podman's service did not start"
            time.sleep(0.05)
        yield address
    finally:
        end_process_group(process.pid)
        process.wait()


@pytest.fixture(scope="session")
def engine_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a podman for all tests; what they leave in it is found by `prepare.py FOLDER --finish`."""
    # A socket's path has room for 108 bytes.
    with podman_service(tmp_path_factory.mktemp("p") / "s") as address:
        yield address


@pytest.fixture
def engine(engine_address: str) -> Iterator[Engine]:
    """An engine."""
    with Engine(engine_address) as made:
        yield made
