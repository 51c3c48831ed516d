"""Short programs that run in the environment of a peer."""

import json
import os
import subprocess
from typing import Any


def answer_of(python: str, program: str, folder: Any, *arguments: str) -> Any:
    """Run a program with a peer's Python, in a folder; it prints its answer as one line of JSON."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "HOOKLINE_", "PYTHON"))
    }
    variables = {"MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db", "MLFLOW_DISABLE_TELEMETRY": "true"}
    done = subprocess.run(
        [python, "-c", program, *arguments],
        cwd=folder,
        env={**kept, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
