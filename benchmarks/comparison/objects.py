"""SeaweedFS on free ports of this machine, new and empty: the object store of the rows about object stores."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BUCKET = "benchmark"
KEY, SECRET = "benchmark-key", "not-a-secret"
HOST = "127.0.0.1"
PATIENCE = 120.0
_SERVERS = ("master", "volume", "filer", "s3")


@contextmanager
def object_store(folder: Path) -> Iterator[str]:
    """Run a server with one bucket below a folder; gives its URL, which the environment names, with the credentials."""
    weed = shutil.which("weed", path=str(Path(sys.executable).parent))
    if weed is None:
        raise RuntimeError("SeaweedFS is not among the helpers of this environment")
    identity = {
        "name": "benchmark",
        "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}), encoding="utf-8")
    (folder / "data").mkdir()
    names = [name for server in _SERVERS for name in (server, f"{server}.grpc")]
    ports = dict(zip(names, _free_ports(len(names)), strict=True))
    options = [f"-dir={folder / 'data'}", f"-ip={HOST}", f"-ip.bind={HOST}", "-filer", "-s3"]
    options += [f"-s3.config={folder / 's3.json'}", "-s3.iam=false", "-s3.port.iceberg=0", "-s3.port.lance=0"]
    options += ["-volume.max=100", "-master.volumeSizeLimitMB=256", "-master.telemetry=false"]
    for server in _SERVERS:
        options += [f"-{server}.port={ports[server]}", f"-{server}.port.grpc={ports[server + '.grpc']}"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([weed, "server", *options], stdout=log, stderr=log, cwd=folder)
    try:
        _make_bucket(process, f"http://{HOST}:{ports['filer']}", folder / "log")
        url = f"http://{HOST}:{ports['s3']}"
        os.environ.update(AWS_ACCESS_KEY_ID=KEY, AWS_SECRET_ACCESS_KEY=SECRET, AWS_DEFAULT_REGION="us-east-1")
        os.environ.update(MLFLOW_S3_ENDPOINT_URL=url, AWS_ENDPOINT_URL=url)
        yield url
    finally:
        process.kill()
        process.wait()


def _free_ports(count: int) -> list[int]:
    probes = [socket.create_server((HOST, 0)) for _ in range(count)]
    try:
        return [each.getsockname()[1] for each in probes]
    finally:
        for each in probes:
            each.close()


def _make_bucket(process: "subprocess.Popen[bytes]", filer: str, log: Path) -> None:
    """Wait until the server takes files, and make the bucket."""
    deadline = time.monotonic() + PATIENCE
    probe = f"{filer}/buckets/{BUCKET}/probe"
    while True:
        try:
            urllib.request.urlopen(urllib.request.Request(f"{filer}/buckets/{BUCKET}/", method="POST"), timeout=10)
            urllib.request.urlopen(urllib.request.Request(probe, b"x", method="PUT"), timeout=10)
            urllib.request.urlopen(urllib.request.Request(probe, method="DELETE"), timeout=10)
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(log.read_text(errors="replace")[-500:]) from None
            time.sleep(0.2)
        else:
            time.sleep(2)  # what it does after its start is not the contender's
            return
