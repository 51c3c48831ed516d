"""The code that README.md shows works as it stands."""

import re
import sys
from pathlib import Path

import pytest

from hookline.entities import Batch, Metric
from hookline.system import run_process
from hookline_tracking_sql.store import SqlTrackingStore

BLOCKS = re.findall(r"```python\n(.*?)```", (Path(__file__).parents[1] / "README.md").read_text(), re.DOTALL)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "hookline.db"


def test_a_series_can_be_read_without_hookline(store: SqlTrackingStore, run_id: str, tmp_path: Path) -> None:
    store.log_batch(run_id, Batch([Metric("loss", 0.5, 1), Metric("loss", 0.25, 2)]))
    store.log_batch(run_id, Batch([Metric("loss", 0.125, 3)]))
    store.log_batch(run_id, Batch([Metric("loss", 1.0, step) for step in (4, 6, 9)]))
    [code] = [block for block in BLOCKS if "import sqlite3" in block]
    code = code.replace("0123456789abcdef0123456789abcdef", run_id)
    assert (
        run_process([sys.executable, "-c", code], folder=tmp_path)
        == "[(1, 0.5), (2, 0.25)]\n[(3, 0.125)]\n[(4, 1.0), (6, 1.0), (9, 1.0)]\n"
    )


def test_a_workspace_uses_the_store(tmp_path: Path) -> None:
    [code] = [block for block in BLOCKS if "Workspace" in block]
    run_process([sys.executable, "-c", code], folder=tmp_path)
    assert (tmp_path / ".hookline" / "hookline.db").stat().st_size > 0
