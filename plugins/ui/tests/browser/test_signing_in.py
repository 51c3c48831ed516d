"""A server that wants a name and a password: the browser is asked, and the page works with what it was told."""

import subprocess
import sys

import pytest
from playwright.sync_api import expect

PASSWORD = "correct horse battery staple"
NOT_SIGNED_IN = "401 (Unauthorized)"


@pytest.fixture
def guarded(serve, site_at, tmp_path):
    """A site that knows two users, of whom one may change things."""
    for name, more in (("root", ["--admin"]), ("jane", [])):
        words = [sys.executable, "-m", "hookline", "auth", "users", "create", name, *more, "--password-file", "-"]
        subprocess.run(words, input=PASSWORD, cwd=tmp_path / "store", text=True, check=True, capture_output=True)
    with serve("server", "--auth", "auth-basic") as url:
        yield site_at(url)


@pytest.fixture
def signed_in(tabs, guarded):
    """Open a page in a browser that answers the server's question with a name and a password, and sign in."""

    def open_as(name, path, refused=NOT_SIGNED_IN):
        tab = tabs(site=guarded, credentials={"username": name, "password": PASSWORD})
        tab.expect(NOT_SIGNED_IN)
        tab.expect(refused)
        tab.page.goto(guarded.url + path.format(**guarded.ids))
        tab.page.get_by_role("link", name="Sign in").click()
        return tab.page

    return open_as


def test_who_signs_in_is_shown_what_the_address_named_and_may_change_it(signed_in):
    page = signed_in("root", "#/experiments/{trainings}")
    expect(page.locator(".count")).to_have_text("8 runs")
    expect(page.locator(".user")).to_contain_text("root")
    page.get_by_label("Select ridge 0.1", exact=True).check()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator(".count")).to_have_text("7 runs")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".count")).to_have_text("8 runs")


def test_files_and_pictures_are_read_as_who_is_signed_in(signed_in):
    page = signed_in("jane", "#/experiments/{trainings}")
    page.get_by_role("link", name="ridge 0.1", exact=True).click()
    page.get_by_role("link", name="Artifacts").click()
    page.get_by_role("button", name="plots").click()
    page.get_by_role("button", name="curve.svg").click()
    picture = page.locator(".picture img")
    expect(picture).to_be_visible()
    expect(picture).not_to_have_js_property("naturalWidth", 0)


def test_who_may_only_read_is_told_what_is_missing(signed_in):
    page = signed_in("jane", "#/experiments/{trainings}", refused="403 (Forbidden)")
    page.get_by_label("Select ridge 0.1", exact=True).check()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator(".toast.failed")).to_contain_text("You may see this, but not change it")
    expect(page.get_by_role("link", name="ridge 0.1", exact=True)).to_be_visible()


def test_what_a_user_may_not_read_is_not_there(signed_in, guarded, tmp_path):
    words = ["auth", "permissions", "grant", "jane", "NO_PERMISSIONS", "--experiment-id", guarded.ids["trainings"]]
    subprocess.run([sys.executable, "-m", "hookline", *words], cwd=tmp_path / "store", check=True, capture_output=True)
    page = signed_in("jane", "#/experiments/{large}")
    page.get_by_role("link", name="sweep").wait_for()
    expect(page.get_by_role("link", name="diabetes")).to_have_count(0)
    page.goto(guarded.url + "#/experiments/{trainings}".format(**guarded.ids))
    expect(page.get_by_text("ridge")).to_have_count(0)


def test_who_signs_out_is_unknown_until_they_sign_in_again(signed_in):
    page = signed_in("root", "#/models")
    page.get_by_role("link", name="diabetes").first.wait_for()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in to Hookline")).to_be_visible()
    page.reload()  # the browser has forgotten, too
    expect(page.get_by_role("heading", name="Sign in to Hookline")).to_be_visible()
    page.get_by_role("link", name="Sign in").click()
    expect(page.locator(".user")).to_contain_text("root")


@pytest.mark.parametrize("password", [None, "a wrong password"])
def test_who_is_not_known_sees_nothing_that_was_logged(tabs, guarded, password):
    given = password and {"username": "root", "password": password}
    tab = tabs(site=guarded, credentials=given)
    tab.expect(NOT_SIGNED_IN)
    tab.page.goto(guarded.url + "#/experiments/{trainings}".format(**guarded.ids))
    expect(tab.page.get_by_role("heading", name="Sign in to Hookline")).to_be_visible()
    assert "ridge" not in tab.page.content()
    assert tab.axe() == []


def test_an_open_page_says_when_its_user_is_gone(signed_in, tmp_path):
    page = signed_in("jane", "#/models")
    page.get_by_role("link", name="diabetes").first.wait_for()
    words = [sys.executable, "-m", "hookline", "auth", "users", "delete", "jane", "--yes"]
    subprocess.run(words, cwd=tmp_path / "store", check=True, capture_output=True)
    expect(page.get_by_role("heading", name="Sign in to Hookline")).to_be_visible(timeout=40_000)


def test_a_server_that_knows_nobody_has_no_user_to_sign_out(tab):
    page = tab.open("#/models")
    page.get_by_role("link", name="diabetes").first.wait_for()
    expect(page.locator(".user")).to_have_count(0)
