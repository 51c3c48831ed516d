"""The benchmarks' registries hold together, their report is right, and a row runs, without any peer installed."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

from comparison import markdown, report  # noqa: E402
from comparison.adapters import base  # noqa: E402
from comparison.contenders import CONTENDERS, Contender  # noqa: E402
from comparison.environments import OURS, RECIPES, Environments, EnvironmentsInUse, source_of  # noqa: E402
from comparison.jobs import complaint, figures_in  # noqa: E402
from comparison.rows import ROWS, Column, Row  # noqa: E402
from comparison.running import CellFailed, Outcome, Runner, clean  # noqa: E402

AREAS = {
    "logging": "Logging",
    "reading": "Reading",
    "files": "Artifacts",
    "objects": "ObjectArtifacts",
    "modelling": "Models",
    "starting": "Commands",
    "serving": "Serving",
    "proxying": "Serving",
    "scoring": "ModelServing",
}


def benchmarks(*words):
    command = [sys.executable, str(BENCHMARKS / "run.py"), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize("row", ROWS.values(), ids=lambda row: row.name)
class TestRows:
    def test_a_row_has_a_limit_or_says_why_not(self, row):
        assert bool(row.limit) != bool(row.no_limit)
        assert not row.limit or CONTENDERS[row.limit].role == "limit"
        assert not row.limit or row.limit in row.contenders

    def test_ours_takes_part_and_everyone_is_known_and_named_once(self, row):
        named = [*row.contenders, *row.absent]
        assert row.contenders[0] == OURS
        assert set(named) <= set(CONTENDERS)
        assert len(named) == len(set(named))

    def test_its_tasks_exist(self, row):
        for task in filter(None, (row.task, row.seed)):
            module, _, function = task.partition(":")
            assert callable(getattr(importlib.import_module(f"comparison.tasks.{module}"), function))

    def test_its_contenders_have_adapters(self, row):
        area = AREAS[row.task.partition(":")[0]]
        for contender in (CONTENDERS[name] for name in row.contenders):
            module = importlib.import_module(f"comparison.adapters.{contender.adapter}")
            assert issubclass(getattr(module, contender.prefix + area), getattr(base, area))

    def test_what_writes_says_how_durable(self, row):
        if row.moment:
            silent = [name for name in row.contenders if row.moment not in CONTENDERS[name].durability]
            assert silent in ([], ["limit-python"])

    def test_ratios_are_of_columns_that_know_what_is_better(self, row):
        assert all(column.better for column in row.columns if column.ratio)
        assert row.tiny.keys() == row.size.keys()
        assert row.measures
        assert not row.measures.endswith(".")


@pytest.mark.parametrize("contender", CONTENDERS.values(), ids=lambda contender: contender.name)
def test_a_contender_has_an_environment_and_a_row(contender):
    assert contender.environment in RECIPES
    assert any(contender.name in row.contenders for row in ROWS.values())


def test_products_are_pinned():
    for name, recipe in RECIPES.items():
        pinned = recipe.helpers if name == OURS else (*recipe.product, *recipe.helpers)
        foreign = [each for each in pinned if not each.startswith("./")]
        assert all(requirement.count("==") == 1 for requirement in foreign)


def test_list_names_every_row():
    listed = benchmarks("--list")
    assert listed.returncode == 0, listed.stderr
    assert [line.partition(":")[0].split()[0] for line in listed.stdout.splitlines() if line[:1].strip()] == list(ROWS)


@pytest.mark.parametrize(
    ("words", "named"), [(["no-such-row"], "no-such-row"), (["disk", "--peers", "nobody"], "nobody")]
)
def test_an_unknown_name_is_refused_by_name(words, named):
    refused = benchmarks(*words)
    assert refused.returncode == 2
    assert named in refused.stderr


def test_a_row_runs_with_ours_and_the_limits_alone(tmp_path):
    out, figures = tmp_path / "out.md", tmp_path / "out.json"
    done = benchmarks(
        *["log-metric", "search-1k", "--tiny", "--reps", 1, "--peers", "none", "--ours", sys.executable],
        *["--cache", tmp_path / "cache", "--scratch", tmp_path, "--out", out, "--json", figures],
    )
    assert done.returncode == 0, done.stderr
    logged, searched = json.loads(figures.read_text())["rows"]
    assert [each["name"] for each in logged["contenders"]] == [OURS, "limit-sqlite", "limit-journal"]
    assert [each["name"] for each in searched["contenders"]] == [OURS, "limit-rows"]
    for each in (*logged["contenders"], *searched["contenders"]):
        assert (each["error"], each["skipped"]) == ("", "")
    assert all(each["done"] == each["wanted"] == 300 for each in logged["contenders"])
    assert logged["contenders"][0]["ratios"]["per_s"]["times_worse_than_limit"] > 0
    assert "| **hookline** |" in out.read_text()
    assert {path.name for path in tmp_path.iterdir()} == {"cache", "out.md", "out.json"}


ROW = Row(
    "a-row",
    "A row",
    "what it measures",
    "logging:log_metric",
    (OURS, "mlflow-sqlite", "dvclive", "limit-journal"),
    (Column("rate", "calls/s", "high", ratio=True), Column("ms", "ms", "low", ratio=True), Column("note", "note")),
    {},
    {},
    limit="limit-journal",
    moment="log",
    absent={"aim": "it cannot"},
)


def outcome(name, *figures, **options):
    return Outcome(CONTENDERS[name], list(figures), **options)


def reported(*outcomes):
    return report.of_row(ROW, outcomes, {})


@pytest.fixture
def measured():
    return reported(
        outcome(OURS, {"rate": 400.0, "ms": 2.0}, {"rate": 500.0, "ms": 3.0}, {"rate": 1200.0, "ms": 1.0}),
        outcome("mlflow-sqlite", {"rate": 50.0, "ms": 20.0, "done": 30, "wanted": 100}),
        outcome("dvclive", {"rate": 250.0, "ms": 40.0, "note": "a | b\nc"}),
        outcome("limit-journal", {"rate": 1000.0, "ms": 1.0}),
    )


class TestReport:
    def test_a_figure_is_median_and_extremes(self, measured):
        rate = measured["contenders"][0]["figures"]["rate"]
        assert rate == {"median": 500.0, "min": 400.0, "max": 1200.0, "values": [400.0, 500.0, 1200.0]}

    @pytest.mark.parametrize(
        ("place", "key", "peer", "limit"),
        [
            (0, "rate", 2.0, 2.0),
            (0, "ms", 10.0, 2.0),
            (1, "rate", 0.2, 20.0),
            (2, "rate", 1.0, 4.0),
            (3, "ms", 20.0, 1.0),
        ],
    )
    def test_ratios_point_the_same_way_whatever_is_better(self, measured, place, key, peer, limit):
        ratios = measured["contenders"][place]["ratios"][key]
        assert ratios == {"times_better_than_best_peer": peer, "times_worse_than_limit": limit}

    def test_without_a_peer_or_a_limit_there_is_no_ratio(self):
        alone = reported(outcome(OURS, {"rate": 1.0, "ms": 0.0}))["contenders"][0]["ratios"]
        assert alone["rate"] == alone["ms"] == {"times_better_than_best_peer": None, "times_worse_than_limit": None}

    def test_it_is_plain_json(self, measured):
        assert json.loads(json.dumps(measured)) == measured


class TestMarkdown:
    def test_the_table_says_medians_extremes_and_ratios(self, measured):
        lines = markdown.section(measured).splitlines()
        assert lines[0] == "## A row (`a-row`)"
        assert (
            "| contender | calls/s | ms | note | calls/s: x best peer | calls/s: x limit"
            " | ms: x best peer | ms: x limit |" in lines
        )
        assert "| **hookline** | 500 (400 - 1,200) | 2 (1 - 3) |  | 2 | 2 | 10 | 2 |" in lines
        assert "| dvclive | 250 | 40 | a / b c | 1 | 4 | 0.5 | 40 |" in lines
        assert len({line.count("|") for line in lines if line.startswith("|")}) == 1

    def test_the_notes_say_what_ended_early_what_is_missing_and_what_holds(self, measured):
        text = markdown.section(measured)
        assert "- Stopped by the budget, so the rate is of a part: mlflow-sqlite (30 of 100)." in text
        assert "- aim: it cannot." in text
        assert f"- Durability, mlflow-sqlite: {CONTENDERS['mlflow-sqlite'].durability['log']}." in text
        assert "- The limit is limit-journal." in text

    def test_who_has_no_figures_is_named_with_the_reason(self):
        text = markdown.section(
            reported(outcome("dvclive", skipped="no call for it"), outcome("mlflow-sqlite", error="it broke"))
        )
        assert "Nothing was measured." in text
        assert "- dvclive: no call for it." in text
        assert "- mlflow-sqlite: failed: it broke." in text

    @pytest.mark.parametrize(
        ("value", "shown"),
        [(None, ""), (0.0, "0"), (0.01234, "0.0123"), (7.0, "7"), (12.345, "12.3"), (123.4, "123"), (1e6, "1,000,000")],
    )
    def test_a_number_has_three_digits_that_count(self, value, shown):
        assert markdown.number(value) == shown

    def test_the_document_names_every_contender_once(self, measured):
        document = markdown.document({"about": {"date": "today"}, "rows": [measured, measured]})
        assert "- date: today" in document
        assert document.count("DVCLive, TSV files") == 1


class TestRunning:
    def test_contenders_take_turns(self, tmp_path, monkeypatch):
        turns = []
        runner = Runner(Environments(tmp_path), tmp_path, rounds=2, peers=["dvclive"])
        monkeypatch.setattr(Runner, "_cell", lambda _self, _row, outcome: turns.append(outcome.contender.name))
        runner.row(ROW)
        assert turns == [OURS, "dvclive", "limit-journal"] * 2

    def test_who_failed_is_not_asked_again(self, tmp_path, monkeypatch):
        def fail(_self, job, contender, timeout):
            turns.append(contender.name)
            raise CellFailed("it broke")

        turns = []
        monkeypatch.setattr(Runner, "_do", fail)
        outcomes = Runner(Environments(tmp_path), tmp_path, rounds=3, peers=[]).row(ROW)
        assert turns == [OURS, "limit-journal"]
        assert [each.error for each in outcomes] == ["it broke", "it broke"]

    def test_a_cell_sees_no_settings_of_its_user(self, tmp_path):
        given = {
            "HOME": "/home/me",
            "PATH": "/bin",
            "MLFLOW_TRACKING_URI": "x",
            "HOOKLINE_CONFIG": "y",
            "PYTHONPATH": "z",
        }
        seen = clean(given, tmp_path)
        assert seen.keys() == {"HOME", "PATH", "BENCHMARK_HOME", "TMPDIR"}
        assert (seen["HOME"], seen["BENCHMARK_HOME"]) == (str(tmp_path), "/home/me")

    def test_the_last_figures_of_a_worker_count(self):
        assert figures_in('noise\nRESULT {"a": 1}\nRESULT {"a": 2}\nnoise') == {"a": 2}
        assert figures_in("noise") is None

    def test_the_last_line_of_a_traceback_is_the_error(self):
        assert complaint("Traceback:\n  File x\nValueError: no\n") == "ValueError: no"
        assert complaint("") == "it said nothing"

    def test_a_second_run_is_kept_away(self, tmp_path):
        with Environments(tmp_path).held(), pytest.raises(EnvironmentsInUse), Environments(tmp_path).held():
            pass
        with Environments(tmp_path).held():
            pass

    def test_the_environment_of_this_clone_follows_its_source(self):
        assert source_of(OURS) == source_of(OURS) != ""
        assert source_of("mlflow") == ""


def test_contenders_are_frozen_values():
    assert Contender("a", "peer", "empty", "limits", "nothing") == Contender("a", "peer", "empty", "limits", "nothing")


def test_the_curve_of_searches_is_drawn_over_stores_of_any_size():
    command = [sys.executable, str(BENCHMARKS / "searching.py"), "--runs", "20", "50", "--rounds", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    head, _, *rows = done.stdout.splitlines()
    assert head == "| 1 rounds | 20 runs | 50 runs | ratio |"
    assert len(rows) == 10
