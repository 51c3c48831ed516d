"""Accounts among several writers: nothing that somebody said is lost."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from auth_servers import PASSWORD, sqlite_workspace

from hookline.errors import AlreadyExists, InvalidValue, NotFound
from hookline.testing.memory_documents import MemoryDocuments
from hookline_auth_basic.accounts import EXPERIMENT, MODEL, Accounts
from hookline_auth_basic.levels import Level, level_of


@pytest.fixture(params=["memory", "sqlite"])
def documents(request, tmp_path):
    if request.param == "memory":
        yield MemoryDocuments()
        return
    with sqlite_workspace(tmp_path) as workspace:
        yield workspace.documents


def test_permissions_that_are_given_at_once_are_all_there(documents):
    several = [Accounts(documents) for _ in range(4)]
    several[0].create("jane", PASSWORD)

    def grant(number):
        several[number % 4].grant("jane", EXPERIMENT, str(number), Level.READ)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(grant, range(40)))
    assert set(Accounts(documents).get("jane").grants[EXPERIMENT]) == {str(number) for number in range(40)}


def test_one_of_those_who_add_a_user_at_once_does(documents):
    def create(_number):
        try:
            return Accounts(documents).create("jane", PASSWORD).id
        except AlreadyExists:
            return None

    with ThreadPoolExecutor(4) as threads:
        made = [each for each in threads.map(create, range(4)) if each is not None]
    assert [user.id for user in Accounts(documents).users()] == made


def test_users_have_numbers_of_their_own(documents):
    accounts = Accounts(documents)
    first = accounts.create("a", PASSWORD, is_admin=True)
    second = accounts.create("b", PASSWORD)
    accounts.delete("b")
    assert first.id < second.id < accounts.create("b", PASSWORD).id


def test_the_last_administrator_stays(documents):
    accounts = Accounts(documents)
    accounts.create("a", PASSWORD, is_admin=True)
    accounts.create("b", PASSWORD)
    for change in (lambda: accounts.delete("a"), lambda: accounts.set_admin("a", False)):
        with pytest.raises(InvalidValue, match="only administrator"):
            change()
    accounts.set_admin("b", True)
    accounts.delete("a")
    assert [user.name for user in accounts.users()] == ["b"]


def test_a_new_user_has_nothing_of_an_earlier_one_of_the_name(documents):
    accounts = Accounts(documents)
    accounts.create("a", PASSWORD, is_admin=True)
    accounts.create("b", PASSWORD)
    accounts.grant("b", MODEL, "m", Level.MANAGE)
    accounts.delete("b")
    with pytest.raises(NotFound):
        accounts.grant("b", MODEL, "m", Level.MANAGE)
    accounts.create("b", PASSWORD)
    assert accounts.get("b").level(MODEL, "m", Level.NO_PERMISSIONS) is Level.NO_PERMISSIONS


def test_permissions_go_along_with_a_name_and_replace_what_was_there(documents):
    accounts = Accounts(documents)
    for name, level in (("a", Level.READ), ("b", Level.EDIT)):
        accounts.create(name, PASSWORD)
        accounts.grant(name, MODEL, "old", level)
    accounts.create("c", PASSWORD)
    accounts.grant("c", MODEL, "new", Level.MANAGE)
    accounts.rename(MODEL, "old", "new")
    found = {name: dict(accounts.get(name).grants[MODEL]) for name in "abc"}
    assert found == {"a": {"new": Level.READ}, "b": {"new": Level.EDIT}, "c": {}}


def test_names_of_levels_are_mlflow_s(documents):
    assert [level_of(each.name.lower()) for each in Level] == list(Level)
    assert level_of("DENY") is Level.NO_PERMISSIONS
    with pytest.raises(InvalidValue, match="READ, USE, EDIT, MANAGE"):
        level_of("WRITE")
