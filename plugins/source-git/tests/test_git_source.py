"""Versions, transports, and what must not happen while a repository is fetched."""

import functools
import http.server
import threading

import pytest

from hookline.entities import Fetched
from hookline.errors import ExecutionFailed, HooklineError, NotFound, Refused
from hookline_source_git.source import GitSource


@pytest.fixture
def history(origin):
    """A repository with commits on two branches, and tags of both kinds; their commits by name."""
    commits = {"first": origin.commit({"n": "1"})}
    origin.git("tag", "light")
    commits["second"] = origin.commit({"n": "2"})
    origin.git("tag", "-a", "annotated", "-m", "text")
    origin.git("checkout", "-q", "-b", "topic/deep")
    commits["topic"] = origin.commit({"n": "3"})
    origin.git("tag", "topic-only")
    origin.git("checkout", "-q", "main")
    commits["main"] = origin.commit({"n": "4"})
    origin.git("branch", "both", commits["first"])
    origin.git("tag", "both", commits["second"])
    return commits


@pytest.fixture
def destination(tmp_path):
    folder = tmp_path / "fetched"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("transport", ["file", "daemon"])
@pytest.mark.parametrize(
    ("version", "commit", "branch"),
    [
        (None, "main", "main"),
        ("main", "main", "main"),
        ("refs/heads/main", "main", "main"),
        ("topic/deep", "topic", "topic/deep"),
        ("light", "first", None),
        ("annotated", "second", None),
        ("refs/tags/light", "first", None),
        ("topic-only", "topic", None),
        ("both", "first", "both"),
        ("{first}", "first", None),
        ("{topic}", "topic", None),
        ("{second:.8}", "second", None),
    ],
)
def test_versions(origin, history, destination, request, transport, version, commit, branch):
    base = request.getfixturevalue("daemon") if transport == "daemon" else origin.folder.parent.as_uri()
    if version and version.startswith("{"):
        name = version.strip("{}").partition(":")[0]
        version = history[name][:8] if ":" in version else history[name]
    fetched = GitSource().fetch(f"{base}/origin", version, destination)
    assert fetched == Fetched(destination, history[commit], f"{base}/origin", branch)
    assert (destination / "n").read_text(encoding="utf-8") == str(
        ["first", "second", "topic", "main"].index(commit) + 1
    )


@pytest.mark.parametrize(
    "version", ["mian", "0" * 40, "abcd", "deadbeef", "HEAD~1", "main^", "*", "refs/heads/", "@{u}"]
)
def test_a_version_that_is_not_there(origin, history, destination, version):
    with pytest.raises(NotFound) as caught:
        GitSource().fetch(origin.folder.as_uri(), version, destination)
    assert repr(version) in str(caught.value)
    assert ("main" in str(caught.value)) == (version in ("mian", "main^"))


def test_only_the_version_is_fetched(origin, history, destination):
    GitSource().fetch(origin.folder.as_uri(), None, destination)
    assert (destination / ".git" / "shallow").read_text(encoding="utf-8").split() == [history["main"]]


def test_a_repository_without_a_commit(origin, destination):
    with pytest.raises(NotFound, match="no commit yet"):
        GitSource().fetch(origin.folder.as_uri(), None, destination)


def test_a_repository_that_stands_on_a_commit(origin, history, destination):
    origin.git("checkout", "-q", "--detach", history["second"])
    assert GitSource().fetch(origin.folder.as_uri(), None, destination) == Fetched(
        destination, history["second"], origin.folder.as_uri(), None
    )


# Transports ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def plain_http(origin, tmp_path):
    """The repository as plain files behind a real HTTP server on the loopback address: its host and port."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Handler, directory=str(origin.folder.parent))
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("version", [None, "topic/deep", "{first}"])
def test_http_without_a_program_behind_it(origin, history, plain_http, destination, version):
    origin.git("update-server-info")
    version = history["first"] if version == "{first}" else version
    fetched = GitSource().fetch(f"http://me:hunter2@{plain_http}/origin/.git", version, destination)
    assert fetched.commit == {None: history["main"], "topic/deep": history["topic"]}.get(version, history["first"])
    assert fetched.repository == f"http://{plain_http}/origin/.git"
    kept = [path for path in destination.rglob("*") if path.is_file() and b"hunter2" in path.read_bytes()]
    assert kept == []


@pytest.fixture
def ssh(tmp_path, monkeypatch):
    """A program in the place of `ssh` that notes its arguments and runs the command here; SSH itself is not started."""
    program, noted = tmp_path / "fake-ssh", tmp_path / "noted"
    program.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$*" >> "{noted}"\nfor last; do :; done\nexec sh -c "$last"\n', encoding="utf-8"
    )
    program.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(program))
    monkeypatch.setenv("GIT_SSH_VARIANT", "ssh")
    return noted


@pytest.mark.parametrize(
    "form", ["ssh://git@host.example{path}", "git@host.example:{path}", "ssh://host.example:2222{path}"]
)
def test_ssh(origin, history, ssh, destination, form):
    uri = form.replace("{path}", str(origin.folder))
    fetched = GitSource().fetch(uri, "light", destination)
    assert fetched.commit == history["first"]
    assert "git-upload-pack" in ssh.read_text(encoding="utf-8")
    assert "host.example" in ssh.read_text(encoding="utf-8")


def test_a_repository_that_cannot_be_reached_says_so_without_secrets(destination):
    with pytest.raises(NotFound) as caught:
        GitSource().fetch("http://me:hunter2@127.0.0.1:9/x.git", None, destination)
    assert "127.0.0.1:9/x.git" in str(caught.value)
    assert "hunter2" not in str(caught.value)


# What must not happen ------------------------------------------------------------------------------------------------


def test_no_hook_of_the_user_or_the_repository_runs(origin, history, destination, tmp_path, monkeypatch):
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("post-checkout", "reference-transaction", "post-merge"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/canary\n", encoding="utf-8")
        (hooks / name).chmod(0o755)
    config = tmp_path / "config"
    config.write_text(f"[core]\n\thooksPath = {hooks}\n[init]\n\ttemplateDir = {tmp_path}\n", encoding="utf-8")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    GitSource().fetch(origin.folder.as_uri(), None, destination)
    assert not (tmp_path / "canary").exists()
    assert not (destination / ".git" / "hooks").exists()


def test_submodules_are_not_fetched(origin, destination, tmp_path):
    canary = tmp_path / "canary"
    module = f'[submodule "x"]\n\tpath = x\n\turl = ext::sh -c "touch {canary}"\n\tupdate = !touch {canary}\n'
    origin.commit({".gitmodules": module, "n": "1"})
    origin.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},x")
    origin.git("commit", "-q", "-m", "submodule")
    GitSource().fetch(origin.folder.as_uri(), None, destination)
    assert not canary.exists()
    assert (destination / "n").read_text(encoding="utf-8") == "1"


@pytest.mark.parametrize("scheme", ["git", "file", "https"])
def test_no_configuration_leads_to_another_protocol(destination, tmp_path, monkeypatch, scheme):
    """The user's own `insteadOf` may turn https into ssh, but nothing into a program."""
    config = tmp_path / "config"
    config.write_text(
        f'[url "ext::touch {tmp_path}/canary "]\n\tinsteadOf = {scheme}://\n[protocol]\n\tallow = always\n',
        encoding="utf-8",
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    with pytest.raises(NotFound, match="not allowed"):
        GitSource().fetch(f"{scheme}://host/x", None, destination)
    assert not (tmp_path / "canary").exists()


def test_git_that_surrounds_this_process_is_not_touched(origin, history, destination, tmp_path, monkeypatch):
    """As in a hook, where Git names its repository and its index in the environment."""
    around = tmp_path / "around"
    around.mkdir()
    monkeypatch.setenv("GIT_DIR", str(around / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(around / "index"))
    monkeypatch.setenv("GIT_WORK_TREE", str(around))
    assert GitSource().fetch(origin.folder.as_uri(), None, destination).commit == history["main"]
    assert list(around.iterdir()) == []
    assert (destination / "n").read_text(encoding="utf-8") == "4"


@pytest.mark.parametrize(
    "uri", ["/a/plain/path", "relative", "ftp://host/x", "host:path", "file:ext::x", "http::x", "fd::17", "a\nb", "-x"]
)
def test_what_is_no_repository_uri_is_refused(destination, uri):
    with pytest.raises(HooklineError):
        GitSource().fetch(uri, None, destination)
    assert list(destination.iterdir()) == []


def test_git_that_is_not_installed_is_said(origin, destination, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ExecutionFailed, match="'git' is not installed"):
        GitSource().fetch(origin.folder.as_uri(), None, destination)


# A local folder ------------------------------------------------------------------------------------------------------


def test_describing_a_folder_of_a_repository(origin, history):
    (origin.folder / "deep" / "er").mkdir(parents=True)
    origin.git("remote", "add", "origin", "https://me:hunter2@host/x.git")
    described = GitSource().describe(origin.folder / "deep" / "er")
    assert described == Fetched(origin.folder / "deep" / "er", history["main"], "https://host/x.git", "main")


def test_describing_a_repository_without_commit_or_remote(origin):
    assert GitSource().describe(origin.folder) == Fetched(origin.folder, None, None, "main")


def test_describing_a_detached_head(origin, history):
    origin.git("checkout", "-q", "--detach", history["first"])
    assert GitSource().describe(origin.folder) == Fetched(origin.folder, history["first"])


def test_dangerous_uris_are_refused_not_tried(destination):
    with pytest.raises(Refused, match="never done"):
        GitSource().fetch("ext::sh -c x", None, destination)
