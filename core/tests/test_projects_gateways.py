"""Which gateways a project's code calls for, and that they are open for as long as its command runs."""

from contextlib import contextmanager

import pytest

from hookline.interfaces import ProjectGateway
from hookline.plugins import Plugins
from hookline.projects.gateways import imported_modules, needed_gateways
from hookline.providers import GatewayProvider, hookimpl
from hookline.testing import memory_workspace
from hookline.testing.project_references import ReferenceProjects


class Gateways:
    @hookimpl
    def project_gateways(self):
        return [GatewayProvider(name="far", target="nowhere:Gateway", summary="far", imports=("faraway", "mlflow"))]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import mlflow\n", True),
        ("import mlflow.sklearn as m\n", True),
        ("from mlflow import log_metric\n", True),
        ("    from mlflow.tracking import MlflowClient\n", True),
        ("import os, mlflow\n", True),
        ("import json, mlflow.sklearn, os\n", True),
        ("import mlflow_extras\n", False),
        ("# import mlflow\n", False),
        ("text = 'mlflow'\n", False),
        ("\xef\xbb\xbfprint('no utf-8: \xe9')\nimport mlflow\n", True),
    ],
)
def test_an_import_is_seen(tmp_path, text, found):
    (tmp_path / "train.py").write_bytes(text.encode("latin-1"))
    assert imported_modules(tmp_path, {"mlflow"}) == ({"mlflow"} if found else set())


@pytest.mark.parametrize("place", [".venv/x.py", "lib/site-packages/x.py", "__pycache__/x.py", "notes.txt"])
def test_code_that_is_not_the_projects_own_is_passed_over(tmp_path, place):
    path = tmp_path / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("import mlflow\n")
    assert imported_modules(tmp_path, {"mlflow"}) == set()


def test_only_what_is_called_for_is_opened(tmp_path):
    plugins = Plugins()
    plugins.register(Gateways(), "far")
    (tmp_path / "train.py").write_text("import os\n")
    assert needed_gateways(plugins, tmp_path) == []
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "train.py").write_text("import faraway\n")
    assert [each.name for each in needed_gateways(plugins, tmp_path)] == ["far"]
    assert needed_gateways(Plugins(), tmp_path) == []


def test_a_gateway_is_open_while_the_command_runs(tmp_path):
    opened = []

    class Gateway(ProjectGateway):
        def __init__(self, workspace, _options):
            self.workspace = workspace

        @contextmanager
        def open(self, run_id, experiment_id):
            opened.append((run_id, experiment_id, self.workspace.tracking.get_run(run_id).info.status.value))
            yield {"FAR_AWAY": "here"}
            opened.append("closed")

    class Near:
        @hookimpl
        def project_gateways(self):
            return [GatewayProvider(name="near", target=Gateway, summary="near", imports=("faraway",))]

    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "faraway.py").write_text("import os\nplace = os.environ['FAR_AWAY']\n")
    (folder / "train.py").write_text("import faraway\nassert faraway.place == 'here'\n")
    with memory_workspace(tmp_path / "home", ReferenceProjects(), Near()) as workspace:
        done = workspace.projects.run(folder, entry_point="train.py", stream=False)
        assert done.wait().value == "FINISHED"
    assert opened == [(done.run_id, "0", "RUNNING"), "closed"]
