"""The page of a run, charts, and models."""

import re

import pytest
from playwright.sync_api import expect


@pytest.fixture
def boosted(site):
    return site.runs("trainings", 1)[0]


def question(page, act):
    """What the page asks the server for a chart while something is done."""
    with page.expect_request("**/api/hookline/v1/charts") as waiting:
        act()
    return waiting.value.post_data_json


def test_a_run_shows_what_was_logged(tab, boosted):
    page = tab.open(f"#/runs/{boosted}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("boosting 150 0.3")
    expect(page.locator(".values", has_text="Parameters")).to_contain_text("learning_rate")
    expect(page.locator(".markdown strong")).to_have_text("boosting")
    expect(page.locator(".details")).to_contain_text(boosted)


def test_the_note_is_changed_where_it_stands(tab, site, boosted):
    page = tab.open(f"#/runs/{boosted}")
    page.get_by_role("button", name="Edit: Note").click()
    page.get_by_label("Note", exact=True).fill("Too *steep*.")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".markdown em")).to_have_text("steep")
    tags = {each["key"]: each["value"] for each in site.run(boosted)["data"]["tags"]}
    assert tags["mlflow.note.content"] == "Too *steep*."
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".markdown strong")).to_have_text("boosting")


def test_tags_are_added_changed_and_removed_with_undo(tab, boosted):
    page = tab.open(f"#/runs/{boosted}")
    page.get_by_role("button", name="Add a tag").click()
    page.get_by_label("Key of the tag").fill("verdict")
    page.get_by_label("Value of the tag").fill("keep")
    page.keyboard.press("Enter")
    row = page.locator(".tags li", has_text="verdict")
    expect(row).to_contain_text("keep")
    row.get_by_role("button", name="keep").click()
    page.get_by_label("Value of verdict").fill("drop")
    page.keyboard.press("Enter")
    expect(row).to_contain_text("drop")
    page.get_by_role("button", name="Remove verdict").click()
    expect(row).to_have_count(0)
    page.get_by_role("button", name="Undo").last.click()
    expect(row).to_contain_text("drop")
    page.get_by_role("button", name="Remove verdict").click()


@pytest.mark.parametrize(
    ("file", "selector", "text"),
    [
        ("tables/predictions.csv", ".preview th", "measured"),
        ("summary.json", ".preview pre.text", '"scores": {'),
        ("report.md", ".preview .markdown em", "fits"),
    ],
)
def test_a_file_is_shown_as_what_it_is(tab, boosted, file, selector, text):
    page = tab.open(f"#/runs/{boosted}?tab=artifacts")
    for part in file.split("/"):
        page.get_by_label("Files").get_by_role("button", name=part).click()
    expect(page.locator(selector).first).to_contain_text(text)


def test_a_picture_is_shown_and_a_file_downloaded(tab, boosted, tmp_path):
    page = tab.open(f"#/runs/{boosted}?tab=artifacts&file=plots/curve.svg")
    picture = page.locator(".picture img")
    expect(picture).to_be_visible()
    expect(picture).not_to_have_js_property("naturalWidth", 0)
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download").click()
    assert waiting.value.suggested_filename == "curve.svg"


def test_a_zoom_asks_the_server_for_the_part_and_shows_it_everywhere(tab, site):
    run = site.runs("large", 1, order_by=["attributes.start_time DESC"])[0]
    page = tab.open(f"#/runs/{run}?tab=metrics")
    plot = page.get_by_label("loss of 1 runs").locator(".u-over")
    plot.wait_for()
    box = plot.bounding_box()

    def drag():
        page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 40)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 60, steps=5)
        page.mouse.up()

    asked = question(page, drag)
    assert 400 <= asked["start"] < asked["end"] <= 1100
    assert "zoom=" in page.url
    expect(page.get_by_role("button", name="Whole")).to_have_count(3)
    page.get_by_role("button", name="Whole").first.click()
    expect(page.get_by_role("button", name="Whole")).to_have_count(0)


def test_the_axes_and_the_smoothing_are_said_and_kept_in_the_address(tab, site):
    run = site.runs("large", 1, order_by=["attributes.start_time DESC"])[0]
    page = tab.open(f"#/runs/{run}?tab=metrics")
    page.locator(".u-over").first.wait_for()
    asked = question(page, lambda: page.get_by_role("button", name="Relative").click())
    assert asked["x"] == "relative"
    page.get_by_label("Log y").check()
    page.get_by_role("slider").fill("0.9")
    caption = page.locator("figcaption", has_text="loss")
    expect(caption).to_contain_text("smoothed 0.9 · log")
    page.reload()
    expect(caption).to_contain_text("smoothed 0.9 · log")


def test_a_metric_is_charted_over_any_other(tab, site):
    run = site.runs("large", 1, order_by=["attributes.start_time DESC"])[0]
    page = tab.open(f"#/runs/{run}?tab=metrics")
    page.locator(".u-over").first.wait_for()
    page.get_by_role("button", name="Over a metric").press("Enter")
    page.get_by_label("Find a metric for the x axis").fill("ACC")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    with page.expect_request("**/api/hookline/v1/charts/pairs") as waiting:
        page.keyboard.press("Space")
    assert waiting.value.post_data_json["x_key"] == "accuracy"
    page.keyboard.press("Escape")
    assert "over=accuracy" in page.url
    caption = page.locator("figcaption", has_text="loss")
    expect(caption).to_contain_text("1,800 without accuracy left out")
    expect(page.locator("figcaption", has_text="gradient/norm")).to_contain_text("199 of accuracy alone")
    page.get_by_label("loss of 1 runs").locator(".u-over").hover(position={"x": 120, "y": 60})
    expect(page.locator(".tip").first).to_contain_text("accuracy 0.")
    assert tab.axe() == []
    page.reload()
    expect(caption).to_contain_text("1,800 without accuracy left out")
    asked = question(page, lambda: page.get_by_role("button", name="Step").click())
    assert asked["x"] == "step"
    assert "over=" not in page.url


def test_a_zoom_over_a_metric_is_a_part_of_that_metric(tab, site):
    run = site.runs("large", 1, order_by=["attributes.start_time DESC"])[0]
    page = tab.open(f"#/runs/{run}?tab=metrics&over=accuracy")
    plot = page.get_by_label("loss of 1 runs").locator(".u-over")
    plot.wait_for()
    box = plot.bounding_box()
    with page.expect_request(lambda each: '"start"' in (each.post_data or "")) as waiting:
        page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 40)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + 60, steps=5)
        page.mouse.up()
    asked = waiting.value.post_data_json
    assert 0 < asked["start"] < asked["end"] < 1


def test_where_no_step_has_both_metrics_a_chart_says_so(tab, boosted):
    page = tab.open(f"#/runs/{boosted}?tab=metrics&over=not+there")
    expect(page.get_by_text("No step has both this metric and not there")).to_have_count(3)


def test_a_logarithmic_x_axis_counts_what_has_no_place_on_it(tab, site):
    made = site.post("api/2.0/mlflow/runs/create", experiment_id=site.ids["nested"], start_time=1)
    run_id = made["run"]["info"]["run_id"]
    points = [
        {"key": key, "value": value, "step": step, "timestamp": step}
        for step in range(20)
        for key, value in {"rmse": 1 / (step + 1), "r2": (step - 2) / 20}.items()
    ]
    site.post("api/2.0/mlflow/runs/log-batch", run_id=run_id, metrics=points)
    page = tab.open(f"#/runs/{run_id}?tab=metrics")
    page.locator(".u-over").first.wait_for()
    caption = page.locator("figcaption", has_text="rmse")
    page.get_by_label("Log x").check()
    expect(caption).to_contain_text("log x · 1 at x ≤ 0 left out")
    assert "logx=1" in page.url
    page.goto(f"{site.url}#/runs/{run_id}?tab=metrics&logx=1&over=r2")
    expect(caption).to_contain_text("3 at x ≤ 0 left out")
    page.get_by_role("button", name="Time").click()  # counts from 1970: no place for such an axis
    expect(page.get_by_label("Log x")).to_have_count(0)
    expect(caption).not_to_contain_text("log x")


def test_a_run_says_why_it_failed_and_what_ran(tab, site):
    [run] = site.runs("large", 1, filter="attributes.status = 'FAILED'")
    tags = {"mlflow.source.git.commit": "0123456789abcdef", "hookline.git.dirty": "true", "mlflow.project.env": "uv"}
    for key, value in {**tags, "hookline.status_reason": "process gone"}.items():
        site.post("api/2.0/mlflow/runs/set-tag", run_id=run, key=key, value=value)
    page = tab.open(f"#/runs/{run}")
    expect(page.locator(".title .status")).to_have_text("Failedprocess gone")
    details = page.locator("section.card", has_text="Details")
    expect(details).to_contain_text("0123456789ab with changes")
    expect(details).to_contain_text("Environmentuv")
    expect(page.locator(".tags")).not_to_contain_text("hookline.")


def test_outliers_are_clipped_and_counted(tab, site):
    page = tab.open(f"#/experiments/{site.ids['large']}?layout=charts&x=relative")
    caption = page.locator("figcaption", has_text="loss")
    page.locator(".u-over").first.wait_for()
    expect(caption).not_to_contain_text("out of view")
    page.get_by_label("Clip outliers").check()
    expect(caption).to_contain_text("out of view")
    assert "clip=1" in page.url


def test_what_is_no_number_is_marked(tab, site):
    page = tab.open(f"#/experiments/{site.ids['large']}?layout=charts")
    expect(page.locator("figcaption", has_text="loss")).to_contain_text("3 \u00d7 NaN")
    expect(page.locator("figcaption", has_text="gradient/norm")).to_contain_text("\u00d7 +\u221e")


def test_the_pointer_is_followed_in_every_chart(tab, site):
    page = tab.open(f"#/experiments/{site.ids['trainings']}?layout=charts")
    page.locator(".u-over").nth(2).wait_for()
    for shift in range(40):  # a chart that is drawn anew, since its data came, forgets the pointer
        page.locator(".u-over").first.hover(position={"x": 120 + shift % 2, "y": 60})
        if page.locator(".tip").count() == 3:
            break
        page.wait_for_timeout(250)
    expect(page.locator(".tip")).to_have_count(3)
    expect(page.locator(".tip .near")).to_have_count(1)


def test_a_model_has_versions_and_aliases(tab, site):
    page = tab.open("#/models")
    page.locator("main").get_by_role("link", name="diabetes", exact=True).click()
    expect(page.get_by_label("Versions").get_by_role("row")).to_have_count(4)
    expect(page.locator(".chip", has_text="@champion")).to_be_visible()
    page.get_by_role("button", name="Add an alias to version 3").click()
    page.get_by_label("Alias", exact=True).fill("challenger")
    page.keyboard.press("Enter")
    expect(page.locator(".chip", has_text="challenger")).to_be_visible()
    page.get_by_role("button", name="Remove the alias challenger").click()
    expect(page.locator(".chip", has_text="challenger")).to_have_count(0)


def test_what_is_not_there_is_told(tab):
    tab.expect("404 (Not Found)")
    page = tab.open(f"#/runs/{'0' * 32}")
    expect(page.get_by_text("There is no such run")).to_be_visible()
    page = tab.open("#/nowhere")
    expect(page.get_by_text("There is no such page")).to_be_visible()


@pytest.fixture
def fresh(site):
    """Make a run that no other test looks at."""

    def make(name="fresh", **logged):
        made = site.post("api/2.0/mlflow/runs/create", experiment_id=site.ids["nested"], run_name=name, start_time=1)
        run_id = made["run"]["info"]["run_id"]
        site.post("api/2.0/mlflow/runs/log-batch", run_id=run_id, **logged)
        return run_id

    return make


def test_what_could_not_be_saved_is_kept_to_be_tried_again(tab, fresh):
    tab.expect("503")
    page = tab.open(f"#/runs/{fresh()}")
    page.get_by_role("button", name="Edit: Note").click()
    page.get_by_label("Note", exact=True).fill("an hour of **thinking**")
    refused = re.compile("runs/(set-tag|update)")
    page.route(refused, lambda route: route.fulfill(status=503, json={"message": "The disk is full"}))
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("The disk is full")).to_be_visible()
    expect(page.get_by_label("Note", exact=True)).to_have_value("an hour of **thinking**")
    page.get_by_role("button", name="Add a tag").click()
    page.get_by_label("Key of the tag").fill("verdict")
    page.keyboard.press("Enter")
    page.locator("h1").hover()
    page.get_by_role("button", name="Rename the run").click()
    page.get_by_label("Rename the run").fill("another name")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The disk is full")).to_have_count(3)
    expect(page.get_by_label("Key of the tag")).to_have_value("verdict")
    expect(page.get_by_label("Rename the run")).to_have_value("another name")
    page.unroute(refused)
    page.get_by_label("Rename the run").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("another name")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".markdown strong")).to_have_text("thinking")


def test_long_keys_and_values_leave_each_other_room(tab, fresh):
    run_id = fresh(
        metrics=[{"key": "deep/" * 30 + "loss", "value": 0.123456, "step": 0, "timestamp": 1}],
        params=[{"key": "path", "value": "/a/long/path" * 20}],
    )
    page = tab.open(f"#/runs/{run_id}")
    assert page.get_by_text("0.12346").bounding_box()["height"] < 25
    assert page.locator("dt", has_text="path").evaluate("key => key.scrollWidth <= key.clientWidth")


def test_the_dot_of_a_run_stands_beside_a_long_name(tab, fresh):
    page = tab.open(f"#/runs/{fresh('a-long-name-' * 20)}")
    name, dot = page.locator("h1").bounding_box(), page.locator(".title .dot").bounding_box()
    assert name["x"] > dot["x"]
    assert name["y"] <= dot["y"] < name["y"] + 28


def test_runs_with_long_names_are_compared_side_by_side(tab, fresh):
    loss = {"key": "loss", "step": 0, "timestamp": 1}
    one = fresh("a-long-name-" * 20, metrics=[{**loss, "value": 1.0}, {**loss, "key": "alone", "value": 1.0}])
    other = fresh("short", metrics=[{**loss, "value": 2.0}])
    page = tab.open(f"#/compare?runs={one},{other}")
    row = page.get_by_role("row", name="loss")
    for text in ("1", "2"):
        expect(row.get_by_role("cell", name=text)).to_be_in_viewport(ratio=1)
    expect(row.locator(".highest")).to_have_text("2")
    expect(page.get_by_role("row", name="alone").locator(".highest, .lowest")).to_have_count(0)
