"""The store keeps the laws of every artifact store, and the plugin those of every plugin."""

from pathlib import Path

import pytest

from hookline.testing import ArtifactStoreSuite, PluginSuite
from hookline_artifact_file.store import FileArtifactStore


class TestPlugin(PluginSuite):
    plugin = "artifact-file"


class TestFiles(ArtifactStoreSuite):
    component = "a folder of this machine"
    target = "hookline_artifact_file.store:FileArtifactStore"
    persistent = True

    @pytest.fixture
    def uri(self, tmp_path: Path) -> str:
        return (tmp_path / "a #1 store").as_uri()

    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        folder = tmp_path / "a #1 store"
        folder.mkdir(exist_ok=True)
        return folder


class TestFilesByPath(TestFiles):
    """As on a system without `openat`, where a folder that is swapped at the right moment cannot be told."""

    component = "a folder of this machine, by paths alone"
    withstands_swaps = False

    @pytest.fixture
    def store(self, uri: str) -> FileArtifactStore:
        return FileArtifactStore(uri, by_descriptor=False)
