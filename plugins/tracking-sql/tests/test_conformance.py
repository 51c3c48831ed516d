"""The store and the registry keep the laws of their kinds."""

import sqlite3
from pathlib import Path

import pytest

from hookline.testing import DocumentsSuite, LoggedModelsSuite, ModelRegistrySuite, PluginSuite, TrackingStoreSuite
from hookline.testing.laws_run_search import RunSearchLaws
from hookline_tracking_sql.search import run_search
from hookline_tracking_sql.search.run_search import RunSearch

SQLITE = f"SQLite {sqlite3.sqlite_version}"
STORE = "hookline_tracking_sql.store:SqlTrackingStore"


class TestPlugin(PluginSuite):
    plugin = "tracking-sql"


class TestTrackingStore(TrackingStoreSuite):
    component = SQLITE
    target = STORE
    persistent = True

    @pytest.fixture
    def uri(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path}/store.db"


@pytest.mark.parametrize("plan", ["walked", "sorted"])
class TestSearchPlans(RunSearchLaws):
    """Whichever plan a search chooses, the answer is the same: here all searches have one plan."""

    target = STORE
    persistent = True

    @pytest.fixture(autouse=True)
    def one_plan(self, plan: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(RunSearch, "_few", lambda _self, _wanted: 0)
        if plan == "sorted":
            monkeypatch.setattr(run_search, "MOST_BRANCHES", 0)

    @pytest.fixture
    def uri(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path}/store.db"


class TestLoggedModels(LoggedModelsSuite):
    component = SQLITE
    target = STORE
    persistent = True

    @pytest.fixture
    def uri(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path}/store.db"


class TestDocuments(DocumentsSuite):
    component = SQLITE
    target = STORE
    persistent = True

    @pytest.fixture
    def uri(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path}/store.db"


class TestModelRegistry(ModelRegistrySuite):
    component = SQLITE
    target = "hookline_tracking_sql.registry:SqlModelRegistry"
    persistent = True

    @pytest.fixture
    def uri(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path}/store.db"
