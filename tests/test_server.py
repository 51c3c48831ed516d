"""`hookline server` as a process over SQLite and a folder of artifacts: started, killed, shut down, attacked."""

import http.client
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from hookline import Config, Workspace
from hookline.system import process_is_alive

API = "/api/2.0/mlflow"
POSIX = pytest.mark.skipif(not hasattr(os, "fork"), reason="signals of POSIX")


@contextmanager
def server(folder, *options, variables=None):
    """A server on a free port of this machine; yields its process and its URL."""
    command = [sys.executable, "-m", "hookline", "server", "--port", "0", "--json", *options]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("HOOKLINE_", "MLFLOW_"))}
    environment |= variables or {}
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process, json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")["url"]
    finally:
        process.kill()
        process.communicate(timeout=60)


def ask(url, method, path, fields=None, body=None, headers=None):
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
    try:
        sent = json.dumps(fields) if fields is not None else body
        connection.request(method, path, sent, {"Content-Type": "application/json", **(headers or {})})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def post(url, path, **fields):
    status, body = ask(url, "POST", f"{API}/{path}", fields)
    assert status == 200, body
    return json.loads(body)


def workspace_of(folder):
    return Workspace(Config.load(folder, environ={}))


def cursors_of_intakes(folder):
    with closing(sqlite3.connect(folder / ".hookline" / "hookline.db")) as connection:
        return connection.execute("SELECT count(*) FROM hookline_intakes").fetchone()[0]


@POSIX
@pytest.mark.slow
def test_what_was_answered_is_there_after_the_server_was_killed(tmp_path):
    acknowledged = []
    for round_ in range(3):
        with server(tmp_path) as (process, url):
            run_id = post(url, "runs/create", experiment_id="0")["run"]["info"]["run_id"]

            def log(first, size, run_id=run_id, url=url):
                key = f"m{first}"
                for step in range(first, first + 100_000, size):
                    steps = range(step, step + size)
                    points = [{"key": key, "value": each, "timestamp": 1, "step": each} for each in steps]
                    try:
                        if size == 1:
                            post(url, "runs/log-metric", run_id=run_id, **points[0])
                        else:
                            post(url, "runs/log-batch", run_id=run_id, metrics=points)
                    except (OSError, http.client.HTTPException):
                        return
                    acknowledged.extend((run_id, key, each) for each in steps)

            sizes = (1, 1, 50, 500)
            threads = [threading.Thread(target=log, args=(n * 100_000, size)) for n, size in enumerate(sizes)]
            for thread in threads:
                thread.start()
            threads[0].join(0.7 + round_ / 5)
            process.kill()
            for thread in threads:
                thread.join()
    assert len(acknowledged) > 50
    with workspace_of(tmp_path) as workspace:
        found = [
            (run_id, key, step)
            for run_id, key in {each[:2] for each in acknowledged}
            for step in workspace.runs.history(run_id, key).steps
        ]
        assert set(acknowledged) <= set(found)
        assert len(found) == len(set(found))
        assert {run.info.status.value for run in workspace.runs.search()} == {"RUNNING"}  # nobody said otherwise


@POSIX
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_server_that_is_told_to_stop_stops_without_failure(tmp_path, number):
    with server(tmp_path) as (process, url):
        assert ask(url, "GET", "/ready")[0] == 200
        for name in ("first", "second"):  # the second one is in the log before the store has it
            post(url, "runs/create", experiment_id="0", run_name=name)
        process.send_signal(number)
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0
        assert said == ""
        assert not process_is_alive(process.pid)
    assert cursors_of_intakes(tmp_path) == 0


@POSIX
def test_requests_are_logged_where_that_is_asked_for(tmp_path):
    with server(tmp_path, "--log-requests") as (process, url):
        ask(url, "GET", "/health")
        ask(url, "GET", "/no/such/path%0aGET")
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
    lines = [line.split(" ", 2)[2] for line in said.splitlines()]
    assert [line.rpartition(" 200 ")[0] or line.rpartition(" 404 ")[0] for line in lines] == [
        'GET "/health"',
        'GET "/no/such/path\\nGET"',
    ]


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--host", "0.0.0.0"], 1, "--allow-unauthenticated"),
        (["--workers", "2"], 2, "need a database server"),
        (["--workers", "2", "--durability", "intake"], 2, "--durability commit"),
        (["--durability", "window"], 2, "intake"),
        (["--prefix", "x"], 2, "starts with '/'"),
        *((["--allowed-host", each], 2, "ml.example") for each in ("*", "http://ml.lab", "ml.lab:80", "a b", "")),
        *(
            (["--allowed-origin", each], 2, "https://")
            for each in ("*", "ml.lab", "http://a/page", "http://u@a", "null")
        ),
        *((["--artifact-scheme", each], 2, "such as s3") for each in ("s3://", "s3:", "", "*")),
        (["--tracking", "nowhere://x"], 2, "nowhere"),
        (["--port", "99999"], 2, "65535"),
        (["--auth", "nobody"], 2, "authenticator"),
        (["--auth-option", "a=b"], 2, "--auth"),
    ],
)
def test_a_mistake_in_the_command_is_one_clear_line(tmp_path, options, code, said):
    command = [sys.executable, "-m", "hookline", "server", *options]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@POSIX
@pytest.mark.parametrize("durability", ["intake", "commit", "full"])
def test_whatever_answers_wait_for_they_are_seen_at_once(tmp_path, durability):
    with server(tmp_path, "--durability", durability) as (_, url):
        for _ in range(3):
            run_id = post(url, "runs/create", experiment_id="0")["run"]["info"]["run_id"]
            post(url, "runs/log-metric", run_id=run_id, key="m", value=1, timestamp=1, step=1)
            post(url, "runs/log-metric", run_id=run_id, key="m", value=2, timestamp=2, step=2)
            run = json.loads(ask(url, "GET", f"{API}/runs/get?run_id={run_id}")[1])["run"]
            assert [each["value"] for each in run["data"]["metrics"]] == [2]
        found = [*(tmp_path / ".hookline").rglob("*.intake")]
        assert bool(found) == (durability == "intake")


def test_a_server_serves_what_it_is_told_to_below_a_prefix(tmp_path):
    store = f"sqlite:///{tmp_path / 'other.db'}"
    options = ["--tracking", store, "--artifacts", str(tmp_path / "files"), "--prefix", "/ml"]
    with server(tmp_path, *options) as (_, url):
        host, prefix = url.removesuffix("/ml"), "/ml"
        status, body = ask(host, "POST", f"{prefix}{API}/runs/create", {"experiment_id": "0"})
        run_id = json.loads(body)["run"]["info"]["run_id"]
        path = f"{prefix}/api/2.0/mlflow-artifacts/artifacts/0/{run_id}/artifacts/a.txt"
        assert ask(host, "PUT", path, body=b"hello")[0] == 200
        assert ask(host, "GET", path) == (200, b"hello")
        assert ask(host, "GET", "/health")[0] == 404
    assert status == 200
    assert (tmp_path / "files" / "0" / run_id / "artifacts" / "a.txt").read_bytes() == b"hello"
    assert not (tmp_path / ".hookline").exists()


@POSIX
def test_links_that_lead_out_of_the_artifact_store_are_not_followed(tmp_path):
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key").write_text("secret", encoding="utf-8")
    with server(tmp_path, "--artifacts", str(tmp_path / "files")) as (_, url):
        run_id = post(url, "runs/create", experiment_id="0")["run"]["info"]["run_id"]
        proxy = f"/api/2.0/mlflow-artifacts/artifacts/0/{run_id}/artifacts"
        assert ask(url, "PUT", f"{proxy}/a.txt", body=b"hello")[0] == 200
        root = tmp_path / "files" / "0" / run_id / "artifacts"
        (root / "folder").symlink_to(secret)
        (root / "file").symlink_to(secret / "key")
        for method, path in [
            *(("GET", f"{proxy}/folder/key"), ("GET", f"{proxy}/file"), ("PUT", f"{proxy}/folder/new")),
            *(("DELETE", f"{proxy}/folder/key"), ("GET", f"/get-artifact?run_id={run_id}&path=file")),
        ]:
            status, body = ask(url, method, path, body=b"evil" if method == "PUT" else None)
            assert status >= 400, (method, path, body)
            assert b"secret" not in body
        listed = json.loads(ask(url, "GET", f"{API}/artifacts/list?run_id={run_id}&path=folder")[1])
        assert "files" not in listed or not listed["files"]
    assert [path.name for path in secret.iterdir()] == ["key"]


def test_a_client_is_not_told_where_a_locked_store_lies(tmp_path):
    (tmp_path / "hookline.yaml").write_text("tracking: {uri: 'sqlite:///own.db', options: {busy_timeout: 0.2}}\n")
    with server(tmp_path) as (_process, url):
        run_id = post(url, "runs/create", experiment_id="0")["run"]["info"]["run_id"]
        with closing(sqlite3.connect(tmp_path / "own.db", isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            status, body = ask(url, "POST", f"{API}/runs/log-parameter", {"run_id": run_id, "key": "a", "value": "b"})
            connection.execute("ROLLBACK")
        assert status == 503
        assert json.loads(body)["error_code"] == "TEMPORARILY_UNAVAILABLE"
        assert b"own.db" not in body
        assert str(tmp_path).encode() not in body
        post(url, "runs/log-parameter", run_id=run_id, key="a", value="b")


@POSIX
def test_while_the_store_is_locked_what_was_answered_waits_and_the_rest_is_refused(tmp_path):
    """A read says that it cannot be known, rather than to leave something out."""
    (tmp_path / "hookline.yaml").write_text("tracking: {uri: 'sqlite:///own.db', options: {busy_timeout: 0.2}}\n")
    with server(tmp_path) as (_process, url):
        post(url, "runs/create", experiment_id="0")
        run_id = post(url, "runs/create", experiment_id="0")["run"]["info"]["run_id"]
        answered = []
        with closing(sqlite3.connect(tmp_path / "own.db", isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            for step in range(100_000):
                point = {"run_id": run_id, "key": "m", "value": step, "step": step, "timestamp": 1}
                status, _ = ask(url, "POST", f"{API}/runs/log-metric", point)
                if status != 200:
                    break
                answered.append(step)
            assert status == 503
            assert ask(url, "GET", f"{API}/runs/get?run_id={run_id}")[0] == 503
            connection.execute("ROLLBACK")
        found = json.loads(ask(url, "GET", f"{API}/metrics/get-history?run_id={run_id}&metric_key=m")[1])
        assert [int(each["step"]) for each in found.get("metrics", [])] == answered


@POSIX
def test_what_a_killed_server_answered_for_is_seen_by_the_next_command(tmp_path, hookline_command):
    """It is killed before it commits anything: the database is locked by another process meanwhile."""
    with server(tmp_path) as (process, url):
        post(url, "runs/create", experiment_id="0")
        with closing(sqlite3.connect(tmp_path / ".hookline" / "hookline.db", isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            made = post(url, "runs/create", experiment_id="0", run_name="late")["run"]["info"]["run_id"]
            for step in range(5):
                post(url, "runs/log-metric", run_id=made, key="m", value=step, step=step, timestamp=1)
            points = [{"key": "m", "value": step, "step": step, "timestamp": 1} for step in range(5, 900)]
            post(url, "runs/log-batch", run_id=made, metrics=points)
            process.kill()
            process.wait()
            connection.execute("ROLLBACK")
    shown = json.loads(hookline_command("runs", "show", made, "--json"))
    assert shown["info"]["run_name"] == "late"
    assert [*(tmp_path / ".hookline").rglob("*.intake")] == []
    with workspace_of(tmp_path) as workspace:
        assert [*workspace.runs.history(made, "m").steps] == [*range(900)]
    assert cursors_of_intakes(tmp_path) == 0


@pytest.fixture
def greeter(tmp_path):
    """The plugin of plugins/server/README.md, as if it was installed; the variables that let Python find it."""
    text = (Path(__file__).parents[1] / "plugins" / "server" / "README.md").read_text(encoding="utf-8")
    site = tmp_path / "site"
    metadata = site / "greeter-1.dist-info"
    metadata.mkdir(parents=True)
    for name, code in re.findall(r"```python (\w+\.py)\n(.*?)```", text, re.DOTALL):
        (site / name).write_text(code, encoding="utf-8")
    needs = "Requires-Dist: hookline-core>=0.1.0,<0.2\n"
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: greeter\nVersion: 1\n{needs}", encoding="utf-8")
    (metadata / "entry_points.txt").write_text("[hookline]\ngreeter = greeter\n", encoding="utf-8")
    return {"PYTHONPATH": str(site)}


def test_the_plugin_of_the_page_keeps_the_laws_of_plugins(tmp_path, greeter):
    tests = tmp_path / "laws" / "test_greeter.py"
    tests.parent.mkdir()
    tests.write_text(
        'from hookline.testing import PluginSuite\n\n\nclass TestPlugin(PluginSuite):\n    plugin = "greeter"\n',
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", tests.parent, tests]
    variables = {**os.environ, **greeter}
    done = subprocess.run(
        command, cwd=tests.parent, env=variables, capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 0, done.stdout


def test_an_installed_plugin_adds_routes(tmp_path, greeter):
    with server(tmp_path, variables=greeter) as (_, url):
        assert ask(url, "GET", "/api/hookline/v1/greetings/jane") == (200, b'{"text":"Hello jane"}')
        paths = json.loads(ask(url, "GET", "/openapi.json")[1])["paths"]
    assert "/api/hookline/v1/greetings/{name}" in paths


def test_an_installed_authenticator_knows_callers(tmp_path, greeter):
    options = ["--auth", "word", "--auth-option", "word=sesame"]
    with server(tmp_path, *options, variables=greeter) as (_, url):
        path = f"{API}/experiments/get?experiment_id=0"
        assert ask(url, "GET", "/health")[0] == 200
        assert ask(url, "GET", path)[0] == 401
        assert ask(url, "GET", path, headers={"Authorization": "Bearer guess"})[0] == 401
        assert ask(url, "GET", path, headers={"Authorization": "Bearer sesame"})[0] == 200


def test_an_option_that_the_authenticator_does_not_know_is_told(tmp_path, greeter):
    command = [sys.executable, "-m", "hookline", "server", "--auth", "word", "--auth-option", "world=sesame"]
    variables = {**os.environ, **greeter}
    done = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "world" in done.stderr
    assert "Traceback" not in done.stderr
