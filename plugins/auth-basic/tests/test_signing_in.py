"""Passwords and tokens: what is taken, what is kept, how often somebody may try, and when it ends."""

import base64
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from auth_servers import PASSWORD, basic, bearer, served

from hookline.errors import InvalidValue
from hookline_auth_basic import passwords
from hookline_auth_basic.accounts import NAMESPACE
from hookline_auth_basic.attempts import Attempts
from hookline_auth_basic.authenticator import BasicAuthenticator
from hookline_auth_basic.levels import Level
from hookline_auth_basic.options import BasicOptions
from hookline_auth_basic.routes import ROUTES
from hookline_lib_wire.errors import WireError
from hookline_server.serve import extensions
from hookline_server.services import Services

OTHER = "another long password"


@pytest.fixture
def verified(monkeypatch):
    """Counts how often a password is compared with a hash, which is what takes time."""
    compared = []
    real = PasswordHasher.verify

    def verify(hasher, kept, password):
        compared.append(kept)
        return real(hasher, kept, password)

    monkeypatch.setattr(PasswordHasher, "verify", verify)
    return compared


def who(client, user):
    status, answer = client.ask(user, "GET", "users/current")
    return answer["user"]["username"] if status == 200 else status


def encoded(text):
    return {"Authorization": "Basic " + base64.b64encode(text).decode()}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Basic"},
        {"Authorization": "Basic !!!"},
        {"Authorization": "Basic " + PASSWORD},
        encoded(b"reader"),
        encoded(b"reader:"),
        encoded(b":"),
        encoded(b"\xff\xfe:x"),
        encoded(f"Reader:{PASSWORD}".encode()),
        encoded(f"reader :{PASSWORD}".encode()),
        encoded(f"reader\0:{PASSWORD}".encode()),
        encoded(f"users/reader:{PASSWORD}".encode()),
        encoded(f"reader:{PASSWORD}\n".encode()),
        encoded(b"reader:" + b"x" * 20_000),
        basic("reader", PASSWORD.upper()),
        basic("nobody"),
        {"Authorization": f"Digest reader:{PASSWORD}"},
        bearer(""),
        bearer("hookline_"),
        bearer("hookline_" + "x" * 43),
        bearer(PASSWORD),
        {"X-Forwarded-User": "admin"},
    ],
    ids=str,
)
def test_who_cannot_say_who_they_are_is_nobody(client, headers):
    status, answer, body = client.raw("GET", "/api/2.0/mlflow/users/current", None, headers)
    assert (status, answer["www-authenticate"]) == (401, 'Basic realm="hookline"')
    assert json.loads(body)["error_code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC"])
def test_a_user_is_known_by_a_password(client, scheme):
    given = basic("reader")["Authorization"].partition(" ")[2]
    assert who(client, {"Authorization": f"{scheme} {given}"}) == "reader"


def test_a_password_may_hold_colons_and_any_letter(client):
    password = "pässwörter:mit:Doppelpunkten"
    client.accounts.create("jane", password)
    assert who(client, encoded(f"jane:{password}".encode())) == "jane"


@pytest.mark.parametrize(
    "password",
    ["", "short", "eleven char", "a" * 12, "ababababababab", "x" * 1025, "A-Long-User-Name"],
)
def test_a_password_that_is_easy_to_guess_is_none(client, password):
    with pytest.raises(InvalidValue) as raised:
        client.accounts.create("a-long-user-name", password)
    assert not password or password not in str(raised.value)
    assert client.accounts.find("a-long-user-name") is None


@pytest.mark.parametrize("name", ["", " ", "a b", "a/b", "a:b", "-a", ".a", "a" * 129, "a\n", "a\0", "a%", "é/"])
def test_a_name_that_cannot_be_sent_or_kept_is_none(client, name):
    with pytest.raises(InvalidValue, match="user name"):
        client.accounts.create(name, PASSWORD)


def test_neither_passwords_nor_tokens_are_kept(client):
    token, _ = client.tokens.create("reader")
    documents = client.services.workspace.documents.list_documents(NAMESPACE)
    kept = json.dumps([[each.key, each.value] for each in documents])
    assert "$argon2id$" in kept
    assert PASSWORD not in kept
    assert token not in kept
    assert token.removeprefix("hookline_") not in kept


def test_there_is_no_user_and_no_password_until_somebody_makes_one(workspace):
    with served(workspace, users=()) as client:
        assert list(client.accounts.users()) == []
        for name in ("admin", "root", "hookline"):
            for password in ("", "admin", "password", "password1234"):
                assert who(client, basic(name, password)) in (401, 429)


# Time ----------------------------------------------------------------------------------------------------------------


def test_an_unknown_user_takes_as_long_as_a_wrong_password(client, verified):
    who(client, basic("reader", "wrong password"))
    who(client, basic("nobody", "wrong password"))
    who(client, basic("no/such name", "wrong password"))
    assert len(verified) == 3
    settings = {kept.rsplit("$", 2)[0] for kept in verified}
    assert len(settings) == 1, "the same settings take the same time"


def test_a_password_is_compared_once_and_remembered_for_a_while(client, verified):
    for _ in range(5):
        assert who(client, "reader") == "reader"
    assert len(verified) == 1


def test_what_is_remembered_is_forgotten_after_its_time(workspace, verified):
    with served(workspace, BasicOptions(remember_seconds=0), users=("reader",)) as client:
        who(client, "reader")
        who(client, "reader")
    assert len(verified) == 2


def test_many_requests_at_once_with_a_new_password_compare_it_a_few_times(client, verified):
    with ThreadPoolExecutor(16) as threads:
        found = list(threads.map(lambda _: who(client, "reader"), range(32)))
    assert found == ["reader"] * 32
    assert 1 <= len(verified) <= 2, "as many as compare at the same time"


def test_others_are_answered_while_passwords_are_compared(client, monkeypatch):
    now = client.accounts._clock()
    monkeypatch.setattr(client.accounts, "_clock", lambda: now)  # what is known stays fresh
    who(client, "reader")
    begun, go_on = threading.Event(), threading.Event()

    def slow(_hasher, _kept, _password):
        begun.set()
        go_on.wait(60)
        raise VerifyMismatchError

    monkeypatch.setattr(PasswordHasher, "verify", slow)
    with ThreadPoolExecutor(8) as threads:
        waiting = [threads.submit(who, client, basic("editor", f"wrong {number}")) for number in range(8)]
        assert begun.wait(60)
        try:
            assert client.raw("GET", "/health")[0] == 200
            assert who(client, "reader") == "reader"
            assert who(client, None) == 401
        finally:
            go_on.set()
        assert {each.result() for each in waiting} == {401}


def test_a_hash_that_was_made_with_weaker_settings_is_made_anew(client):
    documents = client.services.workspace.documents
    kept = documents.get_document(NAMESPACE, "users/reader")
    weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    documents.put_document(NAMESPACE, "users/reader", {**kept.value, "password": weak})
    assert who(client, "reader") == "reader"
    now = documents.get_document(NAMESPACE, "users/reader").value["password"]
    assert now != weak
    assert not passwords.is_outdated(now)
    assert who(client, "reader") == "reader"


# Too often -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["reader", "nobody"])
def test_who_tries_too_often_has_to_wait_whether_or_not_there_is_such_a_user(workspace, verified, name):
    with served(workspace, BasicOptions(failures=3), users=("reader", "editor")) as client:
        assert [who(client, basic(name, f"wrong {number}")) for number in range(5)] == [401, 401, 401, 429, 429]
        assert len(verified) == 3, "what has to wait costs nothing"
        status, headers, body = client.raw("GET", "/api/2.0/mlflow/users/current", None, basic(name))
        assert (status, json.loads(body)["error_code"]) == (429, "REQUEST_LIMIT_EXCEEDED")
        assert 1 <= int(headers["retry-after"]) <= 60
        assert who(client, "editor") == "editor", "another user is not kept out"


def test_who_is_known_already_stays_in_while_somebody_else_tries(workspace):
    with served(workspace, BasicOptions(failures=1), users=("reader",)) as client:
        assert who(client, "reader") == "reader"
        assert [who(client, basic("reader", f"wrong {number}")) for number in range(3)] == [401, 429, 429]
        assert who(client, "reader") == "reader"


def test_an_address_that_tries_many_users_has_to_wait(workspace):
    with served(workspace, BasicOptions(address_failures=4), users=("reader",)) as client:
        assert [who(client, basic(f"user{number}", "wrong")) for number in range(6)] == [401] * 4 + [429] * 2
        assert who(client, bearer("hookline_guess")) == 429


def test_an_address_that_claims_to_be_a_proxy_stays_the_same_address(workspace):
    with served(workspace, BasicOptions(address_failures=2), users=("reader",)) as client:
        claims = [{**basic(f"user{number}", "wrong"), "X-Forwarded-For": f"10.0.0.{number}"} for number in range(4)]
        assert [who(client, headers) for headers in claims] == [401, 401, 429, 429]


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


def test_attempts_are_forgotten_after_their_window_and_by_the_right_password():
    clock = Clock()
    attempts = Attempts(BasicOptions(failures=2, window_seconds=30), clock)
    attempts.begin("a", "1")
    attempts.begin("a", "1")
    with pytest.raises(WireError) as raised:
        attempts.begin("a", "1")
    assert raised.value.retry_after == 30
    attempts.begin("a", "2")
    clock.now += 30
    attempts.begin("a", "1")
    attempts.succeeded("a", "1")
    attempts.begin("a", "1")
    attempts.begin("a", "1")


def test_attempts_are_counted_in_bounded_memory(monkeypatch):
    monkeypatch.setattr("hookline_auth_basic.attempts.REMEMBERED", 10)
    attempts = Attempts(BasicOptions(address_failures=0), Clock())
    for number in range(1000):
        attempts.begin(f"user{number}", "1")
    assert len(attempts._counts) == 10


# Changes -------------------------------------------------------------------------------------------------------------


def test_a_changed_password_ends_the_old_one_at_once(client):
    assert who(client, "reader") == "reader"
    client.done("admin", "PATCH", "users/update-password", username="reader", password=OTHER)
    assert who(client, "reader") == 401
    assert who(client, basic("reader", OTHER)) == "reader"


def test_a_deleted_user_is_nobody_at_once_with_all_tokens(client):
    token, _ = client.tokens.create("reader")
    assert who(client, "reader") == who(client, bearer(token)) == "reader"
    client.done("admin", "DELETE", "users/delete", username="reader")
    assert who(client, "reader") == who(client, bearer(token)) == 401
    client.accounts.create("reader", PASSWORD)
    assert who(client, bearer(token)) == 401, "a token is not the name's"


def test_what_another_process_changes_holds_after_a_second(client, monkeypatch):
    assert who(client, "reader") == "reader"
    with_others = type(client.accounts)(client.services.workspace.documents)
    with_others.set_password("reader", OTHER)
    now = client.accounts._clock() + 1.1
    monkeypatch.setattr(client.accounts, "_clock", lambda: now)
    assert who(client, "reader") == 401


def test_an_administrator_who_is_none_any_more_is_refused_at_once(client):
    client.accounts.set_admin("editor", True)
    client.done("editor", "GET", "users/list")
    client.done("admin", "PATCH", "users/update-admin", username="editor", is_admin=False)
    assert client.ask("editor", "GET", "users/list")[0] == 403


# Tokens --------------------------------------------------------------------------------------------------------------


def test_a_token_is_made_listed_used_and_revoked(client):
    own = "/api/hookline/v1/users/tokens"
    made = client.done("reader", "POST", f"{own}/create", username="reader", label="laptop", days=1)
    assert made["token"].startswith("hookline_")
    assert who(client, bearer(made["token"])) == "reader"
    (listed,) = client.done("reader", "GET", f"{own}/list", username="reader")["tokens"]
    assert (listed["label"], listed["id"]) == ("laptop", made["info"]["id"])
    assert listed["used"] >= listed["created"]
    assert made["token"] not in json.dumps(listed)
    client.done("reader", "POST", f"{own}/revoke", username="reader", id=listed["id"])
    assert who(client, bearer(made["token"])) == 401


def test_a_token_that_expired_is_worthless(client, monkeypatch):
    token, info = client.tokens.create("reader", days=1)
    monkeypatch.setattr("hookline_auth_basic.tokens.now_ms", lambda: info.expires)
    assert who(client, bearer(token)) == 401


@pytest.mark.parametrize(("level", "wanted"), [("READ", [200, 403, 403]), ("EDIT", [200, 200, 403])])
def test_a_token_allows_no_more_than_it_says(client, things, level, wanted):
    for owner in ("manager", "admin"):
        token, _ = client.tokens.create(owner, level=Level[level])
        if owner == "admin":  # an administrator with less than everything is a user like others
            client.accounts.grant("admin", "experiment", things.experiment_id, Level.MANAGE)
        asked = [
            client.ask(bearer(token), "GET", "runs/get", run_id=things.run_id),
            client.ask(bearer(token), "POST", "runs/set-tag", run_id=things.run_id, key="a", value="b"),
            client.ask(bearer(token), "POST", "experiments/delete", experiment_id=things.experiment_id),
        ]
        assert [status for status, _ in asked] == wanted
        assert client.ask(bearer(token), "GET", "users/list")[0] == 403
        status, _ = client.ask(bearer(token), "POST", "experiments/create", name=f"{owner}-{level}")
        assert status == (200 if level == "EDIT" else 403)


def test_an_account_is_not_changed_with_a_token(client):
    own = "/api/hookline/v1/users/tokens"
    for owner in ("reader", "admin"):
        token, info = client.tokens.create(owner)
        for method, path, fields in [
            ("POST", f"{own}/create", {}),
            ("POST", f"{own}/revoke", {"id": info.id}),
            ("PATCH", "users/update-password", {"password": OTHER, "current_password": PASSWORD}),
        ]:
            assert client.ask(bearer(token), method, path, username=owner, **fields)[0] == 403
        assert who(client, owner) == owner


@pytest.mark.parametrize(
    "fields",
    [{"days": 0}, {"days": -1}, {"permission": "NO_PERMISSIONS"}, {"permission": "ALL"}, {"label": "x" * 251}],
    ids=str,
)
def test_a_token_that_makes_no_sense_is_not_made(client, fields):
    status, answer = client.ask("reader", "POST", "/api/hookline/v1/users/tokens/create", username="reader", **fields)
    assert (status, answer["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


# Without this authenticator ------------------------------------------------------------------------------------------


def test_the_routes_are_not_there_where_callers_are_not_known_by_this(workspace):
    services = Services(workspace)
    (found,) = extensions(services)
    assert list(found.routes) == []
    services.authenticator = BasicAuthenticator(services)
    (found,) = extensions(services)
    assert tuple(found.routes) == ROUTES


@pytest.mark.parametrize("options", [{"default_permission": "ALL"}, {"failures": 0}, {"window_seconds": 0}], ids=str)
def test_options_that_make_no_sense_are_refused(options):
    with pytest.raises((ValueError, InvalidValue)):
        BasicOptions(**options)
