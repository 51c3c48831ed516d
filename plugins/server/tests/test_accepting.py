"""Tests of what the server answers for before its store has it: nobody can tell, and nothing is lost."""

import re
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hookline.entities import Batch, LifecycleStage, Metric, NewRun, RunChange
from hookline.errors import InvalidValue
from hookline.journal import files
from hookline_server.accepting import Accepting
from hookline_server.app import App
from hookline_server.services import Services
from hookline_server.settings import Durability, ServerSettings


def point(client, run_id, step):
    client.post("runs/log-metric", run_id=run_id, key="m", value=step / 2, step=step, timestamp=step + 1)


def steps(client, run_id):
    found = client.get("metrics/get-history", run_id=run_id, metric_key="m").get("metrics", [])
    return [int(each["step"]) for each in found]


class Told:
    """A server, asked by the numbers of runs; what it answers is told without ids and times."""

    def __init__(self, client):
        self.client, self.runs, self.experiment_id = client, [], None

    def begin(self, name):
        self.runs, self.experiment_id = [], self.client.post("experiments/create", name=name)["experiment_id"]

    def __call__(self, action, number, value):
        return _plain(*getattr(self, action)(self.runs[number % len(self.runs)] if self.runs else "none", value))

    def _ask(self, path, **fields):
        return self.client.ask("POST", path, **fields)

    def create(self, _run_id, value):
        tags = [{"key": "t", "value": str(value)}]
        status, made = self._ask("runs/create", experiment_id=self.experiment_id, run_name=f"run {value}", tags=tags)
        if status == 200:
            self.runs.append(made["run"]["info"]["run_id"])
        return status, made

    def log(self, run_id, value):
        return self._ask("runs/log-metric", run_id=run_id, key="m", value=value, step=value, timestamp=value)

    def tag(self, run_id, value):
        return self._ask("runs/set-tag", run_id=run_id, key="t", value=str(value))

    def param(self, run_id, value):
        return self._ask("runs/log-parameter", run_id=run_id, key="p", value=str(value))

    def batch(self, run_id, value):
        metrics = [{"key": key, "value": value, "step": value + n, "timestamp": n} for n in range(3) for key in "mn"]
        params = [{"key": f"p{value}", "value": "1"}] * (value % 2)
        return self._ask("runs/log-batch", run_id=run_id, metrics=metrics, params=params, tags=[])

    def untag(self, run_id, _value):
        return self._ask("runs/delete-tag", run_id=run_id, key="t")

    def end(self, run_id, value):
        return self._ask("runs/update", run_id=run_id, status="FINISHED", end_time=value)

    def delete(self, run_id, _value):
        return self._ask("runs/delete", run_id=run_id)

    def restore(self, run_id, _value):
        return self._ask("runs/restore", run_id=run_id)

    def close(self, _run_id, _value):
        return self._ask("experiments/delete", experiment_id=self.experiment_id)

    def open(self, _run_id, _value):
        return self._ask("experiments/restore", experiment_id=self.experiment_id)

    def read(self, run_id, _value):
        return self.client.ask("GET", "runs/get", run_id=run_id)

    def history(self, run_id, _value):
        return self.client.ask("GET", "metrics/get-history", run_id=run_id, metric_key="m")

    def search(self, _run_id, value):
        asked = {"experiment_ids": [self.experiment_id], "filter": f"metrics.m >= {value}", "run_view_type": "ALL"}
        return self._ask("runs/search", **asked, order_by=["metrics.m DESC", "attributes.run_name"])


ACTIONS = [name for name in vars(Told) if not name.startswith("_") and name != "begin"]
OFTEN = ["create", "log", "log", "log", "tag", "batch"]


def _plain(status, said):
    """Return an answer without what differs from server to server."""
    if isinstance(said, dict):
        return status, {key: _plain(0, value)[1] for key, value in said.items() if not _differs(key)}
    if isinstance(said, list):
        return status, sorted((_plain(0, each)[1] for each in said), key=repr)
    return status, re.sub("[0-9a-f]{32}|id=[0-9]+|experiment [0-9]+", "ID", said) if isinstance(said, str) else said


def _differs(key):
    return key.endswith(("_id", "_uuid", "_uri", "_time"))


@pytest.fixture(scope="module")
def both(serve_module):
    """A server that answers from its intake, and one whose answers wait for commits."""
    with serve_module(durability=Durability.INTAKE) as quick, serve_module() as careful:
        yield Told(quick), Told(careful)


@settings(max_examples=60, deadline=None)
@given(
    asked=st.lists(
        st.tuples(st.sampled_from(ACTIONS + OFTEN), st.integers(0, 2), st.integers(0, 4)), min_size=5, max_size=25
    )
)
def test_nobody_can_tell_that_an_answer_came_before_its_commit(both, asked):
    for each in both:
        each.begin(f"experiment {uuid4()}")
    for action, number, value in [("create", 0, 0), ("create", 0, 1), *asked, ("read", 0, 0), ("history", 1, 0)]:
        quick, careful = (each(action, number, value) for each in both)
        assert quick == careful, (action, number, value)


@pytest.fixture
def client(serve):
    """A client of a server that answers from its intake."""
    with serve(durability=Durability.INTAKE) as found:
        yield found


def test_a_store_that_takes_no_intakes_says_so(workspace, monkeypatch):
    monkeypatch.setattr(type(workspace.tracking), "capabilities", frozenset())
    with pytest.raises(InvalidValue, match="--durability commit"):
        App(Services(workspace, ServerSettings(durability=Durability.INTAKE)))


@pytest.fixture
def taken(monkeypatch):
    """What was answered for before it was stored."""
    found = []
    keep = Accepting._keep

    def kept(self, write):
        done = keep(self, write)
        found.extend([write] * done)
        return done

    monkeypatch.setattr(Accepting, "_keep", kept)
    return found


def test_points_are_answered_for_before_they_are_stored_once_the_run_is_known(client, taken):
    run_id = client.run()
    for step in range(50):
        point(client, run_id, step)
    assert len(taken) > 40
    assert steps(client, run_id) == [*range(50)]


@pytest.mark.parametrize("number", range(20))
def test_a_read_sees_all_that_was_answered(client, taken, number):
    """Runs, points and tags, by every way to read them."""
    client.run()
    run_id = client.run(run_name=f"run {number}", tags=[{"key": "t", "value": "v"}])
    point(client, run_id, number)
    client.post("runs/set-tag", run_id=run_id, key="late", value="w")
    assert len(taken) >= 2
    if number % 2:
        run = client.get("runs/get", run_id=run_id)["run"]
    else:
        asked = {"experiment_ids": ["0"], "filter": f"attributes.run_name = 'run {number}'"}
        (run,) = client.post("runs/search", **asked)["runs"]
    assert [(each["key"], int(each["step"])) for each in run["data"]["metrics"]] == [("m", number)]
    assert {each["key"]: each["value"] for each in run["data"]["tags"]}.items() >= {("t", "v"), ("late", "w")}


def test_a_new_run_is_answered_as_it_is_stored(client, taken):
    client.run()
    made = client.post("runs/create", experiment_id="0", user_id="me", start_time=5)["run"]
    assert len(taken) == 1
    assert client.get("runs/get", run_id=made["info"]["run_id"])["run"] == made


def test_a_deleted_run_takes_nothing_from_the_answer_on(client, taken):
    run_id = client.run()
    for step in range(5):
        point(client, run_id, step)
    client.post("runs/delete", run_id=run_id)
    for path, fields in {
        "runs/log-metric": {"key": "m", "value": 1.0, "step": 9, "timestamp": 9},
        "runs/set-tag": {"key": "t", "value": "v"},
    }.items():
        assert client.refused("POST", path, run_id=run_id, **fields)[1] == "INVALID_PARAMETER_VALUE"
    client.post("runs/restore", run_id=run_id)
    point(client, run_id, 5)
    assert steps(client, run_id) == [*range(6)]


def test_a_deleted_experiment_takes_no_runs_from_the_answer_on(client, taken):
    experiment_id = client.post("experiments/create", name="e")["experiment_id"]
    for _ in range(3):
        client.post("runs/create", experiment_id=experiment_id)
    assert taken
    client.post("experiments/delete", experiment_id=experiment_id)
    assert client.refused("POST", "runs/create", experiment_id=experiment_id)[1] == "INVALID_PARAMETER_VALUE"


def test_what_another_process_deletes_keeps_what_was_answered_for(client, workspace, taken):
    """And the next second's points are refused."""
    run_id = client.run()
    point(client, run_id, 0)
    workspace.tracking.update_run(run_id, RunChange(lifecycle_stage=LifecycleStage.DELETED))
    answered = [0]
    for step in range(1, 200):
        status, _ = client.ask("POST", "runs/log-metric", run_id=run_id, key="m", value=1, step=step, timestamp=1)
        if status != 200:
            break
        answered.append(step)
    assert status == 400
    assert steps(client, run_id) == answered


def test_a_param_is_checked_before_it_is_answered_for(client, taken):
    run_id = client.run()
    point(client, run_id, 1)
    client.post("runs/log-parameter", run_id=run_id, key="p", value="1")
    refused = client.refused("POST", "runs/log-parameter", run_id=run_id, key="p", value="2")
    assert refused[:2] == (400, "INVALID_PARAMETER_VALUE")
    batch = {"metrics": [{"key": "m", "value": 1, "step": 2, "timestamp": 2}], "params": [{"key": "p", "value": "2"}]}
    assert client.refused("POST", "runs/log-batch", run_id=run_id, **batch)[1] == "INVALID_PARAMETER_VALUE"
    assert steps(client, run_id) == [1]


@pytest.mark.parametrize("start_time", [2**63, -(10**30)])
def test_a_time_that_no_store_holds_is_refused_before_it_is_answered_for(client, taken, start_time):
    for _ in range(2):
        client.run()
        refused = client.refused("POST", "runs/create", experiment_id="0", start_time=start_time)
        assert refused == (400, "INVALID_PARAMETER_VALUE", f"start_time {start_time} does not fit into 64 bits.")


def test_a_text_that_some_stores_do_not_hold_waits_for_its_commit(client, taken):
    client.run()
    run_id = client.run()
    before = len(taken)
    client.post("runs/create", experiment_id="0", run_name="a\0b")
    client.post("runs/set-tag", run_id=run_id, key="t", value="a\0b")
    assert len(taken) == before


def test_a_mistake_of_the_store_s_is_told_and_ends_nothing(client, workspace, taken, monkeypatch):
    """What was answered for is stored once the store does what it should."""
    client.run()
    run_id = client.run()
    with monkeypatch.context() as patch:
        patch.setattr(workspace.tracking, "write_together", lambda *_: 1 / 0)
        point(client, run_id, 1)
        assert client.refused("GET", "runs/get", run_id=run_id)[:2] == (503, "TEMPORARILY_UNAVAILABLE")
    assert steps(client, run_id) == [1]


def test_who_waits_for_what_was_taken_does_not_wait_for_what_comes_later(workspace, monkeypatch):
    """Else a server that is written to without a break would answer nothing else."""
    services = Services(workspace, ServerSettings(durability=Durability.INTAKE))
    accepting = Accepting(services)
    run_id = workspace.tracking.create_run(NewRun("0")).info.run_id
    accepting.confirm(accepting.generation, [run_id])

    def take(step):
        assert accepting.take(run_id, Batch([Metric("m", 1.0, step, timestamp=step)]))

    write_together = workspace.tracking.write_together

    def busy(*arguments):
        take(accepting.taken)
        return write_together(*arguments)

    take(0)
    monkeypatch.setattr(workspace.tracking, "write_together", busy)
    accepting.store()
    assert (accepting.stored, accepting.taken) == (1, 2)
    accepting.close()


def test_a_batch_of_a_thousand_points_is_answered_for_before_it_is_stored(client, taken):
    run_id = client.run()
    point(client, run_id, 0)
    points = [{"key": "m", "value": step, "step": step, "timestamp": step} for step in range(1, 1000)]
    client.post("runs/log-batch", run_id=run_id, metrics=points)
    assert taken[-1][1].size == 999
    assert sorted(steps(client, run_id)) == [*range(1000)]


def test_while_too_many_points_wait_a_batch_waits_for_its_commit(client, taken, monkeypatch):
    monkeypatch.setattr("hookline_server.accepting.MOST_POINTS_WAITING", 10)
    run_id = client.run()
    point(client, run_id, 0)
    points = [{"key": "m", "value": step, "step": step, "timestamp": step} for step in range(1, 100)]
    client.post("runs/log-batch", run_id=run_id, metrics=points)
    assert [write[1].size for write in taken if not isinstance(write, NewRun)] == [1]
    assert sorted(steps(client, run_id)) == [*range(100)]


def test_a_request_that_is_sent_again_is_stored_once(client, taken):
    run_id = client.run()
    for _ in range(3):
        for step in range(10):
            point(client, run_id, step)
    assert steps(client, run_id) == [*range(10)]


def test_tags_and_params_keep_the_order_of_their_requests(client, taken):
    run_id = client.run()
    for number in range(30):
        client.post("runs/set-tag", run_id=run_id, key="t", value=str(number))
        if number % 7 == 0:
            tagged = {"tags": [{"key": "t", "value": f"batch {number}"}]}
            client.post("runs/log-batch", run_id=run_id, params=[{"key": f"p{number}", "value": "1"}], **tagged)
            tags = client.get("runs/get", run_id=run_id)["run"]["data"]["tags"]
            assert {"key": "t", "value": f"batch {number}"} in tags
    assert {"key": "t", "value": "29"} in client.get("runs/get", run_id=run_id)["run"]["data"]["tags"]


@pytest.mark.parametrize("durability", [Durability.FULL, Durability.COMMIT, None], ids=str)
def test_where_others_must_see_it_or_the_disk_have_it_answers_wait_for_commits(serve, taken, durability):
    """A store that is no file may be served by several servers."""
    with serve(durability=durability) as client:
        run_id = client.run()
        for step in range(5):
            point(client, run_id, step)
        assert steps(client, run_id) == [*range(5)]
    assert taken == []


def test_a_server_that_ends_leaves_nothing_in_its_intake(workspace, serve, taken):
    with serve(durability=Durability.INTAKE) as client:
        run_id = client.run()
        for step in range(20):
            point(client, run_id, step)
    assert taken
    assert files.intakes(workspace.journals.root) == []
    assert [each.step for block in workspace.tracking.metric_history(run_id, "m") for each in block] == [*range(20)]


def test_what_a_server_left_that_is_gone_is_there_for_whoever_reads_next(workspace, taken):
    """Its process ends between its answer and its commit."""
    app = App(Services(workspace, ServerSettings(durability=Durability.INTAKE)))
    accepting = app._accepting
    run_id = workspace.tracking.create_run(NewRun("0")).info.run_id
    accepting.confirm(accepting.generation, [run_id])
    assert accepting.take(run_id, Batch(metrics=[Metric("m", 1.0, 1, 1)]))
    accepting.close()
    assert files.intakes(workspace.journals.root) != []
    workspace.journals.catch_up()
    assert [each.step for block in workspace.tracking.metric_history(run_id, "m") for each in block] == [1]
    app.close()
