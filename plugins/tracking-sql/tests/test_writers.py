"""Several writers: threads, processes, forks, and processes that die."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from hookline.entities import Batch, ExperimentChange, Metric, NewRun
from hookline.errors import DigestMismatch, HooklineError, InvalidValue, Unavailable
from hookline.search import REGISTERED_MODELS, parse
from hookline_tracking_sql.location import inspect
from hookline_tracking_sql.options import SqlOptions
from hookline_tracking_sql.registry import SqlModelRegistry
from hookline_tracking_sql.store import SqlTrackingStore

WRITER = """
import sys
from hookline.entities import Batch, Metric
from hookline_tracking_sql.store import SqlTrackingStore

uri, run_id, name, count = sys.argv[1:]
store = SqlTrackingStore(uri)
for step in range(int(count)):
    points = [Metric("shared", step, step, timestamp=step), Metric(f"{name}/loss", step, step, timestamp=step)]
    store.log_batch(run_id, Batch(points, {f"{name}/{step}": step}, {"last": name}))
    print(step, flush=True)
store.close()
"""


def start_writer(uri: str, run_id: str, name: str, count: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", WRITER, uri, run_id, name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def steps(store: SqlTrackingStore, run_id: str, key: str) -> list[int]:
    return [step for block in store.metric_history(run_id, key) for step in block.steps]


def test_two_processes_write_one_run_and_lose_nothing(store: SqlTrackingStore, run_id: str, uri: str) -> None:
    writers = [start_writer(uri, run_id, name, 200) for name in ("one", "two")]
    for writer in writers:
        with writer:
            writer.communicate(timeout=300)
        assert writer.returncode == 0
    data = store.get_run(run_id).data
    assert steps(store, run_id, "shared") == sorted([*range(200)] * 2)
    for name in ("one", "two"):
        assert steps(store, run_id, f"{name}/loss") == list(range(200))
    assert data.params == {f"{name}/{step}": str(step) for name in ("one", "two") for step in range(200)}
    assert data.metrics == {"shared": 199.0, "one/loss": 199.0, "two/loss": 199.0}


def test_a_killed_process_loses_nothing_that_it_was_told_is_stored(
    store: SqlTrackingStore, run_id: str, uri: str
) -> None:
    with start_writer(uri, run_id, "killed", 1_000_000) as writer:
        assert writer.stdout is not None
        while int(writer.stdout.readline()) < 50:
            pass
        writer.send_signal(signal.SIGKILL)
        told = [int(line) for line in writer.stdout if line.endswith("\n")]
        writer.wait(timeout=60)
    last = max(told, default=50)
    found = steps(store, run_id, "killed/loss")
    assert found[: last + 1] == list(range(last + 1))
    assert len(found) - (last + 1) in (0, 1), "at most the call that was under way"
    # Each batch is there whole: both series and the param.
    assert steps(store, run_id, "shared") == found
    assert len(store.get_run(run_id).data.params) == len(found)
    store.log_batch(run_id, Batch([Metric("after", 1.0)]))


def test_a_writer_that_waits_too_long_says_so_and_goes_on(
    open_store: Callable[[SqlOptions], SqlTrackingStore], path: Path
) -> None:
    store = open_store(SqlOptions(busy_timeout=0.05))
    run_id = store.create_run(NewRun("0")).info.run_id
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="busy_timeout"):
            store.log_batch(run_id, Batch([Metric("m", 1.0)], {"p": "1"}))
        assert store.get_run(run_id).data.metrics == {}, "readers do not wait for writers"
        other.execute("ROLLBACK")
    store.log_batch(run_id, Batch([Metric("m", 2.0)]))
    assert steps(store, run_id, "m") == [0]
    assert store.get_run(run_id).data.params == {}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_has_connections_of_its_own(store: SqlTrackingStore, run_id: str) -> None:
    store.log_batch(run_id, Batch([Metric("m", 0.0, 0)]))
    with store._database._lock:  # as if another thread of the parent were writing
        child = os.fork()
        if child == 0:
            code = 1
            try:
                store.log_batch(run_id, Batch([Metric("m", 1.0, 1)], {"from": "child"}))
                code = 0 if store.get_run(run_id).data.metrics == {"m": 1.0} else 2
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    store.log_batch(run_id, Batch([Metric("m", 2.0, 2)]))
    assert steps(store, run_id, "m") == [0, 1, 2]
    assert store.get_run(run_id).data.params == {"from": "child"}


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (lambda store, run: store.log_batch(run, Batch([Metric("m", 1.0)], {"p": "\ud800"})), InvalidValue),
        (
            lambda store, run: store.log_batch(run, Batch([Metric("m", 1.0)], tags={"mlflow.runName": "\udfff"})),
            InvalidValue,
        ),
        (lambda store, run: store.create_run(NewRun("0", start_time=2**63)), InvalidValue),
        (lambda store, run: store.create_experiment("e", artifact_location=Path("x")), HooklineError),
        (lambda store, run: store.get_experiment_by_name("\ud800"), InvalidValue),
        (lambda store, run: store.update_experiment("0", ExperimentChange(tags={"t": "\ud800"})), InvalidValue),
    ],
    ids=["param", "tag", "time", "type", "name", "experiment"],
)
def test_what_cannot_be_stored_is_refused_and_leaves_nothing(
    act: Callable[[SqlTrackingStore, str], object], error: type[HooklineError], store: SqlTrackingStore, run_id: str
) -> None:
    before = store.get_run(run_id), store.get_experiment("0")
    try:
        with pytest.raises(error):
            act(store, run_id)
    except AttributeError:
        pytest.fail("a mistake of the caller ended in a traceback")
    assert (store.get_run(run_id), store.get_experiment("0")) == before
    assert store.get_experiment_by_name("e") is None


def test_a_damaged_database_is_said(store: SqlTrackingStore, run_id: str, path: Path, uri: str) -> None:
    for _ in range(50):
        store.create_run(NewRun("0"))
    store.close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(DigestMismatch, match="damaged"):
        SqlTrackingStore(uri).get_run(run_id)


OTHER = """
import sys
from hookline.entities import NewRun
from hookline_tracking_sql.store import SqlTrackingStore
store = SqlTrackingStore(sys.argv[1])
print(*(each.data.params.get("p", "") for each in map(store.get_run, sys.argv[2:])))
store.create_run(NewRun("0"))
store.close()
"""


def other_process(uri: str, *run_ids: str) -> str:
    """Open a store in another process, write and close it; return the params `p` that it sees."""
    done = subprocess.run([sys.executable, "-c", OTHER, uri, *run_ids], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize("also", ["nothing", "the registry", "another store", "a store that is closed again", "a look"])
def test_what_is_written_stays_while_other_processes_come_and_go(
    store: SqlTrackingStore, run_id: str, path: Path, uri: str, also: str
) -> None:
    """Whoever closes a file of SQLite's by other means gives up the locks that keep others from removing its log."""
    held: list[SqlTrackingStore | SqlModelRegistry] = []
    if also == "the registry":
        held.append(SqlModelRegistry(uri))
        held[-1].search_models(parse(REGISTERED_MODELS))
    elif also == "another store":
        held.append(SqlTrackingStore(uri))
        held[-1].get_run(run_id)
    elif also == "a store that is closed again":
        other = SqlTrackingStore(uri)
        other.get_run(run_id)
        other.close()
    elif also == "a look":
        inspect(path)
    for number in range(3):
        store.log_batch(run_id, Batch(params={f"p{number}": "1"}, tags={"n": str(number)}))
        other_process(uri)
        assert path.with_name(f"{path.name}-wal").exists(), "another process took itself for the last one"
    store.log_batch(run_id, Batch(params={"p": "kept"}))
    assert other_process(uri, run_id) == "kept"
    for each in held:
        each.close()


def test_a_database_is_looked_at_again_once_it_is_closed(store: SqlTrackingStore, path: Path) -> None:
    store.close()
    path.write_bytes(b"something else")
    with pytest.raises(InvalidValue, match="not a SQLite database"):
        inspect(path)
