"""The laws of the interfaces, against a real server."""

import pytest

from hookline.testing import LoggedModelsSuite, ModelRegistrySuite, PluginSuite, TrackingStoreSuite

STORE = "hookline_tracking_http.store:HttpTrackingStore"


class TestPlugin(PluginSuite):
    plugin = "tracking-http"


class Served:
    """The store that another process has is the server's."""

    component = "hookline-server over SQLite"
    persistent = True

    @pytest.fixture
    def uri(self, url):
        return url


class TestTrackingStore(Served, TrackingStoreSuite):
    target = STORE


class TestLoggedModels(Served, LoggedModelsSuite):
    target = STORE


class TestModelRegistry(Served, ModelRegistrySuite):
    target = "hookline_tracking_http.registry:HttpModelRegistry"
