"""`hookline report`: what is in the file, what cannot break out of it, and what is refused."""

import json
import re

import pytest

from hookline.errors import InvalidValue
from hookline_ui.assets import REPORT, STATIC
from hookline_ui.report import Extent, report_of, write_whole

HOSTILE = "</script><script>alert(1)</script><!-- <style> {data} \u2028"


@pytest.fixture(scope="module")
def experiment(workspace):
    """An experiment whose every name would like to be markup, with 900 points of each of two metrics."""
    with workspace.start_run(experiment_name=f"report {HOSTILE}", run_name=HOSTILE, sampled=False) as run:
        run.log_params({"why": HOSTILE})
        run.log_series({"loss": [1 / (step + 1) for step in range(900)], "odd": [float("nan")] * 900})
    return workspace.experiments.get_by_name(f"report {HOSTILE}")


def data_of(page):
    (found,) = re.findall(rb'<script id="data" type="application/json">(.*?)</script>', page, re.DOTALL)
    return json.loads(found)


def test_the_data_is_that_of_the_api(workspace, experiment):
    data = data_of(report_of(workspace, experiment, Extent(points=100)))
    assert (data["experiment"]["name"], data["points"]) == (experiment.name, 100)
    [run] = data["runs"]
    assert run["info"]["run_name"] == HOSTILE
    assert {each["key"]: each["value"] for each in run["data"]["metrics"]} == {"loss": 1 / 900, "odd": "NaN"}
    for axis in ("step", "time"):
        [series] = data["charts"][axis]["loss"]
        assert series["run_id"] == run["info"]["run_id"]
        assert (sum(series["counts"]), len(series["counts"]) <= 100) == (900, True)
    [odd] = data["charts"]["step"]["odd"]
    assert sum(odd["nans"]) == 900


def test_nothing_that_was_logged_ends_an_element(workspace, experiment):
    page = report_of(workspace, experiment, Extent())
    assert page.count(b"</script>") == 2
    assert page.count(b"</style>") == 1
    assert b"<!--" not in page
    title = re.search(rb"<title>(.*?)</title>", page, re.DOTALL)[1]
    assert b"<" not in title


def test_only_its_own_script_runs_and_it_asks_nobody(workspace, experiment):
    policy = re.search(r'content="(default-src[^"]*)"', report_of(workspace, experiment, Extent()).decode())[1]
    rules = dict(each.strip().partition(" ")[::2] for each in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"].startswith("'sha256-")
    assert rules["style-src"].startswith("'sha256-")
    assert "connect-src" not in rules
    assert "unsafe" not in policy


def test_metrics_can_be_chosen(workspace, experiment):
    data = data_of(report_of(workspace, experiment, Extent(metrics=["odd", "away"])))
    assert [sorted(each) for each in data["charts"].values()] == [["odd"], ["odd"]]


def test_one_that_is_too_large_says_what_to_leave_out(workspace, experiment):
    with pytest.raises(InvalidValue, match=r"--runs.*--metrics.*--points.*--max-bytes"):
        report_of(workspace, experiment, Extent(most_bytes=1_300_000, points=10_000))


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    target = tmp_path / "report.html"
    write_whole(target, b"first")
    write_whole(target, b"second")
    assert target.read_bytes() == b"second"
    with pytest.raises(InvalidValue, match="cannot be written"):
        write_whole(tmp_path / "away" / "report.html", b"x")
    assert [each.name for each in tmp_path.iterdir()] == ["report.html"]


def test_what_a_report_is_made_of_is_not_served(ask):
    assert (STATIC / REPORT / "report.js").is_file()
    for path in ("/static/report.js", "/report/report.js", "/static/../report/report.js"):
        assert ask(path)[0] in (400, 404)
