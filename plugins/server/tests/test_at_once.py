"""What the server answers without a task for the request, and what it leaves to the usual way."""

import json

import pytest

from hookline.entities import NewRun
from hookline_server.app import App
from hookline_server.services import Services
from hookline_server.settings import Durability, ServerSettings

RUNS = "/api/2.0/mlflow/runs"
HEADERS = {"host": "localhost:5000", "content-type": "application/json"}


@pytest.fixture
def app(workspace):
    made = App(Services(workspace, ServerSettings(durability=Durability.INTAKE, max_body=10_000)))
    yield made
    made.close()


@pytest.fixture
def run_id(app, workspace):
    """A run of which the server knows that it is there."""
    accepting = app._accepting
    found = workspace.tracking.create_run(NewRun("0")).info.run_id
    accepting.confirm(accepting.generation, [found])
    accepting.confirm_experiment(accepting.generation, "0")
    return found


def asked(app, path, body, **headers):
    given = {**HEADERS, **{name.replace("_", "-"): value for name, value in headers.items()}}
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        "client": ("127.0.0.1", 1),
    }
    return app.prompt.answer(scope, body if isinstance(body, bytes) else json.dumps(body).encode())


POINT = {"key": "m", "value": 1.0, "timestamp": 1, "step": 1}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("log-metric", POINT),
        ("set-tag", {"key": "t", "value": "v"}),
        ("log-batch", {"metrics": [POINT], "tags": [{"key": "t", "value": "v"}]}),
    ],
)
def test_what_is_logged_into_a_known_run_is_answered_at_once(app, run_id, path, body):
    assert asked(app, f"{RUNS}/{path}", {"run_id": run_id, **body}) == b"{}"


def test_a_new_run_of_a_known_experiment_is_answered_at_once(app, run_id):
    answer = json.loads(asked(app, f"{RUNS}/create", {"experiment_id": "0", "run_name": "prompt"}))
    assert answer["run"]["info"]["run_name"] == "prompt"
    assert answer["run"]["info"]["run_id"] != run_id


@pytest.mark.parametrize(
    ("path", "body", "headers"),
    [
        ("log-metric", {**POINT, "run_id": "unknown"}, {}),
        ("log-metric", {**POINT, "value": "a text"}, {}),
        ("log-metric", b"no JSON", {}),
        ("log-metric", POINT, {"content_type": "text/plain"}),
        ("log-metric", POINT, {"host": "evil.example"}),
        ("log-metric", POINT, {"origin": "http://evil.example"}),
        ("log-metric", POINT, {"content_encoding": "gzip"}),
        ("log-metric", {**POINT, "key": "m" * 10_000}, {}),
        ("log-batch", {"params": [{"key": "p", "value": "v"}]}, {}),
        ("set-tag", {"key": "mlflow.runName", "value": "another"}, {}),
        ("create", {"experiment_id": "77"}, {}),
        ("create", {"experiment_id": "0", "run_name": "one", "tags": [{"key": "mlflow.runName", "value": "two"}]}, {}),
    ],
)
def test_what_is_to_be_refused_or_waits_is_left_to_the_usual_way(app, workspace, run_id, path, body, headers):
    given = {"run_id": run_id, **body} if isinstance(body, dict) else body
    assert asked(app, f"{RUNS}/{path}", given, **headers) is None
    assert app._accepting.taken == 0


def test_only_what_the_intake_may_take_is_asked_for_at_once(app):
    own = {path for path in map(bytes.decode, app.prompt.paths) if path.startswith(f"{RUNS}/")}
    assert own == {f"{RUNS}/{name}" for name in ("create", "log-metric", "log-batch", "set-tag")}


def test_a_prefix_is_part_of_what_is_asked_for_at_once(workspace):
    app = App(Services(workspace, ServerSettings(prefix="/ml", durability=Durability.INTAKE)))
    assert f"/ml{RUNS}/create".encode() in app.prompt.paths
    assert f"{RUNS}/create".encode() not in app.prompt.paths
    app.close()


@pytest.mark.parametrize("durability", [Durability.COMMIT, Durability.FULL])
def test_where_answers_wait_for_commits_nothing_is_asked_for_at_once(workspace, durability):
    app = App(Services(workspace, ServerSettings(durability=durability)))
    assert app.prompt.paths == frozenset()
    app.close()
