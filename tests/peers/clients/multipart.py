"""Uploads in parts by an unmodified client: run in its environment against the server that MLFLOW_TRACKING_URI names.

MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD is on, and the sizes are small, as whoever starts it says.
"""

import hashlib
import json
import os
import sys
import tempfile
from pathlib import Path

import mlflow
import requests

KIBIBYTE = 1024
SIZES = (500 * KIBIBYTE, 500 * KIBIBYTE + 1, 1_700_007, 100)

_put = requests.put
parts = []


def counted(url, **named):
    """As `requests.put`, which the client calls for each part."""
    parts.append(url)
    answer = _put(url, **named)
    if os.environ.get("BREAK_PART") and url.endswith("/2"):
        answer.status_code = 500
    return answer


requests.put = counted


def digest(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def main():
    failures = []
    client = mlflow.MlflowClient()
    run = client.create_run(client.create_experiment("multipart"))
    run_id = run.info.run_id
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "files")
        (folder / "deeper").mkdir(parents=True)
        for number, size in enumerate(SIZES):
            content = hashlib.sha256(bytes([number])).digest() * (size // 32 + 1)
            (folder / "deeper" / f"größe {number} 100%.bin").write_bytes(content[:size])
        try:
            client.log_artifacts(run_id, str(folder), "big ones")
        except Exception as error:
            failures.append(f"{type(error).__name__}: {error}")
        got = Path(client.download_artifacts(run_id, "big ones", str(Path(place)))) if not failures else None
        for path in sorted((folder / "deeper").iterdir()):
            if got is not None and digest(path) != digest(got / "deeper" / path.name):
                failures.append(path.name)
    listed = [each.path for each in client.list_artifacts(run_id, "big ones/deeper")]
    said = {"version": mlflow.__version__, "failures": failures, "parts": len(parts), "listed": listed}
    print(json.dumps({**said, "hosts": sorted({each.partition("/api/")[0] for each in parts})}))


if __name__ == "__main__":
    sys.exit(main())
