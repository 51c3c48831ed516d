"""Runs: what is logged is there, runs end as they should, and files are found."""

import math
import os
import subprocess
import sys
import threading
from array import array

import pytest

from hookline import surroundings
from hookline.entities import Batch, RunStatus, as_points
from hookline.errors import AlreadyExists, HooklineError, InvalidState, InvalidValue, NotFound
from hookline.interfaces import RunContext
from hookline.journal.places import journal_root
from hookline.providers import Provider, hookimpl
from hookline.testing import memory_workspace


def test_a_run_keeps_what_was_logged(workspace):
    with workspace.start_run(run_name="first", tags={"team": "a"}) as run:
        run.log_params({"alpha": 0.05, "name": "ü"})
        run.log_metric("rmse", 3, step=1)
        run.log_metrics({"rmse": 2.5, "mae": 1}, step=2)
        run.set_tag("note", 7)
    record = workspace.runs.get(run.run_id)
    assert record.info.status is RunStatus.FINISHED
    assert record.info.end_time >= record.info.start_time
    assert record.info.run_name == "first"
    assert record.data.params == {"alpha": "0.05", "name": "ü"}
    assert record.data.metrics == {"rmse": 2.5, "mae": 1.0}
    assert record.data.tags["team"] == "a"
    assert record.data.tags["note"] == "7"
    assert [(point.step, point.value) for point in workspace.runs.metrics(run.run_id, "rmse")] == [(1, 3.0), (2, 2.5)]


def test_runs_that_follow_each_other_quickly_look_for_their_experiment_once(workspace, monkeypatch):
    asked = []
    experiment = workspace.experiments.create("one")
    real = workspace.tracking.get_experiment_by_name
    monkeypatch.setattr(workspace.tracking, "get_experiment_by_name", lambda name: (asked.append(name), real(name))[1])
    for _ in range(3):
        workspace.start_run(experiment_name="one").end()
    assert asked == ["one"]
    workspace.experiments.rename(experiment.experiment_id, "two")
    with workspace.start_run(experiment_name="one") as run:
        assert run.info.experiment_id != experiment.experiment_id
    workspace.experiments.delete(run.info.experiment_id)
    with pytest.raises(InvalidState, match="is deleted"):
        workspace.start_run(experiment_name="one")


def test_a_chart_shows_a_metric_of_several_runs(workspace):
    run_ids = []
    for factor in (1, -1):
        with workspace.start_run() as run:
            for step in range(40):
                run.log_metric("loss", factor * step, step=step)
        run_ids.append(run.run_id)
    up, down = workspace.runs.chart(run_ids, "loss", width=4, end=30)
    assert [up.run_id, down.run_id] == run_ids
    assert (list(up.starts), list(up.maxima)) == ([0, 8, 16, 24], [7.0, 15.0, 23.0, 30.0])
    assert (list(down.ends), list(down.minima)) == ([7, 15, 23, 30], [-7.0, -15.0, -23.0, -30.0])


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ValueError("x"), RunStatus.FAILED),
        (KeyboardInterrupt(), RunStatus.KILLED),
        (SystemExit(0), RunStatus.FINISHED),
        (SystemExit(None), RunStatus.FINISHED),
        (SystemExit(3), RunStatus.FAILED),
    ],
)
def test_a_run_ends_as_its_block_was_left(workspace, error, status):
    with pytest.raises(type(error)), workspace.start_run() as run:
        raise error
    assert workspace.runs.get(run.run_id).info.status is status
    assert run.info.status is status


def test_ending_twice_keeps_the_first_status(workspace):
    run = workspace.start_run()
    run.end("FAILED")
    run.end("FINISHED")
    assert workspace.runs.get(run.run_id).info.status is RunStatus.FAILED


@pytest.mark.parametrize("status", ["RUNNING", "DONE", ""])
def test_a_run_ends_with_a_final_status_only(workspace, status):
    with workspace.start_run() as run, pytest.raises(InvalidValue):
        run.end(status)


@pytest.mark.parametrize(
    "log",
    [
        lambda run: run.log_metric("", 1),
        lambda run: run.log_metric("../x", 1),
        lambda run: run.log_metric("x", "high"),
        lambda run: run.log_metric("x", 10**400),
        lambda run: run.log_metrics({"good": 1, "x": 10**400}),
        lambda run: run.log_metric("x", 1, step=2**63),
        lambda run: run.log_metric("x", 1, step=1.5),
        lambda run: run.log_metrics({"x": 1}, step=1.5),
        lambda run: run.set_tag("x", "half \ud800"),
        lambda run: run.log_params({"good": 1, "x": "half \ud800"}),
        lambda run: run.log_text("half \ud800", "a.txt"),
        lambda run: run.log_metric("x", 1, timestamp=-1),
        lambda run: run.log_metrics({"good": 1, "bad\n": 2}),
        lambda run: run.log_param("x" * 251, 1),
        lambda run: run.log_text("x", "../escape.txt"),
        lambda run: run.log_text("x", "/absolute.txt"),
        lambda run: run.log_dict({"x": object()}, "a.json"),
        lambda run: run.log_dict({"x": object()}, "a.yaml"),
        lambda run: run.log_table({"a": [1, 2], "b": [1]}, "t.json"),
        lambda run: run.log_figure(object(), "a.png"),
        lambda run: run.log_image([[0]], "a.png"),
        lambda run: run.log_input(42),
    ],
)
def test_bad_input_is_refused_and_nothing_is_stored(workspace, log):
    with workspace.start_run() as run:
        before = run.data
        with pytest.raises(InvalidValue):
            log(run)
        assert run.data == before
        assert not run.list_artifacts()


def test_a_param_never_changes(workspace):
    with workspace.start_run() as run:
        run.log_param("alpha", 1)
        run.log_param("alpha", "1")
        with pytest.raises(InvalidValue, match="Changing param values is not allowed"):
            run.log_param("alpha", 2)


def test_nan_and_infinities_are_values(workspace):
    with workspace.start_run() as run:
        run.log_metrics({"a": math.nan, "b": math.inf, "c": -math.inf})
    metrics = workspace.runs.get(run.run_id).data.metrics
    assert math.isnan(metrics["a"])
    assert (metrics["b"], metrics["c"]) == (math.inf, -math.inf)


def test_artifacts_are_found_again(workspace, tmp_path):
    (tmp_path / "data" / "deep").mkdir(parents=True)
    (tmp_path / "data" / "deep" / "b.txt").write_text("b")
    (tmp_path / "a.txt").write_text("a")
    with workspace.start_run() as run:
        run.log_artifact(tmp_path / "a.txt")
        run.log_artifact(tmp_path / "a.txt", "copies")
        run.log_artifact(tmp_path / "data")
        run.log_artifacts(tmp_path / "data", "more")
        run.log_text("text", "notes/x.txt")
        run.log_dict({"k": [1, None]}, "d.yaml")
        with pytest.raises(NotFound):
            run.log_artifact(tmp_path / "missing")
    listed = [(each.path, each.is_dir) for each in workspace.runs.list_artifacts(run.run_id)]
    folders = [(name, True) for name in ("copies", "data", "more", "notes")]
    assert listed == sorted([("a.txt", False), ("d.yaml", False), *folders])
    assert [each.path for each in workspace.runs.list_artifacts(run.run_id, "data")] == ["data/deep"]
    assert [each.path for each in workspace.runs.list_artifacts(run.run_id, "a.txt")] == ["a.txt"]
    got = workspace.runs.download_artifacts(run.run_id, "more", tmp_path / "got")
    assert (got / "deep" / "b.txt").read_text() == "b"
    assert workspace.runs.download_artifacts(run.run_id, "d.yaml", tmp_path / "one").read_text() == "k:\n- 1\n- null\n"


def test_a_table_grows(workspace):
    with workspace.start_run() as run:
        run.log_table({"a": [1], "b": ["x"]}, "t.json")
        run.log_table({"b": ["y"], "a": [math.nan]}, "t.json")
        with pytest.raises(InvalidValue, match="has the columns"):
            run.log_table({"c": [1]}, "t.json")
        location = run.artifact_location("t.json")
        with location.store.open(location.key) as stream:
            assert stream.read() == b'{"columns": ["a", "b"], "data": [[1, "x"], ["NaN", "y"]]}'


def test_a_file_is_a_dataset(workspace, tmp_path):
    (tmp_path / "data.csv").write_text("a,b\n1,2\n")
    with workspace.start_run() as run:
        dataset = run.log_input(str(tmp_path / "data.csv"))
        with pytest.raises(NotFound):
            run.log_input(tmp_path / "missing.csv")
    assert (dataset.name, dataset.source_type) == ("data.csv", "local")


def test_a_run_is_found_by_the_start_of_its_id(workspace):
    with workspace.start_run() as run:
        pass
    assert workspace.runs.get(run.run_id[:8]).info.run_id == run.run_id
    for wrong in ("ffffffff" if run.run_id[0] != "f" else "00000000", "x' or", "12", "a" * 40):
        with pytest.raises(HooklineError):
            workspace.runs.get(wrong)


def test_search_goes_over_pages_and_becomes_a_table(workspace):
    for number in range(5):
        with workspace.start_run(run_name=f"r{number}") as run:
            run.log_metric("n", number)
            run.log_param("p", number % 2)
    found = workspace.search_runs("params.p = '0'", order_by=["metrics.n DESC"])
    assert [run.data.metrics["n"] for run in found] == [4.0, 2.0, 0.0]
    assert len(workspace.search_runs(max_results=2)) == 2
    (narrow,) = workspace.search_runs("metrics.n = 4", columns=["metrics.n", "status"])
    assert (narrow.data.metrics, narrow.data.params, narrow.data.tags) == ({"n": 4.0}, {}, {})
    assert found.to_columns()["metrics.n"] == [4.0, 2.0, 0.0]
    assert "r4" in repr(found)
    assert "<td>r4</td>" in found._repr_html_()
    assert repr(found[:0]) == "no runs"
    with pytest.raises(NotFound, match="no experiment 'nope'"):
        workspace.search_runs(experiment_names=["nope"])


def test_a_run_list_becomes_pandas_and_arrow(workspace):
    pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    with workspace.start_run() as run:
        run.log_metric("n", 1)
    found = workspace.search_runs()
    assert found.to_pandas().loc[0, "metrics.n"] == 1.0
    assert found.to_arrow().column("run_id").to_pylist() == [run.run_id]


def test_html_of_a_run_list_escapes_what_users_wrote(workspace):
    with workspace.start_run(run_name="<script>x</script>"):
        pass
    assert "<script>" not in workspace.search_runs()._repr_html_()


def test_a_deleted_run_is_not_opened_again(workspace):
    with workspace.start_run() as run:
        pass
    workspace.runs.delete(run.run_id)
    with pytest.raises(InvalidState, match="runs restore"):
        workspace.start_run(run_id=run.run_id)
    workspace.runs.restore(run.run_id)
    with workspace.start_run(run_id=run.run_id) as again:
        assert again.info.status is RunStatus.RUNNING
        again.log_metric("more", 1)


def test_experiments_are_made_when_named(workspace):
    with workspace.start_run(experiment_name="new") as run:
        pass
    assert workspace.experiments.get(run.info.experiment_id).name == "new"
    with pytest.raises(AlreadyExists):
        workspace.experiments.create("new")
    workspace.experiments.delete(run.info.experiment_id)
    with pytest.raises(InvalidState, match="experiments restore"):
        workspace.start_run(experiment_name="new")


class Surroundings(RunContext):
    def tags(self):
        return {"where": "here", "mlflow.source.type": "JOB"}

    def artifacts(self):
        return {"context/file.txt": b"content"}


class Broken(RunContext):
    def tags(self):
        raise RuntimeError("no")

    def artifacts(self):
        raise RuntimeError("no")


class Contexts:
    @hookimpl
    def run_contexts(self):
        return [Provider("good", Surroundings), Provider("bad", Broken)]


def test_contexts_describe_a_new_run_and_never_hinder_it(tmp_path, caplog):
    with memory_workspace(tmp_path, Contexts()) as workspace:
        with workspace.start_run(tags={"where": "mine"}) as run:
            pass
        tags = workspace.runs.get(run.run_id).data.tags
        assert (tags["where"], tags["mlflow.source.type"]) == ("mine", "JOB")
        assert [each.path for each in workspace.runs.list_artifacts(run.run_id, "context")] == ["context/file.txt"]
    assert "The run context 'bad' failed" in caplog.text


@pytest.mark.parametrize(("quick", "threads"), [(math.inf, 1), (0.0, 3)])
def test_files_of_the_surroundings_are_stored_at_once_where_that_is_quick(tmp_path, monkeypatch, quick, threads):
    monkeypatch.setattr(surroundings, "AT_ONCE_SECONDS", quick)
    start, started = threading.Thread.start, []

    def noted(thread):
        started.append(thread.name)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", noted)
    with memory_workspace(tmp_path, Contexts()) as workspace:
        runs = []
        for _ in range(3):
            with workspace.start_run() as run:
                runs.append(run.run_id)
        stored = [workspace.runs.list_artifacts(each, "context") for each in runs]
    assert [[file.path for file in files] for files in stored] == [["context/file.txt"]] * 3
    assert started.count("hookline-context") == threads


class WithoutFiles(RunContext):
    def tags(self):
        return {"where": "here"}


class NoContextAtAll:
    """What a plugin may offer that knows no interface."""

    def tags(self):
        return {"where": "there"}


@pytest.mark.parametrize("context", [WithoutFiles, NoContextAtAll])
def test_a_context_that_has_no_more_than_tags_costs_no_thread(tmp_path, monkeypatch, caplog, context):
    class Plugin:
        @hookimpl
        def run_contexts(self):
            return [Provider("context", context)]

    with memory_workspace(tmp_path, Plugin()) as workspace:
        with monkeypatch.context() as patch:
            started = []
            patch.setattr(threading.Thread, "start", lambda thread: started.append(thread.name))
            run = workspace.start_run()
        assert started == ["hookline-journal", "hookline-journal-sync"]
        run.end()
        assert run.data.tags["where"] == context().tags()["where"]
    assert caplog.text == ""


class Listener:
    def __init__(self):
        self.heard = []

    @hookimpl
    def run_started(self, run):
        self.heard.append(("started", run.run_id))

    @hookimpl
    def batch_logged(self, run_id, batch):
        self.heard.append(("logged", [point.key for point in batch.each_metric()]))

    @hookimpl
    def artifacts_logged(self, paths):
        self.heard.append(("files", paths))

    @hookimpl
    def run_ended(self, run):
        self.heard.append(("ended", run.status))
        raise RuntimeError("a listener that fails hinders nobody")


@pytest.mark.parametrize("wide", [False, True])
def test_whole_series_are_logged_at_once(workspace, wide):
    with workspace.start_run() as run:
        run.log_series({"a": [1.0, float("nan"), 3], "b": array("d", [4.0, 5.0, float("inf")])}, steps=[5, 6, 8])
        run.log_series({"c": range(2000) if wide else []}, timestamps=range(2000) if wide else None)
    assert [(each.step, each.value) for each in workspace.runs.metrics(run.run_id, "b")] == [
        (5, 4.0),
        (6, 5.0),
        (8, float("inf")),
    ]
    assert [each.step for each in workspace.runs.metrics(run.run_id, "a")] == [5, 6, 8]
    assert len(workspace.runs.metrics(run.run_id, "c")) == (2000 if wide else 0)


@pytest.mark.parametrize(
    ("series", "options", "problem"),
    [
        ({"a": [1, 2]}, {"steps": [1]}, "has 2 values, but 1 steps"),
        ({"a": ["x"]}, {}, "not numbers"),
        ({"a": [1]}, {"steps": [0.5]}, "not numbers"),
        ({"a": [1]}, {"steps": [2**63]}, "64 bits"),
        ({"a": [1]}, {"timestamps": [-1]}, "negative"),
        ({"a": [1], "../b": [1]}, {}, "Invalid metric name"),
    ],
)
def test_a_series_that_is_refused_leaves_nothing(workspace, series, options, problem):
    with workspace.start_run() as run, pytest.raises(InvalidValue, match=problem):
        run.log_series(series, **options)
    assert workspace.runs.get(run.run_id).data.metrics == {}


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (lambda run: run.log_metrics([("a", 1)]), "mapping"),
        (lambda run: run.log_params(["a"]), "mapping"),
        (lambda run: run.set_tags("a"), "mapping"),
        (lambda run: run.log_text(b"bytes", "a.txt"), "log_bytes"),
        (lambda run: run.log_text("a\ud800", "a.txt"), "no character"),
        (lambda run: run.set_tag("x", "a\ud800"), r"The tag 'x' holds '\\ud800'"),
        (lambda run: run.log_metric("a", 10**400), "must fit into a double"),
        (lambda run: run.log_metric("a", 1, step=1.5), "whole numbers, not 1.5"),
        (lambda run: run.log_artifact(5), "a text or a Path such as 'plots/loss.png', not by 5"),
        (lambda run: run.log_artifact(""), "not by ''"),
        (lambda run: run.log_artifacts(None), "not by None"),
        (lambda run: run.log_dict({}, 5), "Invalid path 5: it is no text"),
        (lambda run: run.log_figure(None, 5), "Invalid path 5: it is no text"),
        (lambda run: run.log_inputs(5), "a list of DatasetInput, not an int; log_input takes the data"),
        (lambda run: run.log_inputs(["rows.csv"]), "not a str"),
        (lambda run: run.end("DONE"), "no status 'DONE'; there are RUNNING"),
        (lambda run: run.end("RUNNING"), "FINISHED, FAILED or KILLED, not RUNNING"),
    ],
)
def test_a_value_of_a_wrong_kind_is_explained(workspace, call, problem):
    with workspace.start_run() as run, pytest.raises(InvalidValue, match=problem):
        call(run)


def test_a_whole_step_may_be_of_any_type_and_a_time_is_cut_to_milliseconds(workspace):
    with workspace.start_run() as run:
        run.log_metric("a", 1, step=3.0, timestamp=5.9)
        run.log_metrics({"a": 2}, step="4", timestamp=6.9)
    assert [(each.step, each.timestamp) for each in workspace.runs.metrics(run.run_id, "a")] == [(3, 5), (4, 6)]


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (lambda workspace: workspace.start_run(tags=["a"]), "mapping"),
        (lambda workspace: workspace.start_run(tags={"a": "\ud800"}), "no character"),
        (lambda workspace: workspace.start_run(run_name=5), "a text, not 5"),
        (lambda workspace: workspace.runs.get(None), "a text, not by None"),
        (lambda workspace: workspace.runs.search(5), "A filter is a text, not 5"),
        (lambda workspace: workspace.runs.search(experiment_ids="0"), r"experiment_ids is a list, such as \['0'\]"),
        (lambda workspace: workspace.runs.search(experiment_ids=7), "experiment_ids is a list"),
        (lambda workspace: workspace.runs.search(experiment_names="Default"), "experiment_names is a list"),
        (lambda workspace: workspace.runs.search(max_results=0), "at least 1, not 0"),
        (lambda workspace: workspace.experiments.search(max_results=-1), "at least 1, not -1"),
        (lambda workspace: workspace.runs.search(max_results="x"), "a whole number, at least 1, not 'x'"),
        (lambda workspace: workspace.runs.search(order_by=5), r"order_by is a list of texts, .* not 5"),
    ],
)
def test_an_argument_of_a_wrong_kind_is_explained(workspace, call, problem):
    with pytest.raises(InvalidValue, match=problem):
        call(workspace)


def test_a_program_whose_path_is_not_utf_8_is_tracked(workspace, monkeypatch):
    monkeypatch.setattr(surroundings, "_source_name", lambda: "/bad\udcff/train.py")
    with workspace.start_run() as run:
        pass
    assert run.data.tags["mlflow.source.name"].endswith("/bad\\udcff/train.py")


def test_journals_lie_beside_a_store_whose_path_is_not_utf_8(tmp_path):
    file = tmp_path / "bad\udcff" / "runs.db"
    file.parent.mkdir()
    assert journal_root(f"sqlite:///{file}", None, file) == file.with_name("runs.db.journals")
    assert journal_root(f"sqlite:///{file}", str(tmp_path), file).parent == tmp_path


def test_experiments_are_searched_by_ids_that_are_numbers(workspace):
    run = workspace.start_run()
    run.end()
    found = workspace.runs.search(experiment_ids=[int(run.info.experiment_id)])
    assert [each.info.run_id for each in found] == [run.run_id]


def test_a_deleted_run_takes_no_files(workspace):
    with workspace.start_run() as run:
        pass
    workspace.runs.delete(run.run_id)
    with pytest.raises(InvalidState, match="runs restore"):
        workspace.runs.attached(run.run_id)


def test_listeners_hear_what_happened(tmp_path, caplog):
    listener = Listener()
    with memory_workspace(tmp_path, listener) as workspace, workspace.start_run() as run:
        run.log_metric("a", 1)
        run.flush()
        run.log_text("x", "notes/x.txt")
    assert listener.heard == [
        ("started", run.run_id),
        ("logged", ["a"]),
        ("files", ("notes/x.txt",)),
        ("ended", RunStatus.FINISHED),
    ]
    assert "failed in run_ended" in caplog.text


def test_what_was_logged_stays_as_it_was_whatever_becomes_of_what_was_given(workspace):
    points = as_points("m", [1.0, 2.0])
    batch = Batch(params={"p": "1"}, tags={"t": "1"}, points=[points])
    values = {"a": 1.0, "b": 2.0}
    with workspace.start_run() as run:
        run.log_batch(batch)
        run.log_metrics(values)
        points.values[0], batch.params["p"], batch.tags["t"], values["a"] = 9.0, "9", "9", 9.0
        run.flush()
        data = workspace.runs.get(run.run_id).data
    assert (data.params["p"], data.tags["t"], data.metrics["a"]) == ("1", "1", 1.0)
    assert [*workspace.runs.history(run.run_id, "m").values] == [1.0, 2.0]


def test_two_workspaces_log_at_the_same_time_and_share_nothing(tmp_path):
    with memory_workspace(tmp_path / "a") as first, memory_workspace(tmp_path / "b") as second:

        def log(workspace, name):
            with workspace.start_run(experiment_name=name) as run:
                for step in range(200):
                    run.log_metric("m", step, step=step)

        threads = [threading.Thread(target=log, args=pair) for pair in ((first, "one"), (second, "two"))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for workspace, name, other in ((first, "one", "two"), (second, "two", "one")):
            (run,) = workspace.search_runs()
            assert workspace.experiments.get(run.info.experiment_id).name == name
            assert workspace.experiments.get_by_name(other) is None
            assert len(workspace.runs.metrics(run.info.run_id, "m")) == 200


def test_a_program_under_a_project_goes_on_with_its_run(tmp_path, workspace):
    with workspace.start_run() as made:
        pass
    workspace.runs._inherited = made.run_id
    with workspace.start_run() as first, workspace.start_run() as second:
        assert first.run_id == made.run_id
        assert second.run_id != made.run_id


EXIT_PROGRAM = """
import sys
from pathlib import Path
import hookline
from hookline.testing import memory_workspace

class Report:
    @hookline.hookimpl
    def run_ended(self, run):
        print(run.status.value)

hookline.use(memory_workspace(Path(sys.argv[1]), Report()))
run = hookline.start_run()
{code}
"""


@pytest.mark.parametrize(
    ("code", "status"), [("", "FINISHED"), ("raise ValueError('x')", "FAILED"), ("raise KeyboardInterrupt", "KILLED")]
)
def test_a_run_left_open_ends_with_the_program(tmp_path, code, status):
    program = [sys.executable, "-c", EXIT_PROGRAM.format(code=code), str(tmp_path)]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == status, done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_logs_into_the_run_and_does_not_end_it(workspace):
    with workspace.start_run() as run:
        child = os.fork()
        if child == 0:
            try:
                run.log_metric("child", 1)
                run.end()
            except InvalidState:
                os._exit(0 if not run.is_open else 3)
            os._exit(4)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert run.info.status is RunStatus.RUNNING
