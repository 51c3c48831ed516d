"""The plugin keeps the laws of every plugin."""

from hookline.testing import PluginSuite


class TestPlugin(PluginSuite):
    plugin = "deploy-container"
