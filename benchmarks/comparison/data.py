"""The data of the rows, the same for every contender: computed, never random."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

RunData = tuple[int, dict[str, str], dict[str, float]]
FILTER = "metrics.m1 < 0.5 and params.p1 = 'x'"
ORDER = "metrics.m1 ASC"
PAGE = 100
FEATURES = 30


def runs(count: int) -> Iterator[RunData]:
    """Yield number, ten params and ten metrics of each run; an eighth of them match `FILTER`."""
    for number in range(count):
        mixed = (number * 2654435761) & 0xFFFFFFFF
        params = {f"p{each}": f"v{(mixed >> each) & 15}" for each in range(10)}
        params["p1"] = "xyzw"[(mixed >> 9) & 3]
        metrics = {f"m{each}": ((mixed >> each) % 1000) / 1000 for each in range(10)}
        yield number, params, metrics


def matching(count: int) -> int:
    """Return how many of so many runs match `FILTER`."""
    return sum(metrics["m1"] < 0.5 and params["p1"] == "x" for _number, params, metrics in runs(count))


def write_project(folder: Path) -> Path:
    """Write a project whose one command does nothing, and return its folder."""
    folder.mkdir(parents=True)
    (folder / "MLproject").write_text(
        "name: trivial\nentry_points:\n  main:\n    parameters:\n      alpha: {type: float, default: 0.5}\n"
        '    command: "python main.py {alpha}"\n',
        encoding="utf-8",
    )
    (folder / "main.py").write_text("import sys; print(sys.argv)\n", encoding="utf-8")
    return folder


def train(*, named: bool = False) -> tuple[Any, Any]:
    """Return a small scikit-learn classifier and the rows that it was trained on, as an array or a named table."""
    import numpy
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rows = numpy.random.default_rng(0).normal(size=(2000, FEATURES))
    labels = (rows[:, 0] + rows[:, 1] > 0).astype(int)
    table = as_table(rows) if named else rows
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(table, labels), table


def as_table(rows: Any) -> Any:
    """Return an array as a DataFrame with a name for each column."""
    import pandas

    return pandas.DataFrame(rows, columns=[f"f{number}" for number in range(FEATURES)])
