"""Artifacts in object stores: what this plugin provides."""

from hookline.providers import StoreProvider, hookimpl

_S3 = "Amazon S3, or a server that speaks it, such as MinIO, SeaweedFS and Cloudflare R2"
_GOOGLE = "Google Cloud Storage"
_AZURE = "Azure Blob Storage and Data Lake Storage"
_KINDS = {
    "s3": (_S3, "S3Options"),
    "gs": (_GOOGLE, "GoogleOptions"),
    "az": (_AZURE, "AzureOptions"),
    "abfss": (_AZURE, "AzureOptions"),
    "wasbs": (_AZURE, "AzureOptions"),
}


@hookimpl
def artifact_stores() -> list[StoreProvider]:
    """Offer the artifact stores of buckets and containers."""
    return [
        StoreProvider(
            name=scheme,
            target="hookline_artifact_object.store:ObjectArtifactStore",
            summary=summary,
            options=f"hookline_artifact_object.options:{options}",
        )
        for scheme, (summary, options) in _KINDS.items()
    ]
