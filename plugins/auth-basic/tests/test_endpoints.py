"""MLflow's routes for users and permissions, as its clients ask and read them."""

import pytest
from auth_servers import PASSWORD, basic, make_things

OTHER = "another long password"
V3 = "/api/3.0/mlflow/users"


def test_an_administrator_adds_reads_lists_and_removes_users(client):
    made = client.done("admin", "POST", "users/create", username="jane", password=PASSWORD)["user"]
    assert made == {
        "id": made["id"],
        "username": "jane",
        "is_admin": False,
        "experiment_permissions": [],
        "registered_model_permissions": [],
    }
    assert client.done("admin", "GET", "users/get", username="jane")["user"] == made
    listed = client.done("admin", "GET", "users/list")["users"]
    assert {"id": made["id"], "username": "jane", "is_admin": False, "roles": []} in listed
    assert len({each["id"] for each in listed}) == len(listed) == 6
    client.done("admin", "DELETE", "users/delete", username="jane")
    assert client.ask("admin", "GET", "users/get", username="jane")[0] == 404


@pytest.mark.parametrize(
    ("method", "path", "fields", "status", "code"),
    [
        ("POST", "users/create", {"username": "reader", "password": PASSWORD}, 400, "RESOURCE_ALREADY_EXISTS"),
        ("POST", "users/create", {"username": "a/b", "password": PASSWORD}, 400, "INVALID_PARAMETER_VALUE"),
        ("POST", "users/create", {"username": "jane", "password": "short"}, 400, "INVALID_PARAMETER_VALUE"),
        ("POST", "users/create", {"username": "jane"}, 400, "INVALID_PARAMETER_VALUE"),
        ("GET", "users/get", {"username": "nobody"}, 404, "RESOURCE_DOES_NOT_EXIST"),
        ("PATCH", "users/update-password", {"username": "nobody", "password": OTHER}, 404, "RESOURCE_DOES_NOT_EXIST"),
        ("PATCH", "users/update-admin", {"username": "nobody", "is_admin": True}, 404, "RESOURCE_DOES_NOT_EXIST"),
        ("PATCH", "users/update-admin", {"username": "admin", "is_admin": False}, 400, "INVALID_PARAMETER_VALUE"),
        ("PATCH", "users/update-admin", {"username": "reader"}, 400, "INVALID_PARAMETER_VALUE"),
        ("DELETE", "users/delete", {"username": "admin"}, 400, "INVALID_PARAMETER_VALUE"),
        ("DELETE", "users/delete", {"username": "nobody"}, 404, "RESOURCE_DOES_NOT_EXIST"),
    ],
)
def test_a_mistake_about_users_is_told(client, method, path, fields, status, code):
    found, answer = client.ask("admin", method, path, **fields)
    assert (found, answer["error_code"]) == (status, code)
    assert PASSWORD not in answer["message"]


def test_a_user_reads_their_own_account_and_nobody_else_s(client):
    own = client.done("reader", "GET", "users/current")
    assert own["is_basic_auth"] is True
    assert client.done("reader", "GET", "users/get", username="reader")["user"] == own["user"]
    for username in ("editor", "nobody"):
        status, answer = client.ask("reader", "GET", "users/get", username=username)
        assert (status, answer["message"]) == (403, "Permission denied")


def test_a_user_changes_their_own_password_with_the_present_one(client):
    path, fields = "users/update-password", {"username": "reader", "password": OTHER}
    assert "required" in client.ask("reader", "PATCH", path, **fields)[1]["message"]
    assert "match" in client.ask("reader", "PATCH", path, **fields, current_password="wrong password")[1]["message"]
    same = {"username": "reader", "password": PASSWORD, "current_password": PASSWORD}
    assert "differ" in client.ask("reader", "PATCH", path, **same)[1]["message"]
    client.done("reader", "PATCH", path, **fields, current_password=PASSWORD)
    assert client.ask("reader", "GET", "users/current")[0] == 401
    client.done(basic("reader", OTHER), "GET", "users/current")
    assert client.ask("editor", "PATCH", path, username="reader", password=PASSWORD)[0] == 403


def test_the_present_password_is_not_guessed_there_either(client):
    fields = {"username": "reader", "password": OTHER, "current_password": "wrong password"}
    found = [client.ask("reader", "PATCH", "users/update-password", **fields)[0] for _ in range(12)]
    assert found == [400] * 10 + [429] * 2


@pytest.fixture(params=["experiments", "registered-models"])
def kind(request, things):
    """What permissions are about: the path, the fields that name the thing, and how the answer is called."""
    if request.param == "experiments":
        return request.param, {"experiment_id": things.experiment_id}, "experiment_permission"
    return request.param, {"name": things.name}, "registered_model_permission"


def test_who_manages_a_thing_says_what_others_may_do(client, things, kind):
    below, named, word = kind
    path, user = f"{below}/permissions", {"username": "outsider"}
    user_id = client.done("outsider", "GET", "users/current")["user"]["id"]
    made = client.done("manager", "POST", f"{path}/create", **named, **user, permission="READ")
    assert made == {word: {**named, "user_id": user_id, "permission": "READ"}}
    assert client.done("manager", "GET", f"{path}/get", **named, **user) == made
    reads = ("GET", "experiments/get", {"experiment_id": things.experiment_id})
    if below != "experiments":
        reads = ("GET", "registered-models/get", {"name": things.name})
    client.done("outsider", *reads[:2], **reads[2])
    again, answer = client.ask("manager", "POST", f"{path}/create", **named, **user, permission="EDIT")
    assert (again, answer["error_code"]) == (400, "RESOURCE_ALREADY_EXISTS")
    client.done("manager", "PATCH", f"{path}/update", **named, **user, permission="MANAGE")
    (found,) = client.done("outsider", "GET", "users/current")["user"][f"{word}s"]
    assert found["permission"] == "MANAGE"
    client.done("manager", "DELETE", f"{path}/delete", **named, **user)
    assert client.ask("outsider", *reads[:2], **reads[2])[0] == 404
    for method, verb, fields in (
        ("GET", "get", {}),
        ("PATCH", "update", {"permission": "READ"}),
        ("DELETE", "delete", {}),
    ):
        status, answer = client.ask("manager", method, f"{path}/{verb}", **named, **user, **fields)
        assert (status, answer["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")


def test_a_mistake_about_permissions_is_told(client, kind):
    below, named, _ = kind
    path = f"{below}/permissions/create"
    for fields, status in (
        ({"username": "outsider", "permission": "ALL"}, 400),
        ({"username": "nobody", "permission": "READ"}, 404),
        ({"username": "outsider"}, 400),
    ):
        assert client.ask("manager", "POST", path, **named, **fields)[0] == status
    missing = dict.fromkeys(named, "987654")
    assert client.ask("admin", "POST", path, **missing, username="outsider", permission="READ")[0] == 404


@pytest.mark.parametrize("kind_of", ["experiment", "registered_model"])
def test_permissions_on_any_thing_as_mlflow_asks_since_3_13(client, things, kind_of):
    thing = things.experiment_id if kind_of == "experiment" else things.name
    named = {"username": "outsider", "resource_type": kind_of, "resource_id": thing}
    said = client.done("outsider", "GET", f"{V3}/permissions/get", **named)
    assert said == {"allowed": False, "permission": "NO_PERMISSIONS"}
    client.done("manager", "POST", f"{V3}/permissions/grant", **named, permission="EDIT")
    client.done("manager", "POST", f"{V3}/permissions/grant", **named, permission="USE")
    assert client.done("outsider", "GET", f"{V3}/permissions/get", **named) == {"allowed": True, "permission": "USE"}
    listed = client.done("outsider", "GET", f"{V3}/permissions/list", username="outsider")
    assert listed == client.done("outsider", "GET", f"{V3}/current/permissions")
    (found,) = listed["permissions"]
    assert listed["is_admin"] is False
    assert (found["resource_type"], found["resource_pattern"], found["permission"]) == (kind_of, thing, "USE")
    client.done("manager", "POST", f"{V3}/permissions/revoke", **named)
    client.done("manager", "POST", f"{V3}/permissions/revoke", **named)
    assert client.done("outsider", "GET", f"{V3}/permissions/get", **named)["allowed"] is False
    assert client.ask("editor", "POST", f"{V3}/permissions/grant", **named, permission="READ")[0] == 403


def test_a_kind_of_thing_that_is_not_known_is_told(client):
    named = {"username": "outsider", "resource_type": "scorer", "resource_id": "x"}
    for user in ("admin", "reader"):
        status, answer = client.ask(user, "POST", f"{V3}/permissions/grant", **named, permission="READ")
        assert (status, answer["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert client.ask("admin", "GET", f"{V3}/permissions/get", **named)[0] == 400


def test_mlflow_s_denial_takes_a_default_back(client, things):
    other = make_things(client.services)
    named = {"username": "reader", "resource_type": "experiment", "resource_id": things.experiment_id}
    client.done("manager", "POST", f"{V3}/permissions/grant", **named, permission="DENY")
    assert client.ask("reader", "GET", "experiments/get", experiment_id=things.experiment_id)[0] == 404
    assert client.ask("reader", "GET", "experiments/get", experiment_id=other.experiment_id)[0] == 404
