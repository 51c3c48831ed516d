"""The conformance suites, over pipelines and a model alone."""

import sys
from pathlib import Path

import numpy
import pytest

transformers = pytest.importorskip("transformers", reason="needs transformers: pip install transformers")

sys.path.insert(0, str(Path(__file__).parent))
import tiny  # noqa: E402

from hookline.testing import FlavorSuite, PluginSuite  # noqa: E402


class TestClassification(FlavorSuite):
    component = f"transformers {transformers.__version__}"
    flavor_name = "transformers"

    @pytest.fixture
    def model(self):
        return tiny.classifying()

    @pytest.fixture
    def data(self):
        return ["a good film", "a very bad film", "the film"]


class TestTokens(TestClassification):
    component = f"transformers {transformers.__version__}"

    @pytest.fixture
    def model(self):
        return tiny.tagging()


class TestModelAlone(FlavorSuite):
    component = f"transformers {transformers.__version__}"
    flavor_name = "transformers"

    @pytest.fixture
    def model(self):
        return tiny.classifier()

    @pytest.fixture
    def data(self):
        return {"input_ids": numpy.array([[2, 5, 0], [3, 5, 4]]), "attention_mask": numpy.array([[1, 1, 0], [1, 1, 1]])}


class TestPlugin(PluginSuite):
    plugin = "flavor-transformers"
