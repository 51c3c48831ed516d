"""The environment keeps the laws of every environment that installs, and the plugin those of every plugin."""

from importlib.metadata import version

import pytest

from hookline.testing import InstallingEnvironmentSuite, PluginSuite
from hookline_env_conda.environment import CondaEnvironment
from hookline_env_conda.options import CondaOptions


class TestConda(InstallingEnvironmentSuite):
    component = f"rattler {version('py-rattler')}, on a channel of this machine"

    @pytest.fixture
    def make_environment(self, wheels, shared_channel):
        options = CondaOptions(channels={"conda-forge": shared_channel.url}, find_links=[str(wheels)], no_index=True)
        return lambda folder: CondaEnvironment(folder, options)


class TestPlugin(PluginSuite):
    plugin = "env-conda"
