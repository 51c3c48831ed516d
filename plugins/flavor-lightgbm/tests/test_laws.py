"""The conformance suites, over boosters and estimators."""

import pytest

lightgbm = pytest.importorskip("lightgbm", reason="needs LightGBM: pip install lightgbm")

from sklearn.datasets import load_diabetes, load_iris  # noqa: E402

from hookline.testing import FlavorSuite, PluginSuite  # noqa: E402

DIABETES, PROGRESS = load_diabetes(return_X_y=True, as_frame=True)
IRIS, KIND = load_iris(return_X_y=True)


class TestBooster(FlavorSuite):
    component = f"LightGBM {lightgbm.__version__}"
    flavor_name = "lightgbm"

    @pytest.fixture
    def model(self):
        return lightgbm.train({"verbose": -1, "num_threads": 1}, lightgbm.Dataset(IRIS, KIND), 3)

    @pytest.fixture
    def data(self):
        return IRIS[::40]


class TestRegressorOnColumns(FlavorSuite):
    component = f"LightGBM {lightgbm.__version__}"
    flavor_name = "lightgbm"

    @pytest.fixture
    def model(self):
        return lightgbm.LGBMRegressor(n_estimators=3, verbose=-1, n_jobs=1).fit(DIABETES, PROGRESS)

    @pytest.fixture
    def data(self):
        return DIABETES[:4]


class TestPlugin(PluginSuite):
    plugin = "flavor-lightgbm"
