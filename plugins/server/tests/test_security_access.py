"""Every route asks for a permission: nobody without a name passes, and nobody without the right."""

import json
from collections import Counter

import pytest

from hookline_lib_wire.messages.base import Empty, Request
from hookline_lib_wire.permissions import ADMIN, Thing
from hookline_lib_wire.routes import Family, Route
from hookline_lib_wire.table import ROUTES
from hookline_server.access import EVERYTHING, NOTHING, Authenticator, Caller
from hookline_server.extensions import Extension

EXTRA = Route("extra", "POST", "/extra", Request, Empty, ADMIN, summary="An extension's", family=Family.HOOKLINE)
EXTENSION = Extension((EXTRA,), {"extra": lambda _services, _request: Empty()})
EVERY = (*ROUTES, EXTRA)


class Named(Authenticator):
    """Knows callers by a header; `jane` may do everything, everybody else nothing."""

    def __init__(self):
        self.asked = Counter()
        self.owned = []

    def identify(self, headers, address):
        return Caller(headers["x-name"]) if headers.get("x-name") else None

    def allows(self, caller, permission, names):
        self.asked[permission.thing] += 1
        return caller.name == "jane"

    def visible(self, caller, thing):
        return EVERYTHING if caller.name == "jane" else NOTHING

    def created(self, caller, thing, name):
        self.owned.append((caller.name, name))


def request_of(route, path):
    """A request that has all that the route requires."""
    fields = dict.fromkeys(route.request.required, "x") | dict.fromkeys(route.slots, "x")
    for name in fields:
        if name in ("run_ids", "experiment_ids", "groups") or route.operation == "get_history_bulk":
            fields[name] = ["x"]
        elif (
            name in ("max_results", "timestamp", "num_parts")
            or (name, route.operation) == ("value", "log_metric")
            or (name, route.operation) == ("version", "change_version")
        ):
            fields[name] = 1
        elif (name, route.operation) == ("value", "put_view"):
            fields[name] = {}
        elif name == "archive_existing_versions":
            fields[name] = False
    for name in route.slots:
        fields.pop(name)
    path = Route.SLOT.sub("x", path)
    return path, fields


def send(client, route, path, name):
    path, fields = request_of(route, path)
    headers = {"Content-Type": "application/json", **({"X-Name": name} if name else {})}
    if route.method == "GET" or route.streams:
        pairs = [f"{k}={each}" for k, v in fields.items() for each in (v if isinstance(v, list) else [v])]
        status, head, body = client.raw(
            route.method, f"{path}?{'&'.join(pairs)}", b"" if route.streams else None, headers
        )
    else:
        status, head, body = client.raw(route.method, path, json.dumps(fields), headers)
    return status, head, body


@pytest.fixture(scope="module")
def guarded(serve_module):
    with serve_module([EXTENSION], Named()) as client:
        yield client


@pytest.mark.parametrize("route", EVERY, ids=lambda route: f"{route.method} {route.path}")
def test_a_route_lets_nobody_pass_without_a_name_or_without_the_right(guarded, route):
    for path in route.paths:
        if route.permission.thing is Thing.PUBLIC:
            assert send(guarded, route, path, "")[0] == 200
            continue
        if route.permission.thing is Thing.TICKET:
            for name in ("", "mallory", "jane"):
                assert send(guarded, route, path, name)[0] == 404
            continue
        status, headers, body = send(guarded, route, path, "")
        assert (status, json.loads(body)["error_code"]) == (401, "UNAUTHENTICATED")
        assert headers["www-authenticate"].startswith("Basic")
        status, _, body = send(guarded, route, path, "mallory")
        assert (status, json.loads(body)) == (403, {"error_code": "PERMISSION_DENIED", "message": "Permission denied"})


def test_public_are_only_those_routes_that_say_nothing_of_what_is_stored():
    assert {route.operation for route in EVERY if route.permission.thing is Thing.PUBLIC} == {
        *("health", "ready", "version", "openapi")
    }


def test_tickets_are_taken_only_by_those_routes_that_check_them():
    assert {route.operation for route in EVERY if route.permission.thing is Thing.TICKET} == {"upload_part"}


@pytest.mark.parametrize(
    "path",
    [
        *("//api/2.0/mlflow/runs/create", "/api/2.0/mlflow/runs/create/", "/api/2.0/mlflow/./runs/create"),
        *("/api/2.0/mlflow/runs%2fcreate", "/API/2.0/mlflow/runs/create", "/api/2.0/mlflow/x/../runs/create"),
        *("/api/2.0/mlflow/runs/create%00", "/api/2.0/mlflow/runs/create;x=1", "/api/2.0//mlflow/runs/create"),
    ],
)
def test_another_spelling_of_a_path_is_another_path_or_asks_for_the_same_right(guarded, path):
    headers = {"Content-Type": "application/json"}
    status, _, _ = guarded.raw("POST", path, b'{"experiment_id":"0"}', headers)
    assert status in (401, 404, 405)


def test_who_makes_a_thing_owns_it(serve):
    authenticator = Named()
    with serve([EXTENSION], authenticator) as client:
        headers = {"Content-Type": "application/json", "X-Name": "jane"}
        _, _, body = client.raw("POST", "/api/2.0/mlflow/experiments/create", b'{"name":"e"}', headers)
        client.raw("POST", "/api/2.0/mlflow/registered-models/create", b'{"name":"m"}', headers)
    assert authenticator.owned == [("jane", json.loads(body)["experiment_id"]), ("jane", "m")]
