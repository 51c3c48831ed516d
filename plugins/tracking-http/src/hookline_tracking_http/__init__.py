"""Tracking into a server over HTTP: what this plugin provides."""

from hookline.providers import StoreProvider, hookimpl

_SCHEMES = ("http", "https")
_OPTIONS = "hookline_lib_client.options:HttpOptions"


@hookimpl
def tracking_stores() -> list[StoreProvider]:
    """Offer the tracking store behind a server's URL."""
    return [
        StoreProvider(
            name=scheme,
            target="hookline_tracking_http.store:HttpTrackingStore",
            summary="experiments and runs on a Hookline server",
            options=_OPTIONS,
            artifacts="hookline_tracking_http.places:artifacts_beside",
        )
        for scheme in _SCHEMES
    ]


@hookimpl
def model_registries() -> list[StoreProvider]:
    """Offer the model registry behind a server's URL."""
    return [
        StoreProvider(
            name=scheme,
            target="hookline_tracking_http.registry:HttpModelRegistry",
            summary="registered models on a Hookline server",
            options=_OPTIONS,
        )
        for scheme in _SCHEMES
    ]
