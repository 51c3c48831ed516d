"""Running the program `git`: with fixed protocols, without prompts, and free of what surrounds this process."""

import re
from pathlib import Path

from attrs import frozen

from hookline.errors import ExecutionFailed
from hookline.system import run_process
from hookline.uris import without_secrets

TIMEOUT = 1800.0
"""Seconds that one command may take."""

_SAFE = (
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "submodule.recurse=false"),
    *("-c", "protocol.ext.allow=never"),
    *("-c", "gc.auto=0"),
    *("-c", "advice.detachedHead=false"),
)


def run_git(
    *arguments: str, protocols: str = "", variables: dict[str, str] | None = None, timeout: float = TIMEOUT
) -> str:
    """Run Git and return what it wrote to stdout.

    Args:
        protocols: which it may speak, as in `GIT_ALLOW_PROTOCOL`; none by default.

    Raises:
        ExecutionFailed: it is not installed or failed; the text holds no secret.
    """
    environment = {
        "GIT_ALLOW_PROTOCOL": protocols or "none",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "LC_ALL": "C",
        **(variables or {}),
    }
    try:
        return run_process(["git", *_SAFE, *arguments], variables=environment, timeout=timeout)
    except ExecutionFailed as error:
        if error.returncode is None and "Cannot start" in str(error):
            raise ExecutionFailed("The program 'git' is not installed, and repositories are fetched by it.") from None
        text = " ".join(without_secrets(word) for word in re.split(r"[ ]", str(error)))
        raise ExecutionFailed(text, error.returncode) from None


@frozen
class Repository:
    """A repository on local disk, whatever repository this process was started in."""

    folder: Path
    protocols: str

    def git(self, *arguments: str) -> str:
        """Run a command in the repository."""
        metadata = self.folder / ".git"
        named = (f"--git-dir={metadata}", f"--work-tree={self.folder}")
        return run_git(
            "-C",
            str(self.folder),
            *named,
            *arguments,
            protocols=self.protocols,
            variables={"GIT_INDEX_FILE": str(metadata / "index"), "GIT_OBJECT_DIRECTORY": str(metadata / "objects")},
        )

    def fetch(self, uri: str, *names: str, depth: int | None = 1) -> None:
        """Fetch references into FETCH_HEAD, with all their history from a server that cannot do less (plain files)."""
        options = ("--quiet", "--no-tags", "--no-recurse-submodules")
        limits = () if depth is None else (f"--depth={depth}",)
        try:
            self.git("fetch", *options, *limits, "--", uri, *names)
        except ExecutionFailed as error:
            if depth is None or "shallow" not in str(error):
                raise
            self.git("fetch", *options, "--", uri, *names)
