"""Journals that hold more than the server takes at once."""

import pytest

from hookline import Config, Workspace
from hookline.errors import RecordsRefused
from hookline_server.handlers import journals


@pytest.fixture
def workspace(serving_at, tmp_path, monkeypatch):
    """A workspace on a server that takes little at once."""
    monkeypatch.setattr(journals, "MAX_DELIVERY", 0)
    server, client = tmp_path / "server", tmp_path / "client"
    server.mkdir()
    client.mkdir()
    with serving_at(server, max_body=20_000) as url:
        (client / "hookline.yaml").write_text(f"tracking: {url}\n", encoding="utf-8")
        with Workspace(Config.load(client, environ={})) as made:
            yield made


def test_they_are_sent_in_parts(workspace):
    with workspace.start_run() as run:
        for step in range(5000):
            run.log_metric("m", step, step=step)
    history = workspace.tracking.metric_history(run.run_id, "m")
    assert [point.step for block in history for point in block] == list(range(5000))


def test_a_record_that_is_too_large_by_itself_is_told_and_hinders_nothing(workspace):
    run = workspace.start_run()
    run.log_param("long", "x" * 30_000)
    run.log_metric("m", 1.0)
    with pytest.raises(RecordsRefused, match="larger than"):
        run.end()
    assert workspace.runs.get(run.run_id).data.metrics["m"] == 1.0
