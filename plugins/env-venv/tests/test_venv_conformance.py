"""The environments keep the laws of every environment, and the plugin those of every plugin."""

import platform
from importlib.util import find_spec

import pytest

from hookline.system import run_process
from hookline.testing import EnvironmentSuite, InstallingEnvironmentSuite, PluginSuite
from hookline_env_venv.current import CurrentEnvironment
from hookline_env_venv.options import VenvOptions
from hookline_env_venv.uv import UvEnvironment, find_uv
from hookline_env_venv.virtualenv import VirtualenvEnvironment


class TestCurrent(EnvironmentSuite):
    component = f"Python {platform.python_version()}"

    @pytest.fixture
    def make_environment(self, wheels):
        return CurrentEnvironment


class TestUv(InstallingEnvironmentSuite):
    component = run_process([find_uv() or "uv", "--version"]).partition(" (")[0].strip()

    @pytest.fixture
    def make_environment(self, wheels):
        return lambda folder: UvEnvironment(folder, VenvOptions(find_links=[str(wheels)], no_index=True))


class TestVirtualenv(InstallingEnvironmentSuite):
    component = f"{'virtualenv' if find_spec('virtualenv') else 'venv'} and pip"

    @pytest.fixture
    def make_environment(self, wheels):
        return lambda folder: VirtualenvEnvironment(folder, VenvOptions(find_links=[str(wheels)], no_index=True))


class TestPlugin(PluginSuite):
    plugin = "env-venv"
