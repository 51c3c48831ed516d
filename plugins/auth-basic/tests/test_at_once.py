"""Tests of what is allowed from memory, in the event loop: never more than is allowed when the store is asked."""

import pytest
from auth_servers import ROLES

from hookline.errors import NotFound
from hookline_auth_basic.accounts import EXPERIMENT
from hookline_auth_basic.authenticator import BasicCaller
from hookline_auth_basic.levels import Level
from hookline_lib_wire import permissions as may
from hookline_lib_wire.permissions import Action

USERS = ("admin", "outsider", *ROLES)


def asked(things, action):
    """Permissions of every kind, each with a thing that it may be about; whether memory may know of it."""
    return [
        (may.experiment(action), things.experiment_id, True),
        (may.run(action), things.run_id, True),
        (may.logged_model(action), things.model_id, True),
        (may.within_experiments(), things.experiment_id, True),
        (may.experiment(action, "experiment_name"), things.experiment_name, False),
        (may.registered_model(action), things.name, False),
        (may.artifact(action), things.artifact_path, False),
        (may.ADMIN, "", False),
        (may.NEW, "new", False),
    ]


def is_allowed(authenticator, caller, permission, name):
    try:
        return authenticator.allows(caller, permission, (name,))
    except NotFound:
        return False


@pytest.mark.parametrize("most", [Level.MANAGE, Level.READ], ids=["password", "token to read"])
@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("user", USERS)
def test_memory_knows_no_more_than_the_store(client, things, user, action, most):
    authenticator = client.services.authenticator
    caller = BasicCaller(user, most, by_token=most is not Level.MANAGE)
    for permission, name, known in asked(things, action):
        authenticator.accounts.forget(EXPERIMENT, "nobody's")  # what was read before is not known any more
        allowed = is_allowed(authenticator, caller, permission, name)
        authenticator.accounts.find(user)
        assert authenticator.allows_at_once(caller, permission, (name,)) == (allowed and known), permission


def test_nothing_is_known_of_what_was_never_asked_for(client, things):
    authenticator = client.services.authenticator
    manager = BasicCaller("manager")
    assert not authenticator.allows_at_once(manager, may.run(Action.READ), (things.run_id,)), "no account was read"
    authenticator.accounts.find("manager")
    assert not authenticator.allows_at_once(manager, may.run(Action.READ), (things.run_id,)), "whose run it is"
    assert not authenticator.allows_at_once(manager, may.run(Action.READ), ("none",))


def test_what_is_taken_back_is_not_allowed_any_more(client, things):
    """From the answer on, without the second that another process's change may take."""
    authenticator, caller = client.services.authenticator, BasicCaller("editor")
    permission = may.run(Action.EDIT)
    assert is_allowed(authenticator, caller, permission, things.run_id)
    assert authenticator.allows_at_once(caller, permission, (things.run_id,))
    authenticator.accounts.grant("editor", EXPERIMENT, things.experiment_id, Level.READ)
    authenticator.accounts.find("editor")
    assert not authenticator.allows_at_once(caller, permission, (things.run_id,))


def test_one_thing_of_several_that_is_not_allowed_is_enough(client, things):
    authenticator, caller = client.services.authenticator, BasicCaller("reader")
    assert is_allowed(authenticator, caller, may.run(Action.READ, "run_ids"), things.run_id)
    several = (things.run_id, "none")
    assert not authenticator.allows_at_once(caller, may.run(Action.READ, "run_ids"), several)
