"""Artifacts in an object store."""

from comparison.rows.base import Column, Row

_CONTENDERS = ("hookline", "mlflow-sqlite", "bare-boto3", "limit-obstore")
_WHERE = "to a new SeaweedFS of this machine and back; what is read is in memory, the CPU is the client's"
_CPU = (Column("up_cpu", "up CPU s", "low"), Column("down_cpu", "down CPU s", "low"))

ROWS = (
    Row(
        "objects-1gb",
        "An artifact of 1 GB in an object store",
        f"one file of 1 GiB of random bytes {_WHERE}",
        "objects:one_file",
        _CONTENDERS,
        (Column("up", "up MB/s", "high", ratio=True), Column("down", "down MB/s", "high", ratio=True), *_CPU),
        {"megabytes": 1024},
        {"megabytes": 1},
        limit="limit-obstore",
        moment="objects",
        budget=120,
    ),
    Row(
        "objects-1000",
        "1,000 small artifacts in an object store",
        f"a folder of files of 10 KiB {_WHERE}",
        "objects:many_files",
        _CONTENDERS,
        (Column("up", "up files/s", "high", ratio=True), Column("down", "down files/s", "high", ratio=True), *_CPU),
        {"files": 1000},
        {"files": 5},
        limit="limit-obstore",
        moment="objects",
        budget=120,
    ),
)
