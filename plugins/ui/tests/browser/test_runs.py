"""The table of runs, as a person uses it."""

import csv
import re
from urllib.parse import unquote_plus

import pytest
from playwright.sync_api import expect

NAMES = ".table .row:not(.head) .pinned a"


def large(site):
    return f"#/experiments/{site.ids['large']}"


def trainings(site):
    return f"#/experiments/{site.ids['trainings']}"


def in_order(page):
    """The texts of the first rows, from the top: rows are in the page in no certain order."""
    rows = page.locator(".table .row:not(.head)").evaluate_all(
        "rows => rows.map(row => [row.getBoundingClientRect().top, row.innerText])"
    )
    return [text.split("\n") for _, text in sorted(rows)]


def test_the_newest_runs_come_first_and_only_what_is_seen_is_in_the_page(tab, site):
    page = tab.open(large(site))
    expect(page.locator(".count")).to_contain_text("3,000 runs")
    expect(page.get_by_role("link", name="trial-02999")).to_be_visible()
    assert page.locator(".table .row").count() < 80
    expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", "3001")


def test_scrolling_loads_further_pages(tab, site):
    page = tab.open(large(site))
    page.locator(NAMES).first.wait_for()
    for _ in range(3):
        page.locator(".table").evaluate("table => table.scrollTo(0, table.scrollHeight)")
        page.wait_for_timeout(600)
    expect(page.get_by_text(re.compile(r"[468]00 loaded"))).to_be_visible()
    assert page.locator(".table .row").count() < 80


def test_a_click_on_a_column_orders_all_runs_on_the_server(tab, site):
    page = tab.open(large(site))
    head = page.get_by_role("columnheader", name="loss")
    head.locator("button.title").click()
    expect(head).to_have_attribute("aria-sort", "descending")
    head.locator("button.title").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    assert "metrics.loss ASC" in unquote_plus(page.url)
    lowest = site.runs("large", 1, order_by=["metrics.loss ASC"])[0]
    expect(page.locator(f"#row-{lowest}")).to_be_visible()
    page.go_back()
    expect(head).to_have_attribute("aria-sort", "descending")


def test_the_search_box_takes_the_filters_of_the_api(tab, site):
    page = tab.open(trainings(site))
    expect(page.locator(".count")).to_have_text("8 runs")
    box = page.get_by_label("Filter runs")
    page.keyboard.press("/")
    expect(box).to_be_focused()
    box.fill("params.model = 'boosting' and metrics.rmse < 1000")
    page.keyboard.press("Enter")
    expect(page.locator(".count")).to_have_text("3 runs")
    page.reload()
    expect(box).to_have_value("params.model = 'boosting' and metrics.rmse < 1000")
    expect(page.locator(".count")).to_have_text("3 runs")
    page.get_by_role("button", name="Clear", exact=True).click()
    expect(page.locator(".count")).to_have_text("8 runs")


def test_a_filter_that_cannot_be_read_is_shown_with_a_caret_where_it_ends(tab, site):
    tab.expect("400 (Bad Request)")
    page = tab.open(trainings(site))
    page.get_by_label("Filter runs").fill("metrics.rmse < 1 and params.x ~ 3")
    page.get_by_role("button", name="Search").click()
    shown = page.get_by_role("alert")
    expect(shown).to_be_visible()
    _, text, caret = shown.inner_text().split("\n")
    assert text[caret.index("^")] == "~"


def test_columns_are_chosen_and_kept_in_the_address(tab, site):
    page = tab.open(trainings(site))
    page.get_by_role("button", name="Columns").click()
    page.get_by_label("Find a column").fill("depth")
    page.get_by_label("max_depth").uncheck()
    expect(page.get_by_role("columnheader", name="max_depth")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("columnheader", name="alpha")).to_be_visible()
    expect(page.get_by_role("columnheader", name="max_depth")).to_have_count(0)


def test_selected_runs_are_compared(tab, site):
    page = tab.open(trainings(site))
    page.get_by_label("Select boosting 150 0.03").check()
    page.get_by_label("Select ridge 0.1").check()
    page.get_by_role("link", name="Compare").click()
    expect(page.get_by_role("heading", name="2 runs")).to_be_visible()
    sheet = page.get_by_label("Values of the runs")
    expect(sheet.get_by_role("row", name="model")).to_contain_text("ridge")
    expect(sheet.get_by_role("rowheader", name="team")).to_have_count(0)
    page.get_by_role("button", name="Everything").click()
    expect(sheet.get_by_role("rowheader", name="team")).to_be_visible()


def test_a_deleted_run_comes_back_with_undo_and_from_the_deleted_ones(tab, site):
    page = tab.open(trainings(site))
    row = page.get_by_label("Select forest 40 3")
    row.check()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator(".count")).to_have_text("7 runs")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".count")).to_have_text("8 runs")
    row.check()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("button", name="Deleted", exact=True).click()
    expect(page.locator(".count")).to_have_text("1 run")
    row.check()
    page.get_by_role("button", name="Restore").click()
    expect(page.get_by_text("No deleted runs")).to_be_visible()
    page.get_by_role("button", name="Active", exact=True).click()
    expect(page.locator(".count")).to_have_text("8 runs")


def test_a_run_is_renamed_and_back(tab, site):
    page = tab.open(trainings(site))
    page.get_by_label("Select ridge 1.0").check()
    page.get_by_role("button", name="Rename", exact=True).click()
    page.get_by_label("Rename the run").fill("the best ridge")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="the best ridge")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("link", name="ridge 1.0")).to_be_visible()


def test_the_csv_file_holds_every_run_and_no_formula(tab, site, tmp_path):
    page = tab.open(large(site))
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download CSV").click()
    waiting.value.save_as(tmp_path / "runs.csv")
    with (tmp_path / "runs.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3000
    assert rows[0]["Name"] == "trial-02999"
    assert {"metric.loss", "param.optimizer"} <= rows[0].keys()
    formula = site.post(
        "api/2.0/mlflow/runs/create", experiment_id=site.ids["attacked"], run_name="=HYPERLINK(1)", start_time=1
    )
    assert formula
    page = tab.open(f"#/experiments/{site.ids['attacked']}")
    page.locator(NAMES).first.wait_for()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download CSV").click()
    waiting.value.save_as(tmp_path / "attacked.csv")
    with (tmp_path / "attacked.csv").open(newline="", encoding="utf-8") as file:
        assert "'=HYPERLINK(1)" in {each["Name"] for each in csv.DictReader(file)}


def test_a_run_that_starts_appears_by_itself(tab, site):
    page = tab.open("#/experiments/0")
    expect(page.get_by_text("No runs yet")).to_be_visible()
    site.post("api/2.0/mlflow/runs/create", experiment_id="0", run_name="just started", start_time=1)
    expect(page.get_by_role("link", name="just started")).to_be_visible(timeout=15_000)
    expect(page.locator(".status.running")).to_be_visible()


def test_the_table_is_used_with_the_keyboard_alone(tab, site):
    page = tab.open(trainings(site))
    page.locator(NAMES).first.wait_for()
    first = in_order(page)[0]
    page.get_by_role("grid").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    expect(page.locator(".count")).to_have_text("1 selected")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(first[0])


@pytest.mark.parametrize("name", ["mine", "team/best runs"])
def test_a_view_is_saved_under_a_name_and_found_again(tab, site, name):
    page = tab.open(f"{trainings(site)}?filter=metrics.r2+%3E+0.2")
    page.locator(NAMES).first.wait_for()
    page.get_by_role("button", name="Views").click()
    page.get_by_label("Name of the view").fill(name)
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"Saved the view “{name}”.")).to_be_visible()
    page = tab.open(trainings(site))
    page.get_by_role("button", name="Views").click()
    page.get_by_role("link", name=name).click()
    expect(page.get_by_label("Filter runs")).to_have_value("metrics.r2 > 0.2")


def test_everything_is_reached_from_the_palette(tab, site):
    page = tab.open()
    page.keyboard.press("Control+k")
    page.keyboard.type("experiment sweep")
    expect(page.get_by_role("option").filter(has_text="sweep")).to_be_visible()  # the list of experiments is there
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("sweep")
    page.keyboard.press("Control+k")
    page.keyboard.type(site.runs("trainings", 1)[0])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("boosting")
    page.keyboard.press("Control+k")
    page.keyboard.type("theme dark")
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_a_run_is_found_by_a_part_of_its_name(tab, site):
    page = tab.open()
    page.keyboard.press("Control+k")
    page.keyboard.type("BOOSTING 150 0.1")
    expect(page.get_by_role("option").filter(has_text="boosting 150 0.1")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("boosting 150 0.1")
    expect(page).to_have_title("boosting 150 0.1 \u00b7 Hookline")


def test_an_experiment_that_is_not_there_is_told(tab):
    page = tab.open("#/experiments/987654")
    expect(page.get_by_text("There is no such experiment")).to_be_visible()
    expect(page.get_by_text("hookline experiments list")).to_be_visible()


def test_an_experiment_is_deleted_with_its_runs_and_comes_back_with_undo(tab, site):
    made = site.post("api/2.0/mlflow/experiments/create", name="passing by")
    site.post("api/2.0/mlflow/runs/create", experiment_id=made["experiment_id"], run_name="kept", start_time=1)
    page = tab.open(f"#/experiments/{made['experiment_id']}")
    expect(page.get_by_role("link", name="kept")).to_be_visible()
    page.locator("h1").hover()
    page.get_by_role("button", name="Delete the experiment").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Default")
    expect(page.get_by_role("link", name="passing by")).to_have_count(0)
    expect(page.get_by_role("button", name="Delete the experiment")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("passing by")
    expect(page.get_by_role("link", name="kept")).to_be_visible()


def test_the_charts_that_are_looked_for_are_in_the_address(tab, site):
    page = tab.open(f"{trainings(site)}?layout=charts")
    page.get_by_label("Find a metric", exact=True).fill("rm")
    expect(page.get_by_role("figure")).to_have_count(1)
    page.reload()
    expect(page.get_by_label("Find a metric", exact=True)).to_have_value("rm")
    expect(page.get_by_role("figure")).to_have_count(1)


def test_a_filter_that_is_refused_is_not_asked_for_again(tab, site):
    tab.expect("400 (Bad Request)")
    asked = []
    tab.page.on("request", lambda request: request.url.endswith("runs/search") and asked.append(request.url))
    page = tab.open(f"{trainings(site)}?filter=metrics.rmse+%3C")
    expect(page.get_by_role("alert")).to_be_visible()
    before = len(asked)
    page.wait_for_timeout(7000)  # the page asks each five seconds
    assert len(asked) == before
    page.get_by_role("button", name="Clear", exact=True).click()
    expect(page.locator(".count")).to_have_text("8 runs")
    before = len(asked)
    page.wait_for_timeout(7000)
    assert len(asked) > before


ANIMATED = """document.getAnimations().flatMap(
  each => each.effect.getKeyframes().flatMap(
    ({offset, computedOffset, easing, composite, ...said}) => Object.keys(said)
  )
)"""


def test_the_dot_of_a_run_that_goes_on_moves_without_being_painted_anew(tab, site):
    page = tab.open(large(site))
    page.locator(".status.running").first.wait_for()
    assert set(page.evaluate(ANIMATED)) == {"transform", "opacity"}
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(ANIMATED) == []
    assert page.locator(".status.running").first.evaluate("dot => getComputedStyle(dot, '::after').opacity") == "0"
