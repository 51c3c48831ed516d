"""Which machine and which user this process is of."""

import contextlib
import getpass
import os
import socket
from functools import cache
from pathlib import Path

from hookline.errors import ExecutionFailed
from hookline.system.running import run_process


@cache
def machine_identity() -> tuple[str, str]:
    """Return the name of this machine, and what tells this start of it from others ("" where that cannot be told).

    On Linux the latter also names the process ids' namespace: in another container the same number is another process.
    """
    with contextlib.suppress(OSError):
        boot_id = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
        return socket.gethostname(), f"{boot_id} {Path('/proc/self/ns/pid').readlink()}"
    with contextlib.suppress(ExecutionFailed):
        return socket.gethostname(), run_process(["sysctl", "-n", "kern.bootsessionuuid"]).strip()
    return socket.gethostname(), ""


def state_folder() -> Path:
    """Return the folder for what this user's programs remember; it need not be there."""
    named = os.environ.get("XDG_STATE_HOME") or os.environ.get("LOCALAPPDATA")
    return Path(named) / "hookline" if named else Path.home() / ".local" / "state" / "hookline"


def current_user() -> str:
    """Return the login name of this process's user, "" where there is none."""
    named = [os.environ[name] for name in ("LOGNAME", "USER", "LNAME", "USERNAME") if os.environ.get(name)]
    return named[0] if named else _listed_user(os.getuid() if hasattr(os, "getuid") else -1)


@cache
def _listed_user(_number: int) -> str:
    """Return a user's name by the system's list of users, which may lie behind a network: asked once."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user without an entry and without variables
        return ""
