"""MLflow's REST API, request by request, over the stores in memory."""

import math
from itertools import accumulate, pairwise, starmap

import pytest

from hookline.errors import ConfigError, DigestMismatch, HooklineError, Refused, Unavailable, UnknownProvider
from hookline.testing import PluginSuite

MANY = [{"key": "m", "value": 1, "timestamp": 1}] * 2


class TestPlugin(PluginSuite):
    plugin = "server"


# The server about itself ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "text"), [("/health", "OK"), ("/ready", "OK"), ("/version", "3.5.0")])
def test_the_server_says_how_it_is(client, path, text):
    status, headers, body = client.raw("GET", path)
    assert (status, body.decode()) == (200, text)
    assert headers["content-type"].startswith("text/plain")


def test_requests_are_counted_for_prometheus(client):
    client.raw("GET", "/health")
    client.refused("GET", "runs/get", run_id="none")
    _, headers, body = client.raw("GET", "/metrics")
    assert headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = body.decode().splitlines()
    assert 'hookline_requests_total{operation="health",status="200"} 1' in lines
    assert 'hookline_request_seconds_bucket{operation="health",le="+Inf"} 1' in lines


def test_the_api_describes_itself(client):
    document = client.get("/openapi.json")
    assert document["openapi"] == "3.1.0"
    operations = [each for path in document["paths"].values() for each in path.values()]
    assert len({each["operationId"] for each in operations}) == len(operations)
    assert all(each["x-permission"] for each in operations)


# Experiments ---------------------------------------------------------------------------------------------------------


def test_an_experiment_is_created_found_renamed_deleted_and_restored(client):
    made = client.post("experiments/create", name="wine", tags=[{"key": "a", "value": "b"}])["experiment_id"]
    found = client.get("experiments/get-by-name", experiment_name="wine")["experiment"]
    assert found["experiment_id"] == made
    assert found["artifact_location"] == f"mlflow-artifacts:/{made}"
    assert found["tags"] == [{"key": "a", "value": "b"}]
    client.post("experiments/update", experiment_id=made, new_name="red wine")
    client.post("experiments/set-experiment-tag", experiment_id=made, key="c", value="d")
    client.post("experiments/delete-experiment-tag", experiment_id=made, key="a")
    client.post("experiments/delete", experiment_id=made)
    found = client.get("experiments/get", experiment_id=made)["experiment"]
    assert (found["name"], found["lifecycle_stage"]) == ("red wine", "deleted")
    assert found["tags"] == [{"key": "c", "value": "d"}]
    client.post("experiments/restore", experiment_id=made)
    assert client.get("experiments/get", experiment_id=made)["experiment"]["lifecycle_stage"] == "active"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_experiments_are_searched_page_by_page(client, method):
    for name in "abc":
        client.post("experiments/create", name=name)
    names, token = [], ""
    while True:
        page = client.post(
            *("experiments/search", method),
            max_results=2,
            filter="name != 'Default'",
            order_by=["name ASC"],
            page_token=token,
        )
        names += [each["name"] for each in page["experiments"]]
        token = page.get("next_page_token")
        if not token:
            break
    assert names == ["a", "b", "c"]


# Runs ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["/api/2.0", "/ajax-api/2.0", "/api/2.0/preview"])
def test_a_run_is_logged_into_and_read_again(client, prefix):
    path = f"{prefix}/mlflow/runs"
    run = client.post(f"{path}/create", experiment_id="0", run_name="first", start_time="1000", user_id="jane")["run"]
    run_id = run["info"]["run_id"]
    assert run["info"]["run_uuid"] == run_id
    assert run["info"]["artifact_uri"] == f"mlflow-artifacts:/0/{run_id}/artifacts"
    client.post(f"{path}/log-parameter", run_id=run_id, key="alpha", value="0.1")
    client.post(f"{path}/log-metric", run_id=run_id, key="loss", value=1, timestamp="2000", step="3")
    client.post(
        f"{path}/log-batch",
        run_id=run_id,
        metrics=[{"key": "loss", "value": 0.5, "timestamp": 3000, "step": 4}],
        params=[{"key": "beta", "value": ""}],
        tags=[{"key": "t", "value": "v"}],
    )
    client.post(f"{path}/set-tag", run_id=run_id, key="u", value="w")
    client.post(f"{path}/delete-tag", run_id=run_id, key="t")
    assert (
        client.post(f"{path}/update", run_id=run_id, status="FINISHED", end_time=4000)["run_info"]["end_time"] == 4000
    )
    found = client.get(f"{path}/get", run_id=run_id)["run"]
    assert found["info"]["status"] == "FINISHED"
    assert (found["info"]["start_time"], found["info"]["user_id"]) == (1000, "jane")
    assert found["data"]["metrics"] == [{"key": "loss", "value": 0.5, "timestamp": 3000, "step": 4}]
    assert found["data"]["params"] == [{"key": "alpha", "value": "0.1"}, {"key": "beta", "value": ""}]
    assert {"key": "u", "value": "w"} in found["data"]["tags"]
    assert {"key": "t", "value": "v"} not in found["data"]["tags"]


def test_nan_and_infinities_travel_as_texts_and_stay_what_they_are(client, workspace):
    run_id = client.run()
    for step, value in enumerate(["NaN", "Infinity", "-Infinity"]):
        client.post("runs/log-metric", run_id=run_id, key="m", value=value, timestamp=1, step=step)
    found = client.get("metrics/get-history", run_id=run_id, metric_key="m")["metrics"]
    assert [each["value"] for each in found] == ["NaN", "Infinity", "-Infinity"]
    values = [each for block in workspace.tracking.metric_history(run_id, "m") for each in block.values]
    assert math.isnan(values[0])
    assert values[1:] == [math.inf, -math.inf]


def test_a_request_that_is_sent_again_is_stored_once(client, workspace):
    run_id = client.run()
    for _ in range(3):
        client.post("runs/log-metric", run_id=run_id, key="m", value=1.0, timestamp=5, step=1)
        client.post("runs/log-batch", run_id=run_id, metrics=[{"key": "n", "value": 1.0, "timestamp": 5, "step": 1}])
    client.get("runs/get", run_id=run_id)
    for key in "mn":
        assert sum(len(block) for block in workspace.tracking.metric_history(run_id, key)) == 1


def test_equal_points_are_one_point_to_clients(client):
    run_id = client.run()
    point = {"key": "m", "value": 1.0, "timestamp": 5, "step": 1}
    client.post("runs/log-batch", run_id=run_id, metrics=[point, point])
    assert client.get("metrics/get-history", run_id=run_id, metric_key="m")["metrics"] == [point]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 25_000])
@pytest.mark.parametrize("steps", [range(7), [0, 0, 0, 1, 2, 2, 3, 3, 3, 3, 4, 4]], ids=["each one", "equal ones"])
def test_a_history_is_read_page_by_page(client, workspace, monkeypatch, size, steps):
    run_id = client.run()
    points = [{"key": "m", "value": float(step), "timestamp": 5, "step": step} for step in steps]
    client.post("runs/log-batch", run_id=run_id, metrics=points)
    (whole,) = workspace.tracking.metric_history(run_id, "m")
    for blocks in [[len(points)], [3] * len(points), [1] * len(points)]:
        ends = list(accumulate(blocks, initial=0))
        monkeypatch.setattr(
            type(workspace.tracking),
            "metric_history",
            lambda *_, ends=ends: iter([each for each in starmap(whole.part, pairwise(ends)) if len(each)]),
        )
        found, token = [], ""
        while True:
            page = client.get("metrics/get-history", run_id=run_id, metric_key="m", max_results=size, page_token=token)
            assert len(page.get("metrics", [])) <= size
            found += page.get("metrics", [])
            token = page.get("next_page_token")
            if not token:
                break
        assert found == [
            {"key": "m", "value": float(step), "timestamp": 5, "step": step} for step in sorted(set(steps))
        ]


@pytest.mark.parametrize("most", [0, -1, -(10**30)])
def test_a_history_of_several_runs_has_a_size(client, most):
    run_id = client.run()
    fields = {"run_id": run_id, "metric_key": "m", "max_results": most}
    status, code, _ = client.refused("GET", "metrics/get-history-bulk", **fields)
    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")


def test_a_history_is_sampled_with_the_ends_of_each_run(client):
    runs = [client.run(), client.run()]
    for run_id, size in zip(runs, (100, 37), strict=True):
        points = [{"key": "m", "value": float(step), "timestamp": 5, "step": step} for step in range(size)]
        client.post("runs/log-batch", run_id=run_id, metrics=points)
    asked = {"run_ids": runs, "metric_key": "m", "max_results": 10}
    found = client.get("metrics/get-history-bulk-interval", **asked)["metrics"]
    steps = {run_id: [each["step"] for each in found if each["run_id"] == run_id] for run_id in runs}
    assert steps == {runs[0]: [*range(0, 90, 10), 99], runs[1]: [*range(0, 29, 4), 31, 36]}
    found = client.get("metrics/get-history-bulk-interval", **asked, start_step=50, end_step=52)["metrics"]
    assert [each["step"] for each in found] == [50, 51, 52]


def test_runs_are_searched(client):
    for number in range(5):
        run_id = client.run(run_name=f"run-{number}")
        client.post("runs/log-metric", run_id=run_id, key="m", value=number, timestamp=1)
    asked = {"experiment_ids": ["0"], "filter": "metrics.m > 0", "order_by": ["metrics.m DESC"], "max_results": 3}
    first = client.post("runs/search", **asked)
    second = client.post("runs/search", **asked, page_token=first["next_page_token"])
    assert [each["info"]["run_name"] for each in first["runs"] + second["runs"]] == ["run-4", "run-3", "run-2", "run-1"]
    assert "next_page_token" not in second
    assert client.post("runs/search", experiment_ids=["0"], filter="metrics.m > 9") == {}


def test_inputs_and_outputs_are_noted(client):
    run_id = client.run()
    dataset = {"name": "wine", "digest": "d1", "source_type": "local", "source": "{}", "schema": "s", "profile": "p"}
    tags = [{"key": "mlflow.data.context", "value": "training"}]
    client.post("runs/log-inputs", run_id=run_id, datasets=[{"dataset": dataset, "tags": tags}])
    client.post("runs/outputs", run_id=run_id, models=[{"model_id": "m-1", "step": 2}])
    found = client.get("runs/get", run_id=run_id)["run"]
    assert found["inputs"]["dataset_inputs"] == [{"tags": tags, "dataset": dataset}]
    assert found["outputs"]["model_outputs"] == [{"model_id": "m-1", "step": 2}]
    summary = {"experiment_id": "0", "name": "wine", "digest": "d1", "context": "training"}
    assert client.post("experiments/search-datasets", experiment_ids=["0"])["dataset_summaries"] == [summary]


def test_a_deleted_run_is_read_and_takes_nothing(client):
    run_id = client.run()
    client.post("runs/delete", run_id=run_id)
    assert client.get("runs/get", run_id=run_id)["run"]["info"]["lifecycle_stage"] == "deleted"
    status, code, message = client.refused("POST", "runs/log-metric", run_id=run_id, key="m", value=1, timestamp=1)
    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert message == f"The run {run_id} must be in the 'active' state. Current state is deleted. Restore it first."
    client.post("runs/restore", run_id=run_id)
    client.post("runs/log-metric", run_id=run_id, key="m", value=1, timestamp=1)


# The registry and logged models --------------------------------------------------------------------------------------


def test_a_model_is_registered_with_versions_aliases_and_stages(client):
    client.post("registered-models/create", name="wine", description="red", tags=[{"key": "a", "value": "b"}])
    run_id = client.run()
    source = f"mlflow-artifacts:/0/{run_id}/artifacts/model"
    for number in ("1", "2"):
        made = client.post("model-versions/create", name="wine", source=source, run_id=run_id)["model_version"]
        assert (made["version"], made["status"], made["source"]) == (number, "READY", source)
    client.post("registered-models/alias", name="wine", alias="champion", version="2")
    found = client.get("registered-models/alias", name="wine", alias="champion")["model_version"]
    assert (found["version"], found["aliases"]) == ("2", ["champion"])
    moved = client.post(
        *("model-versions/transition-stage",),
        name="wine",
        version="1",
        stage="production",
        archive_existing_versions=False,
    )["model_version"]
    assert moved["current_stage"] == "Production"
    latest = client.post("registered-models/get-latest-versions", name="wine")["model_versions"]
    assert [(each["version"], each["current_stage"]) for each in latest] == [("2", "None"), ("1", "Production")]
    assert client.get("model-versions/get-download-uri", name="wine", version="1") == {"artifact_uri": source}
    model = client.get("registered-models/get", name="wine")["registered_model"]
    assert model["aliases"] == [{"alias": "champion", "version": "2"}]
    client.post("model-versions/delete", "DELETE", name="wine", version="2")
    assert client.refused("GET", "registered-models/alias", name="wine", alias="champion")[0] in (400, 404)
    assert client.get("model-versions/search", filter="name='wine'")["model_versions"][0]["version"] == "1"
    client.post("registered-models/rename", name="wine", new_name="white")
    client.post("registered-models/delete", "DELETE", name="white")
    assert client.get("registered-models/search") == {}


def test_a_version_may_be_made_from_a_version_that_is_there(client):
    client.post("registered-models/create", name="wine")
    client.post("model-versions/create", name="wine", source=f"mlflow-artifacts:/0/{client.run()}/artifacts/model")
    made = client.post("model-versions/create", name="wine", source="models:/wine/1")["model_version"]
    assert (made["version"], made["source"]) == ("2", "models:/wine/1")


@pytest.mark.parametrize(
    ("source", "status", "said"),
    [
        ("models:/wine", 400, "models:/NAME/VERSION"),
        ("models:/wine@best", 404, "best"),
        ("models:/wine/latest", 400, "models:/NAME/VERSION"),
        ("models:/wine/7", 404, "not found"),
        ("models:/other/1", 404, "not found"),
        ("models:/m-0123", 404, "m-0123"),
    ],
)
def test_a_version_is_made_from_no_version_that_is_not_there(client, source, status, said):
    client.post("registered-models/create", name="wine")
    found, _, message = client.refused("POST", "model-versions/create", name="wine", source=source)
    assert found == status
    assert said in message


def test_a_prompt_is_refused_before_anything_is_made(client):
    tags = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]
    status, code, message = client.refused("POST", "registered-models/create", name="p", tags=tags)
    assert (status, code) == (501, "NOT_IMPLEMENTED")
    assert "prompts" in message
    assert client.refused("GET", "registered-models/get", name="p")[0] == 404


def test_a_logged_model_is_made_filled_and_found(client):
    run_id = client.run()
    model = client.post("logged-models", experiment_id="0", name="net", source_run_id=run_id)["model"]["info"]
    model_id = model["model_id"]
    assert model["status"] == "LOGGED_MODEL_PENDING"
    assert model["artifact_uri"] == f"mlflow-artifacts:/0/models/{model_id}/artifacts"
    client.post(f"logged-models/{model_id}/params", params=[{"key": "p", "value": "1"}])
    client.post(f"logged-models/{model_id}/tags", "PATCH", tags=[{"key": "t", "value": "v"}])
    ready = client.post(f"logged-models/{model_id}", "PATCH", status="LOGGED_MODEL_READY")["model"]["info"]
    assert ready["status"] == "LOGGED_MODEL_READY"
    found = client.post("logged-models/search", experiment_ids=["0"], filter="name = 'net'")["models"]
    assert [each["data"]["params"] for each in found] == [[{"key": "p", "value": "1"}]]
    client.post(f"logged-models/{model_id}/tags/t", "DELETE")
    client.post(f"logged-models/{model_id}", "DELETE")
    assert client.refused("GET", f"logged-models/{model_id}")[0] == 404


# Errors --------------------------------------------------------------------------------------------------------------

REQUIRED = "Missing value for required parameter '{}'. See the API docs for more information about request parameters."


@pytest.mark.parametrize(
    ("method", "path", "fields", "status", "code", "message"),
    [
        ("POST", "experiments/create", {}, 400, "INVALID_PARAMETER_VALUE", REQUIRED.format("name")),
        ("POST", "experiments/create", {"name": "Default"}, 400, "RESOURCE_ALREADY_EXISTS", "already exists"),
        ("POST", "experiments/create", {"name": 3}, 400, "INVALID_PARAMETER_VALUE", "Invalid value 3 for parameter"),
        ("GET", "experiments/get", {"experiment_id": "77"}, 404, "RESOURCE_DOES_NOT_EXIST", "No Experiment"),
        ("GET", "runs/get", {"run_id": "x"}, 404, "RESOURCE_DOES_NOT_EXIST", "Run with id=x not found"),
        ("GET", "runs/get", {}, 400, "INVALID_PARAMETER_VALUE", REQUIRED.format("run_id")),
        ("POST", "runs/log-metric", {"run_id": "x", "key": "k"}, 400, "INVALID_PARAMETER_VALUE", "'value'"),
        ("POST", "runs/search", {"experiment_ids": ["0"], "filter": "a OR b"}, 400, "INVALID_PARAMETER_VALUE", ""),
        ("POST", "runs/search", {"max_results": 10**6}, 400, "INVALID_PARAMETER_VALUE", "max_results"),
        ("GET", "registered-models/get", {"name": "x"}, 404, "RESOURCE_DOES_NOT_EXIST", "not found"),
        ("GET", "nothing/here", {}, 404, "ENDPOINT_NOT_FOUND", "openapi.json"),
        ("GET", "runs/create", {}, 405, "METHOD_NOT_ALLOWED", "POST"),
        ("GET", "traces/x", {}, 501, "NOT_IMPLEMENTED", "Traces"),
        ("POST", "/v1/traces", {}, 501, "NOT_IMPLEMENTED", "Traces"),
    ],
)
def test_a_mistake_is_told_with_the_code_that_clients_know(client, method, path, fields, status, code, message):
    found = client.refused(method, path, **fields)
    assert found[:2] == (status, code)
    assert message in found[2]


def test_a_param_that_changes_is_refused_in_the_words_that_clients_match(client):
    run_id = client.run()
    client.post("runs/log-parameter", run_id=run_id, key="p", value="1")
    client.post("runs/log-parameter", run_id=run_id, key="p", value="1")
    assert client.refused("POST", "runs/log-parameter", run_id=run_id, key="p", value="2")[2] == (
        "Changing param values is not allowed. Param with key='p' was already logged with value='1' for run "
        f"ID='{run_id}'. Attempted logging new value '2'."
    )


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"metrics": [{"key": "m", "value": 1, "timestamp": 1}] * 1001}, "at most 1000 metrics. Got 1001"),
        ({"params": [{"key": f"p{n}", "value": ""} for n in range(101)]}, "at most 100 params. Got 101"),
        ({"tags": [{"key": f"t{n}", "value": ""} for n in range(101)]}, "at most 100 tags. Got 101"),
        ({"params": [{"key": "p", "value": "1"}, {"key": "p", "value": "2"}]}, "Duplicate parameter keys"),
        ({"params": [{"key": "p", "value": "x" * 6001}]}, "6001 characters; at most 6000"),
        ({"tags": [{"key": "t", "value": "x" * 8001}]}, "8001 characters; at most 8000"),
        ({"metrics": [{"key": "m", "value": 1}]}, "'timestamp'"),
        ({"metrics": [*MANY, {"key": "m", "value": 1}]}, "'timestamp' of the metric 'm'"),
        ({"metrics": [*MANY, {"key": "m", "timestamp": 1}]}, "'value' of the metric 'm'"),
        ({"metrics": [*MANY, {"key": "m", "value": 1, "timestamp": -1}]}, "cannot be negative, as -1 is"),
        ({"metrics": [*MANY, {"key": "m", "value": 1, "timestamp": 1, "step": 2**63}]}, "does not fit into 64 bits"),
        ({"metrics": [*MANY, *({"key": "a//b", "value": 1, "timestamp": 1},) * 2]}, "Invalid metric name 'a//b'"),
        ({"metrics": [{"key": "../m", "value": 1, "timestamp": 1}]}, "Invalid metric name"),
    ],
)
def test_a_batch_beyond_the_limits_is_refused_whole(client, fields, message):
    run_id = client.run()
    assert message in client.refused("POST", "runs/log-batch", run_id=run_id, **fields)[2]
    data = client.get("runs/get", run_id=run_id)["run"]["data"]
    assert "metrics" not in data
    assert "params" not in data


def test_a_failure_of_the_server_shows_a_number_only(serve, workspace, monkeypatch, caplog):
    def fail(_run_id):
        raise RuntimeError("SELECT secret FROM /root")

    with serve() as client:
        monkeypatch.setattr(workspace.tracking, "get_run", fail)
        status, code, message = client.refused("GET", "runs/get", run_id="x")
    assert (status, code) == (500, "INTERNAL_ERROR")
    assert "secret" not in message
    assert message.split()[-1].rstrip(".") in caplog.text


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Unavailable, 503, "TEMPORARILY_UNAVAILABLE"),
        (Refused, 403, "PERMISSION_DENIED"),
        (DigestMismatch, 500, "DATA_LOSS"),
        (HooklineError, 500, "INTERNAL_ERROR"),
        (ConfigError, 400, "INVALID_PARAMETER_VALUE"),
        (UnknownProvider, 400, "INVALID_PARAMETER_VALUE"),
    ],
)
@pytest.mark.parametrize("request_", ["a read", "a write"])
def test_an_error_of_the_server_itself_names_no_place_of_it(
    serve, workspace, monkeypatch, caplog, error, status, code, request_
):
    def fail(*_given, **_named):
        raise error("/srv/secret.db on db.internal is locked")

    with serve() as client:
        run_id = client.run()
        monkeypatch.setattr(workspace.tracking, "get_run", fail)
        monkeypatch.setattr(workspace.tracking, "write_together", fail)
        if request_ == "a read":
            found = client.refused("GET", "runs/get", run_id=run_id)
        else:
            found = client.refused("POST", "runs/log-parameter", run_id=run_id, key="a", value="b")
    assert found[:2] == (status, code)
    assert "secret" not in found[2]
    assert "internal" not in found[2]
    assert "/srv/secret.db on db.internal is locked" in caplog.text
    assert found[2].split()[-1].rstrip(".") in caplog.text
