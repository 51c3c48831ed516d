"""The conformance suites, over boosters and estimators."""

import pytest

xgboost = pytest.importorskip("xgboost", reason="needs XGBoost: pip install xgboost-cpu")

from sklearn.datasets import load_diabetes, load_iris  # noqa: E402

from hookline.testing import FlavorSuite, PluginSuite  # noqa: E402

DIABETES, PROGRESS = load_diabetes(return_X_y=True, as_frame=True)
IRIS, KIND = load_iris(return_X_y=True)


class TestBooster(FlavorSuite):
    component = f"XGBoost {xgboost.__version__}"
    flavor_name = "xgboost"

    @pytest.fixture
    def model(self):
        return xgboost.train({"max_depth": 2}, xgboost.DMatrix(IRIS, KIND), 3)

    @pytest.fixture
    def data(self):
        return IRIS[::40]


class TestRegressorAsJson(FlavorSuite):
    component = f"XGBoost {xgboost.__version__}"
    flavor_name = "xgboost"
    save_options = {"model_format": "json"}  # noqa: RUF012 - declared by the suite

    @pytest.fixture
    def model(self):
        return xgboost.XGBRegressor(n_estimators=3).fit(DIABETES, PROGRESS)

    @pytest.fixture
    def data(self):
        return DIABETES[:4]


class TestClassifier(FlavorSuite):
    component = f"XGBoost {xgboost.__version__}"
    flavor_name = "xgboost"

    @pytest.fixture
    def model(self):
        return xgboost.XGBClassifier(n_estimators=3).fit(IRIS, KIND)

    @pytest.fixture
    def data(self):
        return IRIS[::40]


class TestPlugin(PluginSuite):
    plugin = "flavor-xgboost"
