"""What one Python process can do behind three requests of MLflow's API: an ASGI application without any check.

    python bare_server.py DATABASE PORT

msgspec decodes, one connection writes on the event loop, and nothing is validated beyond types.
"""

import sqlite3
import sys
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec


class Point(msgspec.Struct):
    key: str
    value: float
    timestamp: int
    step: int = 0
    run_id: str = ""


class Batch(msgspec.Struct):
    run_id: str
    metrics: list[Point]


class Run(msgspec.Struct):
    experiment_id: str = "0"
    run_name: str = ""
    start_time: int = 0


class Store:
    """Points by small integers, and the latest of each series."""

    def __init__(self, path: str) -> None:
        self.execute = (database := sqlite3.connect(path, isolation_level=None)).execute
        self.executemany = database.executemany
        database.executescript(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
            "CREATE TABLE runs (id INTEGER PRIMARY KEY, uid TEXT UNIQUE, experiment, name, start);"
            "CREATE TABLE keys (id INTEGER PRIMARY KEY, name TEXT UNIQUE);"
            "CREATE TABLE latest (run, key, step, moment, value, PRIMARY KEY (run, key)) WITHOUT ROWID;"
            "CREATE TABLE points (run, key, step, moment, value, PRIMARY KEY (run, key, step, moment, value))"
            " WITHOUT ROWID;"
        )
        self.keys: dict[str, int] = {}
        self.runs: dict[str, int] = {}

    def key(self, name: str) -> int:
        if name not in self.keys:
            self.keys[name] = self.execute("INSERT INTO keys (name) VALUES (?) RETURNING id", (name,)).fetchone()[0]
        return self.keys[name]

    def create(self, body: bytes) -> bytes:
        return created(self, body)

    def point(self, body: bytes) -> bytes:
        self.add([POINT.decode(body)], None)
        return b"{}"

    def batch(self, body: bytes) -> bytes:
        batch = BATCH.decode(body)
        self.add(batch.metrics, batch.run_id)
        return b"{}"

    def add(self, points: list[Point], run_id: str | None) -> None:
        self.execute("BEGIN IMMEDIATE")
        rows = [(self.runs[run_id or p.run_id], self.key(p.key), p.step, p.timestamp, p.value) for p in points]
        self.executemany("INSERT OR IGNORE INTO points VALUES (?, ?, ?, ?, ?)", rows)
        self.executemany(
            "INSERT INTO latest VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET step = excluded.step,"
            " moment = excluded.moment, value = excluded.value"
            " WHERE (excluded.step, excluded.moment, excluded.value) >= (step, moment, value)",
            last_of(rows),
        )
        self.execute("COMMIT")


RUN, POINT, BATCH = (msgspec.json.Decoder(kind) for kind in (Run, Point, Batch))


def created(store: Any, body: bytes) -> bytes:
    """Insert a run; return the answer."""
    run, uid = RUN.decode(body), uuid.uuid4().hex
    row = (uid, run.experiment_id, run.run_name, run.start_time)
    insert = "INSERT INTO runs (uid, experiment, name, start) VALUES (?, ?, ?, ?) RETURNING id"
    store.runs[uid] = store.execute(insert, row).fetchone()[0]
    info = {"run_id": uid, "run_uuid": uid, "run_name": run.run_name, "experiment_id": run.experiment_id}
    info |= {
        "status": "RUNNING",
        "start_time": run.start_time,
        "artifact_uri": f"mlflow-artifacts:/0/{uid}/artifacts",
    }
    return msgspec.json.encode({"run": {"info": info, "data": {}}})


def last_of(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return the greatest of the points of each series of a run."""
    last: dict[int, tuple[Any, ...]] = {}
    for row in rows:
        if row[1] not in last or row[2:] >= last[row[1]][2:]:
            last[row[1]] = row
    return list(last.values())


def application(store: Any) -> Callable[..., Awaitable[None]]:
    """Return the ASGI application over a store."""
    prefix = "/api/2.0/mlflow/runs/"
    answers = {"create": store.create, "log-metric": store.point, "log-batch": store.batch}

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        if scope["method"] == "GET":  # is it there?
            body = b"{}"
        else:
            message = await receive()
            given = message["body"]
            while message.get("more_body"):
                message = await receive()
                given += message["body"]
            body = answers[scope["path"].removeprefix(prefix)](given)
        head = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": body})

    return answer


def serve(application: Callable[..., Awaitable[None]], port: int) -> None:
    """Serve an application until the process is ended."""
    import uvicorn

    uvicorn.run(
        application, port=port, log_level="warning", access_log=False, lifespan="off", loop="uvloop", http="httptools"
    )


if __name__ == "__main__":
    serve(application(Store(sys.argv[1])), int(sys.argv[2]))
