"""What one Python process can do behind MLflow's questions: an ASGI application without any check.

    python bare_reader.py DATABASE PORT

sqlite3 with the indexes that the questions need, runs put together from their rows, msgspec for JSON. Only what the
rows about servers ask can be asked.
"""

import re
import sqlite3
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from comparison.adapters import bare_server, base

TABLES = """
PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -64000; PRAGMA mmap_size = 1073741824;
CREATE TABLE IF NOT EXISTS runs (id INTEGER PRIMARY KEY, uid TEXT UNIQUE, name, start);
CREATE INDEX IF NOT EXISTS newest ON runs (start DESC, uid);
CREATE TABLE IF NOT EXISTS keys (id INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE IF NOT EXISTS params (run INTEGER, key INTEGER, value TEXT, PRIMARY KEY (run, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS latest (run INTEGER, key INTEGER, step INTEGER, moment INTEGER, value REAL,
 PRIMARY KEY (run, key)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_metric ON latest (key, value, run);
CREATE TABLE IF NOT EXISTS points (run INTEGER, key INTEGER, step INTEGER, moment INTEGER, value REAL,
 PRIMARY KEY (run, key, step, moment, value)) WITHOUT ROWID;
"""
COMPARISON = re.compile(r"(metrics|params)\.(\w+)\s*(<=|>=|=|<|>)\s*('[^']*'|[\d.]+)")
ORDERING = re.compile(r"metrics\.(\w+) (ASC|DESC)")


class Store:
    """Runs, and points by small integers."""

    def __init__(self, path: Path) -> None:
        self.database = sqlite3.connect(path, isolation_level=None, cached_statements=512)
        self.database.executescript(TABLES)
        self.execute = self.database.execute
        self.names: dict[int, str] = dict(self.execute("SELECT id, name FROM keys"))
        self.keys = {name: number for number, name in self.names.items()}

    def key(self, name: str) -> int:
        if name not in self.keys:
            [(number,)] = self.execute("INSERT INTO keys (name) VALUES (?) RETURNING id", (name,)).fetchall()
            self.keys[name], self.names[number] = number, name
        return self.keys[name]

    def search(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        # The order of the joins is said, since SQLite's planner takes one that is a thousand times slower.
        tables, tests, values, order = ["runs r"], [], [], "r.start DESC, r.uid"
        for key, direction in ORDERING.findall(" ".join(asked.get("order_by", []))):
            tables, tests = ["latest o", "runs r ON r.id = o.run"], [f"o.key = {self.key(key)}"]
            order = f"o.value {direction}, {order}"
        for number, (kind, key, operator, value) in enumerate(COMPARISON.findall(asked.get("filter", ""))):
            table = "latest" if kind == "metrics" else "params"
            tables.append(f"{table} f{number} ON f{number}.run = r.id AND f{number}.key = {self.key(key)}")
            tests.append(f"f{number}.value {operator} ?")
            values.append(float(value) if kind == "metrics" else value.strip("'"))
        where = f" WHERE {' AND '.join(tests)}" if tests else ""
        chosen = f"SELECT r.id, r.uid, r.name, r.start FROM {' CROSS JOIN '.join(tables)}{where}"
        statement = f"{chosen} ORDER BY {order} LIMIT ?"
        return {"runs": self.whole(self.execute(statement, (*values, asked["max_results"])).fetchall())}

    def whole(self, rows: Sequence[tuple[Any, ...]]) -> list[dict[str, Any]]:
        names, data = self.names, {row[0]: {"metrics": [], "params": [], "tags": []} for row in rows}
        for begin in range(0, len(rows), 500):
            part = [row[0] for row in rows[begin : begin + 500]]
            among = f"run IN ({','.join('?' * len(part))})"
            for run, key, step, moment, value in self.execute(f"SELECT * FROM latest WHERE {among}", part):
                point = {"key": names[key], "value": value, "timestamp": moment, "step": step}
                data[run]["metrics"].append(point)
            for run, key, value in self.execute(f"SELECT * FROM params WHERE {among}", part):
                data[run]["params"].append({"key": names[key], "value": value})
        return [{"info": info(*row[1:]), "data": data[row[0]], "inputs": {}} for row in rows]

    def history(self, asked: Mapping[str, str]) -> Mapping[str, Any]:
        key = asked["metric_key"]
        found = self.execute(
            "SELECT value, moment, step FROM points WHERE run = ? AND key = ? ORDER BY step", self.series(asked)
        )
        return {"metrics": [{"key": key, "value": v, "timestamp": t, "step": s} for v, t, s in found]}

    def chart(self, asked: Mapping[str, str]) -> Mapping[str, Any]:
        series, width, run_id = self.series(asked), int(asked["max_results"]), asked["run_ids"]
        one = "SELECT step FROM points WHERE run = ? AND key = ? ORDER BY step {} LIMIT 1"
        [(low,)], [(high,)] = (self.execute(one.format(way), series).fetchall() for way in ("ASC", "DESC"))
        seek = "SELECT value, moment, step FROM points WHERE run = ? AND key = ? AND step >= ? ORDER BY step LIMIT 1"
        wanted = (low + (high - low) * number // (width - 1) for number in range(width))
        found = (self.execute(seek, (*series, step)).fetchone() for step in wanted)
        key = asked["metric_key"]
        return {"metrics": [{"key": key, "value": v, "timestamp": t, "step": s, "run_id": run_id} for v, t, s in found]}

    def series(self, asked: Mapping[str, str]) -> tuple[int, int]:
        uid = asked.get("run_id") or asked["run_ids"]
        [(run,)] = self.execute("SELECT id FROM runs WHERE uid = ?", (uid,)).fetchall()
        return run, self.key(asked["metric_key"])


def info(uid: str, name: str, start: int) -> dict[str, Any]:
    """Return what is said of every run."""
    return {
        "run_id": uid,
        "run_uuid": uid,
        "run_name": name,
        "experiment_id": "0",
        "user_id": "",
        "status": "FINISHED",
        "start_time": start,
        "end_time": start,
        "artifact_uri": f"mlflow-artifacts:/0/{uid}/artifacts",
        "lifecycle_stage": "active",
    }


class Reading(base.Reading):
    """Fills the tables."""

    def start(self, folder: Path) -> None:
        self._store = Store(folder / "bare.db")

    def seed_runs(self, runs: Iterable[tuple[int, Mapping[str, str], Mapping[str, float]]]) -> None:
        store, add = self._store, self._store.database.executemany
        store.execute("BEGIN IMMEDIATE")
        for number, params, metrics in runs:
            moment = 1_700_000_000_000 + number
            self._add_run(number)
            texts = [(number, store.key(key), value) for key, value in params.items()]
            add("INSERT INTO params VALUES (?, ?, ?)", texts)
            points = [(number, store.key(key), 1, moment, value) for key, value in metrics.items()]
            add("INSERT INTO latest VALUES (?, ?, ?, ?, ?)", points)
            add("INSERT INTO points VALUES (?, ?, ?, ?, ?)", points)
        store.execute("COMMIT")

    def _add_run(self, number: int) -> None:
        row = (number, f"{number:032x}", f"r{number}", 1_700_000_000_000 + number)
        self._store.execute("INSERT INTO runs VALUES (?, ?, ?, ?)", row)

    def seed_points(self, points: int) -> None:
        store, run, key = self._store, 10**9, self._store.key("loss")
        store.execute("BEGIN IMMEDIATE")
        self._add_run(run)
        rows = ((run, key, step, 1_700_000_000_000 + step, step * 0.5) for step in range(points))
        store.database.executemany("INSERT INTO points VALUES (?, ?, ?, ?, ?)", rows)
        last = points - 1
        row = (run, key, last, 1_700_000_000_000 + last, last * 0.5)
        store.execute("INSERT INTO latest VALUES (?, ?, ?, ?, ?)", row)
        store.execute("COMMIT")

    def finish(self) -> None:
        self._store.database.close()


class Serving(base.Serving):
    """The application over the tables."""

    def command(self, folder: Path, port: int) -> tuple[list[str], dict[str, str]]:
        return [sys.executable, str(Path(__file__)), str(folder / "bare.db"), str(port)], {}


def application(store: Store) -> Callable[..., Awaitable[None]]:
    """Return the ASGI application over a store."""
    encode, decode = msgspec.json.Encoder().encode, msgspec.json.Decoder().decode
    answers: Mapping[str, Callable[[Any], Mapping[str, Any]]] = {
        "runs/search": store.search,
        "metrics/get-history": store.history,
        "metrics/get-history-bulk-interval": store.chart,
        "experiments/search": lambda _: {"experiments": [{"experiment_id": "0", "name": "Default"}]},
        "experiments/get": lambda _: {},
    }

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        asked = dict(parse_qsl(scope["query_string"].decode()))
        if scope["method"] == "POST":
            message = await receive()
            given = message["body"]
            while message.get("more_body"):
                message = await receive()
                given += message["body"]
            asked = decode(given)
        body = encode(answers[scope["path"].partition("/mlflow/")[2]](asked))
        head = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": body})

    return answer


if __name__ == "__main__":
    bare_server.serve(application(Store(Path(sys.argv[1]))), int(sys.argv[2]))
