"""Every route of the table, asked by everybody: nobody, an outsider, a reader, an editor, a manager, an administrator.

What is sent is made from the table, and what must come back from the permission that the route declares: a new route is
covered by itself. Where a route needs a value that its name does not tell, `VALUES` has it.
"""

import json
import re
from contextlib import ExitStack
from itertools import count

import pytest
from attrs import astuple, evolve, frozen
from auth_servers import PASSWORD, ROLES, Things, allow_roles, basic, make_things, quoted, served

import hookline_auth_basic
import hookline_server
from hookline.entities import Delivery, ExperimentChange, NewRun, new_id
from hookline.testing import memory_workspace
from hookline_auth_basic.accounts import EXPERIMENT, MODEL
from hookline_auth_basic.levels import NEEDED, Level
from hookline_auth_basic.options import BasicOptions
from hookline_auth_basic.routes import ROUTES as OWN
from hookline_lib_wire.messages import journal
from hookline_lib_wire.permissions import NAMELESS, Thing
from hookline_lib_wire.routes import Route
from hookline_lib_wire.table import ROUTES

EVERY = (*ROUTES, *OWN)
CALLERS = (None, "outsider", *ROLES, "admin")
ANSWERS_OTHERWISE = {
    **dict.fromkeys(("upload_part", "complete_multipart", "abort_multipart"), 404),  # there is no such upload
    "restore_experiment": 404,  # it is not deleted
    "get_view": 404,  # there is none
}
"""The routes that do not succeed, as they are asked here, for who may do everything."""
VALUES = {
    "alias": "x",
    "archive_existing_versions": False,
    "artifact_directory_path": "",
    "groups": ["a"],
    "is_admin": False,
    "max_results": 1,
    "metric_key": "m",
    "num_parts": 1,
    "password": PASSWORD,
    "permission": "READ",
    "resource_type": "experiment",
    "stage": "Staging",
    "timestamp": 1,
    "username": "reader",
    "version": "1",
    ("change_version", "version"): 1,
    ("create_experiment_permission", "username"): "outsider",
    ("create_registered_model_permission", "username"): "outsider",
    ("create_own_logged_model", "name"): "x",
    ("delete_tag", "key"): "gone",
    ("delete_view", "name"): "x",
    ("finalize_logged_model", "status"): "LOGGED_MODEL_READY",
    ("get_artifact", "path"): "a.txt",
    ("get_version_artifact", "path"): "x",
    ("get_view", "name"): "missing",
    ("log_metric", "value"): 1,
    ("log_model", "model_json"): '{"artifact_path":"m","flavors":{},"utc_time_created":"x","run_id":"x"}',
    ("put_view", "name"): "x",
    ("put_view", "value"): {},
}
NEW = {
    ("begin_journal", "run_id"): new_id,
    ("create_own_run", "run_id"): new_id,
    ("create_own_logged_model", "model_id"): lambda: f"m-{new_id()}",
}
numbers = count()


@frozen
class Asked:
    """What a request is about: things, and an account that is not the caller's."""

    things: object
    username: str
    token_id: str

    def value(self, route, name):
        operation, thing = route.operation, route.permission.thing
        if (operation, name) in NEW:
            return NEW[operation, name]()
        if name == "new_name" or (name == "name" and thing is Thing.OWNER_OF_NEW):
            return f"new-{next(numbers)}"
        if name == "username" and thing in (Thing.USER, Thing.ADMIN):
            return self.username
        if (operation, name) == ("delete_token", "id"):
            return self.token_id
        known = VALUES.get((operation, name), VALUES.get(name))
        if known is not None:
            return known
        if name in ("run_ids", "experiment_ids"):
            return [getattr(self.things, name.removesuffix("s"))]
        if name == "run_id" and operation == "get_history_bulk":
            return [self.things.run_id]
        if name == "source":
            return f"runs:/{self.things.run_id}/m"
        if name == "resource_id":
            return self.things.experiment_id
        if (operation, name) == ("list_proxied", "path"):
            return self.things.artifact_path.rpartition("/")[0]
        return getattr(self.things, name, "x")

    def fields(self, route):
        names = dict.fromkeys((*route.request.required, *route.slots))
        if route.permission.field in route.request.__struct_fields__:
            names[route.permission.field] = None
        if "new_name" in route.request.__struct_fields__:
            names["new_name"] = None
        return {name: self.value(route, name) for name in names}


def ask(client, route, asked, user):
    """Return the status, the code and the answer to a request."""
    fields = asked.fields(route)
    sent = {"Content-Type": "application/json", **(basic(user) if user else {})}
    body = json.dumps(fields)
    path = Route.SLOT.sub(lambda slot: quoted(str(fields[slot[1]])), route.paths[0])
    if route.method == "GET" or route.streams:
        pairs = [f"{k}={quoted(str(each))}" for k, v in fields.items() for each in (v if isinstance(v, list) else [v])]
        path, body = f"{path}?{'&'.join(pairs)}", None
    if route.streams:
        body, sent["Content-Type"] = streamed(route, fields), journal.MEDIA_TYPE
    status, _, answer = client.raw(route.method, path, body, sent)
    code = json.loads(answer).get("error_code", "") if status >= 400 and answer[:1] == b"{" else ""
    return status, code, answer


def streamed(route, fields):
    """Return the body of a request whose body is not JSON."""
    if "journal" not in route.operation:
        return b"hello"
    run_id, experiment_id = fields["run_id"], fields.get("experiment_id")
    created = NewRun(experiment_id=experiment_id, run_id=run_id) if experiment_id else None
    return journal.packed(Delivery(run_id=run_id, writer_id="w", first=0, count=1, created=created))


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    with memory_workspace(home, hookline_server, hookline_auth_basic) as workspace, served(workspace) as client:
        yield client


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    with ExitStack() as stack:
        found = {}
        for default in ("NO_PERMISSIONS", "READ"):
            home = tmp_path_factory.mktemp(default)
            workspace = stack.enter_context(memory_workspace(home, hookline_server, hookline_auth_basic))
            options = BasicOptions(default_permission=default)
            found[default] = stack.enter_context(served(workspace, options))
        yield found


def fresh(client, route):
    """Make new things for a request, so that it does not find what another one left."""
    things = make_things(client.services)
    client.services.tracking.update_experiment(things.experiment_id, ExperimentChange(tags={"x": "1"}))
    allow_roles(client.accounts, things)
    username = f"user-{next(numbers)}"
    if route.permission.thing not in (Thing.USER, Thing.ADMIN) or route.operation == "create_user":
        return Asked(things, username, "")
    client.accounts.create(username, PASSWORD)
    return Asked(things, username, client.tokens.create(username)[1].id)


def expected(route, user):
    """Return what somebody is to be told: "yes", "no", "hidden" or "unknown"."""
    permission = route.permission
    if permission.thing in NAMELESS:
        return "yes"
    if user is None:
        return "unknown"
    if user == "admin" or permission.thing in (Thing.CALLER, Thing.OWNER_OF_NEW) or permission.filters:
        return "yes"
    if permission.thing in (Thing.ADMIN, Thing.USER):
        return "no"
    level = ROLES.get(user, Level.NO_PERMISSIONS)
    if level < Level.READ:
        return "hidden"
    return "yes" if level >= NEEDED[permission.action] else "no"


@pytest.mark.parametrize("user", CALLERS, ids=str)
@pytest.mark.parametrize("route", EVERY, ids=lambda route: f"{route.method} {route.path}")
def test_a_route_answers_as_its_permission_says(shared, route, user):
    asked = fresh(shared, route)
    status, code, answer = ask(shared, route, asked, user)
    match expected(route, user):
        case "unknown":
            assert (status, code) == (401, "UNAUTHENTICATED")
        case "no":
            assert (status, code) == (403, "PERMISSION_DENIED"), answer
        case "hidden":
            assert (status, code) == (404, "RESOURCE_DOES_NOT_EXIST"), answer
        case "yes":
            assert status == ANSWERS_OTHERWISE.get(route.operation, 200), answer
    if user == "outsider":
        said = answer.decode(errors="replace")
        for secret in (asked.things.experiment_name, asked.things.run_id, asked.things.model_id):
            assert secret not in said or secret in str(asked.fields(route)), "only what was asked may be repeated"


@pytest.mark.parametrize("default", ["NO_PERMISSIONS", "READ"])
@pytest.mark.parametrize(
    "route",
    [each for each in EVERY if expected(each, "outsider") == "hidden"],
    ids=lambda route: f"{route.method} {route.path}",
)
def test_what_is_hidden_is_told_as_what_is_not_there(servers, route, default):
    """Also to somebody who may read everything but that."""
    client = servers[default]
    asked = fresh(client, route)
    things = asked.things
    client.accounts.grant("outsider", EXPERIMENT, things.experiment_id, Level.NO_PERMISSIONS)
    client.accounts.grant("outsider", MODEL, things.name, Level.NO_PERMISSIONS)
    run_id, number = "0" * 32, "987654"
    missing = Things(number, "missing", run_id, f"m-{run_id}", "missing", f"{number}/{run_id}/artifacts/a.txt")
    hidden_status, _, hidden = ask(client, route, asked, "outsider")
    missing_status, _, absent = ask(client, route, evolve(asked, things=missing), "outsider")
    said = hidden.decode()
    pairs = zip(astuple(things), astuple(missing), strict=True)
    for own, other in sorted(pairs, key=lambda pair: len(pair[0]), reverse=True):
        said = re.sub(rf"\b{own}\b", other, said)
    assert (hidden_status, said) == (missing_status, absent.decode())
