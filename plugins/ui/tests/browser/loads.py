"""What the page's budgets are about: very many runs, very long series, and some hundreds of real trainings."""

import math
import os
import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import product
from pathlib import Path

from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from hookline import Workspace
from hookline.entities import Batch, Metric, NewRun, RunChange, RunStatus

RUNS, METRICS, PARAMS = 10_000, 60, 40
CHARTS, CHARTED_RUNS = 50, 20
POINTS = int(os.environ.get("HOOKLINE_TEST_POINTS", 1_000_000 // CHARTED_RUNS))
"""Points of each of the 20 x 50 series: a million a chart; with 1,000,000 the store takes 6 GB and some minutes."""
BATCH = 10_000
TOGETHER = 100
DATA = {"digits": load_digits, "wine": load_wine, "breast cancer": load_breast_cancer}
RATES = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1]
PENALTIES, SEEDS, EPOCHS = ["l1", "l2", "elasticnet"], 6, 12
TRAININGS = len(DATA) * len(RATES) * len(PENALTIES) * SEEDS

_SPIKE = 0.123


def fill(workspace: Workspace, folder: Path) -> dict[str, str]:
    """Fill a store; return the ids of its experiments by what they are for, and of the charted runs."""
    wide, trained = fill_wide(workspace), train(workspace)
    long, first = fill_long(workspace)
    [database] = folder.rglob("*.db")
    copy_series(database, long)
    return {"wide": wide, "trained": trained, "long": long, "first": first}


def fill_wide(workspace: Workspace) -> str:
    """Make an experiment of 10,000 runs with 100 keys each."""
    chance, store = random.Random(3), workspace.tracking
    experiment = workspace.experiments.get_or_create("ten thousand runs").experiment_id
    begun = int(time.time() * 1000) - RUNS * 60_000
    for first in range(0, RUNS, TOGETHER):
        batches, ends = [], []
        for number in range(first, first + TOGETHER):
            start = begun + number * 60_000
            run = store.create_run(NewRun(experiment, run_name=f"trial-{number:05}", start_time=start)).info.run_id
            ends.append((run, start + 50_000))
            metrics = [Metric(f"metric{each:02}", chance.random(), 1, start) for each in range(METRICS)]
            batches.append(
                (run, Batch(metrics, {f"param{each:02}": f"{chance.randrange(100)}" for each in range(PARAMS)}))
            )
        assert not any(store.write_together(batches))
        for run, end in ends:
            store.update_run(run, RunChange(status=RunStatus.FINISHED, end_time=end))
    return experiment


def fill_long(workspace: Workspace) -> tuple[str, str]:
    """Make 20 runs with one long series, and the first point of 49 others; return the experiment and the first run."""
    store, experiment = workspace.tracking, workspace.experiments.get_or_create("long series").experiment_id
    start = int(time.time() * 1000) - 86_400_000
    runs = []
    for number in range(CHARTED_RUNS):
        run = store.create_run(NewRun(experiment, run_name=f"long-{number:02}", start_time=start)).info.run_id
        points = _long_series(number, start)
        for _ in range(-(-POINTS // BATCH)):
            store.log_batch(run, Batch([point for point, _ in zip(points, range(BATCH), strict=False)]))
        store.compact(run)
        store.log_batch(run, Batch([Metric(_name(each), 1.0, 0, start) for each in range(1, CHARTS)]))
        store.update_run(run, RunChange(status=RunStatus.FINISHED, end_time=start + 80_000_000))
        runs.append(run)
    return experiment, runs[0]


def _name(number: int) -> str:
    return f"layer{number:02}/loss"


def _long_series(number: int, start: int) -> Iterator[Metric]:
    """A loss that falls, with noise; one point of it is a spike."""
    chance = random.Random(number)
    for step in range(POINTS):
        value = 2.5 * math.exp(-6 * step / POINTS) + 0.2 + 0.02 * number + chance.random() * 0.1
        yield Metric(_name(0), 4.0 if step == int(POINTS * _SPIKE) else value, step, start + step * 80)


def copy_series(database: Path, experiment: str) -> None:
    """Give the 49 other keys the points of the first one, as SQL that never leaves SQLite: logging them takes hours."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        known = connection.execute("SELECT name, id FROM hookline_keys WHERE name LIKE 'layer%/loss'")
        keys = dict(known.fetchall())
        source = keys.pop(_name(0))
        runs = f"(SELECT id FROM hookline_runs WHERE experiment = {int(experiment)})"
        for key in keys.values():
            connection.execute("BEGIN")
            for table in ("blocks", "segments", "overviews", "series"):
                connection.execute(f"DELETE FROM hookline_{table} WHERE key = {key} AND run IN {runs}")
            for table in ("series", "segments", "blocks", "overviews"):
                columns = [row[1] for row in connection.execute(f"PRAGMA table_info(hookline_{table})")]
                taken = ", ".join(str(key) if name == "key" else name for name in columns)
                connection.execute(
                    f"INSERT INTO hookline_{table} ({', '.join(columns)}) SELECT {taken} FROM hookline_{table}"
                    f" WHERE key = {source} AND run IN {runs}"
                )
            connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def train(workspace: Workspace) -> str:
    """Train a few hundred linear classifiers on the data sets of scikit-learn; return the experiment."""
    experiment = workspace.experiments.get_or_create("classifiers").experiment_id
    known = {name: load() for name, load in DATA.items()}
    for (name, data), rate, penalty, seed in product(known.items(), RATES, PENALTIES, range(SEEDS)):
        parts = train_test_split(data.data, data.target, test_size=0.3, random_state=seed)
        scaler = StandardScaler().fit(parts[0])
        train_x, test_x, train_y, test_y = scaler.transform(parts[0]), scaler.transform(parts[1]), *parts[2:]
        model = SGDClassifier(loss="log_loss", learning_rate="constant", eta0=rate, penalty=penalty, random_state=seed)
        with workspace.start_run(experiment_id=experiment, run_name=f"{name} {rate} {seed}", sampled=False) as run:
            run.log_params({"data": name, "learning_rate": rate, "penalty": penalty, "seed": seed})
            for epoch in range(EPOCHS):
                model.partial_fit(train_x, train_y, classes=range(len(data.target_names)))
                scores = {
                    "train_loss": log_loss(train_y, model.predict_proba(train_x)),
                    "test_loss": log_loss(test_y, model.predict_proba(test_x)),
                    "accuracy": accuracy_score(test_y, model.predict(test_x)),
                }
                run.log_metrics(scores, step=epoch)
    return experiment
