"""When what was answered is on the disk."""

import threading
import time

import pytest

from hookline.errors import Unavailable
from hookline_server.settings import Durability


@pytest.fixture
def synced(workspace, monkeypatch):
    """The times at which the store was told to write to the disk."""
    times = []
    monkeypatch.setattr(workspace.tracking, "sync", lambda: times.append(time.monotonic()))
    return times


CHANGES = {
    "a point": ("POST", "runs/log-metric", {"key": "m", "value": 1, "timestamp": 1}),
    "a tag": ("POST", "runs/set-tag", {"key": "a", "value": "b"}),
    "a status": ("POST", "runs/update", {"status": "FINISHED"}),
    "a file": ("PUT", "/api/2.0/mlflow-artifacts/artifacts/a.txt", {}),
}


def change(client, run_id, what):
    method, path, fields = CHANGES[what]
    if method == "PUT":
        return client.raw(method, path, b"content")[0]
    return client.ask(method, path, run_id=run_id, **fields)[0]


@pytest.mark.parametrize("what", CHANGES)
def test_an_answer_waits_for_the_disk_where_that_is_asked_for(serve, synced, what):
    with serve(durability=Durability.FULL) as client:
        run_id = client.run()
        before = len(synced)
        assert change(client, run_id, what) == 200
        assert len(synced) == before + 1


@pytest.mark.parametrize("what", CHANGES)
def test_a_disk_that_fails_is_told_before_anything_is_promised(serve, workspace, monkeypatch, what):
    def fail():
        raise Unavailable("the disk /dev/secret failed")

    with serve(durability=Durability.FULL) as client:
        run_id = client.run()
        monkeypatch.setattr(workspace.tracking, "sync", fail)
        assert change(client, run_id, what) == 503


def test_the_disk_has_it_soon_by_default_and_is_left_alone_otherwise(serve, synced):
    with serve() as client:
        run_id = client.run()
        for _ in range(20):
            assert change(client, run_id, "a tag") == 200
        done = threading.Event()
        threading.Timer(5, done.set).start()
        while not synced and not done.is_set():
            time.sleep(0.01)
        assert synced, "nothing was written to the disk"
        assert len(synced) < 10, "twenty answers waited for the disk"
        client.post("runs/search", experiment_ids=["0"])
        client.get("runs/get", run_id=run_id)


def test_reading_writes_nothing(serve, synced):
    with serve(durability=Durability.FULL) as client:
        client.post("runs/search", experiment_ids=["0"])
        client.get("experiments/get", experiment_id="0")
        client.post("/api/hookline/v1/runs/keys", experiment_ids=["0"])
        assert synced == []


def test_a_disk_that_fails_later_is_in_the_log(serve, workspace, monkeypatch, caplog):
    def fail():
        raise Unavailable("the disk failed")

    monkeypatch.setattr(workspace.tracking, "sync", fail)
    with serve() as client:
        client.run()
    assert "What was answered may not be on the disk: the disk failed" in caplog.text
