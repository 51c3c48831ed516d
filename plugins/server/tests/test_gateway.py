"""The way to the stores for projects that use MLflow's client."""

import http.client
import json
from urllib.parse import urlsplit

import pytest

from hookline.testing import ProjectGatewaySuite
from hookline_server.gateway import MlflowGateway


class TestMlflowGateway(ProjectGatewaySuite):
    component = "hookline-server, by HTTP"

    @pytest.fixture
    def workspace(self, workspace):
        return workspace

    @pytest.fixture
    def gateway(self, workspace):
        return MlflowGateway(workspace)

    @pytest.fixture
    def tag(self):
        def set_tag(variables, key, value):
            place = urlsplit(variables["MLFLOW_TRACKING_URI"])
            connection = http.client.HTTPConnection(place.hostname, place.port, timeout=10)
            try:
                body = json.dumps({"run_id": variables["MLFLOW_RUN_ID"], "key": key, "value": value})
                headers = {
                    "Content-Type": "application/json",
                    "Authorization": f"Bearer {variables['MLFLOW_TRACKING_TOKEN']}",
                }
                connection.request("POST", "/api/2.0/mlflow/runs/set-tag", body, headers)
                answer = connection.getresponse()
                if answer.status != 200:
                    raise PermissionError(answer.read())
            finally:
                connection.close()

        return set_tag


def test_what_the_surroundings_say_of_users_and_proxies_is_no_hindrance(workspace, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "example.com")
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "somebody")
    with MlflowGateway(workspace).open("r", "0") as variables:
        assert variables["NO_PROXY"] == variables["no_proxy"] == "example.com,127.0.0.1"
        assert (variables["MLFLOW_TRACKING_USERNAME"], variables["MLFLOW_TRACKING_PASSWORD"]) == ("", "")
