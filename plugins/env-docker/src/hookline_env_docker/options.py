"""What a user may set under `environments.docker`."""

from attrs import frozen

from hookline_lib_container.python_images import BuildOptions


@frozen
class DockerOptions(BuildOptions):
    """How images are found and made.

    Attributes:
        allow_volumes: folders of this machine that a project's `docker_env` may mount, with all below them. Those of
            the project itself need no permission.
        allow_direct_references: accept requirements such as `name @ https://...`, which name a place of their own.
    """

    allow_volumes: tuple[str, ...] = ()
    allow_direct_references: bool = False
