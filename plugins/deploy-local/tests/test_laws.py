"""The laws of a deployment target and of a plugin, held by the conformance kit."""

import pandas as pd
import pytest

from hookline.entities import ModelFolder
from hookline.testing import DeploymentTargetSuite, PluginSuite
from hookline_deploy_local.target import LocalTarget


class TestPlugin(PluginSuite):
    plugin = "deploy-local"


class TestLocalTarget(DeploymentTargetSuite):
    component = "its own server, by HTTP"

    @pytest.fixture
    def target(self, tmp_path, recipes):
        return LocalTarget(tmp_path / "deployments")

    @pytest.fixture
    def same_target(self, tmp_path):
        return LocalTarget(tmp_path / "deployments")

    @pytest.fixture
    def saved(self, workspace, tmp_path):
        def save(recipe, name):
            example = pd.DataFrame({"x": [1.0], "y": [2.0]})
            workspace.save_model(recipe, tmp_path / name, input_example=example)
            with workspace.models.fetch(tmp_path / name) as fetched:
                return ModelFolder(f"models:/{name}/1", fetched.path, fetched.digest, fetched.trusted)

        return save

    @pytest.fixture
    def model(self, saved, recipes):
        return saved(recipes.Recipe("sum"), "sum")

    @pytest.fixture
    def other_model(self, saved, recipes):
        return saved(recipes.Recipe("pid"), "pid")

    @pytest.fixture
    def broken_model(self, saved, recipes):
        return saved(recipes.Recipe("sum", loads=False), "broken")

    @pytest.fixture
    def inputs(self):
        return {"dataframe_split": {"columns": ["x", "y"], "data": [[1, 2], [3, 4.5]]}}

    @pytest.fixture
    def expected(self):
        return {"predictions": [{"0": 3.0}, {"0": 7.5}]}
