"""The project source: one version of a repository, fetched without its history."""

import contextlib
import difflib
import re
from pathlib import Path

from attrs import field, frozen

from hookline.entities import Fetched
from hookline.errors import ExecutionFailed, HooklineError, NotFound, Refused
from hookline.interfaces import ProjectSource
from hookline.uris import is_path, scheme_of, without_secrets
from hookline_source_git.program import Repository, run_git

_ALLOWED = {"https": "https:http:ssh", "http": "https:http:ssh", "ssh": "https:http:ssh", "git": "git", "file": "file"}
"""By scheme, the protocols that Git may speak: the user's configuration may turn one of the network's into another."""

_COMMIT = re.compile(r"[0-9a-f]{4,64}")
_FULL_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_HOST_AND_PATH = re.compile(r"(?:[A-Za-z0-9][\w.\-]*@)?[A-Za-z0-9][\w.\-]*:(?!:).+")


@frozen
class _References:
    """What a repository offers: commits by full name, and the branch that it stands on."""

    commits: dict[str, str] = field(factory=dict)
    head: str | None = None

    def branches_and_tags(self) -> list[str]:
        """The short names."""
        return [name.split("/", 2)[2] for name in self.commits if name.count("/") >= 2]


class GitSource(ProjectSource):
    """Fetches over https, http, ssh, `git://` and from local repositories.

    No submodule is fetched, no hook and no helper program of the repository runs, and nobody is asked for a password:
    credentials come from Git's own configuration or an SSH agent.
    """

    def fetch(self, uri: str, version: str | None, destination: Path) -> Fetched:
        """Check out a branch, a tag or a commit (or the repository's default) into `destination`.

        Raises:
            NotFound: the repository or the version is not there. Refused: a URI that would run a program.
            ExecutionFailed: Git is not installed, or failed otherwise; the text holds what it said, without secrets.
        """
        protocols = _protocols(uri)
        references = _references(uri, protocols)
        repository = Repository(destination, protocols)
        repository.git("init", "--quiet", "--template=")
        branch = _fetch_version(repository, uri, version, references)
        repository.git("checkout", "--quiet", "--detach", "FETCH_HEAD")
        (destination / ".git" / "FETCH_HEAD").unlink(missing_ok=True)  # it holds the URI
        return Fetched(destination, repository.git("rev-parse", "HEAD").strip(), without_secrets(uri), branch)

    def describe(self, folder: Path) -> Fetched:
        """Return the commit, the branch and the remote `origin` of the repository that a folder lies in."""
        found: dict[str, str | None] = {}
        for name, arguments in {
            "commit": ("rev-parse", "--verify", "HEAD"),
            "branch": ("symbolic-ref", "--short", "--quiet", "HEAD"),
            "repository": ("config", "--get", "remote.origin.url"),
        }.items():
            with contextlib.suppress(ExecutionFailed):
                found[name] = run_git("-C", str(folder), *arguments, timeout=10).strip() or None
        remote = found.get("repository")
        return Fetched(folder, found.get("commit"), without_secrets(remote) if remote else None, found.get("branch"))


def _protocols(uri: str) -> str:
    if uri.startswith("-") or any(ord(character) < 32 for character in uri):
        raise Refused(f"{without_secrets(uri)[:60]!r} is no URI of a repository.")
    if re.match(r"[^/]*::", uri):
        raise Refused(f"{without_secrets(uri)[:60]!r} asks Git to run a program, which is never done.")
    scheme = scheme_of(uri)
    if is_path(uri) or scheme not in _ALLOWED:
        if is_path(uri) and _HOST_AND_PATH.fullmatch(uri):
            return _ALLOWED["ssh"]
        raise Refused(f"{without_secrets(uri)[:60]!r}: repositories are fetched over {', '.join(_ALLOWED)}.")
    if re.match(r"[a-z+]+://-|[a-z+]+://[^/]*@-", uri, re.IGNORECASE):
        raise Refused(f"The host of {without_secrets(uri)[:60]!r} starts with '-'.")
    return _ALLOWED[scheme]


def _references(uri: str, protocols: str) -> _References:
    try:
        listed = run_git("ls-remote", "--symref", "--", uri, "HEAD", "refs/heads/*", "refs/tags/*", protocols=protocols)
    except ExecutionFailed as error:
        if error.returncode is None:
            raise
        shown = without_secrets(uri)
        raise NotFound(f"Git finds no repository that it may read at {shown!r}: {_said(error)}") from None
    references = _References(head=None)
    head = None
    for line in listed.splitlines():
        value, _, name = line.partition("\t")
        if value.startswith("ref: ") and name == "HEAD":
            head = value.removeprefix("ref: refs/heads/")
        elif name and not name.endswith("^{}"):
            references.commits[name] = value
    return _References(references.commits, head)


def _fetch_version(repository: Repository, uri: str, version: str | None, references: _References) -> str | None:
    """Fetch a version so that FETCH_HEAD is it; return the branch where it is one."""
    if version is None:
        if "HEAD" not in references.commits:
            raise NotFound(f"The repository {without_secrets(uri)!r} has no commit yet.")
        repository.fetch(uri, "HEAD")
        return references.head
    for kind, branch in (("refs/heads/", version), ("refs/tags/", None), ("", None)):
        name = f"{kind}{version}"
        if name in references.commits:
            repository.fetch(uri, name)
            return branch or (name.removeprefix("refs/heads/") if name.startswith("refs/heads/") else None)
    if not _COMMIT.fullmatch(version):
        close = difflib.get_close_matches(version, references.branches_and_tags(), n=3)
        hint = f" Close to it: {', '.join(close)}." if close else ""
        raise NotFound(f"The repository {without_secrets(uri)!r} has no branch, tag or commit {version!r}.{hint}")
    _fetch_commit(repository, uri, version)
    return None


def _fetch_commit(repository: Repository, uri: str, version: str) -> None:
    """Fetch a commit by its name where the server allows that, else all branches and tags to look for it."""
    if _FULL_COMMIT.fullmatch(version):
        with contextlib.suppress(ExecutionFailed):
            repository.fetch(uri, version)
            return
    try:
        repository.fetch(uri, "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*", depth=None)
        commit = repository.git("rev-parse", "--verify", "--quiet", f"{version}^{{commit}}").strip()
    except ExecutionFailed as error:
        if error.returncode is None:
            raise
        raise NotFound(f"The repository {without_secrets(uri)!r} has no commit {version!r}, or several.") from None
    (repository.folder / ".git" / "FETCH_HEAD").write_text(f"{commit}\t\tcommit\n", encoding="ascii")


def _said(error: HooklineError) -> str:
    """Return what Git said as one line, without its advice on access rights."""
    text = re.sub(r"^'git' ended with exit code \d+: ", "", str(error)).partition("Please make sure")[0]
    return "; ".join(line.strip() for line in text.splitlines() if line.strip()) or "it did not say why"
