"""What the tests of the whole share: the command line as a person runs it, in an empty folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OWN_VARIABLES = ("HOOKLINE_", "MLFLOW_")


class CommandLine:
    """Runs `hookline` in a folder, without any configuration from outside."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(OWN_VARIABLES) or name.startswith("HOOKLINE_PEER")
        }

    def __call__(self, *words: str, code: int = 0, **variables: str) -> str:
        """Return stdout; the exit code must be `code`. stderr is kept in `said`."""
        done = subprocess.run(
            [sys.executable, "-m", "hookline", *words],
            cwd=self.folder,
            env={**self.environment, **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        self.said = done.stderr
        assert done.returncode == code, f"{words} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr, done.stderr
        return done.stdout


@pytest.fixture
def hookline_command(tmp_path):
    return CommandLine(tmp_path)


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A folder in which `hookline run examples/diabetes` was run, once for all tests that only look."""
    command = CommandLine(tmp_path_factory.mktemp("diabetes"))
    command.printed = command("run", str(ROOT / "examples" / "diabetes"), "-P", "alpha=0.05", "-P", "epochs=20")
    return command
