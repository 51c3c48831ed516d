"""The laws of scoring engines, with workers of this machine."""

import pyspark
import pytest

from hookline.testing import PluginSuite, ScoringEngineSuite
from hookline_score_spark.engine import SparkEngine
from hookline_score_spark.session import session
from hookline_score_spark.settings import SparkSettings

TWO = SparkSettings(master="local[2]")


class TestPlugin(PluginSuite):
    plugin = "score-spark"


@pytest.fixture(scope="module")
def open_session():
    """A session that the program has already: a new one for each law would take most of the time."""
    with session(TWO, {}) as spark:
        yield spark


class TestLocal(ScoringEngineSuite):
    component = f"Apache Spark {pyspark.__version__}, two workers of this machine"

    @pytest.fixture
    def engine(self, open_session, tmp_path):
        return SparkEngine(tmp_path / "state", TWO)
