"""Samples of the surroundings: which runs get them, when, and what they never do to the program."""

import gc
import subprocess
import sys
import threading
import time

import pytest

from hookline import sampling
from hookline.entities import RunStatus
from hookline.errors import Unavailable
from hookline.interfaces import RunContext
from hookline.providers import Provider, hookimpl
from hookline.sampling import Sampler
from hookline.testing import memory_workspace

NEVER = 3600.0
OFTEN = 0.01


class Load(RunContext):
    """Says how often it was asked."""

    def __init__(self):
        self.asked = 0

    def tags(self):
        return {}

    def sample(self):
        self.asked += 1
        return {"system/asked": self.asked}


class Silent(RunContext):
    def tags(self):
        return {"who": "me"}


class Empty(Load):
    def sample(self):
        self.asked += 1
        return {}


class Failing(Load):
    def sample(self):
        self.asked += 1
        raise OSError("no sensor")


class Texts(Load):
    def sample(self):
        self.asked += 1
        return {"system/load": "high"}


class StrangeKeys(Load):
    def sample(self):
        self.asked += 1
        return {"/system/load": 1.0}


def until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.002)


def threads():
    return [each for each in threading.enumerate() if each.name == "hookline-sampler"]


@pytest.fixture(autouse=True)
def _no_thread_is_left():
    until(lambda: not threads())


@pytest.fixture
def workspace(tmp_path):
    with memory_workspace(tmp_path / "home") as made:
        yield made
        made.runs.end_open("FINISHED")


class Clock:
    """Time that passes when a test says so; the sampler's thread sleeps until it is let go on."""

    def __init__(self):
        self.now = 0.0
        self.go_on = threading.Event()

    def sleep(self, _seconds):
        self.go_on.wait(60)


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(sampling, "monotonic", lambda: made.now)
    monkeypatch.setattr(sampling, "sleep", made.sleep)
    yield made
    made.now += 10 * NEVER
    made.go_on.set()
    until(lambda: not threads())


def sampler(*contexts, interval=OFTEN):
    return Sampler(lambda: [(type(each).__name__, each) for each in contexts], interval)


def steps(workspace, run, key="system/asked"):
    return [point.step for point in workspace.runs.metrics(run.run_id, key)]


# What a run gets -----------------------------------------------------------------------------------------------------


def test_samples_are_metrics_whose_steps_count_them(workspace):
    watcher, run = sampler(Load(), Silent()), workspace.start_run()
    watcher.watch(run)
    until(lambda: len(steps(workspace, run)) > 3)
    watcher.stop(run)
    points = workspace.runs.metrics(run.run_id, "system/asked")
    assert [point.step for point in points] == list(range(len(points)))
    assert [point.value for point in points] == [step + 1.0 for step in range(len(points))]


def test_every_run_counts_its_own_samples(workspace):
    watcher, first, second = sampler(Load()), workspace.start_run(), workspace.start_run()
    watcher.watch(first)
    until(lambda: len(steps(workspace, first)) > 2)
    watcher.watch(second)
    until(lambda: len(steps(workspace, second)) > 2)
    assert len(threads()) == 1
    for run in (first, second):
        watcher.stop(run)
        assert steps(workspace, run) == list(range(len(steps(workspace, run))))


def test_a_run_that_is_opened_again_goes_on_counting(workspace):
    watcher, run = sampler(Load()), workspace.start_run()
    for count in (2, 4):
        watcher.watch(run)
        until(lambda count=count: len(steps(workspace, run)) > count)
        watcher.stop(run)
        assert steps(workspace, run) == list(range(len(steps(workspace, run))))


@pytest.mark.parametrize(("seconds", "count"), [(9.9, 0), (10.0, 1), (15.0, 1)])
def test_the_last_sample_is_taken_at_the_end_of_a_run_that_is_old_enough(workspace, clock, seconds, count):
    load = Load()
    watcher, run = sampler(load, interval=10.0), workspace.start_run()
    watcher.watch(run)
    clock.now = seconds
    watcher.stop(run)
    assert (len(steps(workspace, run)), load.asked) == (count, count)


def test_samples_are_an_interval_apart(workspace, clock, monkeypatch):
    moments = []

    class Noting(Load):
        def sample(self):
            moments.append(clock.now)
            return super().sample()

    def sleep(seconds):
        if len(moments) == 5:
            clock.go_on.wait(60)
        else:
            clock.now += seconds

    monkeypatch.setattr(sampling, "sleep", sleep)
    watcher, run = sampler(Noting(), interval=10.0), workspace.start_run()
    watcher.watch(run)
    until(lambda: steps(workspace, run) == [0, 1, 2, 3, 4])
    assert moments == [10.0, 20.0, 30.0, 40.0, 50.0]
    watcher.stop(run)


def test_a_young_run_gets_no_sample_that_is_due_for_another(workspace, clock, monkeypatch):
    asleep, wake = threading.Semaphore(0), threading.Semaphore(0)

    def sleep(seconds):
        end = clock.now + seconds
        asleep.release()
        wake.acquire(timeout=60)
        clock.now = max(clock.now, end)

    monkeypatch.setattr(sampling, "sleep", sleep)
    watcher, first, second = sampler(Load(), interval=10.0), workspace.start_run(), workspace.start_run()
    watcher.watch(first)
    asleep.acquire(timeout=60)
    clock.now = 5.0
    watcher.watch(second)
    wake.release()
    asleep.acquire(timeout=60)
    assert (clock.now, steps(workspace, first), steps(workspace, second)) == (10.0, [0], [])
    wake.release()
    asleep.acquire(timeout=60)
    assert (clock.now, steps(workspace, first), steps(workspace, second)) == (15.0, [0], [0])
    for run in (first, second):
        watcher.stop(run)
    wake.release(10)


def test_a_short_run_wakes_no_thread(workspace, monkeypatch):
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        time.sleep(seconds)

    monkeypatch.setattr(sampling, "sleep", sleep)
    load = Load()
    watcher = sampler(load, interval=0.5)
    for _ in range(20):
        run = workspace.start_run()
        watcher.watch(run)
        watcher.stop(run)
    assert load.asked == 0
    until(lambda: not threads())
    assert len(slept) <= 2


@pytest.mark.parametrize("contexts", [[], [Silent()]], ids=["none", "one without samples"])
def test_where_nothing_samples_there_is_no_thread(workspace, contexts):
    watcher, run = sampler(*contexts), workspace.start_run()
    watcher.watch(run)
    assert threads() == []
    watcher.stop(run)


def test_a_run_without_values_gets_nothing(workspace):
    empty = Empty()
    watcher, run = sampler(empty), workspace.start_run()
    watcher.watch(run)
    until(lambda: empty.asked > 2)
    watcher.stop(run)
    assert run.data.metrics == {}


# What it never does --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("broken", [Failing, Texts, StrangeKeys])
def test_a_context_that_fails_is_left_out_and_hinders_no_other(workspace, caplog, broken):
    bad, good = broken(), Load()
    watcher, run = sampler(bad, good), workspace.start_run()
    watcher.watch(run)
    until(lambda: good.asked > 3)
    watcher.stop(run)
    assert bad.asked == 1
    assert len(steps(workspace, run)) > 2
    assert [each.message for each in caplog.records if broken.__name__ in each.message] == caplog.messages
    assert len(caplog.messages) == 1


def test_without_a_context_that_works_the_thread_ends(workspace, caplog):
    watcher, run = sampler(Failing()), workspace.start_run()
    watcher.watch(run)
    until(lambda: not threads())
    watcher.watch(run)
    assert threads() == []


def test_a_store_that_fails_is_said_once_and_tried_again(workspace, caplog, monkeypatch):
    watcher, run, tried = sampler(Load()), workspace.start_run(), []

    def log_metrics(values, step):
        tried.append(step)
        if len(tried) < 4:
            raise Unavailable("locked")

    monkeypatch.setattr(run, "log_metrics", log_metrics)
    watcher.watch(run)
    until(lambda: len(tried) > 5)
    watcher.stop(run)
    assert tried[:6] == [0, 0, 0, 0, 1, 2]
    assert len(caplog.messages) == 1


def test_the_end_of_a_run_waits_for_a_sample_on_its_way_and_gets_none_after(workspace, monkeypatch):
    run, begun, go_on, order = workspace.start_run(), threading.Event(), threading.Event(), []
    watcher = sampler(Load())

    def log_metrics(values, step):
        begun.set()
        go_on.wait(60)
        order.append("logged")

    monkeypatch.setattr(run, "log_metrics", log_metrics)
    watcher.watch(run)
    assert begun.wait(60)
    ending = threading.Thread(target=lambda: (watcher.stop(run), order.append("stopped")))
    ending.start()
    go_on.set()
    ending.join(60)
    assert "logged" in order
    assert order[-1] == "stopped"
    until(lambda: not threads())
    assert order[-1] == "stopped"


def test_a_sample_that_comes_after_the_end_is_not_logged(workspace):
    run, asked, go_on = workspace.start_run(), threading.Event(), threading.Event()

    class Slow(Load):
        def sample(self):
            asked.set()
            go_on.wait(60)
            return {"system/slow": 1.0}

    watcher = sampler(Slow())
    watcher.watch(run)
    assert asked.wait(60)
    watcher.stop(run)  # does not wait for a context that hangs
    go_on.set()
    until(lambda: not threads())
    assert run.data.metrics == {}


def test_a_run_that_was_ended_elsewhere_in_the_program_gets_nothing(workspace):
    load = Load()
    watcher, run = sampler(load), workspace.start_run()
    run.end()
    watcher.watch(run)
    until(lambda: load.asked > 2)
    watcher.stop(run)
    assert run.data.metrics == {}


def test_a_listener_may_end_the_run_that_it_hears_of(tmp_path):
    class Impatient:
        @hookimpl
        def batch_logged(self, run_id, batch):
            run.end()

    with memory_workspace(tmp_path / "home", Impatient(), Surroundings()) as workspace:
        workspace.runs._sampler._interval = OFTEN
        run = workspace.start_run()
        until(lambda: run.info.status is RunStatus.FINISHED)
        until(lambda: not threads())


def test_a_run_that_nobody_holds_is_let_go(workspace):
    load = Load()
    watcher = sampler(load)
    watcher.watch(workspace.start_run())
    gc.collect()
    until(lambda: not threads())


def test_a_program_without_threads_to_spare_goes_on(workspace, monkeypatch):
    watcher, run = sampler(Load()), workspace.start_run()

    def start(self):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        watcher.watch(run)
    watcher.stop(run)


PROGRAM = """
import os, sys, threading, time
from pathlib import Path
import hookline
from hookline.interfaces import RunContext
from hookline.testing import memory_workspace

go_on = threading.Event()

class Load(RunContext):
    asked = threading.Event()
    def tags(self):
        return {{}}
    def sample(self):
        self.asked.set()
        {sample}
        return {{"system/pid": os.getpid()}}

class Plugin:
    @hookline.hookimpl
    def run_contexts(self):
        return [hookline.Provider("load", Load)]
    @hookline.hookimpl
    def run_ended(self, run):
        print(run.status.value, flush=True)

workspace = memory_workspace(Path(sys.argv[1]), Plugin())
workspace.runs._sampler._interval = 0.01
{before}
run = workspace.start_run()
Load.asked.wait(60)
{code}
"""
FORKS = """
child = os.fork()
if not child:
    Load.asked.clear()
    own = workspace.start_run()
    time.sleep(0.3)
    own.end()
    sampling = [each for each in threading.enumerate() if each.name == "hookline-sampler"]
    found = [Load.asked.is_set(), own.data.metrics, sampling]
    print(found, flush=True)
    os._exit(0)
os.waitpid(child, 0)
"""
CHILD_SAID = ["FINISHED", "[False, {}, []]"]


@pytest.mark.parametrize(
    ("before", "sample", "code", "said"),
    [
        ("", "pass", "", []),
        ("", "time.sleep(3600)", "", []),
        ("", "time.sleep(3600)", "run.end()", []),
        ("", "go_on.wait(60)", f"{FORKS}go_on.set()", CHILD_SAID),
        (FORKS, "pass", "", CHILD_SAID),
    ],
    ids=[
        "a run that is left open",
        "a context that hangs",
        "a context that hangs, and an end",
        "a child forked while a sample is taken",
        "a child forked before",
    ],
)
def test_a_program_ends_as_without_samples(tmp_path, before, sample, code, said):
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "ignore::DeprecationWarning",
            "-c",
            PROGRAM.format(before=before, sample=sample, code=code),
            str(tmp_path),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [*said, "FINISHED"]


# In a workspace ------------------------------------------------------------------------------------------------------


class Surroundings(Load):
    @hookimpl
    def run_contexts(self):
        return [Provider("load", lambda: self), Provider("silent", Silent)]


@pytest.mark.parametrize(
    ("given", "count"),
    [({}, 1), ({"surroundings": False}, 1), ({"sampled": False}, 0)],
    ids=["a new run", "a project elsewhere", "a run that another process works for"],
)
def test_runs_are_sampled_until_they_end(tmp_path, clock, given, count):
    with memory_workspace(tmp_path / "home", Surroundings()) as workspace:
        run = workspace.start_run(**given)
        clock.now = 15.0
        run.end()
        assert len(steps(workspace, run)) == count


def test_runs_that_are_opened_again_are_sampled(tmp_path, clock):
    with memory_workspace(tmp_path / "home", Surroundings()) as workspace:
        with workspace.start_run() as made:
            pass
        with workspace.start_run(run_id=made.run_id) as run:
            clock.now = 15.0
        assert steps(workspace, run) == [0]
