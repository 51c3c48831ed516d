"""Models that answer from containers."""

from hookline.providers import Provider, hookimpl


@hookimpl
def deployment_targets() -> list[Provider]:
    """Offer the target `container`."""
    return [
        Provider(
            "container",
            "hookline_deploy_container.target:ContainerTarget",
            "Models that answer from containers of Docker or podman on this machine, each in an image of its own",
            "hookline_lib_container.python_images:BuildOptions",
        )
    ]
