"""Tracking servers over HTTP."""

from comparison.rows.base import Column, Row

_ABSENT = {
    "mlflow-file": "newer versions serve SQLite by default",
    "dvclive": "no server",
    "aim": "another API",
    "trackio": "another API",
    "wandb-offline": "its server is not to be had",
    "tensorboardx": "no server",
    "sacred": "no server",
}

_WRITES = (
    Column("create_per_s", "runs/s", "high", ratio=True),
    Column("create_cpu_ms", "CPU ms a run", "low", ratio=True),
    Column("metric_per_s", "points/s, 1 connection", "high", ratio=True),
    Column("metric_p50_ms", "p50 ms", "low"),
    Column("metric_cpu_ms", "CPU ms a point", "low", ratio=True),
    Column("metric8_per_s", "points/s, 8 connections", "high", ratio=True),
    Column("metric8_cpu_ms", "CPU ms a point, 8", "low", ratio=True),
    Column("batch_points_per_s", "points/s in batches", "high", ratio=True),
    Column("batch_cpu_ms", "CPU ms a batch", "low", ratio=True),
    Column("start_s", "start, s", "low"),
    Column("idle_mb", "idle, MB", "low"),
)
_READS = (
    Column("filtered_ms", "filtered, ms", "low"),
    Column("filtered_cpu_ms", "filtered, CPU ms", "low", ratio=True),
    Column("page_ms", "page, ms", "low"),
    Column("page_cpu_ms", "page, CPU ms", "low", ratio=True),
    Column("history_ms", "history, ms", "low"),
    Column("history_cpu_ms", "history, CPU ms", "low", ratio=True),
    Column("chart_ms", "chart, ms", "low"),
    Column("chart_cpu_ms", "chart, CPU ms", "low", ratio=True),
    Column("mb", "memory, MB", "low"),
)

ROWS = (
    Row(
        "server-writes",
        "A tracking server that is written to",
        "the server on an empty SQLite store, asked over HTTP on this machine by one process that keeps its "
        "connections: runs created, points one by one over one connection and over eight, batches of 1,000 points; "
        "what it sends is written down before the clock runs; CPU is the server's a request, memory the proportional "
        "share of all its processes",
        "serving:writes",
        ("hookline", "mlflow-sqlite", "mlflow-one", "fasttrackml", "limit-server"),
        _WRITES,
        {"milliseconds": 4000},
        {"milliseconds": 200},
        limit="limit-server",
        moment="server",
        absent=_ABSENT,
        patience=600,
        budget=300,
    ),
    Row(
        "server-reads",
        "A tracking server that is read from",
        "the server on SQLite with 10,000 runs of 10 params and 10 metrics and one of a million points, asked over one "
        "connection: a page of 100 filtered by a metric and a param and ordered by a metric; the newest 1,000; a "
        "history in one answer; 320 points of it; CPU is the server's a request",
        "serving:reads",
        ("hookline", "mlflow-sqlite", "mlflow-one", "fasttrackml", "limit-reader"),
        _READS,
        {"runs": 10_000, "points": 1_000_000, "milliseconds": 2000},
        {"runs": 20, "points": 2000, "milliseconds": 100},
        limit="limit-reader",
        seed="serving:seed",
        absent=_ABSENT,
        patience=1200,
        budget=300,
    ),
    Row(
        "server-writes-postgresql",
        "A tracking server on PostgreSQL that is written to",
        "as server-writes, on an empty PostgreSQL of this machine with its own settings; CPU is that of the server and "
        "of PostgreSQL together a request, memory the server's",
        "serving:writes_on_postgresql",
        ("hookline", "mlflow-one", "fasttrackml", "limit-postgresql"),
        _WRITES,
        {"milliseconds": 4000},
        {"milliseconds": 200},
        limit="limit-postgresql",
        moment="server-postgresql",
        absent=_ABSENT,
        patience=600,
        budget=300,
    ),
    Row(
        "server-reads-postgresql",
        "A tracking server on PostgreSQL that is read from",
        "as server-reads, on PostgreSQL of this machine with its own settings; CPU is that of the server and of "
        "PostgreSQL together a request, memory the server's",
        "serving:reads_on_postgresql",
        ("hookline", "fasttrackml", "limit-postgresql"),
        _READS,
        {"runs": 10_000, "points": 1_000_000, "milliseconds": 2000},
        {"runs": 20, "points": 2000, "milliseconds": 100},
        limit="limit-postgresql",
        seed="serving:seed_on_postgresql",
        absent={**_ABSENT, "mlflow-one": "its store is filled with SQL, which is that of SQLite"},
        patience=3600,
        budget=300,
    ),
)
