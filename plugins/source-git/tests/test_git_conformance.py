"""The source keeps the laws of every project source over both transports, and the plugin those of every plugin."""

import pytest

from hookline.system import run_process
from hookline.testing import PluginSuite, ProjectSourceSuite
from hookline_source_git.source import GitSource

GIT = run_process(["git", "--version"]).strip().replace("version ", "")


class TestFileUris(ProjectSourceSuite):
    component = GIT
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
    component = f"{GIT} daemon"
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
