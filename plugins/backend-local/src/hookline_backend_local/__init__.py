"""Runs projects as processes of this machine."""

from hookline.providers import Provider, hookimpl


@hookimpl
def project_backends() -> list[Provider]:
    """Offer the backend `local`."""
    return [
        Provider(
            "local",
            "hookline_backend_local.backend:LocalBackend",
            "A process of this machine, with all that it starts in one group",
            "hookline_backend_local.backend:LocalOptions",
        )
    ]
