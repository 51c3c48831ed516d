"""What an authenticator says holds: searches find what may be read; who tries too often is told when to come again."""

import json

import pytest

from hookline_lib_wire.errors import WireError
from hookline_lib_wire.permissions import Thing
from hookline_server.access import EVERYTHING, Authenticator, Caller, Visible, unknown_caller

HEADERS = {"Content-Type": "application/json", "X-Name": "jane"}


class Narrow(Authenticator):
    """Lets everybody ask, and read some things only."""

    def __init__(self, **visible):
        self.seen = {Thing(kind.replace("_", " ")): each for kind, each in visible.items()}
        self.identified, self.changes = [], []

    def recognise(self, headers):
        if "x-name" not in headers:
            raise unknown_caller()
        return Caller(headers["x-name"]) if headers["x-name"] in self.identified else None

    def identify(self, headers, address):
        if headers["x-name"] == "busy":
            raise WireError("REQUEST_LIMIT_EXCEEDED", "Too often", retry_after=7)
        self.identified.append(headers["x-name"])
        assert address == "127.0.0.1"
        return Caller(headers["x-name"])

    def allows(self, caller, permission, names):
        return True

    def visible(self, caller, thing):
        return self.seen.get(thing, EVERYTHING)

    def renamed(self, name, new_name):
        self.changes.append((name, new_name))

    def deleted(self, name):
        self.changes.append((name,))


def post(client, path, **fields):
    status, _, body = client.raw("POST", f"/api/2.0/mlflow/{path}", json.dumps(fields), HEADERS)
    assert status == 200, body
    return json.loads(body)


@pytest.mark.parametrize(
    "visible",
    [Visible(frozenset({"1"})), Visible(frozenset({"0", "2"}), all_but=True)],
    ids=["one", "all-but-two"],  # the repr of a set differs from process to process, and so the tests would
)
def test_searches_find_what_may_be_read(serve, visible):
    with serve((), Narrow(experiment=visible)) as client:
        for number in ("1", "2"):
            assert post(client, "experiments/create", name=number)["experiment_id"] == number
            post(client, "runs/create", experiment_id=number)
            post(client, "logged-models", experiment_id=number, name=f"m{number}")
        found = post(client, "experiments/search", max_results=1)
        assert [each["name"] for each in found["experiments"]] == ["1"]
        assert "next_page_token" not in found
        runs = post(client, "runs/search", experiment_ids=["0", "1", "2"])["runs"]
        assert [each["info"]["experiment_id"] for each in runs] == ["1"]
        models = post(client, "logged-models/search")["models"]
        assert [each["info"]["name"] for each in models] == ["m1"]
        assert post(client, "logged-models/search", experiment_ids=["2"]) == {}


def test_who_may_read_nothing_finds_nothing(serve):
    with serve((), Narrow(experiment=Visible(), registered_model=Visible())) as client:
        post(client, "logged-models", experiment_id="0", name="m")
        post(client, "registered-models/create", name="m")
        assert post(client, "logged-models/search") == post(client, "experiments/search", max_results=9) == {}
        for path in ("registered-models/search", "model-versions/search"):
            assert client.raw("GET", f"/api/2.0/mlflow/{path}", None, HEADERS)[2] == b"{}"


def test_an_authenticator_is_told_of_new_names_and_of_ends(serve):
    authenticator = Narrow()
    with serve((), authenticator) as client:
        post(client, "registered-models/create", name="a")
        post(client, "registered-models/rename", name="a", new_name="b")
        client.raw("DELETE", "/api/2.0/mlflow/registered-models/delete", b'{"name":"b"}', HEADERS)
    assert authenticator.changes == [("a", "b"), ("b",)]
    assert authenticator.identified == ["jane"], "then it is known from memory"


def test_who_tries_too_often_is_told_when_to_come_again(serve):
    with serve((), Narrow()) as client:
        path = "/api/2.0/mlflow/experiments/get?experiment_id=0"
        status, headers, _ = client.raw("GET", path, None, {"X-Name": "busy"})
        assert (status, headers["retry-after"]) == (429, "7")
        assert client.raw("GET", path)[0] == 401
