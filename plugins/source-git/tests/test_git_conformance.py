"""The source keeps the laws of every project source over both transports, and the plugin those of every plugin."""

import pytest

from hookline.testing import PluginSuite, ProjectSourceSuite
from hookline_source_git.source import GitSource


class TestFileUris(ProjectSourceSuite):
    versioned = True

    @pytest.fixture
    def source(self):
        return GitSource()

    @pytest.fixture
    def publish(self, origin):
        def commit(files):
            origin.commit(files)
            return origin.folder.as_uri()

        return commit

    @pytest.fixture
    def absent(self, tmp_path):
        return (tmp_path / "absent").as_uri()


class TestGitDaemon(ProjectSourceSuite):
    versioned = True

    @pytest.fixture
    def source(self):
        return GitSource()

    @pytest.fixture
    def publish(self, origin, daemon):
        def commit(files):
            origin.commit(files)
            return f"{daemon}/origin"

        return commit

    @pytest.fixture
    def absent(self, daemon):
        return f"{daemon}/absent"


class TestPlugin(PluginSuite):
    plugin = "source-git"
