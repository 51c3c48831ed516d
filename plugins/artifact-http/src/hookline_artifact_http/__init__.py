"""Artifacts on a server over HTTP: what this plugin provides."""

from hookline.providers import StoreProvider, hookimpl


@hookimpl
def artifact_stores() -> list[StoreProvider]:
    """Offer the artifact store behind a server's URL."""
    return [
        StoreProvider(
            name=scheme,
            target="hookline_artifact_http.store:HttpArtifactStore",
            summary="artifacts on a server, through MLflow's artifact proxy",
            options="hookline_artifact_http.options:ArtifactOptions",
        )
        for scheme in ("http", "https")
    ]
