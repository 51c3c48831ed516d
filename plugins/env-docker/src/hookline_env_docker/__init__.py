"""Gives projects container images."""

from hookline.providers import Provider, hookimpl


@hookimpl
def environments() -> list[Provider]:
    """Offer the environment `docker`."""
    return [
        Provider(
            "docker",
            "hookline_env_docker.environment:DockerEnvironment",
            "A container image: the project's own, or one made from its requirements; Docker or podman",
            "hookline_env_docker.options:DockerOptions",
        )
    ]
