"""The logs of a run: read from their end, followed while they grow, searched, and never more than text."""

import json
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect

PROJECT = "entry_points:\n  main: {parameters: {go: string}, command: 'python main.py {go}'}\n"
PROGRAM = """
import pathlib, sys, time
print("\\x1b[33mwarming up\\x1b[0m", flush=True)
number = 0
while not pathlib.Path(sys.argv[1]).exists():
    print("waited", number, flush=True)
    number += 1
    time.sleep(0.2)
print("the end", flush=True)
sys.exit("no more data")
"""


@pytest.fixture
def logged(site):
    return f"#/runs/{site.ids['logged']}?tab=logs"


def test_a_log_is_shown_from_its_end_with_its_colours(tab, logged):
    page = tab.open(logged)
    log = page.get_by_role("region", name="The log logs/stdout.log")
    expect(log).to_contain_text("epoch 19999")
    expect(log.locator(".bold", has_text="done")).to_be_in_viewport()
    expect(log.locator(".ansi2").first).to_have_text("ok")
    expect(log).not_to_contain_text("epoch 00000")
    assert tab.axe() == []
    page.get_by_role("button", name="Show earlier lines").click()
    expect(log).to_contain_text("epoch 00000")
    expect(page.get_by_role("button", name="Show earlier lines")).to_have_count(0)


def test_a_text_is_found_and_kept_in_the_address(tab, logged):
    page = tab.open(logged)
    page.get_by_label("Find in the log").fill("EPOCH 19999")
    expect(page.locator(".finding output")).to_have_text("1 of 1")
    page.get_by_label("Find in the log").fill("epoch 1999")
    expect(page.locator(".finding output")).to_have_text("1 of 10")
    expect(page.locator("mark.now")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator(".finding output")).to_have_text("2 of 10")
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")
    expect(page.locator(".finding output")).to_have_text("10 of 10")
    page.get_by_role("button", name="Next match").click()
    expect(page.locator(".finding output")).to_have_text("1 of 10")
    page.reload()
    expect(page.locator(".finding output")).to_have_text("1 of 10")
    page.get_by_label("Find in the log").fill("nowhere")
    expect(page.locator(".finding output")).to_have_text("Nothing found")


def test_what_is_hostile_in_a_log_is_text(tab, logged):
    page = tab.open(f"{logged}&log=stderr.log")
    log = page.get_by_role("region", name="The log logs/stderr.log")
    expect(log).to_contain_text("<script>window.xss=1</script>")
    expect(log.locator(".ansi1").first).to_have_text("turned")
    expect(log).to_contain_text("100%|####################")
    expect(log).not_to_contain_text("95%")
    assert page.evaluate("window.xss") is None
    assert log.locator("a, img, script, iframe, svg").count() == 0


def test_another_log_is_chosen_and_downloaded(tab, logged):
    page = tab.open(logged)
    page.get_by_role("button", name="other.txt").click()
    expect(page.get_by_role("region", name="The log logs/other.txt")).to_have_text("of another program")
    assert "log=other.txt" in page.url
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download").click()
    assert waiting.value.suggested_filename == "other.txt"


def test_where_there_are_no_logs_the_page_says_how_to_get_them(tab, site):
    page = tab.open(f"#/runs/{site.runs('trainings', 1)[0]}?tab=logs")
    expect(page.get_by_text("No logs")).to_be_visible()
    expect(page.locator(".command")).to_contain_text("hookline run .")
    expect(page.locator(".empty code")).to_contain_text("run.log_artifact")
    assert tab.axe() == []


def test_logs_that_cannot_be_listed_are_told(tab, site, logged):
    tab.expect("500")
    tab.page.route("**/artifacts/list*", lambda route: route.fulfill(status=500, json={"message": "The disk is gone."}))
    page = tab.open(logged)
    expect(page.get_by_role("alert")).to_contain_text("The disk is gone.")


@contextmanager
def project_at_work(folder, place):
    """Run a project that goes on until a file is there; gives its run's id, and the file."""
    place.mkdir()
    (place / "MLproject").write_text(PROJECT, encoding="utf-8")
    (place / "main.py").write_text(PROGRAM, encoding="utf-8")
    go = place / "go"
    words = [sys.executable, "-m", "hookline", "run", str(place), "-P", f"go={go}", "--experiment", "projects"]
    with subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            yield go
            go.touch()
            process.communicate(timeout=60)
        finally:
            process.kill()


def running(site):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = site.post("api/2.0/mlflow/experiments/search", max_results=1000)["experiments"]
        ids = [each["experiment_id"] for each in found if each["name"] == "projects"]
        runs = ids and site.post("api/hookline/v1/runs/search", experiment_ids=ids).get("runs")
        if runs:
            return runs[0]["info"]["run_id"]
        time.sleep(0.2)
    raise AssertionError(json.dumps(found))


def test_the_log_of_a_project_is_followed_while_it_runs(tabs, serve, site_at, tmp_path):
    with serve("ui", "--no-browser") as url:
        site = site_at(url)
        with project_at_work(tmp_path / "store", tmp_path / "project") as go:
            tab = tabs(site=site)
            page = tab.open(f"#/runs/{running(site)}?tab=logs")
            log = page.get_by_role("region", name="The log logs/stdout.log")
            expect(log.locator(".ansi3")).to_have_text("warming up")
            expect(page.get_by_label("Follow")).to_be_checked()
            expect(log).to_contain_text("waited 40")
            expect(log.locator("div").last).to_be_in_viewport()
            log.evaluate("each => each.scrollTo(0, 0)")
            expect(page.get_by_label("Follow")).not_to_be_checked()
            page.get_by_label("Follow").check()
            expect(log.locator("div").last).to_be_in_viewport()
            go.touch()
            expect(log).to_contain_text("the end", timeout=60_000)
            expect(page.get_by_label("Follow")).to_have_count(0)
            page.reload()  # of a failed run what says why comes first
            expect(page.get_by_role("region", name="The log logs/stderr.log")).to_contain_text("no more data")
