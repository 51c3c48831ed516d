"""The conformance suites, over the kinds of objects that are models.

Models are defined inside of functions: cloudpickle then keeps their code, as it does for a program of one's own.
"""

from importlib.metadata import version

import numpy
import pandas
import pytest

from hookline.testing import FlavorSuite, PluginSuite


class PythonSuite(FlavorSuite):
    component = f"cloudpickle {version('cloudpickle')}"
    flavor_name = "python_function"

    @pytest.fixture
    def data(self):
        return [{"x": 1.5}, {"x": 2.5}]


class TestLambda(PythonSuite):
    @pytest.fixture
    def model(self):
        return lambda rows: [row["x"] * 2 for row in rows]


class TestFunctionOfAFrame(PythonSuite):
    @pytest.fixture
    def model(self):
        def weighted(frame):
            return frame["x"] * 2 + numpy.sqrt(frame["y"])

        return weighted

    @pytest.fixture
    def data(self):
        return pandas.DataFrame({"x": [1.0, 2.0], "y": [4.0, 9.0]})


class TestFunctionOfAnArray(PythonSuite):
    @pytest.fixture
    def model(self):
        weights = numpy.array([1.0, 2.0])
        return lambda rows: rows @ weights

    @pytest.fixture
    def data(self):
        return numpy.ones((3, 2), "float32")


class TestObject(PythonSuite):
    @pytest.fixture
    def model(self):
        class Threshold:
            def __init__(self, limit):
                self.limit = limit

            def predict(self, rows):
                return [row["x"] > self.limit for row in rows]

        return Threshold(2)


class TestObjectWithContext(PythonSuite):
    @pytest.fixture
    def model(self):
        class Model:
            def load_context(self, context):
                self.offset = 0

            def predict(self, context, model_input, params=None):
                return [row["x"] + getattr(self, "offset", 0) for row in model_input]

        return Model()


class TestPlugin(PluginSuite):
    plugin = "flavor-python"
