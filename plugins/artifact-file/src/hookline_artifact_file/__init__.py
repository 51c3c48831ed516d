"""Artifacts as files in a folder: the artifact store of plain paths and `file:` URIs."""

from collections.abc import Iterable

from hookline.providers import StoreProvider, hookimpl


@hookimpl
def artifact_stores() -> Iterable[StoreProvider]:
    """Offer the store of files; without configuration it lies in the workspace's folder."""
    return [
        StoreProvider(
            name="file",
            target="hookline_artifact_file.store:FileArtifactStore",
            summary="files in a folder of this machine or of a mounted file system",
            default_uri="{home}/artifacts",
        )
    ]
