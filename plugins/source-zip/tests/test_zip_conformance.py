"""The source keeps the laws of every project source, and the plugin those of every plugin."""

import zipfile

import pytest

from hookline.testing import PluginSuite, ProjectSourceSuite
from hookline_source_zip.source import ZipSource


class TestZipSource(ProjectSourceSuite):
    component = "zip files of this machine"

    @pytest.fixture
    def source(self):
        return ZipSource()

    @pytest.fixture
    def publish(self, tmp_path):
        def write(files):
            with zipfile.ZipFile(tmp_path / "project.zip", "w", zipfile.ZIP_DEFLATED) as archive:
                for key, content in files.items():
                    archive.writestr(key, content)
            return (tmp_path / "project.zip").as_uri()

        return write

    @pytest.fixture
    def absent(self, tmp_path):
        return (tmp_path / "absent.zip").as_uri()


class TestPlugin(PluginSuite):
    plugin = "source-zip"
