"""`hookline runs`: what is printed for people, for pipes and for programs."""

import csv
import io
import json
import math

import pytest

from hookline.entities import RunStatus
from hookline.testing import MemoryTrackingStore


@pytest.fixture
def three(hookline):
    """Three runs, by name."""
    ids = {}
    with hookline.workspace() as workspace:
        for name, alpha, rmse in (("one", "0.05", 70.25), ("two", "0.05", 60.5), ("three", "0.9", 90)):
            with workspace.start_run(run_name=name, experiment_name="team/a" if name == "three" else None) as run:
                run.log_params({"alpha": alpha, "learning rate": 0.1})
                for step in range(3):
                    run.log_metric("rmse", rmse + 2 - step, step=step, timestamp=1000 + step)
                run.set_tag("team", "a\x1b[31m\nb")
            ids[name] = run.run_id
    return ids


def names(line, *words):
    return [run["info"]["run_name"] for run in json.loads(line("runs", "search", *words, "--json").out)]


def test_the_issues_search_works_as_written(hookline, three):
    words = ("metrics.rmse < 80 and params.alpha = '0.05'", "--order-by", "metrics.rmse ASC")
    assert names(hookline, *words) == ["two", "one"]
    lines = hookline("runs", "search", *words).out.splitlines()
    assert lines[0].split("\t")[:4] == ["run_id", "name", "status", "started"]
    assert [line.split("\t")[1] for line in lines[1:]] == ["two", "one"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ((), {"one", "two", "three"}),
        (("--experiment", "team/a"), ["three"]),
        (("--experiment", "Default", "--experiment", "team/a"), {"one", "two", "three"}),
        (("--experiment", "0"), {"one", "two"}),
        (("--max-results", "2", "--order-by", "metrics.rmse"), ["two", "one"]),
        (("params.`learning rate` = '0.1' and metrics.rmse > 80",), ["three"]),
        (("--view", "deleted"), []),
        (("--view", "all"), {"one", "two", "three"}),
        (("--order-by", "params.alpha DESC", "--order-by", "metrics.rmse ASC"), ["three", "two", "one"]),
    ],
)
def test_options_choose_runs(hookline, three, words, found):
    printed = names(hookline, *words)
    assert type(found)(printed) == found
    assert hookline("runs", "list", *words).out.count("\n") == len(found) + 1


def test_json_is_an_array_of_runs(hookline, three):
    (run,) = json.loads(hookline("runs", "search", "attributes.run_name = 'one'", "--json").out)
    assert run["info"]["run_id"] == three["one"]
    assert run["info"]["status"] == "FINISHED"
    assert run["data"]["params"] == {"alpha": "0.05", "learning rate": "0.1"}
    assert run["data"]["metrics"] == {"rmse": 70.25}
    assert run["data"]["tags"]["team"] == "a\x1b[31m\nb"
    assert json.loads(hookline("--json", "runs", "search", "metrics.rmse > 1000").out) == []


def test_where_there_is_more_a_person_is_told(hookline, three):
    assert "There are more than the 2 shown" in hookline("runs", "search", "--max-results", "2").said
    assert "There are more" not in hookline("runs", "search", "--max-results", "3").said
    assert hookline("runs", "search", "--max-results", "2", "--json").said == ""


def test_columns_are_chosen(hookline, three):
    out = hookline("runs", "search", "--columns", "name,metrics.rmse,params.learning rate,tags.team").out
    assert out.splitlines()[1:].count("three\t90.0\t0.1\ta\\x1b[31m\\nb") == 1
    said = hookline("runs", "search", "--columns", "nmae", code=2).said
    assert "there is no column 'nmae'" in said
    assert "names no column" in hookline("runs", "search", "--columns", " ,", code=2).said
    assert "metrics.KEY" in said


def test_csv_loses_nothing(hookline, three):
    text = hookline("runs", "search", "--csv", "--columns", "name,metrics.rmse,tags.team").out
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert {"name": "one", "metrics.rmse": "70.25", "tags.team": "a\x1b[31m\nb"} in rows


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("metrics.rmse < ",), "\n  metrics.rmse < \n                 ^"),
        (("metrics.rmse < 'x'",), "^"),
        (("run_nam = 'x'",), "Did you mean 'run_name'?"),
        (("--order-by", "metrics.x SIDEWAYS"), "^"),
        (("--max-results", "0"), "--max-results"),
        (("--view", "gone"), "'active', 'deleted', 'all'"),
    ],
)
def test_a_bad_search_is_explained(hookline, words, said):
    assert said in hookline("runs", "search", *words, code=2).said


def test_an_experiment_that_is_not_there_is_named_with_those_that_are(hookline, three):
    said = hookline("runs", "search", "--experiment", "team/b", code=1).said
    assert "'team/b'" in said
    assert "'team/a'" in said


def test_a_run_is_shown_by_the_start_of_its_id(hookline, three):
    identifier = three["one"]
    lines = dict(line.split("\t", 1) for line in hookline("runs", "show", identifier[:10]).out.splitlines())
    assert lines["run_id"] == identifier
    assert lines["metrics.rmse"] == "70.25"
    assert lines["params.learning rate"] == "0.1"
    assert lines["tags.team"] == "a\\x1b[31m\\nb"
    assert json.loads(hookline("runs", "show", identifier, "--json").out)["info"]["run_id"] == identifier


@pytest.mark.parametrize("given", ["0000", "no-such-run", "0" * 32, "' or run_id = 'x"])
def test_a_run_that_is_not_there_is_named(hookline, three, given):
    for command in (("show",), ("delete",), ("restore",), ("tag", "delete")):
        words = [*command, given, *(["key"] if "tag" in command else [])]
        assert given in hookline("runs", *words, code=1).said


def test_the_history_of_a_metric_is_exact(hookline, three):
    lines = hookline("runs", "history", three["one"], "rmse").out.splitlines()
    assert lines == ["step\ttimestamp\tvalue", "0\t1000\t72.25", "1\t1001\t71.25", "2\t1002\t70.25"]
    points = json.loads(hookline("runs", "history", three["one"], "rmse", "--json").out)
    assert [(each["step"], each["value"]) for each in points] == [(0, 72.25), (1, 71.25), (2, 70.25)]


def test_values_that_are_no_numbers_are_printed(hookline):
    with hookline.workspace() as workspace, workspace.start_run() as run:
        run.log_metrics({"nan": math.nan, "inf": -math.inf, "third": 1 / 3})
    out = hookline("runs", "show", run.run_id).out
    assert "metrics.nan\tNaN\n" in out
    assert "metrics.third\t0.3333333333333333\n" in out
    assert json.loads(hookline("runs", "show", run.run_id, "--json").out)["data"]["metrics"]["inf"] == "-Infinity"


def test_runs_are_compared_where_they_differ(hookline, three):
    head, *rows = [
        line.split("\t") for line in hookline("runs", "compare", three["one"], three["three"]).out.splitlines()
    ]
    assert head == ["what", three["one"][:8], three["three"][:8]]
    found = {row[0]: row[1:] for row in rows}
    assert found["params.alpha"] == ["0.05", "0.9"]
    assert found["metrics.rmse"] == ["70.25", "90.0"]
    assert "params.learning rate" not in found
    assert "params.learning rate" in hookline("runs", "compare", three["one"], three["three"], "--all").out
    plain = json.loads(hookline("runs", "compare", three["one"], three["three"], "--json").out)
    assert plain["metrics"]["rmse"] == {three["one"]: 70.25, three["three"]: 90.0}


@pytest.fixture
def loaded(hookline):
    """Two runs that were open for long enough for samples of the system."""
    with hookline.workspace() as workspace:
        made = [workspace.start_run() for _ in range(2)]
        for number, run in enumerate(made):
            run.log_metrics({"system/cpu": 10.0 + number, "loss": 1.0 + number})
            run.end()
    return [run.run_id for run in made]


SEARCH = ("runs", "search")


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (SEARCH, False),
        ((*SEARCH, "metrics.`system/cpu` > 1"), True),
        ((*SEARCH, 'metrics."system/cpu" > 1'), True),
        ((*SEARCH, "metrics.system/cpu > 1"), True),
        ((*SEARCH, "--order-by", "metrics.system/cpu"), True),
        ((*SEARCH, "--columns", "name,metrics.system/cpu"), True),
        ((*SEARCH, "--json"), True),
        (("runs", "compare"), False),
        (("runs", "compare", "--all"), True),
        (("runs", "compare", "--json"), True),
        (("runs", "show"), True),
    ],
)
def test_the_load_of_the_system_is_shown_where_it_is_asked_for(hookline, loaded, words, shown):
    ids = {"compare": loaded, "show": loaded[:1]}.get(words[1], ())
    out = hookline(*words, *ids).out
    assert ("system/cpu" in out, "loss" in out or "--columns" in words) == (shown, True)


def test_a_table_of_runs_leaves_out_the_load_of_the_system(hookline, loaded):
    with hookline.workspace() as workspace:
        found = workspace.search_runs()
        assert "system/cpu" not in repr(found) + found._repr_html_()
        assert "loss" in repr(found)
        assert sorted(found.to_columns()["metrics.system/cpu"]) == [10.0, 11.0]


@pytest.mark.parametrize("given", [("one",), ("one", "one")], ids=len)
def test_one_run_alone_is_not_compared(hookline, three, given):
    said = hookline("runs", "compare", *(three[name] for name in given), code=2).said
    assert f"Two runs or more are compared. To see one: hookline runs show {three['one']}" in said


def test_a_run_is_not_renamed_to_nothing(hookline, three):
    assert "not empty" in hookline("runs", "rename", three["one"], " ", code=2).said


def test_the_start_of_an_id_must_be_long_enough(hookline, three):
    assert "at least 4" in hookline("runs", "show", three["one"][:3], code=1).said


def test_runs_are_deleted_and_restored(hookline, three):
    said = hookline("runs", "delete", three["one"][:12], three["two"]).out
    assert f"To bring back: hookline runs restore {three['one']} {three['two']}\n" in said
    assert names(hookline) == ["three"]
    assert set(names(hookline, "--view", "deleted")) == {"one", "two"}
    assert json.loads(hookline("runs", "restore", three["one"], "--json").out) == [three["one"]]
    assert set(names(hookline)) == {"one", "three"}


def test_where_one_run_is_missing_none_is_deleted(hookline, three):
    hookline("runs", "delete", three["one"], "0" * 32, code=1)
    assert len(names(hookline)) == 3


def test_tags_are_set_and_removed(hookline, three):
    hookline("runs", "tag", "set", three["one"], "a=1", "note=x = y")
    with hookline.workspace() as workspace:
        tags = workspace.runs.get(three["one"]).data.tags
        assert (tags["a"], tags["note"]) == ("1", "x = y")
        assert workspace.runs.get(three["one"]).info.status is RunStatus.FINISHED
    hookline("runs", "tag", "delete", three["one"], "a")
    assert "No tag with name: a" in hookline("runs", "tag", "delete", three["one"], "a", code=1).said
    assert "KEY=VALUE" in hookline("runs", "tag", "set", three["one"], "a", code=2).said


def test_a_run_is_renamed(hookline, three):
    hookline("runs", "rename", three["one"], "first")
    assert names(hookline, "attributes.run_name = 'first'") == ["first"]


def test_which_store_was_opened_is_said_once_without_secrets(hookline, three):
    assert hookline("runs", "search").said == "store: memory://runs\n"
    assert hookline("--quiet", "runs", "search").said == ""
    assert hookline("runs", "search", "--json").said == ""
    assert hookline("--json", "runs", "search").said == ""
    assert hookline("config", "path").said == ""


def test_what_was_opened_is_closed(hookline, monkeypatch):
    closed = []
    monkeypatch.setattr(MemoryTrackingStore, "close", lambda self: closed.append(self))
    hookline("runs", "search")
    hookline("runs", "show", "0" * 32, code=1)
    assert len(closed) == 2
