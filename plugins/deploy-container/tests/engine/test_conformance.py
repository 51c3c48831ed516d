"""The target keeps the laws of every deployment target, on a real engine."""

import pytest

from hookline.testing import DeploymentTargetSuite
from hookline_deploy_container.target import ContainerTarget
from hookline_lib_container.testing import engine_name


class TestContainerTarget(DeploymentTargetSuite):
    component = engine_name()

    @pytest.fixture
    def target(self, tmp_path, options):
        return ContainerTarget(tmp_path / "target", options)

    @pytest.fixture
    def same_target(self, tmp_path, options):
        return ContainerTarget(tmp_path / "target", options)

    @pytest.fixture
    def model(self, saved):
        return saved(2)

    @pytest.fixture
    def other_model(self, saved):
        return saved(3)

    @pytest.fixture
    def broken_model(self, saved, tmp_path):
        """The digest is that of other files than those that the server finds."""
        return saved(3, digest="sha256:" + "0" * 64)

    @pytest.fixture
    def inputs(self):
        return {"dataframe_split": {"columns": ["x"], "data": [[1.0], [4.0]]}}

    @pytest.fixture
    def expected(self):
        return {"predictions": [pytest.approx(2.0), pytest.approx(8.0)]}
