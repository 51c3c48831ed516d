"""Runs the cells of rows: each in a process of its contender's environment, the contenders taking turns."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from comparison.contenders import CONTENDERS, Contender
from comparison.environments import EnvironmentFailed, Environments
from comparison.jobs import Figures, Job, complaint, figures_in
from comparison.rows import Row

FOREIGN = ("HOOKLINE_", "MLFLOW_", "WANDB_", "TRACKIO_", "AIM_", "DVC", "XDG_", "PYTHON", "VIRTUAL_ENV", "GIT_")


@dataclass
class Outcome:
    """What came of a contender in a row.

    Attributes:
        figures: of each round. skipped: why it has none. error: what went wrong.
        seed_seconds: how long its store took to fill, where the row has one.
    """

    contender: Contender
    figures: list[Figures] = field(default_factory=list)
    skipped: str = ""
    error: str = ""
    seed_seconds: float | None = None

    @property
    def goes_on(self) -> bool:
        """Whether another round makes sense."""
        return not (self.skipped or self.error)


@dataclass
class Runner:
    """Runs rows.

    Attributes:
        scratch: a folder on the disk to measure; what is written there is removed.
        peers: the names to run, or None for all.
        budget: seconds for each cell instead of the rows' own.
        tiny: run the rows at the size that shows only that they work.
    """

    environments: Environments
    scratch: Path
    rounds: int = 3
    peers: Sequence[str] | None = None
    budget: float | None = None
    tiny: bool = False
    _numbers: int = 0
    _seeds: dict[tuple[str, ...], tuple[Path, Figures]] = field(default_factory=dict)

    def row(self, row: Row) -> list[Outcome]:
        """Run every contender of a row in each round, one after the other."""
        outcomes = [Outcome(contender) for contender in self.taking_part(row)]
        for number in range(self.rounds):
            for outcome in outcomes:
                if outcome.goes_on:
                    self._note(f"{row.name}: {outcome.contender.name}, round {number + 1} of {self.rounds}")
                    self._cell(row, outcome)
        return outcomes

    def taking_part(self, row: Row) -> Iterable[Contender]:
        """Return the contenders of a row that are asked for; ours and the limits always are."""
        for contender in (CONTENDERS[name] for name in row.contenders):
            if contender.role != "peer" or self.peers is None or contender.name in self.peers:
                yield contender

    def _cell(self, row: Row, outcome: Outcome) -> None:
        try:
            job = self._job(row, outcome.contender)
            if row.seed:
                job, outcome.seed_seconds = self._seeded(job, row, outcome.contender)
            figures = self._do(job, outcome.contender, self._budget(row) * 6 + 600)
        except (CellFailed, EnvironmentFailed) as error:
            outcome.error = str(error)
            return
        if "skipped" in figures:
            outcome.skipped = str(figures["skipped"])
        else:
            outcome.figures.append(figures)

    def _budget(self, row: Row) -> float:
        return row.budget if self.budget is None else self.budget

    def _job(self, row: Row, contender: Contender) -> Job:
        return Job(
            contender.adapter,
            row.task,
            folder="",
            variant=contender.variant,
            prefix=contender.prefix,
            size=row.tiny if self.tiny else row.size,
            budget=self._budget(row),
        )

    def _seeded(self, job: Job, row: Row, contender: Contender) -> tuple[Job, float | None]:
        """Return the job with the folder of its data, which rows of the same task and size share."""
        size = {key: value for key, value in job.size.items() if key != "width"}
        key = (contender.name, row.seed, str(sorted(size.items())))
        if key not in self._seeds:
            place = self._new_folder()
            seeding = replace(job, task=row.seed, size=size, seed=str(place))
            self._note(f"{row.name}: filling the store of {contender.name}")
            self._seeds[key] = place, self._do(seeding, contender, row.patience)
        place, figures = self._seeds[key]
        return replace(job, seed=str(place)), figures.get("seconds")

    def _do(self, job: Job, contender: Contender, timeout: float) -> Figures:
        python = self.environments.python(contender.environment)
        place, home = self._new_folder(), self._new_folder()
        try:
            return run_job(replace(job, folder=str(place)), python, clean(os.environ, home), timeout)
        finally:
            shutil.rmtree(place, ignore_errors=True)
            shutil.rmtree(home, ignore_errors=True)

    def _new_folder(self) -> Path:
        self._numbers += 1
        place = self.scratch / f"cell{self._numbers}"
        place.mkdir(parents=True)
        return place

    def _note(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)


class CellFailed(Exception):
    """A cell has no figures; the text says why."""


def run_job(job: Job, python: Path, environment: Mapping[str, str], timeout: float) -> Figures:
    """Do a job in a process of its own, and leave none of that process's children behind.

    Raises:
        CellFailed: it ended without figures, or not in time.
    """
    options: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen(
        job.command(python), cwd=job.folder, env=environment, text=True, start_new_session=True, **options
    )
    try:
        said, complained = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired as late:
        raise CellFailed(f"took longer than {timeout:.0f} s") from late
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    figures = figures_in(said)
    if figures is None:
        raise CellFailed(complaint(complained))
    return figures


def clean(environment: Mapping[str, str], home: Path) -> dict[str, str]:
    """Return environment variables without those that set up a product, and with a home of their own."""
    kept = {name: value for name, value in environment.items() if not name.startswith(FOREIGN)}
    return {**kept, "HOME": str(home), "BENCHMARK_HOME": environment.get("HOME", str(home)), "TMPDIR": str(home)}
