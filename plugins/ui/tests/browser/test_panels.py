"""Panels that another plugin brings: `contrib/panel-confusion`."""

from filling import ATTACKS
from playwright.sync_api import expect


def test_a_panel_is_a_tab_of_a_run(tab, site):
    page = tab.open(f"#/runs/{site.ids['confused']}")
    page.get_by_role("link", name="Confusion").click()
    table = page.locator("confusion-matrix table")
    expect(table.locator("tbody tr")).to_have_count(3)
    expect(table).to_be_visible()
    expect(table).to_contain_text(ATTACKS[0])
    assert page.evaluate("window.xss") is None
    assert tab.axe() == []
    page.get_by_role("link", name="Overview").click()
    expect(page.locator("confusion-matrix")).to_have_count(0)


def test_it_says_what_is_missing(tab, site):
    page = tab.open(f"#/runs/{site.runs('trainings', 1)[0]}?tab=confusion-matrix")
    tab.expect("404")
    expect(page.locator("confusion-matrix")).to_contain_text("This run has no confusion_matrix.json")


def test_a_panel_is_a_kind_of_chart(tab, site):
    page = tab.open(f"#/experiments/{site.ids['trainings']}?layout=explore")
    page.get_by_role("button", name="Histogram").click()
    panel = page.locator("metric-histogram")
    expect(panel.locator("rect")).to_have_count(20)
    expect(panel.locator("svg")).to_be_visible()
    first = panel.locator("svg").get_attribute("aria-label")
    choice = panel.get_by_label("Metric")
    choice.select_option(index=1)
    expect(panel.locator("svg")).not_to_have_attribute("aria-label", first)
    page.get_by_role("button", name="Scatter").click()
    expect(panel).to_have_count(0)
