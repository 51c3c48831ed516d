"""Projects: code with named entry points, fetched, given an environment, and run with its parameters checked.

`Projects.run` goes from a URI to a `ProjectRun`; the modules below are the steps on that way.
"""

from typing import Any

from hookline.projects.project_run import ProjectRun
from hookline.projects.service import Projects
from hookline.providers import resolve

__all__ = ["ProjectRun", "Projects", "run"]


def run(uri: str, **options: Any) -> ProjectRun:
    """Run a project in the default workspace; options as for `Projects.run`."""
    started: ProjectRun = resolve("hookline.fluent:run_project")(uri, **options)
    return started
