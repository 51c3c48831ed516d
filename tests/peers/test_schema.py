"""Thousands of requests that schemathesis makes from our OpenAPI: none of them fails or hangs the server."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from servers import ours

PEERS = os.environ.get("HOOKLINE_PEERS", "")
pytestmark = pytest.mark.skipif(not PEERS, reason="HOOKLINE_PEERS names no folder; `tox -e peers` makes it")
OPTIONS = [
    *("--checks", "not_a_server_error", "--phases", "examples,coverage,fuzzing", "--max-examples", "10"),
    *("--workers", "1", "--generation-deterministic", "--suppress-health-check", "all", "--request-timeout", "20"),
]


def test_no_request_that_the_description_allows_fails_the_server(tmp_path):
    with ours(tmp_path) as url:
        done = subprocess.run(
            [str(Path(PEERS) / "schemathesis" / "bin" / "schemathesis"), "run", f"{url}/openapi.json", *OPTIONS],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=500,
        )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    cases = re.search(r"(\d+) generated", done.stdout)
    assert cases, done.stdout[-3000:]
    assert int(cases[1]) > 2000
    print(f"schemathesis: {cases[1]} requests, no failure of the server")
