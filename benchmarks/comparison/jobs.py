"""A job: one contender, one task, one empty folder. It travels as JSON into a process of the contender's."""

import importlib
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

WORKER = Path(__file__).resolve().parents[1] / "worker.py"
RESULT = "RESULT "
Figures = dict[str, Any]
"""What a task returns. By keys that the row's columns name, and `done` with `wanted` where the budget ended it."""


@dataclass(frozen=True)
class Job:
    """What a worker does.

    Attributes:
        adapter: the module below `comparison.adapters`, and `area` the prefix of its class, for products with several.
        task: the function, as `module:function` below `comparison.tasks`.
        folder: empty, and the working folder.
        budget: seconds after which a task stops at what it has done.
        seed: a folder that `seed` tasks fill and others read.
    """

    adapter: str
    task: str
    folder: str
    variant: str = ""
    prefix: str = ""
    size: Mapping[str, int] = field(default_factory=dict)
    budget: float = 30.0
    seed: str = ""

    def place(self) -> Path:
        """Return the job's own folder."""
        return Path(self.folder)

    def seeded(self) -> Path:
        """Return the folder with the data to read."""
        return Path(self.seed)

    def area(self, name: str) -> Any:
        """Return a new adapter of an area, such as `Logging`."""
        module = importlib.import_module(f"comparison.adapters.{self.adapter}")
        return getattr(module, self.prefix + name)(self.variant)

    def run(self) -> Figures:
        """Do it, in this process."""
        module, _, function = self.task.partition(":")
        task: Callable[[Job], Figures] = getattr(importlib.import_module(f"comparison.tasks.{module}"), function)
        return task(self)

    def with_task(self, task: str) -> "Job":
        """Return a job that differs in its task."""
        return replace(self, task=task)

    def command(self, python: str | Path = sys.executable) -> list[str]:
        """Return the command that does this job in a process of its own."""
        return [str(python), str(WORKER), json.dumps(asdict(self))]

    def elsewhere(self, timeout: float) -> Figures:
        """Do this job in another process of the same environment; its last figures count, however it ended."""
        done = subprocess.run(
            self.command(), cwd=self.folder, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL
        )
        figures = figures_in(done.stdout)
        return {"error": complaint(done.stderr)} if figures is None else figures


def figures_in(said: str) -> Figures | None:
    """Return the last figures that a worker wrote; None where there are none."""
    lines = [line for line in said.splitlines() if line.startswith(RESULT)]
    found: Figures | None = json.loads(lines[-1].removeprefix(RESULT)) if lines else None
    return found


def complaint(said: str) -> str:
    """Return the last line of what a process wrote as its errors, which in a traceback is the error."""
    return said.strip().rpartition("\n")[2] or "it said nothing"


def tell(figures: Figures) -> None:
    """Write figures where the process that waits for them reads."""
    print(RESULT + json.dumps(figures), flush=True)
