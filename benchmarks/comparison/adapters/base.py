"""What an adapter may offer, by area. A product has a module with a class for each area that it offers.

Classes are given the contender's variant (such as `sqlite` or `file`) and do nothing until `start`.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

Point = tuple[str, float, int]
"""Key, value and step of one point of a metric."""


class NotOffered(Exception):
    """A product, or this version of it, does not offer what a row measures; the text says so."""


class Area:
    """What the adapters of all areas share.

    Attributes:
        database: the URI of the PostgreSQL database to use; empty: the product's own default.
    """

    database = ""

    def __init__(self, variant: str = "") -> None:
        self.variant = variant

    def start(self, folder: Path) -> None:
        """Point the library at a folder. Once in a process, before everything else."""

    def finish(self) -> None:
        """Close what is open. Once, at the end."""


class Logging(Area):
    """Logging into runs from one process, as the product's documentation shows it."""

    def open_run(self, number: int, params: Mapping[str, str] | None = None) -> None:
        """Start a run. `params` is for products that take them there and nowhere else."""
        raise NotImplementedError

    def log_metric(self, key: str, value: float, step: int) -> None:
        """Log one point."""
        raise NotImplementedError

    def log_metrics(self, values: Mapping[str, float], step: int) -> None:
        """Log a point of each of several metrics."""
        for key, value in values.items():
            self.log_metric(key, value, step)

    def log_batch(self, points: Sequence[Point]) -> None:
        """Log many points of many steps in one call."""
        raise NotOffered("no call takes points of several steps")

    def log_params(self, params: Mapping[str, str]) -> None:
        """Set params; nothing where `open_run` takes them."""

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set tags, or what comes closest."""

    def flush(self) -> None:
        """Return when everything can be read by another process; default: end the run."""
        self.end_run()

    def end_run(self) -> None:
        """End the run; called again after `flush` did it, it does nothing."""

    def count(self, folder: Path) -> int:
        """Return how many points of "loss" another process finds in a folder, through the product's own reader."""
        raise NotOffered("no reader for its files")


class Reading(Area):
    """Filling a store and reading from it in one process."""

    def seed_runs(self, runs: Iterable[tuple[int, Mapping[str, str], Mapping[str, float]]]) -> None:
        """Store finished runs: number, params and one point of each metric."""
        raise NotImplementedError

    def seed_points(self, points: int) -> None:
        """Store one run with a metric "loss" of so many points."""
        raise NotImplementedError

    def search(self, filtered: bool) -> int:
        """Return how many runs a page of 100 has: the newest, or those that `FILTER` asks for ordered by a metric."""
        raise NotImplementedError

    def page_all(self) -> int:
        """Return how many runs there are, having fetched all of them as the client's objects, 1,000 at a time."""
        raise NotImplementedError

    def history(self) -> int:
        """Return how many points of "loss" were read."""
        raise NotImplementedError

    def chart(self, width: int) -> int:
        """Return how many points a chart of "loss" of that width got."""
        raise NotImplementedError


class Artifacts(Area):
    """Files of a run in a local store."""

    def open_run(self) -> None:
        """Start a new run."""
        raise NotImplementedError

    def put_file(self, path: Path) -> None:
        """Store one file."""
        raise NotImplementedError

    def put_folder(self, path: Path) -> None:
        """Store the files of a folder."""
        raise NotImplementedError

    def get(self, target: Path) -> None:
        """Write all artifacts of the run below a folder."""
        raise NotImplementedError


class ObjectArtifacts(Artifacts):
    """Files of a run in the object store that `comparison.objects` runs."""


class Models(Area):
    """Saving and loading a scikit-learn model."""

    def save(self, model: Any, rows: Any, path: Path, requirements: Sequence[str] | None) -> None:
        """Save with a signature; None infers the requirements."""
        raise NotImplementedError

    def load(self, path: Path) -> Any:
        """Return the model that was saved, ready to predict."""
        raise NotImplementedError


class Commands(Area):
    """What is run as commands.

    Attributes:
        module: what a program imports. script: the product's command, if it has one.
        version: the words after it that print the version.
    """

    module = ""
    script = ""
    version = "--version"

    def imports(self) -> list[str]:
        """Return the command that imports the library."""
        return [sys.executable, "-c", f"import {self.module}"]

    def command(self, *words: str) -> list[str]:
        """Return the product's command with these arguments."""
        if not self.script:
            raise NotOffered("no command line")
        return [str(Path(sys.executable).parent / self.script), *words]

    def run_project(self, project: Path, folder: Path) -> tuple[list[str], dict[str, str]]:
        """Return the command that runs the project with alpha=0.1, storing below a folder."""
        raise NotOffered("no projects")

    def score(self, model: Path, source: Path, target: Path) -> list[str]:
        """Return the command that writes a model's predictions for the rows of a file."""
        raise NotOffered("no batch scoring")


class Serving(Area):
    """A tracking server that speaks MLflow's REST API."""

    def command(self, folder: Path, port: int) -> tuple[list[str], dict[str, str]]:
        """Return the command that serves a new store in a folder, and variables for it."""
        raise NotImplementedError


class ModelServing(Area):
    """A server of a scikit-learn model that takes an array.

    Attributes:
        ready: the path that answers 200 once the model can be asked. path: the one that is asked.
    """

    ready = "/ping"
    path = "/invocations"

    def save(self, model: Any, rows: Any, folder: Path) -> None:
        """Save the model, and whatever else the server needs, into a new folder."""
        raise NotImplementedError

    def command(self, folder: Path, port: int) -> tuple[list[str], dict[str, str]]:
        """Return the command that serves the model with one process, and variables for it."""
        raise NotImplementedError

    def body(self, rows: list[list[float]]) -> dict[str, object]:
        """Return the JSON body that asks for predictions."""
        return {"inputs": rows}

    def predictions(self, answer: Any) -> list[Any]:
        """Return what an answer predicts."""
        found: list[Any] = answer["predictions"]
        return found
