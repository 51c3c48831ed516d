"""A real podman for tests: its service on a socket of its own, over the storage that `prepare.py` filled.

A test folder's `conftest.py` imports the fixtures, and `skip_without_engine` as `pytest_collection_modifyitems`.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from attrs import frozen

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
def podman_service(socket: Path, disk: Path | None = None) -> Iterator[str]:
    """Run podman's service on a socket; gives its address.

    Args:
        disk: where its storage is; the images that were prepared are there to be read. Default: beside those.
    """
    folder = Path(os.environ[NEEDED])
    variables = {"CONTAINERS_CONF": str(folder / "containers.conf")}
    places = ["--root", str(folder / "storage"), "--runroot", str(folder / "run")]
    if disk is not None:
        places = []
        variables["CONTAINERS_STORAGE_CONF"] = str(_storage_on(disk, folder / "storage", socket))
    address = f"unix://{socket}"
    log = socket.with_suffix(".log")
    with log.open("wb") as output:
        process = start_process(
            ["podman", *places, "system", "service", "--time=0", address],
            variables=variables,
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


def _storage_on(disk: Path, images: Path, socket: Path) -> Path:
    """Write the configuration of a storage on a disk, which reads images from another one; return its file."""
    file = socket.with_suffix(".conf")
    file.write_text(
        f'[storage]\ndriver = "overlay"\ngraphroot = "{disk / "storage"}"\nrunroot = "{socket.with_suffix(".run")}"\n'
        f'[storage.options]\nadditionalimagestores = ["{images}"]\n',
        encoding="utf-8",
    )
    return file


@frozen
class SmallEngine:
    """A podman whose storage is a small disk."""

    address: str
    disk: Path

    def fill(self) -> None:
        """Leave no room on the disk, nor what the engine gives back of containers that have just ended."""
        with (self.disk / "filled").open("ab", buffering=0) as file:
            for _ in range(10):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(bytes(2**16))
                time.sleep(0.1)

    def clear(self) -> None:
        """Take away what filled the disk."""
        (self.disk / "filled").unlink(missing_ok=True)


@pytest.fixture
def small_engine(small_disk: Callable[[int], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallEngine]:
    """A podman whose storage has room for 32 MiB; no container of a test may be left in it."""
    disk = small_disk(2**25)
    with podman_service(tmp_path_factory.mktemp("p") / "s", disk) as address, Engine(address) as made:
        small = SmallEngine(address, disk)
        yield small
        small.clear()
        left = made.find({})
        for each in left:
            made.remove(each.container_id)
    for place in reversed([line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]):
        if place.startswith(f"{disk}/"):  # the engine's own
            subprocess.run(["umount", "--lazy", place], check=True)
    assert not left, f"containers were left: {', '.join(each.name for each in left)}"


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


_REGISTRY = """\
version: 0.1
storage: {filesystem: {rootdirectory: %(folder)s}}
http: {addr: "127.0.0.1:%(port)d"}
auth: {htpasswd: {realm: tests, path: %(folder)s/passwords}}
"""


@pytest.fixture
def private_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A real registry that wants a password, for services of podman that are started after it; gives its address."""
    program = shutil.which("docker-registry")
    assert program is not None, "there is no docker-registry: tox -e containers installs it"
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    folder = tmp_path / "registry"
    folder.mkdir()
    # Nobody can sign in with this hash, which is no one's.
    (folder / "passwords").write_text("someone:$2y$05$" + "x" * 53 + "\n", encoding="utf-8")
    (folder / "registry.yml").write_text(_REGISTRY % {"folder": folder, "port": port}, encoding="utf-8")
    trusted = folder / "registries.conf"
    trusted.write_text(f'[[registry]]\nlocation = "127.0.0.1:{port}"\ninsecure = true\n', encoding="utf-8")
    monkeypatch.setenv("CONTAINERS_REGISTRIES_CONF", str(trusted))
    with (folder / "log").open("wb") as log:
        process = start_process([program, "serve", str(folder / "registry.yml")], stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + PATIENCE
        while not _is_listening(port):
            assert time.monotonic() < deadline, "the registry did not start"
            time.sleep(0.05)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _is_listening(port: int) -> bool:
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0
