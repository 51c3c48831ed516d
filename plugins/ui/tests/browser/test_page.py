"""What holds on every page: it is for everybody, it runs nothing that somebody wrote, it works behind a proxy."""

import pytest
from filling import ATTACKS
from playwright.sync_api import expect

PAGES = {
    "runs": "#/experiments/{large}",
    "both": "#/experiments/{large}?layout=split",
    "charts": "#/experiments/{trainings}?layout=charts&smooth=0.5",
    "pinned": "#/experiments/{large}?pinned=%5B%22metric%3Aloss%22%5D",
    "nested": "#/experiments/{nested}?nested=1",
    "grouped": "#/experiments/{trainings}?group=param:model",
    "bands": "#/experiments/{trainings}?group=param:model&layout=charts",
    "explore": "#/experiments/{trainings}?layout=explore",
    "nothing": "#/experiments/{large}?filter=metrics.loss+%3C+-1",
    "run": "#/runs/{run}",
    "metrics": "#/runs/{run}?tab=metrics",
    "artifacts": "#/runs/{run}?tab=artifacts&file=tables/predictions.csv",
    "compare": "#/compare?runs={run},{other}",
    "nothing compared": "#/compare",
    "nowhere": "#/nowhere",
    "logs": "#/runs/{logged}?tab=logs",
    "models": "#/models",
    "model": "#/models/diabetes",
}
BLOCKED = ["Blocked script execution", '"img-src data:"']
"""What the browser says of a frame that holds scripts, and pictures from elsewhere."""
FILES = ["page.html", "text.md", "rows.csv", "picture.svg", "values.json", "renamed.txt", "bytes.dat"]


@pytest.fixture
def address(site):
    run, other = site.runs("trainings", 2)
    return lambda name: PAGES[name].format(**site.ids, run=run, other=other)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(tabs, address, name, scheme):
    tab = tabs(scheme=scheme)
    tab.open(address(name)).wait_for_timeout(600)
    assert tab.axe() == []


@pytest.mark.parametrize("opened", ["Columns", "Views"])
def test_axe_finds_nothing_in_a_menu(tab, address, opened):
    tab.open(address("runs")).get_by_role("button", name=opened).click()
    assert tab.axe() == []


def test_axe_finds_nothing_in_the_palette(tab, address):
    tab.open(address("runs")).keyboard.press("Control+k")
    assert tab.axe() == []


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_on_a_telephone(tabs, address, name):
    tab = tabs(size=(390, 844))
    tab.open(address(name)).wait_for_timeout(600)
    assert tab.axe() == []


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wider_than_a_telephone(tabs, address, name):
    page = tabs(size=(390, 844)).open(address(name))
    page.wait_for_timeout(500)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("main").evaluate("main => main.scrollWidth") <= 390


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
@pytest.mark.parametrize(
    ("name", "opened"),
    [
        ("runs", "Columns"),
        ("runs", "Views"),
        ("grouped", "Views"),
        ("charts", "Over a metric"),
        ("run", "Read it from"),
    ],
)
def test_a_menu_opens_within_the_window(tabs, address, size, name, opened):
    page = tabs(size=size).open(address(name))
    page.get_by_role("button", name=opened).click()
    panel = page.locator(".menu > .panel")
    expect(panel).to_be_visible()
    box = panel.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= size[0]


def test_the_experiments_are_reached_on_a_telephone(tabs, address):
    page = tabs(size=(390, 844)).open(address("runs"))
    page.locator(".topbar").get_by_role("button", name="Experiments").click()
    page.get_by_role("link", name="diabetes").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("diabetes")
    expect(page.locator(".sidebar")).not_to_be_visible()


@pytest.mark.parametrize(
    "path",
    [
        "#/experiments/{attacked}",
        "#/experiments/{attacked}?layout=charts",
        "#/experiments/{attacked}?group=param:param0",
        "#/experiments/{attacked}?group=tag:tag1",
        "#/experiments/{attacked}?group=tag:<img src=x onerror=window.xss=1>",
        "#/experiments/{attacked}?nested=1",
        *(f"#/experiments/{{attacked}}?layout=explore&plot={kind}" for kind in ("parallel", "scatter", "box", "bar")),
        "#/runs/{attacked_run}",
        "#/compare?runs={attacked_run},{run}",
        "#/models",
        "#/models/attacked%20model",
        '#/experiments/0?filter=%3Cimg+src%3Dx+onerror%3D"window.xss%3D1"%3E',
        "#/<img src=x onerror=window.xss=1>",
        *(f"#/runs/{{attacked_run}}?tab=artifacts&file={file}" for file in FILES),
    ],
)
def test_what_somebody_wrote_does_not_run(tab, site, path):
    tab.expect("400 (Bad Request)")
    for part in BLOCKED if path.endswith("page.html") else ():
        tab.expect(part)
    page = tab.open(path.format(**site.ids, run=site.runs("trainings", 1)[0]))
    page.wait_for_timeout(800)
    assert page.evaluate("window.xss") is None
    for frame in page.frames[1:]:
        assert frame.evaluate("window.origin") == "null"
    assert page.locator("main script, main [onerror], main [onload], main [onfocus], main form[action]").count() == 0
    assert page.locator("main a[href^='javascript:' i]").count() == 0


def test_the_notes_of_attackers_are_still_shown(tab, site):
    page = tab.open(f"#/runs/{site.ids['attacked_run']}")
    expect(page.get_by_role("heading", level=1)).to_contain_text(ATTACKS[0])


def test_a_page_among_the_artifacts_is_shown_without_its_scripts(tab, site):
    for part in BLOCKED:
        tab.expect(part)
    page = tab.open(f"#/runs/{site.ids['attacked_run']}?tab=artifacts&file=page.html")
    expect(page.frame_locator("iframe").get_by_role("heading")).to_have_text("A report")
    assert page.locator("iframe").get_attribute("sandbox") == ""


def test_behind_a_proxy_everything_lies_below_the_prefix(tabs, serve, site_at, filled):
    with serve("server", "--prefix", "/ml") as url:
        assert url.endswith("/ml/")
        tab = tabs(site=site_at(url))
        page = tab.open(f"#/experiments/{filled['trainings']}?layout=split")
        expect(page.locator(".count")).to_have_text("8 runs")
        page.locator(".u-over").first.wait_for()
        page.locator(".table").get_by_role("link", name="ridge 0.1").click()
        expect(page.locator(".markdown strong")).to_have_text("ridge")


@pytest.mark.parametrize("passes_host", [True, False])
def test_a_proxy_may_take_the_prefix_off_and_pass_its_own_host(tabs, serve, site_at, filled, proxy, passes_host):
    proxy.passes_host = passes_host
    options = [] if passes_host else ["--public-url", proxy.url]
    with serve("server", *options) as proxy.upstream:
        page = tabs(site=site_at(proxy.url)).open(f"#/experiments/{filled['trainings']}?layout=split")
        expect(page.locator(".count")).to_have_text("8 runs")
        page.locator(".u-over").first.wait_for()
        page.locator(".table").get_by_role("link", name="ridge 0.1").click()
        page.get_by_role("button", name="Add a tag").click()
        page.get_by_label("Key of the tag").fill("behind")
        page.keyboard.press("Enter")
        expect(page.locator(".tags")).to_contain_text("behind")


def test_a_proxy_that_makes_the_page_a_strange_one_is_told_what_to_do(tabs, serve, site_at, filled, proxy):
    proxy.passes_host = False
    with serve("server") as proxy.upstream:
        tab = tabs(site=site_at(proxy.url))
        tab.expect("403 (Forbidden)")
        page = tab.open(f"#/experiments/{filled['trainings']}")
        expect(page.get_by_text(f"hookline server --public-url {proxy.url.rstrip('/')}").first).to_be_visible()


def test_a_server_that_is_gone_is_told_with_the_command_that_starts_it(tabs, serve, site_at, filled):
    with serve("ui", "--no-browser") as url:
        tab = tabs(site=site_at(url))
        tab.expect("ERR_CONNECTION_REFUSED")
        page = tab.open("#/models")
        page.get_by_role("link", name="diabetes").first.wait_for()
    page.get_by_role("link", name="sweep").click()
    expect(page.get_by_text("The server does not answer")).to_be_visible(timeout=20_000)
    expect(page.get_by_text("hookline ui")).to_be_visible()
