"""Columns that stay, runs below their parents, and groups of runs."""

import json
import re
import time
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

from playwright.sync_api import expect


def nested(site, fields=""):
    return f"#/experiments/{site.ids['nested']}{fields}"


def row(page, name):
    return page.get_by_role("row").filter(has=page.get_by_role("gridcell", name=name))


def test_a_pinned_column_stays_when_the_others_scroll(tab, site):
    tab.page.set_viewport_size({"width": 1000, "height": 700})
    page = tab.open(f"#/experiments/{site.ids['large']}")
    head = page.get_by_role("columnheader", name="loss")
    head.hover()
    head.get_by_role("button", name="Pin loss").click()
    place = head.bounding_box()["x"]
    page.locator(".table").evaluate("table => table.scrollTo(500, 0)")
    page.wait_for_timeout(200)
    assert head.bounding_box()["x"] == place
    expect(page.get_by_role("columnheader", name="Status")).not_to_be_in_viewport()
    assert 'pinned=["metric:loss"]' in unquote_plus(page.url)
    page.reload()
    head.hover()
    head.get_by_role("button", name="Unpin loss").click()
    expect(page.get_by_role("button", name="Unpin loss")).to_have_count(0)
    assert "pinned" not in page.url


def width_of(column):
    return round(column.bounding_box()["width"])


def test_a_column_is_widened_by_keys_and_fitted_by_a_double_click(tab, site):
    page = tab.open(f"#/experiments/{site.ids['large']}")
    head = page.get_by_role("columnheader", name="Status")
    before = width_of(head)
    head.get_by_role("button").first.focus()
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    assert width_of(head) == before + 72
    page.keyboard.press("Shift+ArrowLeft")
    assert width_of(head) == before + 48
    for _ in range(30):
        page.keyboard.press("Shift+ArrowLeft")
    assert width_of(head) == 60
    edge = head.locator(".resize")
    edge.dblclick()
    assert 60 < width_of(head) < before + 48
    cell = page.locator(".row:not(.head) [role=gridcell]", has_text="Finished").first
    assert cell.evaluate("cell => cell.scrollWidth <= cell.clientWidth")


def widths_in(page):
    return json.loads(parse_qs(urlsplit(page.url).fragment.partition("?")[2]).get("widths", ["{}"])[0])


def test_widths_are_in_the_address_and_in_a_view(tab, site):
    address = f"#/experiments/{site.ids['large']}"
    page = tab.open(address)
    status, started = (page.get_by_role("columnheader", name=each, exact=True) for each in ("Status", "Started"))
    first = width_of(status), width_of(started)
    status.get_by_role("button").first.focus()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    assert widths_in(page) == {"attribute:status": first[0] + 48}
    edge = started.locator(".resize").bounding_box()
    page.mouse.move(edge["x"] + 4, edge["y"] + 10)
    page.mouse.down()
    page.mouse.move(edge["x"] + 44, edge["y"] + 10, steps=5)
    assert "attribute:start_time" not in widths_in(page)  # only once it is let go
    expect(started).to_have_css("width", f"{first[1] + 40}px")
    page.mouse.up()
    given = {"attribute:status": first[0] + 48, "attribute:start_time": first[1] + 40}
    assert widths_in(page) == given
    page.reload()
    expect(started).to_be_visible()
    assert [width_of(status), width_of(started)] == list(given.values())
    page.get_by_role("button", name="Views").click()
    page.get_by_label("Name of the view").fill("wide columns")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saved the view “wide columns”.")).to_be_visible()
    page = tab.open(address)
    expect(status).to_have_css("width", f"{first[0]}px")
    page.get_by_role("button", name="Views").click()
    page.get_by_role("link", name="wide columns").click()
    expect(status).to_have_css("width", f"{first[0] + 48}px")
    assert widths_in(page) == given


def test_the_address_names_only_widths_of_columns_that_are_there(tab, site):
    given = {"attribute:status": 200, "metric:loss": 300, "metric:away": 90}
    page = tab.open(f"#/experiments/{site.ids['large']}?{urlencode({'widths': json.dumps(given)})}")
    status = page.get_by_role("columnheader", name="Status")
    expect(status).to_have_css("width", "200px")
    page.get_by_role("button", name="Columns").click()
    page.get_by_label("Columns").get_by_label("loss", exact=True).uncheck()
    expect(page.get_by_role("columnheader", name="loss")).to_have_count(0)
    assert widths_in(page) == {"attribute:status": 200}
    page.get_by_role("button", name="As at first").click()
    expect(page.get_by_role("columnheader", name="loss")).to_be_visible()
    assert "widths" not in page.url
    expect(status).not_to_have_css("width", "200px")


def test_children_are_below_the_run_that_they_belong_to(tab, site):
    page = tab.open(nested(site))
    expect(page.locator(".count")).to_contain_text("11 runs")
    page.get_by_label("Nested").check()
    expect(page.locator(".count")).to_contain_text("3 runs · at the top")
    expect(page.get_by_role("link", name="fold 0.2")).to_have_count(0)
    expect(page.get_by_role("button", name="Open alone")).to_have_count(0)
    page.get_by_role("button", name="Open search 0").click()
    expect(page.get_by_role("link", name="fold 0.2")).to_be_visible()
    expect(page.get_by_role("link", name="fold 1.2")).to_have_count(0)
    page.get_by_role("button", name="Open fold 0.2").click()
    expect(row(page, "again 0")).to_have_attribute("aria-level", "3")
    page.get_by_role("button", name="Close search 0").click()
    expect(page.get_by_role("link", name="again 0")).to_have_count(0)


def test_the_tree_is_opened_with_the_keyboard(tab, site):
    page = tab.open(nested(site, "?nested=1&order=attributes.run_name+DESC"))
    page.get_by_role("link", name="search 1").wait_for()
    page.get_by_role("button", name="Open search 1").wait_for()
    page.get_by_role("treegrid").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("link", name="fold 1.0")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("link", name="fold 1.0")).to_have_count(0)


def test_a_run_names_the_one_that_started_it_and_those_that_it_started(tab, site):
    page = tab.open(nested(site, "?nested=1"))
    page.get_by_role("link", name="search 0").click()
    children = page.locator("section.card", has_text="Nested runs")
    expect(children.get_by_role("listitem")).to_have_count(3)
    children.get_by_role("link", name="In a table").click()
    expect(page.locator(".count")).to_have_text("3 runs")
    page.get_by_role("link", name="fold 0.2").click()
    expect(page.locator("section.card", has_text="Nested runs").get_by_role("listitem")).to_have_count(1)
    page.get_by_role("complementary").get_by_role("link", name="search 0").click()
    expect(page.get_by_role("heading", name="search 0")).to_be_visible()


def test_what_a_filter_finds_is_shown_without_its_parents(tab, site):
    page = tab.open(nested(site, "?nested=1&filter=metrics.score+%3C+0.55"))
    expect(page.locator(".count")).to_have_text("3 runs")
    expect(page.get_by_role("link", name="fold 0.0")).to_be_visible()
    expect(page.get_by_label("Nested")).to_be_disabled()


def test_groups_show_mean_least_and_greatest_of_their_metrics(tab, site):
    page = tab.open(nested(site))
    page.get_by_label("Group by").select_option("param:kind")
    expect(page.locator(".count")).to_contain_text("11 runs · 4 groups")
    fold = page.locator(".row.group").filter(has_text="fold")
    expect(fold).to_contain_text("0.6")
    page.get_by_role("button", name="Min", exact=True).click()
    expect(fold).to_contain_text("0.5")
    page.get_by_role("button", name="Max", exact=True).click()
    expect(fold).to_contain_text("0.7")
    expect(page.locator(".row.group").filter(has_text="again")).to_contain_text("NaN \N{MULTIPLICATION SIGN}")
    page.get_by_role("button", name="Open fold").click()
    expect(page.get_by_role("link", name="fold 1.2")).to_be_visible()
    page.reload()
    expect(fold).to_contain_text("0.7")


def test_groups_are_charted_as_their_means_with_bands(tab, site):
    page = tab.page
    with page.expect_request("**/api/hookline/v1/charts/bands") as asked:
        tab.open(f"#/experiments/{site.ids['trainings']}?group=param:model&layout=charts")
    question = json.loads(asked.value.post_data)
    assert sorted(question["run_ids"]) == sorted(site.runs("trainings", 100))
    assert len(set(question["groups"])) == 3
    chart = page.get_by_role("figure", name=re.compile("of 3 groups")).first
    expect(chart).to_contain_text("mean, least and greatest")
    expect(page.locator(".legend")).to_contain_text(re.compile("boosting *3"))
    chart.locator(".u-over").hover(position={"x": 100, "y": 80})
    expect(chart.locator(".tip")).to_contain_text(re.compile(r"boosting.*\d to "))
    page.get_by_role("button", name="Runs", exact=True).click()
    expect(page).to_have_url(re.compile("lines=runs"))
    expect(page.get_by_role("figure", name=re.compile("of 8 runs")).first).to_be_visible()
    page.get_by_role("button", name="Views").click()
    page.get_by_label("Name of the view").fill("lines of runs")
    with page.expect_request("**/views/ui/**") as saved:
        page.get_by_role("button", name="Save", exact=True).click()
    assert json.loads(saved.value.post_data)["value"]["fields"]["lines"] == "runs"
    expect(page.get_by_text("Saved the view")).to_be_visible()
    page.get_by_role("button", name="Groups", exact=True).click()
    expect(page.get_by_role("figure", name=re.compile("of 3 groups")).first).to_be_visible()


def test_groups_are_ordered_by_the_aggregate_of_a_metric(tab, site):
    page = tab.open(f"#/experiments/{site.ids['trainings']}?group=param:model&order=metrics.rmse+ASC&aggregate=min")
    page.locator(".row.group").nth(2).wait_for()

    def least():
        tops = page.locator(".row.group").evaluate_all(
            "rows => rows.map(row => [row.getBoundingClientRect().top, row.querySelector('[title^=mean]').title])"
        )
        return [float(text.split("min ")[1].split(",")[0]) for _, text in sorted(tops)]

    deadline = time.monotonic() + 10
    while least() != sorted(least()) and time.monotonic() < deadline:  # rows are put in their places a frame later
        page.wait_for_timeout(50)
    assert len(least()) == 3
    assert least() == sorted(least())


def test_runs_are_grouped_by_the_dataset_that_they_read(tab, site):
    page = tab.open(nested(site))
    page.get_by_label("Group by").select_option("dataset")
    expect(page.locator(".row.group").filter(has_text="whole (1a2b)")).to_contain_text("3")
    expect(page.locator(".row.group").filter(has_text="part 2 (1a2b)")).to_contain_text("4")
    page.get_by_label("Select the group whole (1a2b)").check()
    expect(page.locator(".count")).to_have_text("3 selected")


def test_the_numbers_of_a_metric_stand_below_each_other(tab, site):
    page = tab.open(f"#/experiments/{site.ids['trainings']}")
    head = page.get_by_role("columnheader", name="rmse")
    column = head.get_attribute("aria-colindex")
    cells = page.locator(f".row.run .value[aria-colindex='{column}']")
    expect(cells.first).to_be_visible()
    shown = cells.all_inner_texts()
    assert len(shown) == 8
    assert {len(each.partition(".")[2]) for each in shown} == {2}
    page.goto(f"{site.url}#/experiments/{site.ids['trainings']}?group=param:model")
    grouped = page.locator(f".row.group .value[aria-colindex='{column}']")
    expect(grouped).to_have_count(3)
    assert {len(each.partition(".")[2]) for each in grouped.all_inner_texts()} == {2}


def test_names_stay_beside_columns_that_are_scrolled(tab, site):
    page = tab.open(f"#/experiments/{site.ids['large']}")
    table = page.locator(".table")
    name = page.locator(".row.run .pinned").first
    expect(name).to_be_visible()
    before = name.bounding_box()["x"]
    table.hover()
    page.mouse.wheel(200, 0)
    expect(page.locator(".table.aside")).to_have_count(1)
    assert name.bounding_box()["x"] == before
    table.evaluate("each => each.scrollTo(0, 0)")
    expect(page.locator(".table.aside")).to_have_count(0)
    assert name.bounding_box()["x"] == before
