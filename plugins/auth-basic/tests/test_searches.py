"""Searches find what the caller may read: pages are full, totals and tokens say nothing of what is hidden."""

import base64
import json
import re

import pytest
from attrs import asdict
from auth_servers import basic, make_things, served, sqlite_workspace

import hookline_auth_basic
import hookline_server
from hookline import search
from hookline.entities import Delivery, Metric
from hookline.testing import memory_workspace
from hookline_auth_basic.accounts import EXPERIMENT, MODEL
from hookline_auth_basic.levels import Level
from hookline_auth_basic.options import BasicOptions
from hookline_lib_wire.messages import journal

OWN = "/api/hookline/v1"


@pytest.fixture(scope="module", params=["memory", "sqlite"])
def opened(request, tmp_path_factory):
    home = tmp_path_factory.mktemp(request.param)
    made = memory_workspace(home, hookline_server, hookline_auth_basic)
    with made if request.param == "memory" else sqlite_workspace(home) as workspace:
        yield workspace


@pytest.fixture(scope="module", params=["NO_PERMISSIONS", "READ"])
def searched(request, opened):
    """A server, three things that the reader may read, and between them three that are hidden."""
    default = request.param
    with served(opened, BasicOptions(default_permission=default), users=("admin", "reader")) as client:
        for other in client.services.registry.search_models(everything()).items:
            client.services.registry.delete_model(other.name)
        seen, hidden = [], []
        for number in range(6):
            things = make_things(client.services, "hidden" if number % 2 else "seen")
            (hidden if number % 2 else seen).append(things)
            level = Level.NO_PERMISSIONS if number % 2 else Level.READ
            client.accounts.grant("reader", EXPERIMENT, things.experiment_id, level)
            client.accounts.grant("reader", MODEL, things.name, level)
        yield client, default, seen, hidden


def everything():

    return search.parse(search.REGISTERED_MODELS, "")


def ids(things):
    return [each.experiment_id for each in things]


def ask(searched, method, path, **fields):
    client, _, _, hidden = searched
    answer = client.done("reader", method, path, **fields)
    text = json.dumps(answer)
    assert "hidden" not in text
    for things in hidden:
        assert things.run_id not in text
        assert things.model_id not in text
    return answer


def mine(searched, found):
    """Return what was found of this server's: others are readable, too, where reading is the default."""
    return [each for each in found if each["name"] in {things.name for things in searched[2]}]


@pytest.mark.parametrize("path", ["experiments/search", "experiments/list"])
def test_experiments(searched, path):
    found = ask(searched, "GET", path, max_results=1000)["experiments"]
    assert len(mine(searched, found)) == 3


def test_pages_of_experiments_are_full_and_their_tokens_tell_nothing(searched):
    names, token = [], ""
    while True:
        page = ask(searched, "POST", "experiments/search", max_results=2, page_token=token, filter="name LIKE 'seen%'")
        names += [each["name"] for each in page["experiments"]]
        token = page.get("next_page_token", "")
        if not token:
            break
        assert len(page["experiments"]) == 2
        assert "hidden" not in decoded(token)
    assert {each.name for each in searched[2]} <= set(names)


def decoded(token):

    padded = re.sub(r"[^A-Za-z0-9+/]", "", token)
    return token + base64.b64decode(padded + "=" * (-len(padded) % 4)).decode(errors="replace")


@pytest.mark.parametrize("path", ["runs/search", f"{OWN}/runs/search"])
def test_runs(searched, path):
    _, _, seen, hidden = searched
    found = ask(searched, "POST", path, experiment_ids=[*ids(hidden), *ids(seen)])["runs"]
    assert {each["info"]["run_id"] for each in found} == {each.run_id for each in seen}
    assert ask(searched, "POST", path, experiment_ids=ids(hidden)) == {}


def test_counts_and_keys_and_datasets(searched):
    _, _, seen, hidden = searched
    both = [*ids(hidden), *ids(seen)]
    assert ask(searched, "POST", f"{OWN}/runs/count", experiment_ids=both)["count"] == 3
    assert ask(searched, "POST", f"{OWN}/runs/count", experiment_ids=ids(hidden))["count"] == 0
    keys = ask(searched, "POST", f"{OWN}/runs/keys", experiment_ids=both)["keys"]
    assert {each["key"] for each in keys if each["kind"] == "param"} == {f"{each.name}-param" for each in seen}
    found = ask(searched, "POST", "experiments/search-datasets", experiment_ids=both)["dataset_summaries"]
    assert {each["name"] for each in found} == {f"{each.name}-data" for each in seen}


def test_logged_models(searched):
    _, default, seen, hidden = searched
    everywhere = ask(searched, "POST", "logged-models/search", experiment_ids=[])["models"]
    found = {each["info"]["model_id"] for each in everywhere}
    assert {each.model_id for each in seen} <= found
    assert default == "READ" or found == {each.model_id for each in seen}
    both = ask(searched, "POST", "logged-models/search", experiment_ids=[*ids(hidden), *ids(seen)])["models"]
    assert {each["info"]["model_id"] for each in both} == {each.model_id for each in seen}
    assert ask(searched, "POST", "logged-models/search", experiment_ids=ids(hidden)) == {}


@pytest.mark.parametrize("path", ["registered-models/search", "registered-models/list"])
def test_registered_models(searched, path):
    names, token = [], ""
    while True:
        page = ask(searched, "GET", path, max_results=2, page_token=token)
        names += [each["name"] for each in page["registered_models"]]
        token = page.get("next_page_token", "")
        if not token:
            break
        assert "hidden" not in decoded(token)
    assert sorted(names) == sorted(each.name for each in searched[2])


def test_versions(searched):
    _, _, seen, hidden = searched
    found = ask(searched, "GET", "model-versions/search")["model_versions"]
    assert {each["name"] for each in found} == {each.name for each in seen}
    assert ask(searched, "GET", "model-versions/search", filter=f"run_id = '{hidden[0].run_id}'") == {}


@pytest.mark.parametrize(
    ("method", "path", "field"),
    [
        ("GET", "metrics/get-history-bulk", "run_id"),
        ("GET", "metrics/get-history-bulk-interval", "run_ids"),
        ("POST", f"{OWN}/charts", "run_ids"),
        ("POST", f"{OWN}/charts/bands", "run_ids"),
        ("POST", f"{OWN}/charts/pairs", "run_ids"),
    ],
)
def test_series_of_several_runs_need_the_right_for_each(searched, method, path, field):
    client, _, seen, hidden = searched
    wanted = {"metric_key": "m", "key": "m", "x_key": "m"}
    ask(searched, method, path, **wanted, groups=["g"] * len(seen), **{field: [each.run_id for each in seen]})
    both = {field: [seen[0].run_id, hidden[0].run_id], "groups": ["g", "g"]}
    status, answer = client.ask("reader", method, path, **wanted, **both)
    assert (status, answer["message"]) == (404, f"Run with id={hidden[0].run_id} not found")


def test_an_administrator_finds_everything(searched):
    client, _, seen, hidden = searched
    found = client.done("admin", "GET", "registered-models/search")["registered_models"]
    assert {each.name for each in (*seen, *hidden)} <= {each["name"] for each in found}
    listed = client.done("admin", "GET", "experiments/search", max_results=1000)["experiments"]
    assert {each.name for each in (*seen, *hidden)} <= {each["name"] for each in listed}


# What a request names beside the thing that its route is about -------------------------------------------------------


@pytest.fixture
def pair(client, things):
    """Things that the roles have their rights on, and others that are hidden from all of them."""
    return client, things, make_things(client.services, "hidden")


@pytest.mark.parametrize("path", ["model-versions/create", f"{OWN}/model-versions/create"])
@pytest.mark.parametrize(
    "source",
    [
        "runs:/{run_id}/m",
        "models:/{model_id}",
        "models:/{name}/1",
        "models:/{name}@x",
        "mlflow-artifacts:/{experiment_id}/{run_id}/artifacts/m",
        "mlflow-artifacts:/{experiment_id}",
        "mlflow-artifacts:/{experiment_id}/models/{model_id}/artifacts",
    ],
)
def test_a_version_is_made_from_what_may_be_read(pair, path, source):
    client, own, hidden = pair

    client.done("editor", "POST", path, name=own.name, source=source.format(**asdict(own)))
    status, answer = client.ask("editor", "POST", path, name=own.name, source=source.format(**asdict(hidden)))
    assert (status, answer["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    client.done("admin", "POST", path, name=own.name, source=source.format(**asdict(hidden)))


@pytest.mark.parametrize("path", ["model-versions/create", f"{OWN}/model-versions/create"])
@pytest.mark.parametrize("field", ["run_id", "model_id"])
def test_a_version_says_that_it_came_from_what_may_be_read_or_is_gone(pair, path, field):
    client, own, hidden = pair
    source = f"mlflow-artifacts:/{own.experiment_id}/{own.run_id}/artifacts/m"
    status, _ = client.ask("editor", "POST", path, name=own.name, source=source, **{field: getattr(hidden, field)})
    assert status == 404
    client.done("editor", "POST", path, name=own.name, source=source, **{field: "0" * 32})


def test_an_experiment_does_not_keep_its_files_among_those_of_another(pair):
    client, own, hidden = pair
    for location in (
        f"mlflow-artifacts:/{hidden.experiment_id}",
        f"mlflow-artifacts:/{hidden.experiment_id}/{hidden.run_id}/artifacts",
        "mlflow-artifacts:/987654",  # which will be an experiment's one day
    ):
        status, answer = client.ask("editor", "POST", "experiments/create", name="e", artifact_location=location)
        assert status in (403, 404), answer
    for number, location in enumerate(("team/x", own.experiment_id)):
        fields = {"name": f"e{number}", "artifact_location": f"mlflow-artifacts:/{location}"}
        client.done("editor", "POST", "experiments/create", **fields)
    assert client.ask("reader", "POST", "experiments/create", **{**fields, "name": "e"})[0] == 403


def test_files_of_an_experiment_that_lie_elsewhere_follow_its_right(client):
    fields = {"name": "e", "artifact_location": "mlflow-artifacts:/team/x"}
    experiment_id = client.done("manager", "POST", "experiments/create", **fields)["experiment_id"]
    run = client.done("manager", "POST", "runs/create", experiment_id=experiment_id)["run"]["info"]
    path = f"/api/2.0/mlflow-artifacts/artifacts/team/x/{run['run_id']}/artifacts/a.txt"
    assert client.ask("manager", "PUT", path)[0] == 200
    assert client.ask("manager", "GET", path)[0] == 200
    for method in ("GET", "PUT", "DELETE"):
        assert client.ask("reader", method, path)[0] == 404
    status, _ = client.ask("manager", "GET", "/api/2.0/mlflow-artifacts/artifacts?path=")
    assert status == 404, "the root is nobody's"


def test_logged_models_of_others_are_neither_measured_nor_claimed(pair):
    client, own, hidden = pair
    metric = {"key": "m", "value": 1, "timestamp": 1, "step": 0}
    asked = {
        "runs/log-metric": lambda model_id: {**metric, "model_id": model_id},
        "runs/log-batch": lambda model_id: {"metrics": [{**metric, "model_id": model_id}]},
        f"{OWN}/runs/log-batch": lambda model_id: {"metrics": [{**metric, "model_id": model_id}]},
        "runs/log-inputs": lambda model_id: {"models": [{"model_id": model_id}]},
        "runs/outputs": lambda model_id: {"models": [{"model_id": model_id, "step": 0}]},
    }
    for path, fields in asked.items():
        client.done("editor", "POST", path, run_id=own.run_id, **fields(own.model_id))
        status, _ = client.ask("editor", "POST", path, run_id=own.run_id, **fields(hidden.model_id))
        assert status == 404, path
    assert client.services.logged_models.get_logged_model(hidden.model_id).metrics == ()


def test_a_journal_does_not_measure_logged_models_of_others(pair):

    client, own, hidden = pair
    for model_id, wanted in ((hidden.model_id, 404), (own.model_id, 200)):
        points = (Metric("m", 1.0, 0, 1, model_id),)
        body = journal.packed(Delivery(run_id=own.run_id, writer_id="w", first=0, count=1, metrics=points))
        headers = {**basic("editor"), "Content-Type": journal.MEDIA_TYPE}
        status, _, answer = client.raw("POST", f"{OWN}/journal/apply?run_id={own.run_id}", body, headers)
        assert status == wanted, answer


def test_a_run_is_not_taken_over_by_naming_another_experiment(pair):
    client, own, hidden = pair
    fields = {"run_id": hidden.run_id, "experiment_id": own.experiment_id}
    status, _ = client.ask("editor", "POST", f"{OWN}/runs/create", **fields)
    assert status == 403


# Events --------------------------------------------------------------------------------------------------------------


def test_who_makes_a_thing_manages_it(client):
    made = client.done("outsider", "POST", "experiments/create", name="mine")["experiment_id"]
    client.done("outsider", "POST", "registered-models/create", name="mine")
    client.done("outsider", "POST", f"{OWN}/registered-models/create", name="mine too")
    client.done("outsider", "POST", "experiments/delete", experiment_id=made)
    client.done("outsider", "DELETE", "registered-models/delete", name="mine too")
    assert client.ask("reader", "GET", "experiments/get", experiment_id=made)[0] == 404


def test_permissions_go_along_with_a_model_s_name_and_end_with_it(client, things):
    client.done("manager", "POST", "registered-models/rename", name=things.name, new_name="other")
    assert client.done("reader", "GET", "registered-models/get", name="other")["registered_model"]["name"] == "other"
    assert things.name not in client.accounts.get("reader").grants[MODEL]
    client.done("manager", "DELETE", "registered-models/delete", name="other")
    client.done("outsider", "POST", "registered-models/create", name="other")
    for role in ("reader", "editor", "manager"):
        assert client.ask(role, "GET", "registered-models/get", name="other")[0] == 404


def test_a_model_that_was_deleted_behind_the_server_s_back_leaves_no_rights(client, things):
    client.services.registry.delete_model(things.name)
    client.done("outsider", "POST", "registered-models/create", name=things.name)
    assert client.ask("manager", "GET", "registered-models/get", name=things.name)[0] == 404


def test_the_rights_of_a_user_end_with_the_user(client, things):
    client.done("admin", "DELETE", "users/delete", username="manager")
    client.done("admin", "POST", "users/create", username="manager", password="another long password")

    again = basic("manager", "another long password")
    assert client.ask(again, "GET", "runs/get", run_id=things.run_id)[0] == 404
