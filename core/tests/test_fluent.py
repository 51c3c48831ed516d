"""The fluent functions: which run a call means, and that they do what the objects do."""

import contextvars
import threading

import pytest

from hookline.entities import RunStatus
from hookline.errors import InvalidState, InvalidValue, NotFound
from hookline.testing import memory_workspace


def in_thread(function, *arguments):
    """Run a function in a thread with an empty context and return its result, or raise what it raised."""
    box = {}

    def work():
        try:
            box["result"] = function(*arguments)
        except Exception as error:
            box["error"] = error

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if "error" in box:
        raise box["error"]
    return box["result"]


def test_the_first_call_starts_a_run(fluent):
    assert fluent.active_run() is None
    fluent.log_metric("a", 1)
    run = fluent.active_run()
    assert run.data.metrics == {"a": 1.0}
    fluent.end_run()
    assert fluent.active_run() is None
    assert fluent.get_run(run.run_id).info.status is RunStatus.FINISHED


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda fluent: fluent.set_experiment(3), "Invalid experiment name 3: it must be a text"),
        (lambda fluent: fluent.autolog(flavors="sklearn"), r"flavors is a list, such as \['sklearn'\], not 'sklearn'"),
        (lambda fluent: fluent.autolog(flavors=["sklern"]), "is installed for: sklern; installed: "),
        (lambda fluent: fluent.autolog(disabled=True), "takes the option disabled; allowed: disable"),
    ],
)
def test_a_wrong_argument_is_told_what_is_allowed(fluent, call, says):
    with pytest.raises(InvalidValue, match=says):
        call(fluent)


@pytest.mark.parametrize("status", ["DONE", 5, None, "RUNNING"])
def test_a_status_is_checked_though_there_is_no_run_to_end(fluent, status):
    with pytest.raises(InvalidValue, match="FINISHED, FAILED"):
        fluent.end_run(status)
    fluent.end_run("KILLED")


def test_a_thread_means_the_only_open_run(fluent):
    with fluent.start_run() as run:
        in_thread(fluent.log_metric, "from_thread", 2)
        assert run.data.metrics == {"from_thread": 2.0}
        assert in_thread(fluent.active_run) is run


def test_a_thread_must_say_which_of_several_runs_it_means(fluent):
    with fluent.start_run() as outer, fluent.start_run(nested=True) as inner:
        with pytest.raises(InvalidState, match=r"run\.log_metric.*\n?.*contextvars\.copy_context"):
            in_thread(fluent.log_metric, "x", 1)
        context = contextvars.copy_context()
        in_thread(context.run, fluent.log_metric, "y", 1)
        assert inner.data.metrics == {"y": 1.0}
        assert outer.data.metrics == {}


def test_nested_runs_know_their_parent(fluent):
    with fluent.start_run() as outer:
        with pytest.raises(InvalidState, match="nested=True"):
            fluent.start_run()
        with fluent.start_run(nested=True) as inner:
            assert fluent.active_run() is inner
        assert fluent.active_run() is outer
    assert fluent.get_run(inner.run_id).data.tags["mlflow.parentRunId"] == outer.run_id


def test_an_ended_run_is_opened_again(fluent):
    with fluent.start_run() as run:
        pass
    with fluent.start_run(run_id=run.run_id):
        fluent.log_metric("later", 1)
    assert fluent.get_run(run.run_id).data.metrics == {"later": 1.0}


def test_set_experiment_is_for_later_runs_and_for_search(fluent):
    experiment = fluent.set_experiment("mine")
    with fluent.start_run() as run:
        fluent.set_experiment_tags({"k": 1})
    assert run.info.experiment_id == experiment.experiment_id
    assert fluent.get_experiment_by_name("mine").tags == {"k": "1"}
    fluent.delete_experiment_tag("k")
    assert fluent.get_experiment(experiment.experiment_id).tags == {}
    assert [each.info.run_id for each in fluent.search_runs()] == [run.run_id]
    fluent.set_experiment("other")
    assert not fluent.search_runs()
    assert len(fluent.search_runs(search_all_experiments=True)) == 1
    assert len(fluent.search_runs(experiment_names=["mine"])) == 1
    for wrong in ({}, {"experiment_name": "a", "experiment_id": "1"}):
        with pytest.raises(InvalidValue):
            fluent.set_experiment(**wrong)
    fluent.delete_experiment(experiment.experiment_id)
    with pytest.raises(InvalidState):
        fluent.set_experiment(experiment_id=experiment.experiment_id)
    fluent.restore_experiment(experiment.experiment_id)
    with pytest.raises(NotFound):
        fluent.get_experiment("987654")


def test_every_logging_function_reaches_the_active_run(fluent, tmp_path):
    (tmp_path / "file.txt").write_text("x")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "inner.txt").write_text("y")
    with fluent.start_run() as run:
        fluent.log_metrics({"a": 1, "b": 2}, step=3)
        fluent.log_param("p", 1)
        fluent.log_params({"q": 2})
        fluent.set_tag("t", 1)
        fluent.set_tags({"u": 2, "v": 3})
        fluent.delete_tag("v")
        fluent.log_artifact(tmp_path / "file.txt")
        fluent.log_artifacts(tmp_path / "folder", "kept")
        fluent.log_text("x", "text.txt")
        fluent.log_dict({"a": 1}, "dict.json")
        fluent.log_table({"a": [1]}, "table.json")
        fluent.log_input([1, 2], context="training")
    record = fluent.get_run(run.run_id)
    assert record.data.metrics == {"a": 1.0, "b": 2.0}
    assert record.data.params == {"p": "1", "q": "2"}
    assert {"t": "1", "u": "2"}.items() <= record.data.tags.items()
    assert "v" not in record.data.tags
    paths = {each.path for each in fluent.current_workspace().runs.list_artifacts(run.run_id)}
    assert paths == {"file.txt", "kept", "text.txt", "dict.json", "table.json"}
    assert record.inputs.datasets[0].tags == {"mlflow.data.context": "training"}
    (point,) = fluent.get_metric_history(run.run_id, "a")
    assert (point.step, point.value) == (3, 1.0)
    assert point.timestamp > 0
    got = fluent.download_artifacts(run_id=run.run_id, artifact_path="kept", dst_path=tmp_path / "got")
    assert (got / "inner.txt").read_text() == "y"
    with pytest.raises(InvalidValue):
        fluent.download_artifacts()


def test_runs_are_renamed_deleted_and_restored(fluent):
    with fluent.start_run() as run:
        pass
    assert fluent.update_run(run.run_id, run_name="better").run_name == "better"
    fluent.delete_run(run.run_id)
    assert not fluent.search_runs()
    fluent.restore_run(run.run_id)
    assert len(fluent.search_runs()) == 1


def test_a_status_that_there_is_not_is_refused(fluent):
    with fluent.start_run() as run:
        pass
    with pytest.raises(InvalidValue, match="There is no status 'DONE'; there are RUNNING"):
        fluent.update_run(run.run_id, status="DONE")


def test_the_default_workspace_is_replaced(fluent, tmp_path):
    first = fluent.current_workspace()
    other = memory_workspace(tmp_path / "other")
    with fluent.start_run() as run:
        fluent.use(other)
        fluent.log_metric("a", 1)
    assert first.runs.get(run.run_id).data.metrics == {"a": 1.0}
    assert not other.search_runs()
    fluent.set_tracking_uri("memory:elsewhere")
    assert fluent.get_tracking_uri() == "memory:elsewhere"
