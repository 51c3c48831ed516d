"""Who takes part: Hookline, its peers, and the limits of the machine."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from comparison.environments import OURS

Role = Literal["ours", "peer", "limit"]

WITH_SYSTEM = "a call returns when its data is with the operating system (kill -9 takes nothing, a power cut may)"
IN_PROCESS = "a call returns with its data in the process's memory (kill -9 takes what was not written yet)"
SYNCED = "a call returns after an fsync (a power cut takes nothing)"


@dataclass(frozen=True)
class Contender:
    """One way to do what rows measure.

    Attributes:
        environment: the one it runs in, a key of `environments.RECIPES`.
        adapter: its module in `adapters`; `prefix` and `variant` choose inside of it.
        about: what it is, in a few words.
        durability: by moment (`log`, `artifacts`, `model`): what holds when a call has returned.
    """

    name: str
    role: Role
    environment: str
    adapter: str
    about: str
    variant: str = ""
    prefix: str = ""
    durability: Mapping[str, str] = field(default_factory=dict)


def _peer(name: str, about: str, log: str, **options: str) -> Contender:
    product = name.partition("-")[0]
    return Contender(name, "peer", product, product, about, durability={"log": log}, **options)


def _limit(name: str, about: str, environment: str = "empty", **options: str) -> Contender:
    moment = options.pop("moment", "log")
    holds = options.pop("holds", "")
    return Contender(
        name, "limit", environment, "limits", about, durability={moment: holds} if holds else {}, **options
    )


_COMMITTED = "a request is answered after its commit"
_ON_POSTGRESQL = f"{_COMMITTED}, which waits for the disk (PostgreSQL, synchronous_commit=on)"
_IN_INTAKE = (
    "points and runs are answered when they are with the operating system (kill -9 takes nothing, a power cut the last "
    "second), all else after its commit"
)
_NO_FSYNC = "the files are with the operating system, not synced"
_ANSWERED = "the object store has answered"

EVERY = (
    Contender(
        "hookline",
        "ours",
        OURS,
        "hookline",
        "this clone, the laptop set, nothing configured",
        durability={
            "log": f"{WITH_SYSTEM}; committed to SQLite (synchronous=NORMAL) at the latest when the run ends",
            "artifacts": "as its artifact store leaves files: moved to their place whole",
            "objects": _ANSWERED,
            "model": "the folder is moved to its place whole",
            "server": _IN_INTAKE,
            "server-postgresql": _IN_INTAKE,
        },
    ),
    Contender(
        "mlflow-sqlite",
        "peer",
        "mlflow",
        "mlflow",
        "mlflow on SQLite, its default",
        variant="sqlite",
        durability={
            "log": f"{SYNCED}: SQLite, synchronous=FULL",
            "artifacts": _NO_FSYNC,
            "objects": _ANSWERED,
            "model": _NO_FSYNC,
            "server": f"{_COMMITTED} and an fsync",
        },
    ),
    Contender(
        "mlflow-one",
        "peer",
        "mlflow",
        "mlflow",
        "mlflow's server with one worker in place of its default, four",
        variant="one",
        durability={"server": f"{_COMMITTED} and an fsync", "server-postgresql": _ON_POSTGRESQL},
    ),
    Contender(
        "fasttrackml",
        "peer",
        "fasttrackml",
        "fasttrackml",
        "FastTrackML, a server in Go",
        durability={"server": f"{_COMMITTED} (SQLite)", "server-postgresql": _ON_POSTGRESQL},
    ),
    Contender("mlserver", "peer", "mlserver", "mlserver", "MLServer with its runtime for scikit-learn"),
    Contender("bentoml", "peer", "bentoml", "bentoml", "BentoML with a service of one method"),
    _peer("mlflow-file", "mlflow on its file store", WITH_SYSTEM, variant="file"),
    _peer("dvclive", "DVCLive, TSV files", WITH_SYSTEM),
    _peer("aim", "Aim, embedded RocksDB", f"{WITH_SYSTEM}; a killed run is listed after `aim storage reindex` only"),
    _peer("trackio", "Trackio, local SQLite behind a thread", IN_PROCESS),
    _peer("wandb-offline", "Weights & Biases offline, a process of its own", IN_PROCESS),
    _peer("tensorboardx", "tensorboardX, event files behind a thread", IN_PROCESS),
    _peer("sacred", "Sacred, file observer", f"{IN_PROCESS}: a heartbeat writes every ten seconds"),
    Contender("pandas", "peer", "science", "limits", "pandas and pickle, no platform", variant="pandas"),
    Contender(
        "bare-boto3",
        "peer",
        "objects",
        "objects",
        "boto3's own transfers from 8 threads, no platform",
        variant="boto3",
        durability={"objects": _ANSWERED},
    ),
    Contender(
        "limit-obstore",
        "limit",
        "objects",
        "objects",
        "obstore from 8 threads, parts of 8 MiB, 4 at once",
        durability={"objects": _ANSWERED},
    ),
    _limit("limit-journal", "one write(2) of 32 bytes a call", prefix="Journal", holds=WITH_SYSTEM),
    _limit(
        "limit-sqlite",
        "sqlite3, WAL, synchronous=NORMAL, a transaction a call",
        prefix="Sqlite",
        holds=WITH_SYSTEM,
    ),
    _limit(
        "limit-ship",
        "one write(2) a call, and each 1,000 points as packed columns into SQLite",
        prefix="Shipped",
        holds=WITH_SYSTEM,
    ),
    _limit("limit-rows", "sqlite3 with the right indexes, runs as ready JSON, points as rows", variant="sqlite"),
    _limit("limit-columns", "packed columns of 4,096 points in sqlite3", variant="segments"),
    _limit("limit-cp", "cp", variant="cp", moment="artifacts", holds=_NO_FSYNC),
    _limit("limit-copyfile", "shutil.copyfile", variant="copyfile", moment="artifacts", holds=_NO_FSYNC),
    _limit("limit-pickle", "pickle", "science", moment="model", holds="the file is synced"),
    _limit("limit-arrow", "pyarrow in batches and pickle", "science", variant="arrow"),
    _limit(
        "limit-server",
        "a bare ASGI application: uvicorn, msgspec, sqlite3",
        "bare-server",
        moment="server",
        holds=f"{_COMMITTED} (SQLite, synchronous=NORMAL)",
    ),
    Contender(
        "limit-reader",
        "limit",
        "bare-server",
        "bare_reader",
        "a bare ASGI application: uvicorn, msgspec, sqlite3 with the right indexes",
    ),
    Contender(
        "limit-postgresql",
        "limit",
        "bare-server",
        "bare_postgresql",
        "a bare ASGI application: uvicorn, msgspec, psycopg with the right indexes",
        durability={"server-postgresql": _ON_POSTGRESQL},
    ),
    Contender(
        "limit-files",
        "limit",
        "bare-server",
        "bare_files",
        "a bare ASGI application: uvicorn, and a file that is moved to its place whole",
        durability={"artifacts": _NO_FSYNC},
    ),
    Contender(
        "limit-scorer", "limit", "bare-scorer", "bare_scorer", "a bare ASGI application: uvicorn, msgspec, the model"
    ),
    _limit("limit-python", "the bare interpreter"),
)
CONTENDERS: Mapping[str, Contender] = {each.name: each for each in EVERY}
