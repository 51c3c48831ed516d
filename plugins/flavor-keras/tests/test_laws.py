"""The conformance suites, over models of one input and of several."""

import numpy
import pytest

keras = pytest.importorskip("keras", reason="needs Keras and a backend: pip install keras tensorflow-cpu")

from hookline.testing import FlavorSuite, PluginSuite  # noqa: E402

ROWS = numpy.linspace(0, 1, 12, dtype="float32").reshape(4, 3)


class TestSequential(FlavorSuite):
    flavor_name = "keras"
    component = f"Keras {keras.__version__} on {keras.backend.backend()}"

    @pytest.fixture
    def model(self):
        return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="relu"), keras.layers.Dense(1)])

    @pytest.fixture
    def data(self):
        return ROWS


class TestInputsAndOutputsByName(FlavorSuite):
    flavor_name = "keras"
    component = f"Keras {keras.__version__} on {keras.backend.backend()}"

    @pytest.fixture
    def model(self):
        left, right = keras.Input((3,), name="left"), keras.Input((2,), name="right")
        both = keras.layers.Concatenate()([left, right])
        return keras.Model(
            [left, right], {"sum": keras.layers.Dense(1)(both), "left_only": keras.layers.Dense(2)(left)}
        )

    @pytest.fixture
    def data(self):
        return {"left": ROWS, "right": ROWS[:, :2]}


class TestPlugin(PluginSuite):
    plugin = "flavor-keras"
