"""Which backend and which environment a project gets where the user names neither, and whether two of them fit."""

from attrs import frozen

from hookline.catalogue import what_to_install
from hookline.entities import Project
from hookline.errors import NotSupported
from hookline.interfaces import Environment, ProjectBackend

DEFAULT_ENVIRONMENT, IMAGE_ENVIRONMENT = "current", "docker"
DEFAULT_BACKEND, IMAGE_BACKEND = "local", "container"


@frozen
class Fit:
    """A backend and an environment that go together."""

    backend_name: str
    backend: ProjectBackend
    environment_name: str
    environment: Environment

    def __attrs_post_init__(self) -> None:
        if self.backend.runs_images and not self.environment.makes_images:
            raise NotSupported(
                f"The backend {self.backend_name!r} runs container images, and the environment "
                f"{self.environment_name!r} is none: leave --env away, or use --env {IMAGE_ENVIRONMENT}."
            )
        if self.environment.makes_images and not self.backend.runs_images:
            raise NotSupported(
                f"The environment {self.environment_name!r} is a container image, and the backend "
                f"{self.backend_name!r} runs none: leave --backend away, or use --backend {IMAGE_BACKEND}."
            )


def own_environment(project: Project) -> str | None:
    """Return the name of the environment that only a project's own kind of provider can make; None for other kinds."""
    kind = project.environment.kind
    return kind.removesuffix("_env") if kind in ("conda_env", "docker_env") else None


def nobody_makes(project: Project, name: str) -> NotSupported:
    """Return the error for a project whose own kind of environment no installed plugin offers."""
    distribution = what_to_install("environments", name)
    backend = f" {what_to_install('project_backends', IMAGE_BACKEND)}" if name == IMAGE_ENVIRONMENT else ""
    ways = [f"pip install {distribution}{backend}"] if distribution else []
    if name == "conda":
        ways.append("add --env uv to take its packages from the Python package index")
    ways.append(f"add --env {DEFAULT_ENVIRONMENT} to use this interpreter as it is")
    return NotSupported(
        f"The project {project.name!r} wants a {project.environment.kind}, and no installed plugin offers the "
        f"environment {name!r}: {', or '.join(ways)}."
    )
