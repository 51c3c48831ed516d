"""What a run notes about the git repository of the running program."""

import site
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock

from attrs import field, frozen

from hookline.errors import HooklineError
from hookline.interfaces import RunContext
from hookline.uris import without_secrets, without_tokens
from hookline_context_git.commands import Git

COMMIT_TAG = "mlflow.source.git.commit"
BRANCH_TAG = "mlflow.source.git.branch"
REPOSITORY_TAG = "mlflow.source.git.repoURL"
DIRTY_TAG = "hookline.git.dirty"
PATCH = "uncommitted.patch"
MAX_PATCH_BYTES = 10 * 1024 * 1024
MAX_UNTRACKED_NAMES = 1000
_TIMEOUT = 5.0
"""Seconds for what git does at once whatever the size of a repository; more means that its disk does not answer."""
_NOTHING_TO_SAY = (HooklineError, OSError, RuntimeError)
"""What is raised without git, where the working folder is gone, and where links lead in a circle."""
_NO_SUBMODULES = "--ignore-submodules=dirty"


@frozen
class _State:
    """The repository as it was when it was first asked about."""

    tags: Mapping[str, str] = field(factory=dict)
    git: Git | None = None


class GitContext(RunContext):
    """The repository that the running program lies in, looked at once.

    Args:
        folder: where to look; default the folder of the running script, or the working folder where a program runs that
            is installed, such as a notebook server or pytest.
        patience: seconds for git to say whether anything is uncommitted. A repository for which that is too short gets
            the commit without that.
    """

    def __init__(self, folder: Path | None = None, *, patience: float = 0.7) -> None:
        self._folder, self._patience = folder, patience
        self._lock = Lock()
        self._state: _State | None = None

    def tags(self) -> Mapping[str, str]:
        """Return the commit, the branch, the repository's URL without secrets, and whether tracked files changed."""
        return self._looked_at().tags

    def artifacts(self) -> Mapping[str, bytes]:
        """Return the uncommitted changes of tracked files as a patch for `git apply`, where there are any."""
        state = self._looked_at()
        if state.git is None or state.tags.get(DIRTY_TAG) == "false" or COMMIT_TAG not in state.tags:
            return {}
        try:
            patch = _patch(state.git, state.tags[COMMIT_TAG])
        except HooklineError:
            return {}
        return {PATCH: patch} if patch else {}

    def _looked_at(self) -> _State:
        with self._lock:
            if self._state is None:
                try:
                    self._state = _look(self._folder or program_folder(), self._patience)
                except _NOTHING_TO_SAY:
                    self._state = _State()
            return self._state


def program_folder() -> Path:
    """Return the folder of the running script; the working folder for an installed program and in a shell."""
    main = getattr(sys.modules.get("__main__"), "__file__", None)
    if not main:
        return Path.cwd()
    folder = Path(main).absolute().parent
    roots = [Path(root).resolve() for root in (sys.prefix, sys.base_prefix, site.getuserbase())]
    if any(folder.resolve().is_relative_to(root) for root in roots):
        return Path.cwd()
    while not folder.is_dir():  # a program in a zip file
        folder = folder.parent
    return folder


def _look(folder: Path, patience: float) -> _State:
    git = Git.around(folder, _TIMEOUT)
    if git is None:
        return _State()
    try:
        told = git.ask(
            *("status", "--porcelain=v2", "--branch", "--no-ahead-behind", "-z"),
            *("--untracked-files=no", _NO_SUBMODULES),
            timeout=patience,
        )
    except HooklineError:
        commit = git.ask("rev-parse", "--verify", "--quiet", "HEAD", timeout=_TIMEOUT).strip()
        return _State(_tags(git, {"branch.oid": commit}, None), git)
    lines = [line for line in told.split("\0") if line]
    heads = dict(line[2:].partition(" ")[::2] for line in lines if line.startswith("# "))
    return _State(_tags(git, heads, any(not line.startswith("# ") for line in lines)), git)


def _tags(git: Git, heads: Mapping[str, str], dirty: bool | None) -> dict[str, str]:
    commit, branch = heads.get("branch.oid", ""), heads.get("branch.head", "")
    found = {
        COMMIT_TAG: "" if commit == "(initial)" else commit,
        BRANCH_TAG: "" if branch == "(detached)" else branch,
        REPOSITORY_TAG: without_secrets(_repository(git.settings, branch)),
        DIRTY_TAG: "" if dirty is None else str(dirty).lower(),
    }
    return {key: value for key, value in found.items() if value}


def _repository(settings: Mapping[str, str], branch: str) -> str:
    """Return the URL of the branch's remote, else of `origin`, else of the first one."""
    remotes = [key for key in settings if key.startswith("remote.") and key.endswith(".url")]
    own = settings.get(f"branch.{branch}.remote", "")
    for key in (f"remote.{own}.url", "remote.origin.url", *remotes):
        if settings.get(key):
            return settings[key]
    return ""


def _patch(git: Git, commit: str) -> bytes:
    changes, whole = git.read(
        *("diff", "HEAD", "--binary", "--no-color", "--no-ext-diff", "--no-textconv", "--no-relative"),
        *("--src-prefix=a/", "--dst-prefix=b/", _NO_SUBMODULES),
        limit=MAX_PATCH_BYTES,
        timeout=30,
    )
    if not changes:
        return b""
    notes = [f"Uncommitted changes on top of {commit}; apply them with: git apply FILE"]
    if not whole:
        changes = changes[: max(0, changes.rfind(b"\ndiff --git ") + 1)]
        notes.append(f"Cut: the changes have more than {MAX_PATCH_BYTES} bytes; the last files are left out.")
    hidden = without_tokens(changes.decode("latin-1")).encode("latin-1")
    if hidden != changes:
        notes.append("What looks like an access token was replaced by ***.")
    notes += _untracked(git)
    return "".join(f"# {note}\n" for note in notes).encode() + hidden


def _untracked(git: Git) -> Sequence[str]:
    """Return notes that name the files which git neither tracks nor ignores; their content is not read."""
    told, whole = git.read(
        *("ls-files", "--others", "--exclude-standard", "--directory", "--no-empty-directory", "-z"),
        limit=1024 * 1024,
        timeout=30,
    )
    names = [name for name in told.decode(errors="replace").split("\0") if name]
    shown = [f"Not tracked: {_one_line(name)}" for name in names[:MAX_UNTRACKED_NAMES]]
    return shown if whole and len(names) == len(shown) else [*shown, "Not tracked: and more"]


def _one_line(name: str) -> str:
    return without_tokens("".join(character if character.isprintable() else "?" for character in name))
