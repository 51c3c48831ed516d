"""The conformance suites, over the kinds of estimators that differ in how they are stored."""

import numpy
import pytest
import sklearn
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from hookline.testing import FlavorSuite, PluginSuite

DIABETES = load_diabetes()
IRIS = load_iris()


class SklearnSuite(FlavorSuite):
    component = f"scikit-learn {sklearn.__version__}"
    flavor_name = "sklearn"

    @pytest.fixture
    def data(self):
        return DIABETES.data[:4]


class TestLinearModel(SklearnSuite):
    @pytest.fixture
    def model(self):
        return Ridge(alpha=0.05).fit(DIABETES.data, DIABETES.target)


class TestForest(SklearnSuite):
    """Its trees are types that skops does not vouch for."""

    @pytest.fixture
    def model(self):
        return RandomForestRegressor(3, random_state=0).fit(DIABETES.data, DIABETES.target)


class TestPipelineAsPickle(SklearnSuite):
    save_options = {"serialization_format": "pickle"}  # noqa: RUF012 - declared by the suite

    @pytest.fixture
    def model(self):
        return make_pipeline(StandardScaler(), LogisticRegression(max_iter=200)).fit(IRIS.data, IRIS.target)

    @pytest.fixture
    def data(self):
        return IRIS.data[::40]


class TestLambdaAsCloudpickle(SklearnSuite):
    save_options = {"serialization_format": "cloudpickle"}  # noqa: RUF012 - declared by the suite

    @pytest.fixture
    def model(self):
        squared = FunctionTransformer(lambda values: numpy.hstack([values, values**2]))
        return make_pipeline(squared, Ridge()).fit(DIABETES.data, DIABETES.target)


class TestFrames(SklearnSuite):
    """With named columns, given as a DataFrame."""

    @pytest.fixture
    def frame(self):
        return pytest.importorskip("pandas").DataFrame(DIABETES.data, columns=DIABETES.feature_names)

    @pytest.fixture
    def model(self, frame):
        return Ridge().fit(frame, DIABETES.target)

    @pytest.fixture
    def data(self, frame):
        return frame[:4]


class TestPlugin(PluginSuite):
    plugin = "flavor-sklearn"
