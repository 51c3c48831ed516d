"""The laws of artifact stores, against a real server over a folder."""

import pytest

from hookline.testing import ArtifactStoreSuite, PluginSuite


class TestPlugin(PluginSuite):
    plugin = "artifact-http"


class TestArtifacts(ArtifactStoreSuite):
    component = "hookline-server over a folder"
    target = "hookline_artifact_http.store:HttpArtifactStore"
    persistent = True

    @pytest.fixture
    def uri(self, url):
        return url

    @pytest.fixture
    def root(self, url, tmp_path):
        folder = tmp_path / "server" / ".hookline" / "artifacts"
        folder.mkdir(parents=True, exist_ok=True)
        return folder
