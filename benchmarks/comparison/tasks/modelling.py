"""Saving, loading and batch scoring of a scikit-learn model."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from comparison.adapters.base import Commands, Models
from comparison.data import FEATURES, as_table, train
from comparison.jobs import Figures, Job
from comparison.measuring import percentile, run

TIMES = 5
REQUIREMENTS = ("scikit-learn", "numpy")


def models(job: Job) -> Figures:
    """Save with requirements given, save with requirements inferred, load."""
    model, rows = train()
    client: Models = job.area("Models")
    client.start(job.place())
    given = [job.place() / f"given{number}" for number in range(TIMES)]
    inferred = [job.place() / f"inferred{number}" for number in range(TIMES)]
    few = rows[:5]
    first, save = timed(lambda path: client.save(model, few, path, REQUIREMENTS), given, job.budget)
    first_inferred, infer = timed(lambda path: client.save(model, few, path, None), inferred, job.budget)
    _, load = timed(lambda _path: client.load(given[0]), given, job.budget)
    if list(client.load(given[0]).predict(few)) != list(model.predict(few)):
        raise RuntimeError("the model that was loaded predicts something else")
    return {
        "first_ms": first * 1e3,
        "save_ms": save * 1e3,
        "first_inferred_ms": first_inferred * 1e3,
        "infer_ms": infer * 1e3,
        "load_ms": load * 1e3,
    }


def timed(work: Callable[[Path], Any], paths: list[Path], budget: float) -> tuple[float, float]:
    """Return the seconds of the first time and the median of the others (the first too where there was one only)."""
    took: list[float] = []
    end = time.perf_counter() + budget
    for path in paths:
        before = time.perf_counter()
        work(path)
        took.append(time.perf_counter() - before)
        if time.perf_counter() > end:
            break
    return took[0], percentile(took[1:] or took, 50)


def seed(job: Job) -> Figures:
    """Save the model, and write the rows to score as CSV and as Parquet."""
    import numpy

    model, table = train(named=True)
    client: Models = job.area("Models")
    client.start(job.seeded())
    client.save(model, table[:5], job.seeded() / "model", REQUIREMENTS)
    rows = numpy.random.default_rng(1).normal(size=(job.size["rows"], FEATURES)).round(4)
    frame = as_table(rows)
    frame.to_parquet(job.seeded() / "in.parquet", index=False)
    frame.to_csv(job.seeded() / "in.csv", index=False)
    return {}


def batch_csv(job: Job) -> Figures:
    """Score CSV into CSV."""
    return score(job, "csv")


def batch_parquet(job: Job) -> Figures:
    """Score Parquet into Parquet."""
    return score(job, "parquet")


def score(job: Job, kind: str) -> Figures:
    """Run the product's command over the file, which includes its start."""
    commands: Commands = job.area("Commands")
    target = job.place() / f"out.{kind}"
    ran = run(commands.score(job.seeded() / "model", job.seeded() / f"in.{kind}", target), cwd=job.place())
    if target.stat().st_size < job.size["rows"] / 10:
        raise RuntimeError(f"there are only {target.stat().st_size} bytes of predictions")
    return {"per_s": job.size["rows"] / ran.wall, "s": ran.wall, "cpu_s": ran.cpu, "peak_mb": ran.peak_mb}
