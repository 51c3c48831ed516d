"""All that is settled of a project before its run is made, and what follows from it."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from hookline.entities import Execution, PreparedEnvironment, Project
from hookline.projects.commands import Command
from hookline.projects.fitting import Fit
from hookline.projects.parameters import Values
from hookline.projects.programs import find_program
from hookline.projects.project_run import LOG_FOLDER
from hookline.uris import file_path, scheme_of

if TYPE_CHECKING:
    from hookline.run import Run

BACKEND_TAG = "mlflow.project.backend"


@frozen
class Plan:
    """How an entry point of a project is to run."""

    project: Project
    entry_point: str
    values: Values
    command: Command
    fit: Fit
    environment: PreparedEnvironment
    work: Path

    def tags(self) -> dict[str, str]:
        """Return the tags of its run."""
        image = self.environment.image
        tags = {
            "mlflow.project.env": self.fit.environment_name,
            BACKEND_TAG: self.fit.backend_name,
            "hookline.environment": self.environment.digest,
            "mlflow.docker.image.uri": image.reference if image else None,
        }
        return source_tags(self.project, self.entry_point) | {key: value for key, value in tags.items() if value}

    def execution(self, run: "Run", *, variables: Mapping[str, str], places: Sequence[Path], stream: bool) -> Execution:
        """Return what the backend is to execute for a run.

        Args:
            variables: what leads the command to the stores of this workspace.
            places: files and folders of this machine that it opens then.
        """
        logs = self.work / LOG_FOLDER
        logs.mkdir()
        return Execution(
            run_id=run.run_id,
            argv=(find_program(self.command.argv[0], self.environment), *self.command.argv[1:]),
            folder=self.project.folder,
            variables={
                "PYTHONUNBUFFERED": os.environ.get("PYTHONUNBUFFERED") or "1",  # so that output is seen when written
                **self._python_path(),
                **variables,
                "HOOKLINE_RUN_ID": run.run_id,
                "HOOKLINE_EXPERIMENT_ID": run.info.experiment_id,
                **self.command.variables,
            },
            log_folder=logs,
            environment=self.environment,
            stream=stream,
            places=(*places, *self.values.paths, *_artifact_folder(run)),
        )

    def _python_path(self) -> dict[str, str]:
        """A `pyproject.toml` project is not installed, so that its `src` folder is named to Python."""
        source = self.project.folder / "src"
        if self.project.environment.kind != "pyproject" or not source.is_dir():
            return {}
        present = None if self.environment.image else os.environ.get("PYTHONPATH")
        return {"PYTHONPATH": os.pathsep.join(filter(None, [str(source), present]))}


def source_tags(project: Project, entry_point: str) -> dict[str, str]:
    """Return the tags that say which project a run is of."""
    tags = {
        "mlflow.source.name": project.uri,
        "mlflow.source.type": "PROJECT",
        "mlflow.project.entryPoint": entry_point,
        "mlflow.source.git.commit": project.commit,
        "mlflow.source.git.repoURL": project.repository,
        "mlflow.gitRepoURL": project.repository,
        "mlflow.source.git.branch": project.branch,
        "mlflow.gitBranchName": project.branch,
    }
    return {key: value for key, value in tags.items() if value}


def _artifact_folder(run: "Run") -> tuple[Path, ...]:
    """The folder of a run's artifacts, where it is one: an experiment may keep them apart from the others'."""
    uri = run.info.artifact_uri
    return (file_path(uri).absolute(),) if uri and scheme_of(uri) == "file" else ()
