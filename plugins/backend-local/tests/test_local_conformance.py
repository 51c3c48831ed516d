"""The backend keeps the laws of every backend, and the plugin those of every plugin."""

import platform

import pytest

from hookline.testing import PluginSuite, ProjectBackendSuite
from hookline_backend_local.backend import LocalBackend, LocalOptions


class TestLocalBackend(ProjectBackendSuite):
    component = f"processes on {platform.system()}"

    @pytest.fixture
    def backend(self, tmp_path):
        return LocalBackend(tmp_path / "backend", LocalOptions(patience=1))


class TestPlugin(PluginSuite):
    plugin = "backend-local"
