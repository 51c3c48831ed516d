"""The environments keep the laws of every environment, and the plugin those of every plugin."""

import pytest

from hookline.testing import EnvironmentSuite, InstallingEnvironmentSuite, PluginSuite
from hookline_env_venv.current import CurrentEnvironment
from hookline_env_venv.options import VenvOptions
from hookline_env_venv.uv import UvEnvironment
from hookline_env_venv.virtualenv import VirtualenvEnvironment


class TestCurrent(EnvironmentSuite):
    @pytest.fixture
    def make_environment(self, wheels):
        return CurrentEnvironment


class TestUv(InstallingEnvironmentSuite):
    @pytest.fixture
    def make_environment(self, wheels):
        return lambda folder: UvEnvironment(folder, VenvOptions(find_links=[str(wheels)], no_index=True))


class TestVirtualenv(InstallingEnvironmentSuite):
    @pytest.fixture
    def make_environment(self, wheels):
        return lambda folder: VirtualenvEnvironment(folder, VenvOptions(find_links=[str(wheels)], no_index=True))


class TestPlugin(PluginSuite):
    plugin = "env-venv"
