"""A server that wants a name and a password: the browser asks for them, and the page works with what was given."""

import subprocess
import sys

import pytest
from playwright.sync_api import expect

PASSWORD = "correct horse battery staple"


@pytest.fixture
def guarded(serve, site_at, tmp_path):
    """A site that knows two users, of whom one may change things."""
    for name, more in (("root", ["--admin"]), ("jane", [])):
        words = [sys.executable, "-m", "hookline", "auth", "users", "create", name, *more, "--password-file", "-"]
        subprocess.run(words, input=PASSWORD, cwd=tmp_path / "store", text=True, check=True, capture_output=True)
    with serve("server", "--auth", "auth-basic") as url:
        yield site_at(url)


def credentials(name, password=PASSWORD):
    return {"username": name, "password": password}


def test_who_gave_a_name_and_a_password_sees_and_changes(tabs, guarded):
    page = tabs(site=guarded, credentials=credentials("root")).open("#/models/diabetes")
    expect(page.get_by_role("region", name="Signature")).to_contain_text("sklearn")
    page = tabs(site=guarded, credentials=credentials("root")).open(f"#/experiments/{guarded.ids['trainings']}")
    expect(page.locator(".count")).to_have_text("8 runs")
    page.get_by_label("Select ridge 0.1", exact=True).check()
    page.get_by_role("button", name="Delete").click()
    expect(page.locator(".count")).to_have_text("7 runs")


def test_who_may_only_read_is_told_so(tabs, guarded):
    tab = tabs(site=guarded, credentials=credentials("jane"))
    tab.expect("403 (Forbidden)")
    page = tab.open(f"#/experiments/{guarded.ids['trainings']}")
    page.get_by_label("Select ridge 0.1", exact=True).check()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("alert").or_(page.get_by_role("status")).filter(has_text="may")).to_be_visible()
    expect(page.get_by_role("link", name="ridge 0.1")).to_be_visible()


@pytest.mark.parametrize("given", [None, credentials("root", "a wrong password")])
def test_who_is_not_known_sees_nothing_that_was_logged(tabs, guarded, given):
    tab = tabs(site=guarded, credentials=given)
    tab.expect("401 (Unauthorized)")
    tab.page.goto(guarded.url + f"#/experiments/{guarded.ids['trainings']}")
    tab.page.wait_for_timeout(2000)
    assert "ridge" not in tab.page.content()
    assert tab.page.get_by_text("password").count() > 0
