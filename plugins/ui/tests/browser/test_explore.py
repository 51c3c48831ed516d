"""Charts with a mark for each run: parallel coordinates, scatter, contour, box and bar."""

from urllib.parse import unquote_plus

import pytest
from playwright.sync_api import expect

KINDS = ["Parallel", "Scatter", "Contour", "Box", "Bar"]
COLOURS = """canvas => {
  const context = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  context.canvas.width = canvas.width; context.canvas.height = canvas.height;
  context.drawImage(canvas, 0, 0);
  const bytes = context.getImageData(0, 0, canvas.width, canvas.height).data, found = new Set();
  for (let at = 0; at < bytes.length; at += 4)
    if (bytes[at + 3] > 200 && Math.max(...bytes.slice(at, at + 3)) - Math.min(...bytes.slice(at, at + 3)) > 30)
      found.add(bytes.slice(at, at + 3).join());
  return found.size;
}"""
"""How many colours other than grey a chart has."""


def wait_until_drawn(page):
    """Wait for a chart that has colours; one that stays empty is a failure."""
    for _ in range(100):
        if any(count > 0 for count in page.locator(".plot canvas").evaluate_all(f"all => all.map({COLOURS})")):
            return
        page.wait_for_timeout(100)
    pytest.fail("The chart stays empty.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_draws_the_runs_that_are_compared(tabs, site, kind, scheme):
    tab = tabs(scheme=scheme)
    page = tab.open(f"#/compare?runs={','.join(site.runs('trainings', 8))}")
    page.get_by_label("Kind of chart").get_by_role("button", name=kind).click()
    expect(page.get_by_role("img", name=f"{kind} chart of 8 runs")).to_be_visible()
    wait_until_drawn(page)
    assert tab.axe() == []


def test_what_is_chosen_is_in_the_address(tab, site):
    page = tab.open(f"#/experiments/{site.ids['trainings']}?layout=explore&plot=scatter")
    page.get_by_label("Metric", exact=True).select_option("metric:mae")
    page.get_by_label("Across", exact=True).select_option("param:learning_rate")
    page.get_by_label("Log x").check()
    expect(page.get_by_text("8 runs · 5 without a number there left out")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Across", exact=True)).to_have_value("param:learning_rate")
    expect(page.get_by_label("Log x")).to_be_checked()
    assert "py=metric:mae" in unquote_plus(page.url)


def test_every_run_that_is_found_is_drawn_not_the_first_page(tab, site):
    page = tab.open(f"#/experiments/{site.ids['large']}?layout=explore&plot=box")
    expect(page.get_by_role("img", name="Box chart of 3000 runs")).to_be_visible()
    page.get_by_label("Filter runs").fill("params.optimizer = 'adam'")
    page.keyboard.press("Enter")
    expect(page.get_by_role("img", name="Box chart of 3000 runs")).to_have_count(0)
    expect(page.get_by_label("By", exact=True)).to_be_visible()


def test_a_bar_opens_the_run_that_it_is_of(tab, site):
    run = max(
        (site.run(each) for each in site.runs("trainings", 8)),
        key=lambda run: next(each["value"] for each in run["data"]["metrics"] if each["key"] == "mae"),
    )
    page = tab.open(f"#/experiments/{site.ids['trainings']}?layout=explore&plot=bar&py=metric:mae")
    wait_until_drawn(page)
    page.locator(".plot").click(position={"x": 300, "y": 56})
    expect(page.get_by_role("heading", level=1)).to_contain_text(run["info"]["run_name"])


def test_the_library_is_loaded_with_the_first_chart_and_not_before(tab, site):
    asked = []
    tab.page.on("request", lambda request: asked.append(request.url))
    page = tab.open(f"#/experiments/{site.ids['trainings']}")
    page.locator(".row").nth(2).wait_for()
    assert not [each for each in asked if "/draw-" in each]
    page.get_by_role("button", name="Explore").click()
    page.locator(".plot canvas").first.wait_for()
    assert [each for each in asked if "/draw-" in each]


def test_parallel_axes_are_scrolled_where_they_have_no_room(tabs, site):
    tab = tabs(size=(390, 844))
    page = tab.open(f"#/experiments/{site.ids['trainings']}?layout=explore")
    wait_until_drawn(page)
    region = page.get_by_role("region", name="Chart", exact=True)
    assert region.evaluate("each => each.scrollWidth > each.clientWidth + 100")
    assert tab.axe() == []


def test_each_of_many_bars_has_its_name_beside_it(tab, site):
    page = tab.open(f"#/experiments/{site.ids['large']}?layout=explore&plot=bar")
    wait_until_drawn(page)
    assert page.locator(".plot").bounding_box()["height"] >= 60 * 15


def test_a_table_in_groups_says_why_a_metric_is_charted_for_runs(tab, site):
    page = tab.open(f"#/experiments/{site.ids['trainings']}?layout=charts&group=param:model&over=mae")
    expect(page.get_by_text("Over a metric each of the first 8 runs has a line")).to_be_visible()
