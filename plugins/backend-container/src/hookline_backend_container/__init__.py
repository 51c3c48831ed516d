"""Runs projects in containers."""

from hookline.providers import Provider, hookimpl


@hookimpl
def project_backends() -> list[Provider]:
    """Offer the backend `container`."""
    return [
        Provider(
            "container",
            "hookline_backend_container.backend:ContainerBackend",
            "A container of Docker or podman, from the image of the project's environment",
            "hookline_backend_container.options:ContainerOptions",
        )
    ]
