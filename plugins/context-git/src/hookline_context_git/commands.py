"""Asking git about a repository without letting the repository have a say.

What lies in a repository's own configuration may come from anybody, and git runs programs that it names: a file system
monitor, filters, diff drivers, hooks, transports. None of them is run here: options on the command line switch each
off, and filters, which have names of their own, are looked up and switched off one by one. Nor is a work tree believed
that lies elsewhere. That a repository belongs to somebody else is git's own business, which then refuses it.
"""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Timer

from attrs import field, frozen

from hookline.errors import ExecutionFailed
from hookline.system import end_process_group, run_process, start_process

_OPTIONS = (
    "--no-pager",
    "-c",
    "core.fsmonitor=false",
    "-c",
    f"core.hooksPath={os.devnull}",
    "-c",
    "core.quotePath=false",
    "-c",
    "diff.ignoreSubmodules=dirty",
)
_VARIABLES: Mapping[str, str | None] = {
    "GIT_OPTIONAL_LOCKS": "0",  # the index is read and never written
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ALLOW_PROTOCOL": "none",  # nothing is fetched, not even a missing object of a partial clone
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_EXTERNAL_DIFF": None,
    "LC_ALL": "C",
    # Set where a hook of another repository started us:
    "GIT_DIR": None,
    "GIT_INDEX_FILE": None,
    "GIT_PREFIX": None,
    "GIT_OBJECT_DIRECTORY": None,
    "GIT_COMMON_DIR": None,
    "GIT_NAMESPACE": None,
}


@frozen
class Git:
    """Git in one repository.

    Attributes:
        root: the folder of the work tree, in which `.git` lies.
        settings: git's configuration there, the last value of each key.
    """

    root: Path
    settings: Mapping[str, str] = field(factory=dict)
    _options: Sequence[str] = ()

    @classmethod
    def around(cls, folder: Path, timeout: float) -> "Git | None":
        """Return git in the repository that a folder lies in, if it lies in one.

        Raises:
            ExecutionFailed: git is missing, too old or too slow, or refuses the repository.
        """
        folder = folder.resolve()
        root = next((each for each in (folder, *folder.parents) if (each / ".git").exists()), None)
        if root is None:
            return None
        listed = cls(root).ask("config", "--list", "-z", "--show-scope", timeout=timeout).split("\0")
        settings: dict[str, str] = {}
        own: set[str] = set()
        for scope, line in zip(listed[::2], listed[1::2], strict=False):
            key, _, value = line.partition("\n")
            settings[key] = value
            if scope in ("local", "worktree"):
                own.add(key)
        return cls(root, settings, [option for key in sorted(own) for option in _switched_off(key)])

    def ask(self, *arguments: str, timeout: float) -> str:
        """Return what a git command says; raises `ExecutionFailed`."""
        return run_process(self._argv(arguments), folder=self.root, variables=self._variables(), timeout=timeout)

    def read(self, *arguments: str, limit: int, timeout: float) -> tuple[bytes, bool]:
        """Return at most `limit` bytes of what a git command says, and whether that is all.

        Raises:
            ExecutionFailed: it failed, or took longer than `timeout` seconds.
        """
        with start_process(
            self._argv(arguments),
            folder=self.root,
            variables=self._variables(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            timer = Timer(timeout, end_process_group, (process.pid,))
            timer.start()
            try:
                data = process.stdout.read(limit + 1) if process.stdout else b""
                if len(data) > limit:
                    end_process_group(process.pid)
                    return data[:limit], False
                process.wait()
            finally:
                timer.cancel()
        if process.returncode:
            raise ExecutionFailed(f"git {arguments[0]} ended with {process.returncode}.", process.returncode)
        return data, True

    def _argv(self, arguments: Sequence[str]) -> list[str]:
        return ["git", *_OPTIONS, *self._options, *arguments]

    def _variables(self) -> Mapping[str, str | None]:
        here = {"GIT_WORK_TREE": str(self.root), "GIT_CEILING_DIRECTORIES": str(self.root.parent)}
        return {**_VARIABLES, **here}


def _switched_off(key: str) -> list[str]:
    """Return options that take the program out of a filter which the repository itself configures."""
    section, _, rest = key.partition(".")
    name, _, last = rest.rpartition(".")
    if section != "filter" or last not in ("clean", "smudge", "process", "required"):
        return []
    if "=" in key:  # which ends the key in an option
        raise ExecutionFailed(
            f"The repository configures a filter with the name {name!r}, which cannot be switched off."
        )
    return ["-c", f"filter.{name}.{last}={'false' if last == 'required' else ''}"]
