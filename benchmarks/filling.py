"""Fill a SQLite store with many runs, fast, for what is measured about searches in large stores.

    python benchmarks/filling.py FILE RUNS

Makes the experiment `filled` with RUNS runs of 10 params, 5 tags (and the name) and 20 metrics each, as SQL statements
that never leave SQLite: a million runs take some minutes and 2.5 GB. Series have a summary and no points, since a
search looks at nothing else. `metrics.m0` to `m19` are uniform in 0..1; `params.p0` has 10 values, `p1` as many as
there are runs, `p2` to `p9` a hundred; `tags.t0` has 10 values, `t1` 100, `t2` 10,000, `t3` and `t4` one.
"""

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from hookline_tracking_sql.store import SqlTrackingStore

NAMES = [*(f"m{n}" for n in range(20)), *(f"p{n}" for n in range(10)), *(f"t{n}" for n in range(5)), "mlflow.runName"]
COUNTING = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :runs) "
FILL = [
    COUNTING + "INSERT INTO hookline_runs (run_id, experiment, name, user_id, status, start_time, end_time,"
    " lifecycle_stage, artifact_uri) SELECT id, :experiment, 'run-' || i, 'ann', 'FINISHED', 1700000000000 + i * 1000,"
    " 1700000500000 + i * 1000, 'active', 'artifacts:/' || :experiment || '/' || id || '/artifacts'"
    " FROM (SELECT i, printf('%08x%024x', (i * 2654435761) & 4294967295, i) AS id FROM n)",
    "INSERT INTO hookline_series (run, key, experiment, count, last_value, last_step, last_timestamp, min_value,"
    " min_step, max_value, max_step, loose) SELECT r.id, k.id, r.experiment, 100,"
    " abs(random() % 1000000007) / 1000000007.0, 99, r.end_time, 0.0, 0, 1.0, 50, 0"
    " FROM hookline_runs r CROSS JOIN hookline_keys k"
    " WHERE r.experiment = :experiment AND k.name GLOB 'm[0-9]*' ORDER BY r.id, k.id",
    "INSERT INTO hookline_params (run, key, experiment, value) SELECT r.id, k.id, r.experiment, CASE k.name"
    " WHEN 'p0' THEN 'v' || (r.id % 10) WHEN 'p1' THEN r.run_id ELSE '0.' || (abs(random()) % 100) END"
    " FROM hookline_runs r CROSS JOIN hookline_keys k"
    " WHERE r.experiment = :experiment AND k.name GLOB 'p[0-9]' ORDER BY r.id, k.id",
    "INSERT INTO hookline_tags (run, key, experiment, value) SELECT r.id, k.id, r.experiment, CASE k.name"
    " WHEN 'mlflow.runName' THEN r.name WHEN 't0' THEN 'x' || (abs(random()) % 10)"
    " WHEN 't1' THEN 'x' || (abs(random()) % 100) WHEN 't2' THEN 'x' || (abs(random()) % 10000) ELSE 'same' END"
    " FROM hookline_runs r CROSS JOIN hookline_keys k"
    " WHERE r.experiment = :experiment AND k.name GLOB '[tm]*' AND k.name NOT GLOB 'm[0-9]*' ORDER BY r.id, k.id",
]
PRAGMAS = ("journal_mode = OFF", "synchronous = OFF", "cache_size = -400000", "temp_store = MEMORY")


def fill(path: Path, runs: int) -> str:
    """Add an experiment with so many runs to a store, which is made where it is not there; return its id."""
    with closing(SqlTrackingStore(f"sqlite:///{path}")) as store:
        experiment = store.create_experiment("filled").experiment_id
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        listed = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name IN"
        tables = " ('hookline_runs', 'hookline_series', 'hookline_params', 'hookline_tags') AND sql IS NOT NULL"
        indexes = connection.execute(listed + tables).fetchall()
        for name, _definition in indexes:
            connection.execute(f"DROP INDEX {name}")
        connection.executemany("INSERT OR IGNORE INTO hookline_keys (name) VALUES (?)", [(name,) for name in NAMES])
        for statement in FILL:
            connection.execute(statement, {"runs": runs, "experiment": int(experiment)})
        for _name, definition in indexes:
            connection.execute(definition)
        connection.execute("PRAGMA journal_mode = WAL")
    return experiment


if __name__ == "__main__":
    fill(Path(sys.argv[1]), int(sys.argv[2]))
