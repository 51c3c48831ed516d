"""Fetches projects from zip archives."""

from hookline.providers import Provider, hookimpl


@hookimpl
def project_sources() -> list[Provider]:
    """Offer the source `zip`."""
    return [Provider("zip", "hookline_source_zip.source:ZipSource", "A zip archive on this machine: PATH.zip")]
