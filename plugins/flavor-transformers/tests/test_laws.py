"""The conformance suites, over pipelines and a model alone."""

import sys
from importlib.metadata import version
from pathlib import Path

import numpy
import pytest

pytest.importorskip("transformers", reason="needs transformers: pip install transformers")

sys.path.insert(0, str(Path(__file__).parent))
import tiny

from hookline.testing import FlavorSuite, PluginSuite


class TestClassification(FlavorSuite):
    flavor_name = "transformers"
    component = f"transformers {version('transformers')}"

    @pytest.fixture
    def model(self):
        return tiny.classifying()

    @pytest.fixture
    def data(self):
        return ["a good film", "a very bad film", "the film"]


class TestTokens(TestClassification):
    @pytest.fixture
    def model(self):
        return tiny.tagging()


class TestModelAlone(FlavorSuite):
    flavor_name = "transformers"
    component = f"transformers {version('transformers')}"

    @pytest.fixture
    def model(self):
        return tiny.classifier()

    @pytest.fixture
    def data(self):
        return {"input_ids": numpy.array([[2, 5, 0], [3, 5, 4]]), "attention_mask": numpy.array([[1, 1, 0], [1, 1, 1]])}


class TestPlugin(PluginSuite):
    plugin = "flavor-transformers"
