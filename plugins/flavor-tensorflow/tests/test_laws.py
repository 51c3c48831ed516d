"""The conformance suites, over modules of one input and of several."""

import numpy
import pytest

tensorflow = pytest.importorskip("tensorflow", reason="needs TensorFlow: pip install tensorflow-cpu")

from hookline.testing import FlavorSuite, PluginSuite  # noqa: E402

ROWS = numpy.linspace(0, 1, 12, dtype="float32").reshape(4, 3)


class Line(tensorflow.Module):
    def __init__(self):
        super().__init__()
        self.weights = tensorflow.Variable([[1.0], [2.0], [3.0]])

    @tensorflow.function(input_signature=[tensorflow.TensorSpec([None, 3], tensorflow.float32, name="x")])
    def predict(self, x):
        return {"y": x @ self.weights, "double": 2 * (x @ self.weights)}


class Scaled(tensorflow.Module):
    @tensorflow.function(
        input_signature=[
            tensorflow.TensorSpec([None, 3], tensorflow.float32, name="x"),
            tensorflow.TensorSpec([None], tensorflow.float32, name="factor"),
        ]
    )
    def __call__(self, x, factor):
        return x * factor[:, None]


class TestModule(FlavorSuite):
    flavor_name = "tensorflow"
    component = f"TensorFlow {tensorflow.__version__}"

    @pytest.fixture
    def model(self):
        return Line()

    @pytest.fixture
    def data(self):
        return ROWS


class TestInputsByName(FlavorSuite):
    flavor_name = "tensorflow"
    component = f"TensorFlow {tensorflow.__version__}"

    @pytest.fixture
    def model(self):
        return Scaled()

    @pytest.fixture
    def data(self):
        return {"x": ROWS, "factor": numpy.array([1, 2, 3, 4], "float32")}


class TestPlugin(PluginSuite):
    plugin = "flavor-tensorflow"
