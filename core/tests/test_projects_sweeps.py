"""Sweeps: every combination once, so many at a time, and a parent run that tells the truth."""

import json
import signal
import threading
import time

import pytest

from hookline.errors import InvalidValue, NotFound, UnknownProvider
from hookline.projects.sweeps import SWEEP_TAG, combinations
from hookline.testing import ReferenceProjects, memory_workspace

MLPROJECT = """\
name: demo
entry_points:
  main:
    parameters:
      alpha: {type: float}
      depth: {type: float, default: 1}
    command: python main.py {alpha} {depth}
  fail:
    parameters: {alpha: float}
    command: python fail.py {alpha}
  wait:
    parameters: {place: string}
    command: python wait.py {place}
"""
PROGRAMS = {
    "main.py": "import sys\nprint(sys.argv[1:])\n",
    "fail.py": "import sys\nsys.exit(3 if sys.argv[1] == '2' else 0)\n",
    "wait.py": (
        "import pathlib, sys, time\n"
        "place = pathlib.Path(sys.argv[1])\n"
        "place.with_suffix('.began').touch()\n"
        "while not place.with_suffix('.end').exists(): time.sleep(0.01)\n"
    ),
}


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "demo"
    folder.mkdir()
    for name, content in {"MLproject": MLPROJECT, **PROGRAMS}.items():
        (folder / name).write_text(content, encoding="utf-8")
    return folder


@pytest.fixture
def space(tmp_path):
    with memory_workspace(tmp_path / "home", ReferenceProjects()) as made:
        yield made


@pytest.fixture
def sweep(space, project):
    """Prepare a sweep with the reference plugins."""
    options = {"stream": False}
    return lambda values, **given: space.projects.sweep(project, values, **{**options, **given})


def children(space, run_id):
    found = space.runs.search(f"tags.mlflow.parentRunId = '{run_id}'", order_by=["start_time ASC"])
    return [(each.data.params, each.info.status.value) for each in found]


def until(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, [{}]),
        ({"a": [1]}, [{"a": 1}]),
        ({"a": [1, 2], "b": ["x", "y"]}, [{"a": a, "b": b} for a in (1, 2) for b in ("x", "y")]),
    ],
)
def test_every_combination_is_planned_once(given, wanted):
    assert combinations(given) == wanted


@pytest.mark.parametrize("given", [{"a": []}, {"a": [1, 2, 1]}])
def test_no_value_and_one_twice_are_refused(given):
    with pytest.raises(InvalidValue, match="'a'"):
        combinations(given)


def test_the_runs_lie_below_one_that_says_what_was_tried(space, sweep):
    made = sweep({"alpha": [0.1, 0.5], "depth": [3]}, parallel=2, run_name="grid", experiment_name="team")
    seen = []
    assert made.wait(lambda child, status: seen.append((child.run_id, status.value))) == "FINISHED"
    parent = space.runs.get(made.run_id)
    assert (parent.info.run_name, parent.info.status.value) == ("grid", "FINISHED")
    assert json.loads(parent.data.tags[SWEEP_TAG]) == {"alpha": ["0.1", "0.5"], "depth": ["3"]}
    found = children(space, made.run_id)
    assert sorted(each["alpha"] for each, _ in found) == ["0.1", "0.5"]
    assert [status for _, status in found] == ["FINISHED"] * 2
    assert sorted(status for _, status in seen) == ["FINISHED"] * 2
    experiments = {each.info.experiment_id for each in space.runs.search()}
    assert experiments == {parent.info.experiment_id}


def test_one_that_fails_hinders_no_other_and_the_parent_failed(space, sweep):
    made = sweep({"alpha": [1, 2, 3]}, entry_point="fail")
    assert made.wait() == "FAILED"
    assert [status for _, status in children(space, made.run_id)] == ["FINISHED", "FAILED", "FINISHED"]


def test_so_many_run_at_a_time(space, sweep, tmp_path):
    names = [str(tmp_path / f"{number}") for number in range(3)]
    made = sweep({"place": names}, entry_point="wait", parallel=2)
    status = []
    waiting = threading.Thread(target=lambda: status.append(made.wait()))
    waiting.start()
    until(lambda: len(list(tmp_path.glob("*.began"))) == 2)
    time.sleep(0.3)
    assert len(list(tmp_path.glob("*.began"))) == 2, "the third waits"
    (tmp_path / "0.end").touch()
    until(lambda: len(list(tmp_path.glob("*.began"))) == 3)
    for number in (1, 2):
        (tmp_path / f"{number}.end").touch()
    waiting.join(30)
    assert status == ["FINISHED"]


def test_an_interrupt_ends_all_that_runs(space, sweep, tmp_path):
    names = [str(tmp_path / f"{number}") for number in range(3)]
    made = sweep({"place": names}, entry_point="wait", parallel=2)

    def interrupt():
        until(lambda: len(list(tmp_path.glob("*.began"))) == 2)
        signal.raise_signal(signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        made.wait()
    assert space.runs.get(made.run_id).info.status == "KILLED"
    assert [status for _, status in children(space, made.run_id)] == ["KILLED"] * 2


@pytest.mark.parametrize(
    ("values", "options", "error"),
    [
        ({"alpha": [1, "x"]}, {}, InvalidValue),
        ({"depth": [1, 2]}, {}, InvalidValue),
        ({"alpha": [1]}, {"entry_point": "away"}, NotFound),
        ({"alpha": [1]}, {"backend": "away"}, UnknownProvider),
        ({"alpha": [1]}, {"environment": "away"}, UnknownProvider),
        ({"alpha": [1]}, {"parallel": 0}, InvalidValue),
    ],
)
def test_nothing_is_stored_before_all_was_found_right(space, sweep, values, options, error):
    with pytest.raises(error):
        sweep(values, **options)
    assert list(space.runs.search()) == []


def test_one_that_cannot_be_started_ends_the_parent(space, sweep, project):
    made = sweep({"alpha": [1, 2]})
    (project / "MLproject").unlink()
    (project / "main.py").unlink()
    with pytest.raises(NotFound):
        made.wait()
    assert space.runs.get(made.run_id).info.status == "FAILED"
