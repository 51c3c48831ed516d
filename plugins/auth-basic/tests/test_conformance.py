"""The laws of plugins."""

from hookline.testing import PluginSuite


class TestPlugin(PluginSuite):
    plugin = "auth-basic"
