"""Logging from one process."""

from comparison.rows.base import Column, Row

PEERS = ("mlflow-sqlite", "mlflow-file", "dvclive", "aim", "trackio", "wandb-offline", "tensorboardx", "sacred")
LOGGERS = ("hookline", *PEERS, "limit-sqlite", "limit-journal")
_CPU_POINT = Column("cpu_us", "CPU us a point", "low")
_NO_BATCH = dict.fromkeys(
    ("dvclive", "aim", "trackio", "wandb-offline", "tensorboardx", "sacred"), "no call takes points of several steps"
)
_KILL_COLUMNS = (
    Column("acked", "acknowledged", None),
    Column("survived", "survived", None),
    Column("lost_percent", "lost, %", "low"),
)

KILLS = tuple(
    Row(
        f"kill-{how}",
        f"kill -9 {when}",
        f"points whose call had returned before the process killed itself {when}, and how many another process "
        "finds three seconds later",
        f"logging:kill_{how}",
        LOGGERS,
        _KILL_COLUMNS,
        {"points": 5_000},
        {"points": 300},
        limit="limit-journal",
        moment="log",
    )
    for how, when in (("burst", "right after a burst"), ("paced", "at one point a millisecond"))
)
ROWS = (
    Row(
        "log-metric",
        "One metric a call",
        "one process, one run, one point in each call; the rate counts until the run has ended, p50, p99 and the "
        "longest stall are of single calls; CPU is of the process and what it started; bytes are after the end, with "
        "those of the empty store",
        "logging:log_metric",
        LOGGERS,
        (
            Column("per_s", "calls/s", "high", ratio=True),
            Column("p50_us", "p50 us", "low", ratio=True),
            Column("p99_us", "p99 us", "low"),
            Column("stall_ms", "longest ms", "low"),
            _CPU_POINT,
            Column("bytes_per_point", "bytes a point", "low"),
        ),
        {"points": 100_000},
        {"points": 300},
        limit="limit-journal",
        moment="log",
    ),
    Row(
        "log-sustained",
        "One metric a call, until others can read it",
        "as fast as it goes, then flush: the rate counts until then; the run is open still when another process "
        "counts what it can read; background CPU is all but that of the logging thread",
        "logging:sustained",
        ("hookline", *PEERS, "limit-sqlite", "limit-ship"),
        (
            Column("per_s", "points/s", "high", ratio=True),
            Column("missing", "not readable elsewhere"),
            Column("background_us", "background CPU us a point", "low"),
            _CPU_POINT,
        ),
        {"points": 300_000},
        {"points": 300},
        limit="limit-ship",
        moment="log",
    ),
    Row(
        "log-batch",
        "Batches of 1,000 metrics",
        "one process, one run, 1,000 points (10 metrics, 100 steps) in each call, until the run has ended",
        "logging:log_batch",
        ("hookline", "mlflow-sqlite", "mlflow-file", "limit-sqlite", "limit-journal"),
        (
            Column("per_s", "points/s", "high", ratio=True),
            _CPU_POINT,
            Column("bytes_per_point", "bytes a point", "low"),
        ),
        {"batches": 200},
        {"batches": 2},
        limit="limit-journal",
        moment="log",
        absent=_NO_BATCH,
    ),
    Row(
        "small-runs",
        "Small runs",
        "runs of 10 params, 5 tags and 20 metrics x 10 steps (a call for each step), one after the other in a git "
        "repository with uncommitted changes, whatever the product does about those by default; the first run, with "
        "the import and the making of the store, apart from the others, with the end of the process among those",
        "logging:small_runs",
        LOGGERS,
        (
            Column("first_ms", "first run ms", "low"),
            Column("per_s", "runs/s after it", "high", ratio=True),
            Column("cpu_ms", "CPU ms a run", "low", ratio=True),
            Column("bytes_per_run", "bytes a run", "low"),
        ),
        {"runs": 100},
        {"runs": 3},
        limit="limit-sqlite",
        moment="log",
        budget=30,
    ),
    Row(
        "create-run",
        "Create a run",
        "the call that starts a run, with the product's defaults, outside of any git repository; runs are ended "
        "outside of the time",
        "logging:create_run",
        LOGGERS,
        (
            Column("p50_ms", "p50 ms", "low", ratio=True),
            Column("p99_ms", "p99 ms", "low"),
            Column("first_ms", "first, ms"),
        ),
        {"runs": 200},
        {"runs": 3},
        limit="limit-sqlite",
        moment="log",
    ),
    Row(
        "disk",
        "Disk a point",
        "bytes a point of the product's files after the last of one-metric calls, and after the run ended and the "
        "library was closed, with those of the empty store",
        "logging:disk",
        LOGGERS,
        (
            Column("fresh", "fresh, bytes", "low"),
            Column("fresh_database", "of these in SQLite", "low"),
            Column("ended", "ended, bytes", "low", ratio=True),
        ),
        {"points": 50_000},
        {"points": 300},
        limit="limit-journal",
        moment="log",
    ),
    *KILLS,
)
