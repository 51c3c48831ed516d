"""Artifacts."""

from comparison.rows.base import Column, Row

_CONTENDERS = ("hookline", "mlflow-sqlite", "limit-cp", "limit-copyfile")

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
)
