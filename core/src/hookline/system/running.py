"""Starting programs: always from a list of arguments, never by a shell."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from hookline.errors import ExecutionFailed


def start_process(
    argv: Sequence[str],
    *,
    folder: Path | None = None,
    variables: Mapping[str, str | None] | None = None,
    stdout: int | IO[bytes] | None = None,
    stderr: int | IO[bytes] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program in a process group of its own, without a shell.

    Args:
        variables: set on top of this process's environment; None takes one out.
        stdout, stderr: as for `subprocess.Popen`; None inherits.

    Raises:
        ExecutionFailed: the program or the folder is not there or cannot be started.
    """
    try:
        return subprocess.Popen(
            list(argv),
            cwd=folder,
            env=_environment(variables),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise ExecutionFailed(_not_started(argv, folder, error)) from error


def run_process(
    argv: Sequence[str],
    *,
    folder: Path | None = None,
    variables: Mapping[str, str | None] | None = None,
    timeout: float | None = None,
) -> str:
    """Run a program to its end and return its stdout as text; for programs that say little.

    Args:
        variables: set on top of this process's environment; None takes one out.

    Raises:
        ExecutionFailed: it could not be started, ended with a failure (the message holds the end of its stderr), or
            took longer than `timeout` seconds.
    """
    try:
        done = subprocess.run(
            list(argv),
            cwd=folder,
            env=_environment(variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except (OSError, ValueError) as error:
        raise ExecutionFailed(_not_started(argv, folder, error)) from error
    except subprocess.TimeoutExpired as error:
        raise ExecutionFailed(f"{argv[0]!r} took longer than {timeout:g} s.") from error
    if done.returncode:
        said = (done.stderr or done.stdout).decode(errors="replace").strip()
        raise ExecutionFailed(f"{argv[0]!r} {how_it_ended(done.returncode)}: {said[-2000:]}", done.returncode)
    return done.stdout.decode(errors="replace")


def how_it_ended(code: int) -> str:
    """Return what an exit code of Python's `subprocess` means: "ended with exit code 3", "was ended by signal 9"."""
    return f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"


def _environment(variables: Mapping[str, str | None] | None) -> dict[str, str]:
    return {name: value for name, value in {**os.environ, **(variables or {})}.items() if value is not None}


def _not_started(argv: Sequence[str], folder: Path | None, error: OSError | ValueError) -> str:
    if folder is not None and not folder.is_dir():
        return f"Cannot start {argv[0]!r}: there is no folder {str(folder)!r}."
    reason = error.strerror if isinstance(error, OSError) else error  # ValueError: a NUL character in an argument
    looked_for = isinstance(error, FileNotFoundError) and os.sep not in argv[0]
    hint = " Is it installed, and in a folder of PATH?" if looked_for else ""
    return f"Cannot start {argv[0]!r}: {reason or error}.{hint}"
