"""Run one project by every backend, deploy its model at every target, and print a table of what came of it.

    python examples/everywhere.py examples/wine

Nothing here names a backend, an environment or a target: what is installed is tried, as `hookline.yaml` configures it.
The first run is on this machine, and its model is the one that all are compared with: by what they predict for its
input example. The project has to log a model with an example, and to come to the same model each time.
"""

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

import hookline
from hookline.entities import DeploymentStatus
from hookline.errors import HooklineError, NotSupported, Unavailable

COLUMNS = ("by", "environment", "status", "seconds", "same predictions", "why not")


def main(project: str) -> int:
    """Print the table; return 1 where something failed or predicts something else."""
    with hookline.Workspace() as space:
        model = model_of(space, space.projects.run(project, stream=False))
        loaded = space.load_model(model)
        expected = plain(loaded.predict(loaded.input_example))
        body = json.loads((loaded.path / "serving_input_example.json").read_text(encoding="utf-8"))
        print_row(COLUMNS)
        print_row(["---"] * len(COLUMNS))
        wrong = 0
        by_backends = by_every_backend(space, project, loaded.input_example, expected)
        for cells in chain(by_backends, at_every_target(space, model, body, expected)):
            print_row(cells)
            wrong += cells[2] == "failed" or cells[4] == "no"
    return int(wrong > 0)


def by_every_backend(space: hookline.Workspace, project: str, example: Any, expected: Any) -> Iterator[list[str]]:
    """Run the project by each backend in each environment, and ask the model that each run has logged."""
    for backend in space.plugins.providers("project_backends"):
        for environment in space.plugins.providers("environments"):

            def answer(backend: str = backend.name, environment: str = environment.name) -> Any:
                run = space.projects.run(project, backend=backend, environment=environment, stream=False)
                return space.load_model(model_of(space, run)).predict(example)

            yield [f"backend `{backend.name}`", f"`{environment.name}`", *tried(answer, expected)]


def at_every_target(space: hookline.Workspace, model: str, body: Any, expected: Any) -> Iterator[list[str]]:
    """Deploy one model at each target, send it the example, and remove it again."""
    for target in space.plugins.providers("deployment_targets"):

        def answer(target: str = target.name) -> Any:
            try:
                made = space.deployments.create(target, "everywhere", model)
                if made.status is not DeploymentStatus.RUNNING:
                    raise Unavailable(made.message)
                return space.deployments.predict(target, "everywhere", body)["predictions"]
            finally:
                space.deployments.delete(target, "everywhere")

        yield [f"target `{target.name}`", "the model's own", *tried(answer, expected)]


def model_of(space: hookline.Workspace, run: Any) -> str:
    """Wait for a run, and return the URI of the one model that it has logged."""
    run.wait()
    (name,) = space.runs.files.models(space.runs.get(run.run_id).info)
    return f"runs:/{run.run_id}/{name}"


def tried(answer: Callable[[], Any], expected: Any) -> list[str]:
    """Return the cells from the status on."""
    start = time.monotonic()
    try:
        same = plain(answer()) == expected
    except NotSupported as error:  # the two do not go together, and nothing was begun
        return ["does not fit", "", "", one_line(error)]
    except HooklineError as error:
        return ["failed", f"{time.monotonic() - start:.1f}", "", one_line(error)]
    return ["answered", f"{time.monotonic() - start:.1f}", "yes" if same else "no", ""]


def plain(found: Any) -> list[Any]:
    """Return predictions as plain values."""
    values: list[Any] = found.tolist() if hasattr(found, "tolist") else list(found)
    return values


def print_row(cells: Iterable[str]) -> None:
    """Print a row at once: the next one may take minutes."""
    print("|", " | ".join(cells), "|", flush=True)


def one_line(error: Exception) -> str:
    """Return an error's text as it fits into a cell."""
    return " ".join(str(error).split()).replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
