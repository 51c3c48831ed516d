"""A report opened from disk, without a network: the same page, without a server."""

import json
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

KEEP_ANSWERS = """
window.answers = [];
window.Response = class extends Response {
  constructor(body, options) {
    super(body, options);
    window.answers.push(body);
  }
};
"""
AXE = Path(__file__).parents[2] / "frontend/node_modules/axe-core/axe.min.js"


@pytest.fixture(scope="session")
def reports(folder, filled, tmp_path_factory):
    """Write reports; gives the file of an experiment."""
    place = tmp_path_factory.mktemp("reports")

    def write(which, *options):
        target = place / f"{'-'.join([which, *options])}.html"
        if not target.exists():
            words = [sys.executable, "-m", "hookline", "report", filled[which], "-o", str(target), *options]
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
        self.context.add_init_script(KEEP_ANSWERS)
        self.page, self.said = self.context.new_page(), []
        self.page.on("console", lambda each: self.said.append(each.text))
        self.page.on("pageerror", lambda error: self.said.append(f"uncaught: {error}"))
        self.page.on("request", lambda asked: asked.url.startswith("http") and self.said.append(asked.url))
        self.page.goto(file.as_uri())
        self.page.locator("main .page").first.wait_for()


@pytest.fixture
def opened(browser, reports):
    found = []

    def make(which, *words, **options):
        found.append(Opened(browser, reports(which, *words), **options))
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


def over(page, metric):
    page.get_by_role("button", name="Over a metric").press("Enter")
    page.get_by_label("Find a metric for the x axis").fill(metric)
    page.get_by_role("radio", name=metric, exact=True).click()
    expect(page.get_by_role("button", name=f"Over {metric}")).to_be_visible()


def joined(page, key, count=1):
    """Return the series of the last of so many answers about a metric over another one, once they are there."""
    for _ in range(200):
        answers = [json.loads(each).get("series") for each in page.evaluate("window.answers")]
        found = [each for each in answers if each and each[0].get("x_key") and each[0]["key"] == key]
        if len(found) >= count:
            return found[-1]
        page.wait_for_timeout(50)
    raise AssertionError(f"{len(found)} answers, not {count}")


def test_a_metric_over_another_one_is_what_a_server_answers(opened, site):
    page = opened("trainings")
    over(page, "r2")
    found = joined(page, "rmse")
    asked = {"run_ids": [each["run_id"] for each in found], "key": "rmse", "x_key": "r2", "width": 1000}
    assert sorted(sum(each["counts"]) for each in found) == [1] * 5 + [150] * 3
    assert found == site.post("api/hookline/v1/charts/pairs", **asked)["series"]
    plot = page.get_by_label("rmse of 8 runs").locator(".u-over")
    plot.hover(position={"x": 120, "y": 60})
    expect(page.locator(".tip").first).to_contain_text("r2 ")
    box = plot.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + 60, steps=5)
    page.mouse.up()
    part = joined(page, "rmse", 2)
    start, end = map(float, parse_qs(urlsplit(page.url).fragment.partition("?")[2])["zoom"][0].split(","))
    assert 0 < sum(len(each["xs"]) for each in part) < sum(len(each["xs"]) for each in found)
    assert part == site.post("api/hookline/v1/charts/pairs", **asked, start=start, end=end)["series"]


def test_a_report_of_fewer_points_says_in_which_columns_of_steps_it_joins(opened):
    page = opened("trainings", "--points", "20")
    over(page, "r2")
    expect(page.locator("figcaption", has_text="rmse")).to_contain_text("joined in columns of 8 steps")
    for each in joined(page, "rmse"):
        assert sum(each["counts"]) in (1, 150)
        assert (each["unpaired"], each["unpaired_x"]) == (0, 0)
    expect(page.get_by_label("rmse of 8 runs").locator("canvas")).to_be_visible()


def test_a_metric_that_a_report_left_out_is_no_x_axis(opened):
    page = opened("trainings", "--metrics", "rmse")
    over(page, "r2")
    expect(page.get_by_label("rmse of 8 runs")).to_contain_text("The report has no chart of r2")


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
