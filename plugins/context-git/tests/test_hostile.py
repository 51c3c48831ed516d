"""Repositories that want to run programs or learn secrets, and remotes that hold some."""

import pytest

from hookline.system import run_process
from hookline_context_git.context import GitContext

PROGRAMS = {
    "a file system monitor": ({"core.fsmonitor": "{program}"}, None),
    "a filter": ({"filter.evil.clean": "{program}"}, "* filter=evil"),
    "a filter process": ({"filter.evil.process": "{program}", "filter.evil.required": "true"}, "* filter=evil"),
    "a filter with dots": ({"filter.e.v.i.l.clean": "{program}"}, "* filter=e.v.i.l"),
    "a filter with an equals sign": ({"filter.e=v.clean": "{program}"}, "* filter=e=v"),
    "an external diff": ({"diff.external": "{program}"}, None),
    "a diff driver": ({"diff.evil.command": "{program}"}, "* diff=evil"),
    "a text conversion": ({"diff.evil.textconv": "{program}"}, "* diff=evil"),
    "a hook": ({}, None),
    "an included file": ({"include.path": "../included"}, "* filter=evil"),
}


def _everything(repository):
    context = GitContext(repository.folder, patience=60.0)
    return context.tags(), context.artifacts()


@pytest.mark.parametrize("case", PROGRAMS)
def test_a_repository_runs_no_program(repository, case):
    settings, attributes = PROGRAMS[case]
    canary, program = repository.folder.parent / "canary", repository.folder.parent / "program"
    program.write_text(f"#!/bin/sh\ntouch '{canary}'\nexit 1\n")
    program.chmod(0o755)
    if attributes:
        repository.write(".gitattributes", f"{attributes}\n")
        repository.commit()
    repository.write("included", f'[filter "evil"]\n\tclean = "{program}"\n')
    hook = repository.folder / ".git/hooks/post-index-change"
    if case == "a hook":
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(program.read_text())
        hook.chmod(0o755)
    for key, value in settings.items():
        repository.git("config", key, value.format(program=program))
    repository.write("train.py", "print('two')\n")

    _everything(repository)
    assert not canary.exists()

    for plain in (("status",), ("diff", "HEAD")):  # the trap is a real one: git as such falls into it
        run_process(["sh", "-c", 'git "$@" || true', "sh", *plain], folder=repository.folder)
    assert canary.exists()


def test_a_partial_clone_fetches_nothing(repository, tmp_path):
    canary, program = tmp_path / "canary", tmp_path / "upload"
    repository.git("config", "uploadpack.allowFilter", "true")
    repository.git("config", "uploadpack.allowAnySHA1InWant", "true")
    clone = tmp_path / "clone"
    run_process(["git", "clone", "--quiet", "--filter=blob:none", repository.folder.as_uri(), str(clone)])
    (clone / "train.py").write_text("print('two')\n")
    for pack in (clone / ".git/objects/pack").glob("*"):
        pack.unlink()  # what a promise of the remote is for: now all has to come from there
    run_process(["git", "fetch", "--quiet", "--refetch", "--filter=blob:none"], folder=clone)
    program.write_text(f'#!/bin/sh\ntouch "{canary}"\nexec git-upload-pack "$@"\n')
    program.chmod(0o755)
    run_process(["git", "config", "remote.origin.uploadpack", str(program)], folder=clone)
    context = GitContext(clone, patience=60.0)
    assert context.tags()["hookline.git.dirty"] == "true"
    assert context.artifacts() == {}
    assert not canary.exists()
    run_process(["git", "diff", "HEAD"], folder=clone)
    assert canary.exists()


def test_a_work_tree_elsewhere_is_not_read(repository, tmp_path):
    (tmp_path / "private").mkdir()
    (tmp_path / "private/train.py").write_text("private key\n")
    repository.git("config", "core.worktree", str(tmp_path / "private"))
    tags, artifacts = _everything(repository)
    assert tags["hookline.git.dirty"] == "false"
    assert artifacts == {}
    assert "private key" in repository.git("diff", "HEAD")


def test_a_repository_is_only_read(repository):
    repository.write("train.py", "print('two')\n")
    folder = repository.folder / ".git"
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    _everything(repository)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


_LETTERS = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7"
TOKENS = {
    "a password": "hunter2",
    "a password with marks": "p%40ss:w0rd!$'()*+,;=",
    "a password with an at sign": "p@ss@word",
    "a password with a slash": "pass/word",
    "a password with a question mark": "pass?word",
    "GitHub, classic": "ghp_" + _LETTERS + _LETTERS[:9],
    "GitHub, app": "ghs_" + _LETTERS + _LETTERS[:9],
    "GitHub, user to server": "ghu_" + _LETTERS + _LETTERS[:9],
    "GitHub, OAuth": "gho_" + _LETTERS + _LETTERS[:9],
    "GitHub, refresh": "ghr_" + _LETTERS * 2,
    "GitHub, fine-grained": "github_pat_11" + _LETTERS[:20] + "_" + _LETTERS * 2,
    "GitHub, old": "0123456789abcdef" * 2 + "01234567",
    "GitLab, personal": "glpat-" + _LETTERS[:20],
    "GitLab, deploy": "gldt-" + _LETTERS[:20],
    "GitLab, CI job": "glcbt-64_" + _LETTERS[:20],
    "GitLab, trigger": "glptt-" + "0123456789abcdef" * 2 + "01234567",
    "Bitbucket, app password": "ATBB" + _LETTERS + "01AB23CD",
    "Bitbucket, access token": "ATCTT3xFfGN0" + _LETTERS * 3 + "=01AB23CD",
    "Atlassian, API": "ATATT3xFfGF0" + _LETTERS * 3 + "=01AB23CD",
    "Azure DevOps": "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrst",
    "AWS, key id": "AKIA" + "ABCDEFGH23456789",
    "AWS, secret": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "Gitea": "0123456789abcdef0123456789abcdef01234567",
    "Hugging Face": "hf_" + _LETTERS + _LETTERS[:7],
    "Google, OAuth": "ya29." + "a0AfH6SM" + _LETTERS,
    "Google, API key": "AIza" + "SyA" + _LETTERS + "_-123",
    "npm": "npm_" + _LETTERS + _LETTERS[:9],
    "Slack": "xoxb-" + "123456789012-123456789012-" + _LETTERS[:24],
    "a JSON Web Token": "eyJ" + "hbGciOiJIUzI1NiJ9" + ".eyJ" + "zdWIiOiIxMjM0In0" + "." + _LETTERS,
    "a UUID": "123e4567-e89b-12d3-a456-426614174000",
}
FORMS = {
    "as user": "https://{}@example.org/team/project.git",
    "as password": "https://jane:{}@example.org/team/project.git",
    "as password without user": "https://:{}@example.org/team/project.git",
    "as a bot's password": "https://x-access-token:{}@example.org:8443/team/project.git",
    "over ssh": "ssh://git:{}@example.org/team/project.git",
    "as scp does": "jane:{}@example.org:team/project.git",
    "in the query": "https://example.org/team/project.git?private_token={}",
}


CASES = [
    (token, form)
    for token, secret in TOKENS.items()
    for form in FORMS
    if not (form == "as user" and set("/?") & set(secret))  # git as well takes that for a host with a path
]


@pytest.mark.parametrize(("token", "form"), CASES)
def test_no_secret_of_a_remote_gets_into_a_tag(repository, token, form):
    secret = TOKENS[token]
    if form == "in the query" and set("@?&;#") & set(secret):
        secret = secret.translate({ord(mark): f"%{ord(mark):02X}" for mark in "@?&;#"})
    repository.git("config", "remote.origin.url", FORMS[form].format(secret))
    url = GitContext(repository.folder, patience=60.0).tags()["mlflow.source.git.repoURL"]
    parts = {secret, *(part for part in secret.replace("/", "@").replace("?", "@").split("@") if len(part) > 3)}
    assert [part for part in parts if part in url] == []
    assert url.partition("?")[0] in (
        "https://example.org/team/project.git",
        "https://example.org:8443/team/project.git",
        "ssh://example.org/team/project.git",
        "example.org:team/project.git",
    )


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/team/project.git",
        "https://example.org:8443/team/project@v2.git",
        "git@example.org:team/project.git",
        "ssh://git@example.org:22/team/project.git",
        "ssh://git@example.org/~jane/project.git",
        "/srv/git/project.git",
        "../project.git",
        "file:///srv/git/sk-learn-experiments-of-the-team.git",
    ],
)
def test_a_url_without_secrets_stays_as_it_is(repository, url):
    repository.git("config", "remote.origin.url", url)
    assert GitContext(repository.folder, patience=60.0).tags()["mlflow.source.git.repoURL"] == url


def test_a_secret_of_a_rewritten_url_is_never_asked_for(repository):
    """`insteadOf` is how build machines slip a token in."""
    repository.git("config", "remote.origin.url", "https://example.org/team/project.git")
    repository.git("config", "url.https://t0ken@example.org/.insteadOf", "https://example.org/")
    assert "t0ken" not in str(_everything(repository))
