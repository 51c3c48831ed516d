"""Artifacts."""

from comparison.rows.base import Column, Row

_CONTENDERS = ("hookline", "mlflow-sqlite", "limit-cp", "limit-copyfile")

_PROXIED = ("hookline", "mlflow-sqlite", "limit-files")

ROWS = (
    Row(
        "artifact-1gb",
        "An artifact of 1 GB",
        "one file of 1 GiB of random bytes into the local store and out again; the disk is idle at the start, "
        "and what is read is in memory",
        "files:one_file",
        _CONTENDERS,
        (Column("put", "put MB/s", "high", ratio=True), Column("get", "get MB/s", "high", ratio=True)),
        {"megabytes": 1024},
        {"megabytes": 1},
        limit="limit-copyfile",
        moment="artifacts",
        budget=60,
    ),
    Row(
        "artifacts-1000",
        "1,000 small artifacts",
        "a folder of files of 10 KiB into the local store and out again; the disk is idle at the start, "
        "and what is read is in memory",
        "files:many_files",
        _CONTENDERS,
        (Column("put", "put files/s", "high", ratio=True), Column("get", "get files/s", "high", ratio=True)),
        {"files": 1000},
        {"files": 5},
        limit="limit-copyfile",
        moment="artifacts",
        budget=60,
    ),
    Row(
        "proxied-1gb",
        "An artifact of 1 GB through the server",
        "one file of 1 GiB of random bytes to the tracking server, which keeps it in its local store, and back, over "
        "one connection; the disk is idle at the start; CPU is the server's",
        "proxying:one_file",
        _PROXIED,
        (
            Column("put", "put MB/s", "high", ratio=True),
            Column("put_cpu_ms", "put, CPU ms a MB", "low", ratio=True),
            Column("get", "get MB/s", "high", ratio=True),
            Column("get_cpu_ms", "get, CPU ms a MB", "low", ratio=True),
            Column("mb", "memory after it, MB", "low"),
        ),
        {"megabytes": 1024},
        {"megabytes": 1},
        limit="limit-files",
        moment="artifacts",
        budget=120,
    ),
    Row(
        "proxied-1000",
        "1,000 small artifacts through the server",
        "files of 10 KiB to the tracking server, which keeps them in its local store, and back, over eight "
        "connections that are kept; CPU is the server's",
        "proxying:many_files",
        _PROXIED,
        (
            Column("put", "put files/s", "high", ratio=True),
            Column("put_cpu_ms", "put, CPU ms a file", "low", ratio=True),
            Column("get", "get files/s", "high", ratio=True),
            Column("get_cpu_ms", "get, CPU ms a file", "low", ratio=True),
        ),
        {"files": 1000},
        {"files": 16},
        limit="limit-files",
        moment="artifacts",
        budget=120,
    ),
)
