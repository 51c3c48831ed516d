"""What this machine can do: the barest code that does the same work, in the standard library, without any check."""

import json
import os
import shutil
import sqlite3
import struct
import subprocess
import sys
import time
from array import array
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from comparison.adapters import base
from comparison.data import PAGE

CHUNK = 4096
RECORD = struct.Struct("<IIqqd")


def open_database(path: Path) -> sqlite3.Connection:
    """Open a SQLite file as the limits use it: write-ahead logging, `synchronous = NORMAL`."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    return database


class SqliteLogging(base.Logging):
    """A transaction for each call."""

    def start(self, folder: Path) -> None:
        self._database = open_database(folder / "limit.db")
        self._database.executescript(
            "CREATE TABLE IF NOT EXISTS points (run, key, step, moment, value);"
            "CREATE TABLE IF NOT EXISTS texts (run, key, value);"
            "CREATE TABLE IF NOT EXISTS keys (id INTEGER PRIMARY KEY, name TEXT UNIQUE);"
        )
        self._keys: dict[str, int] = {}

    def open_run(self, number: int, params: Mapping[str, str] | None = None) -> None:
        self._run = number
        self._database.execute("INSERT INTO texts VALUES (?, 'name', ?)", (number, f"r{number}"))

    def _key(self, name: str) -> int:
        if name not in self._keys:
            self._database.execute("INSERT OR IGNORE INTO keys (name) VALUES (?)", (name,))
            found = self._database.execute("SELECT id FROM keys WHERE name = ?", (name,))
            self._keys[name] = found.fetchone()[0]
        return self._keys[name]

    def log_metric(self, key: str, value: float, step: int) -> None:
        row = (self._run, self._key(key), step, time.time_ns() // 1_000_000, value)
        self._database.execute("INSERT INTO points VALUES (?, ?, ?, ?, ?)", row)

    def log_metrics(self, values: Mapping[str, float], step: int) -> None:
        self.log_batch([(key, value, step) for key, value in values.items()])

    def log_batch(self, points: Sequence[base.Point]) -> None:
        moment = time.time_ns() // 1_000_000
        rows = [(self._run, self._key(key), step, moment, value) for key, value, step in points]
        self._insert("INSERT INTO points VALUES (?, ?, ?, ?, ?)", rows)

    def log_params(self, params: Mapping[str, str]) -> None:
        rows = [(self._run, key, value) for key, value in params.items()]
        self._insert("INSERT INTO texts VALUES (?, ?, ?)", rows)

    def set_tags(self, tags: Mapping[str, str]) -> None:
        self.log_params(tags)

    def _insert(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        self._database.execute("BEGIN IMMEDIATE")
        self._database.executemany(statement, rows)
        self._database.execute("COMMIT")

    def finish(self) -> None:
        self._database.close()

    def count(self, folder: Path) -> int:
        counted = "SELECT count(*) FROM points JOIN keys ON id = key WHERE name = 'loss'"
        return int(open_database(folder / "limit.db").execute(counted).fetchone()[0])


class JournalLogging(base.Logging):
    """One `write(2)` of a record of 32 bytes for each call, an fsync at the end of a run."""

    def start(self, folder: Path) -> None:
        self._file = os.open(folder / "journal", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._keys: dict[str, int] = {}

    def open_run(self, number: int, params: Mapping[str, str] | None = None) -> None:
        self._run = number
        os.write(self._file, RECORD.pack(number, 0, 0, 0, 0.0))

    def _key(self, name: str) -> int:
        if name not in self._keys:
            self._keys[name] = len(self._keys) + 1
            os.write(self._file, RECORD.pack(0, self._keys[name], 0, 0, 0.0))
        return self._keys[name]

    def log_metric(self, key: str, value: float, step: int) -> None:
        os.write(self._file, RECORD.pack(self._run, self._key(key), step, time.time_ns() // 1_000_000, value))

    def log_metrics(self, values: Mapping[str, float], step: int) -> None:
        self.log_batch([(key, value, step) for key, value in values.items()])

    def log_batch(self, points: Sequence[base.Point]) -> None:
        moment = time.time_ns() // 1_000_000
        packed = [RECORD.pack(self._run, self._key(key), step, moment, value) for key, value, step in points]
        os.write(self._file, b"".join(packed))

    def log_params(self, params: Mapping[str, str]) -> None:
        os.write(self._file, json.dumps(params).encode())

    def set_tags(self, tags: Mapping[str, str]) -> None:
        self.log_params(tags)

    def end_run(self) -> None:
        os.fsync(self._file)

    def finish(self) -> None:
        os.close(self._file)

    def count(self, folder: Path) -> int:
        """Return the records with the key that was named first or, after a first call to warm up, second."""
        records = list(RECORD.iter_unpack((folder / "journal").read_bytes()))
        wanted = max(key for _run, key, _step, _moment, _value in records)
        return sum(key == wanted and moment > 0 for _run, key, _step, moment, _value in records)


class ShippedLogging(base.Logging):
    """One `write(2)` for each call, and each 1,000 points as one row of packed columns in SQLite."""

    def start(self, folder: Path) -> None:
        self._file = os.open(folder / "journal", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._database = open_database(folder / "limit.db")
        self._database.execute("CREATE TABLE IF NOT EXISTS segments (run, key, size, steps, moments, numbers)")
        self._points: list[tuple[int, int, float]] = []
        self._key = ""

    def open_run(self, number: int, params: Mapping[str, str] | None = None) -> None:
        self._run = number

    def log_metric(self, key: str, value: float, step: int) -> None:
        if key != self._key:
            self.flush()
            self._key = key
        moment = time.time_ns() // 1_000_000
        os.write(self._file, RECORD.pack(self._run, 1, step, moment, value))
        self._points.append((step, moment, value))
        if len(self._points) >= 1000:
            self.flush()

    def flush(self) -> None:
        if not self._points:
            return
        steps, moments, values = zip(*self._points, strict=True)
        columns = (array("q", steps).tobytes(), array("q", moments).tobytes(), array("d", values).tobytes())
        row = (self._run, self._key, len(steps), *columns)
        self._database.execute("INSERT INTO segments VALUES (?, ?, ?, ?, ?, ?)", row)
        self._points.clear()

    def finish(self) -> None:
        self._database.close()
        os.close(self._file)

    def count(self, folder: Path) -> int:
        counted = "SELECT sum(size) FROM segments WHERE key = 'loss'"
        return int(open_database(folder / "limit.db").execute(counted).fetchone()[0])


class Reading(base.Reading):
    """SQLite tables with the indexes that the questions need; each run is one ready JSON text.

    Points are rows (variant `sqlite`) or packed columns of 4,096 (variant `segments`).
    """

    def start(self, folder: Path) -> None:
        self._database = open_database(folder / "limit.db")
        self._database.executescript(
            "CREATE TABLE IF NOT EXISTS runs (id INTEGER PRIMARY KEY, text TEXT);"
            "CREATE TABLE IF NOT EXISTS params (key, value, run, PRIMARY KEY (key, value, run)) WITHOUT ROWID;"
            "CREATE TABLE IF NOT EXISTS latest (key, value, run, PRIMARY KEY (key, value, run)) WITHOUT ROWID;"
            "CREATE TABLE IF NOT EXISTS points (step INTEGER PRIMARY KEY, moment, value);"
            "CREATE TABLE IF NOT EXISTS segments (first INTEGER PRIMARY KEY, steps, moments, numbers);"
        )

    def seed_runs(self, runs: Iterable[tuple[int, Mapping[str, str], Mapping[str, float]]]) -> None:
        self._database.execute("BEGIN IMMEDIATE")
        add = self._database.executemany
        for number, params, metrics in runs:
            text = json.dumps({"run_id": f"{number:032x}", "params": params, "metrics": metrics})
            self._database.execute("INSERT INTO runs VALUES (?, ?)", (number, text))
            add("INSERT INTO params VALUES (?, ?, ?)", [(key, value, number) for key, value in params.items()])
            add("INSERT INTO latest VALUES (?, ?, ?)", [(key, value, number) for key, value in metrics.items()])
        self._database.execute("COMMIT")

    def seed_points(self, points: int) -> None:
        self._database.execute("BEGIN IMMEDIATE")
        if self.variant == "sqlite":
            rows = ((step, 1_700_000_000_000 + step, step * 0.5) for step in range(points))
            self._database.executemany("INSERT INTO points VALUES (?, ?, ?)", rows)
        else:
            for first in range(0, points, CHUNK):
                steps = range(first, min(points, first + CHUNK))
                moments = array("q", [1_700_000_000_000 + step for step in steps])
                values = array("d", [step * 0.5 for step in steps])
                row = (first, array("q", steps).tobytes(), moments.tobytes(), values.tobytes())
                self._database.execute("INSERT INTO segments VALUES (?, ?, ?, ?)", row)
        self._database.execute("COMMIT")

    def search(self, filtered: bool) -> int:
        asked = "SELECT text FROM runs ORDER BY id DESC LIMIT ?"
        if filtered:
            asked = (
                "SELECT text FROM latest CROSS JOIN params USING (run) JOIN runs ON id = run"
                " WHERE latest.key = 'm1' AND latest.value < 0.5 AND params.key = 'p1' AND params.value = 'x'"
                " ORDER BY latest.value LIMIT ?"
            )
        return len([json.loads(text) for (text,) in self._database.execute(asked, (PAGE,))])

    def page_all(self) -> int:
        last, found = -1, 0
        while True:
            asked = self._database.execute("SELECT id, text FROM runs WHERE id > ? ORDER BY id LIMIT 1000", (last,))
            page = [(number, json.loads(text)) for number, text in asked]
            if not page:
                return found
            last, found = page[-1][0], found + len(page)

    def history(self) -> int:
        if self.variant == "sqlite":
            return len(self._database.execute("SELECT step, moment, value FROM points ORDER BY step").fetchall())
        steps, moments, values = array("q"), array("q"), array("d")
        for row in self._database.execute("SELECT steps, moments, numbers FROM segments ORDER BY first"):
            for column, packed in zip((steps, moments, values), row, strict=True):
                column.frombytes(packed)
        return len(values)

    def chart(self, width: int) -> int:
        if self.variant != "sqlite":
            raise base.NotOffered("a chart by seeks needs rows")
        seek = self._database.execute
        (last,) = seek("SELECT step FROM points ORDER BY step DESC LIMIT 1").fetchone()
        wanted = (last * each // (width - 1) for each in range(width))
        found = [
            seek("SELECT * FROM points WHERE step >= ? ORDER BY step LIMIT 1", (step,)).fetchone() for step in wanted
        ]
        return len(found)

    def finish(self) -> None:
        self._database.close()


class Artifacts(base.Artifacts):
    """`cp`, or `shutil.copyfile` file by file."""

    def start(self, folder: Path) -> None:
        self._folder = folder

    def open_run(self) -> None:
        self._store = self._folder / "store"
        shutil.rmtree(self._store, ignore_errors=True)
        self._store.mkdir()

    def put_file(self, path: Path) -> None:
        if self.variant == "cp":
            subprocess.run(["cp", str(path), str(self._store)], check=True)
        else:
            shutil.copyfile(path, self._store / path.name)

    def put_folder(self, path: Path) -> None:
        self._copy(path, self._store)

    def get(self, target: Path) -> None:
        self._copy(self._store, target)

    def _copy(self, source: Path, target: Path) -> None:
        if self.variant == "cp":
            subprocess.run(["cp", "-r", f"{source}/.", str(target)], check=True)
        else:
            for entry in os.scandir(source):
                shutil.copyfile(entry.path, target / entry.name)


class Models(base.Models):
    """`pickle`, with an fsync after writing."""

    def save(self, model: Any, rows: Any, path: Path, requirements: Sequence[str] | None) -> None:
        import pickle

        with path.open("wb") as stream:
            pickle.dump(model, stream)
            stream.flush()
            os.fsync(stream.fileno())

    def load(self, path: Path) -> Any:
        import pickle

        return pickle.loads(path.read_bytes())


class Commands(base.Commands):
    """The bare command, and scoring with the libraries alone: variant `pandas` or `arrow`."""

    def imports(self) -> list[str]:
        return [sys.executable, "-c", "pass"]

    def command(self, *words: str) -> list[str]:
        return self.imports()

    def run_project(self, project: Path, folder: Path) -> tuple[list[str], dict[str, str]]:
        return [sys.executable, str(project / "main.py"), "0.1"], {}

    def score(self, model: Path, source: Path, target: Path) -> list[str]:
        kind = "csv" if source.suffix == ".csv" else "parquet"
        return [sys.executable, "-c", SCORING[self.variant, kind].format(model=model, source=source, target=target)]


SCORING = {
    ("pandas", "csv"): """
import pandas, pickle
model = pickle.load(open("{model}", "rb"))
rows = pandas.read_csv("{source}")
pandas.DataFrame({{"prediction": model.predict(rows)}}).to_csv("{target}", index=False)
""",
    ("pandas", "parquet"): """
import pandas, pickle
model = pickle.load(open("{model}", "rb"))
rows = pandas.read_parquet("{source}")
pandas.DataFrame({{"prediction": model.predict(rows)}}).to_parquet("{target}", index=False)
""",
    ("arrow", "csv"): """
import numpy, pickle, pyarrow, pyarrow.csv
model = pickle.load(open("{model}", "rb"))
schema = pyarrow.schema([("prediction", pyarrow.int64())])
with pyarrow.csv.open_csv("{source}") as rows, pyarrow.csv.CSVWriter("{target}", schema) as out:
    for batch in rows:
        table = numpy.column_stack([column.to_numpy() for column in batch.columns])
        out.write_batch(pyarrow.record_batch([pyarrow.array(model.predict(table))], schema=schema))
""",
    ("arrow", "parquet"): """
import numpy, pickle, pyarrow, pyarrow.parquet
model = pickle.load(open("{model}", "rb"))
schema = pyarrow.schema([("prediction", pyarrow.int64())])
with pyarrow.parquet.ParquetWriter("{target}", schema) as out:
    for batch in pyarrow.parquet.ParquetFile("{source}").iter_batches(65536):
        table = numpy.column_stack([column.to_numpy() for column in batch.columns])
        out.write_batch(pyarrow.record_batch([pyarrow.array(model.predict(table))], schema=schema))
""",
}


class Serving(base.Serving):
    """A bare ASGI application over sqlite3."""

    def command(self, folder: Path, port: int) -> tuple[list[str], dict[str, str]]:
        return [sys.executable, str(Path(__file__).with_name("bare_server.py")), str(folder / "bare.db"), str(port)], {}
