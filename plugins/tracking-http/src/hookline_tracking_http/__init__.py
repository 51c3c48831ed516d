"""Tracking into a server over HTTP: what this plugin provides."""

from hookline.providers import StoreProvider, hookimpl

_OPTIONS = "hookline_lib_client.options:HttpOptions"
_SCHEMES = ("http", "https")
_OURS = ("Http", "a Hookline server", "")
_MLFLOWS = ("Mlflow", "a server of MLflow's", "mlflow+")


@hookimpl
def tracking_stores() -> list[StoreProvider]:
    """Offer the tracking store behind a server's URL; `mlflow+http` and `mlflow+https` name servers of MLflow's."""
    targets = {"Http": "hookline_tracking_http.store", "Mlflow": "hookline_tracking_http.mlflow_store"}
    return [
        StoreProvider(
            name=f"{prefix}{scheme}",
            target=f"{targets[name]}:{name}TrackingStore",
            summary=f"experiments and runs on {server}",
            options=_OPTIONS,
            artifacts="hookline_tracking_http.places:artifacts_beside",
        )
        for name, server, prefix in (_OURS, _MLFLOWS)
        for scheme in _SCHEMES
    ]


@hookimpl
def model_registries() -> list[StoreProvider]:
    """Offer the model registry behind the same URLs."""
    targets = {"Http": "hookline_tracking_http.registry", "Mlflow": "hookline_tracking_http.mlflow_registry"}
    return [
        StoreProvider(
            name=f"{prefix}{scheme}",
            target=f"{targets[name]}:{name}ModelRegistry",
            summary=f"registered models on {server}",
            options=_OPTIONS,
        )
        for name, server, prefix in (_OURS, _MLFLOWS)
        for scheme in _SCHEMES
    ]
