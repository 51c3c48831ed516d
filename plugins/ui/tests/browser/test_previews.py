"""Files that libraries wrote, as the page shows them: tables of Parquet, figures of plotly. Nothing of them runs."""

import pytest
from filling import ATTACKS
from playwright.sync_api import expect


@pytest.fixture
def preview(tab, site):
    def open_file(name):
        page = tab.open(f"#/runs/{site.ids['files']}?tab=artifacts&file={name}")
        return page, page.get_by_role("region", name="Preview")

    return open_file


@pytest.mark.parametrize("compression", ["snappy", "zstd", "gzip", "brotli", "lz4", "None"])
def test_a_table_of_parquet_is_shown(preview, compression):
    page, shown = preview(f"{compression}.parquet")
    rows = shown.get_by_role("row")
    expect(rows).to_have_count(443)
    head = rows.nth(0).get_by_role("columnheader").all_inner_texts()
    assert head[:3] == ["age", "sex", "bmi"]
    assert head[-3:] == ["day", "pair", "text"]
    cells = rows.nth(2).get_by_role("cell").all_inner_texts()
    assert cells[-4:] == ["75", "2026-01-02", "[1,1.5]", ATTACKS[0]]
    expect(shown).to_contain_text("442 rows, 14 columns")
    assert page.evaluate("window.xss") is None


def test_of_a_long_table_the_first_rows_are_shown(preview):
    _, shown = preview("many.parquet")
    expect(shown).to_contain_text("100,000 rows, 1 column; the first 500 rows are shown")
    expect(shown.get_by_role("row")).to_have_count(501)


@pytest.mark.parametrize("name", ["short", "damaged"])
def test_a_table_that_cannot_be_read_says_so(preview, name):
    _, shown = preview(f"{name}.parquet")
    expect(shown.get_by_role("alert")).to_contain_text("This file cannot be read as Parquet")


@pytest.mark.parametrize("name", ["loss.json", "loss.html", "grid.json", "hostile.json", "hostile.html"])
def test_a_figure_of_plotly_is_drawn_from_its_data(preview, name):
    page, shown = preview(name)
    shown.locator(".plot canvas").first.wait_for()
    expect(shown).to_contain_text("drawn by Hookline from its data")
    assert page.locator("iframe").count() == 0
    assert page.evaluate("window.xss") is None
    page.locator(".plot canvas").last.hover()
    if name.startswith("loss"):
        expect(shown.get_by_role("img", name="Loss of two runs")).to_be_visible()


def test_a_figure_that_is_not_drawn_is_shown_as_json_with_a_note(preview):
    _, shown = preview("flow.json")
    expect(shown).to_contain_text("is of a kind that is not drawn here")
    expect(shown.locator("pre")).to_contain_text('"sankey"')


def test_axe_finds_nothing_in_previews(tab, site):
    for name in ("zstd.parquet", "loss.json"):
        page = tab.open(f"#/runs/{site.ids['files']}?tab=artifacts&file={name}")
        page.locator(".sheet td, .plot canvas").first.wait_for()
        assert tab.axe() == []
