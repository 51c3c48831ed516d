"""A workspace whose stores are on a `hookline server`: logging, reading, outages, credentials, children."""

import json
import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from hookline import Config, Workspace
from hookline.entities import RunStatus
from hookline.errors import HooklineError, Refused, Unavailable

POSIX = pytest.mark.skipif(not hasattr(os, "fork"), reason="signals of POSIX")


def clean(variables=None):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("HOOKLINE_", "MLFLOW_"))}
    return kept | (variables or {})


@contextmanager
def server(folder, port=0, *options, variables=None):
    """A server of its own process; yields its process and its URL."""
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "hookline", "server", "--port", str(port), "--json", *options]
    process = subprocess.Popen(command, cwd=folder, env=clean(variables), stdout=subprocess.PIPE, text=True)
    try:
        yield process, json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")["url"]
    finally:
        process.kill()
        process.communicate(timeout=60)


@contextmanager
def workspace_at(folder, url, **tracking):
    """A workspace whose stores are a server's."""
    folder.mkdir(exist_ok=True)
    options = "".join(f"\n    {key}: {json.dumps(value)}" for key, value in tracking.items())
    text = f"tracking:\n  uri: {url}\n" + (f"  options:{options}\n" if options else "")
    (folder / "hookline.yaml").write_text(text, encoding="utf-8")
    with Workspace(Config.load(folder, environ={})) as workspace:
        yield workspace


def hookline(folder, url, *words):
    return subprocess.run(
        [sys.executable, "-m", "hookline", *words],
        cwd=folder,
        env=clean({"HOOKLINE_TRACKING_URI": url}),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def steps(workspace, run_id, key="loss"):
    return [point.step for block in workspace.tracking.metric_history(run_id, key) for point in block]


def test_a_run_its_files_and_its_model_are_on_the_server(tmp_path):
    with server(tmp_path / "server") as (_, url), workspace_at(tmp_path / "client", url) as workspace:
        with workspace.start_run(run_name="remote") as run:
            run.log_params({"alpha": 0.5})
            for step in range(1000):
                run.log_metric("loss", 1 / (step + 1), step=step)
            run.log_text("hello", "notes/a.txt")
            run.log_model(lambda rows: [sum(row) for row in rows], "total")
        run_id = run.info.run_id
        found = workspace.search_runs("params.alpha = '0.5'")[0]
        assert (found.info.run_id, found.info.status) == (run_id, RunStatus.FINISHED)
        assert steps(workspace, run_id) == list(range(1000))
        assert workspace.load_model(f"runs:/{run_id}/total").predict([[1, 2], [3, 4]]) == [3, 7]
        listed = hookline(tmp_path, url, "artifacts", "list", run_id, "notes", "--json")
        assert [each["path"] for each in json.loads(listed.stdout)] == ["notes/a.txt"]
        registered = hookline(tmp_path, url, "models", "register", f"runs:/{run_id}/total", "adder", "--json")
        assert json.loads(registered.stdout)["version"] == 1, registered.stderr
        loaded = workspace.load_model("models:/adder/1")
        assert loaded.predict([[5, 6]]) == [11]
    stored = tmp_path / "server" / ".hookline"
    assert (stored / "artifacts" / "0" / run_id / "artifacts" / "notes" / "a.txt").read_text() == "hello"
    assert not (tmp_path / "client" / ".hookline" / "artifacts").exists()


@POSIX
@pytest.mark.slow
def test_what_is_logged_while_the_server_is_away_arrives_once_when_it_is_back(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with server(tmp_path / "server", port) as (process, url):
        client = workspace_at(tmp_path / "client", url, retries=0)
        workspace = client.__enter__()
        run = workspace.start_run()
        for step in range(2000):
            run.log_metric("loss", step, step=step)
        process.kill()
        process.wait()
        for step in range(2000, 4000):
            run.log_metric("loss", step, step=step)
        time.sleep(1.5)  # the writer's thread tries, and fails
        run.end()
    with server(tmp_path / "server", port):
        workspace.journals.catch_up()
        run_id = run.info.run_id
        assert steps(workspace, run_id) == list(range(4000))
        assert workspace.runs.get(run_id).info.status is RunStatus.FINISHED
        client.__exit__(None, None, None)


def test_a_server_that_is_not_there_is_said_in_one_line(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://name:secret@127.0.0.1:{taken.getsockname()[1]}"
        said = hookline(tmp_path, url, "runs", "search")
    assert said.returncode == 1
    assert "nothing listens there" in said.stderr
    assert "secret" not in said.stderr
    assert "Traceback" not in said.stderr


def test_what_answers_but_is_no_tracking_server_is_said(tmp_path):
    with server(tmp_path / "server") as (_, url):
        said = hookline(tmp_path, f"{url}/elsewhere", "runs", "search")
    assert said.returncode == 1
    assert "Traceback" not in said.stderr
    assert "/elsewhere" in said.stderr


AUTHENTICATOR = """
from attrs import frozen
from hookline import Provider, hookimpl
from hookline_server.access import EVERYTHING, Authenticator, Caller

@hookimpl
def authenticators():
    return [Provider(name="word", target="one_word:Word", summary="one word for all", options="one_word:Options")]

@frozen
class Options:
    word: str = ""

class Word(Authenticator):
    def __init__(self, services, options):
        self.word = options.word

    def identify(self, headers, address):
        return Caller("somebody") if headers.get("authorization") == f"Bearer {self.word}" else None

    def allows(self, caller, permission, names):
        return True

    def visible(self, caller, thing):
        return EVERYTHING
"""


@pytest.fixture
def one_word(tmp_path):
    """An authenticator that knows one token, as if it was installed."""
    site = tmp_path / "site"
    metadata = site / "one_word-1.dist-info"
    metadata.mkdir(parents=True)
    (site / "one_word.py").write_text(AUTHENTICATOR, encoding="utf-8")
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: one-word\nVersion: 1\n", encoding="utf-8")
    (metadata / "entry_points.txt").write_text("[hookline]\none_word = one_word\n", encoding="utf-8")
    return {"PYTHONPATH": str(site)}


def test_a_token_opens_the_stores_and_goes_nowhere_else(tmp_path, one_word):
    options = ["--auth", "word", "--auth-option", "word=sesame"]
    with server(tmp_path / "server", 0, *options, variables=one_word) as (_, url):
        with workspace_at(tmp_path / "client", url, token="sesame") as workspace:
            with workspace.start_run() as run:
                run.log_text("hello", "a.txt")
            assert (
                workspace.artifacts.locate(run.info.artifact_uri, "a.txt")
                .store.open(f"0/{run.info.run_id}/artifacts/a.txt")
                .read()
                == b"hello"
            )
            with pytest.raises(Refused, match="wants to know who asks"):
                workspace.artifacts.locate(url).store.list()  # a place that is named, and not configured
        with (
            workspace_at(tmp_path / "stranger", url) as workspace,
            pytest.raises(Refused, match="HOOKLINE_TRACKING_TOKEN"),
        ):
            workspace.tracking.get_experiment("0")


@POSIX
def test_a_forked_child_asks_over_connections_of_its_own(tmp_path):
    with server(tmp_path / "server") as (_, url), workspace_at(tmp_path / "client", url) as workspace:
        workspace.tracking.get_experiment("0")
        child = os.fork()
        if child == 0:
            try:
                names = {workspace.tracking.get_experiment("0").name for _ in range(50)}
                os._exit(0 if names == {"Default"} else 1)
            except BaseException:
                os._exit(2)
        names = {workspace.tracking.get_experiment("0").name for _ in range(50)}
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert names == {"Default"}


@pytest.mark.parametrize("uri", ["http://", "http://host?x=1", "https:///path"])
def test_a_url_that_names_no_server_is_a_mistake(tmp_path, uri):
    with workspace_at(tmp_path / "client", uri) as workspace, pytest.raises(HooklineError, match="no URL of a server"):
        workspace.tracking.get_experiment("0")


def test_a_reader_waits_no_longer_than_it_is_told(tmp_path):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with (
            workspace_at(tmp_path / "client", url, timeout=0.2, retries=0) as workspace,
            pytest.raises(Unavailable, match=r"said nothing within 0\.2 s"),
        ):
            workspace.tracking.get_experiment("0")
