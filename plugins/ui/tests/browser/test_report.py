"""A report opened from disk, without a network: the same page, without a server."""

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

AXE = Path(__file__).parents[2] / "frontend/node_modules/axe-core/axe.min.js"


@pytest.fixture(scope="session")
def reports(folder, filled, tmp_path_factory):
    """Write reports; gives the file of an experiment."""
    place = tmp_path_factory.mktemp("reports")

    def write(which):
        target = place / f"{which}.html"
        if not target.exists():
            words = [sys.executable, "-m", "hookline", "report", filled[which], "-o", str(target)]
            subprocess.run(words, cwd=folder, check=True, capture_output=True, timeout=120)
        return target

    return write


class Opened:
    """A report in a browser that reaches nothing, with what it said and asked for."""

    def __init__(self, browser, file, scheme="light"):
        self.context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme=scheme, offline=True)
        self.context.add_init_script(
            "window.violations = []; document.addEventListener('securitypolicyviolation', "
            "(event) => window.violations.push(event.violatedDirective + ' ' + event.blockedURI));"
        )
        self.page, self.said = self.context.new_page(), []
        self.page.on("console", lambda each: self.said.append(each.text))
        self.page.on("pageerror", lambda error: self.said.append(f"uncaught: {error}"))
        self.page.on("request", lambda asked: asked.url.startswith("http") and self.said.append(asked.url))
        self.page.goto(file.as_uri())
        self.page.locator("main .page").first.wait_for()


@pytest.fixture
def opened(browser, reports):
    found = []

    def make(which, **options):
        found.append(Opened(browser, reports(which), **options))
        return found[-1].page

    yield make
    for each in found:
        assert [*each.said, *each.page.evaluate("window.violations")] == []
        assert each.page.evaluate("window.xss") is None
        each.context.close()


def test_runs_are_ordered_grouped_and_charted(opened):
    page = opened("trainings")
    expect(page.get_by_role("heading", level=1)).to_have_text("diabetes")
    expect(page.locator(".eyebrow")).to_contain_text("Report of")
    expect(page.locator(".charts canvas").first).to_be_visible()
    page.get_by_role("button", name="Table").click()
    names = page.locator("[role=row] a[href*='#/runs/']")
    expect(names).to_have_count(8)
    newest = names.first.inner_text()
    page.get_by_role("columnheader", name="Started").click()
    expect(names.last).to_have_text(newest)


def test_nothing_can_be_changed(opened):
    page = opened("trainings")
    page.get_by_role("button", name="Table").click()
    page.locator("[role=row] input[type=checkbox]").nth(1).check()
    for name in ("Delete", "Rename", "Views", "Search", "Deleted", "Models", "New experiment"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
    page.locator("[role=row] a[href*='#/runs/']").first.click()
    expect(page.locator(".details")).to_be_visible()
    for name in ("Delete", "Add a tag", "Edit: Note", "Rename the run"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
    expect(page.get_by_role("link", name="Artifacts")).to_have_count(0)


def test_a_run_and_a_comparison_are_shown(opened):
    page = opened("trainings")
    page.get_by_role("button", name="Table").click()
    for number in (1, 2):
        page.locator("[role=row] input[type=checkbox]").nth(number).check()
    page.get_by_role("link", name="Compare").click()
    expect(page.locator("main")).to_contain_text("learning_rate")
    page.go_back()
    page.locator("[role=row] a[href*='#/runs/']").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("boosting")
    page.get_by_role("link", name="Metrics").click()
    expect(page.locator("canvas").first).to_be_visible()


def test_charts_over_runs_are_drawn(opened):
    page = opened("trainings")
    page.get_by_role("button", name="Explore").click()
    expect(page.locator(".plot canvas")).to_be_visible()


def test_what_somebody_logged_runs_nothing(opened):
    page = opened("attacked")
    page.get_by_role("button", name="Table").click()
    page.locator("[role=row] a[href*='#/runs/']").first.click()
    expect(page.locator(".details")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(opened, scheme):
    page = opened("trainings", scheme=scheme)
    expect(page.locator(".charts canvas").first).to_be_visible()
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert [each["id"] for each in found["violations"]] == []
