"""What reading over HTTP costs beside the store in process: the same questions, asked by turns; medians.

    python benchmarks/over_http.py [--runs 10000] [--points 1000000] [--rounds 15] [--folder FOLDER]

A store is filled by `filling.py`, with one long series more, and kept in the folder, where one is named. It is asked in
process; by a `hookline server`, where the answer counts as there once its last byte is; and by Hookline's own client
(`hookline-tracking-http`), which makes of it what the store in process gives.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from array import array
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

from comparison.tasks.asking import Connection, free_port, wait_for
from filling import fill

from hookline import search
from hookline.entities import Batch, NewRun, Points
from hookline.interfaces import TrackingStore
from hookline_tracking_http.store import HttpTrackingStore
from hookline_tracking_sql.store import SqlTrackingStore

OWN, MLFLOWS = "/api/hookline/v1", "/api/2.0/mlflow"
BLOCK = 50_000
FILTER = "metrics.m0 < 0.5 AND params.p0 = 'v3'"
HEAD = "| ms, medians | in process | over HTTP | ratio | Hookline's client | ratio |\n|---|---|---|---|---|---|"


class Question(NamedTuple):
    """What is asked: of a store, and over a connection to a server."""

    store: Callable[[TrackingStore], Any]
    connection: Callable[[Connection], object]


def questions(experiment: str, run_ids: list[str], points: int) -> dict[str, Question]:
    long = run_ids[0]

    def searched(text: str, order: list[str], size: int) -> Question:
        query = search.parse(search.RUNS, text, order, max_results=size)
        fields = {"experiment_ids": [experiment], "filter": text, "order_by": order, "max_results": size}
        return Question(
            lambda store: store.search_runs([experiment], query),
            lambda connection: connection.ask(f"{MLFLOWS}/runs/search", fields),
        )

    def charted(some: list[str], length: int) -> Question:
        starts = count(points // 3, 7)  # a store keeps the charts that it has just drawn

        def part() -> dict[str, int]:
            start = next(starts)
            return {"width": 1000, "start": start, "end": start + length}

        return Question(
            lambda store: store.chart(some, "long", **part()),
            lambda connection: connection.ask(f"{OWN}/charts", {"run_ids": some, "key": "long", **part()}),
        )

    history = f"{OWN}/runs/history?{urlencode({'run_id': long, 'key': 'long'})}"
    fields = {"run_ids": long, "metric_key": "long", "max_results": 320}
    return {
        "100 runs, by a metric and a param": searched(
            "metrics.m0 < 0.5 AND params.p0 = 'v3'", ["metrics.m1 DESC"], 100
        ),
        "the 100 newest runs": searched("", [], 100),
        "the 1,000 newest runs": searched("", [], 1000),
        f"a history of {points:,} points": Question(
            lambda store: sum(map(len, store.metric_history(long, "long"))),
            lambda connection: connection.drain(asked_for(history)),
        ),
        "a chart of half of it": charted([long], points // 2),
        f"charts of a tenth of {len(run_ids)} such": charted(run_ids, points // 10),
        "320 points of it": Question(
            lambda store: store.metric_sample(long, "long", 320),
            lambda connection: fetched(connection, f"{MLFLOWS}/metrics/get-history-bulk-interval?{urlencode(fields)}"),
        ),
    }


def fetched(connection: Connection, path: str) -> bytes:
    return connection.send(asked_for(path))


def asked_for(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


def filled(path: Path, runs: int, points: int) -> None:
    experiment = fill(path, runs)
    with closing(SqlTrackingStore(f"sqlite:///{path}")) as store:
        for number in range(20):
            run_id = store.create_run(NewRun(experiment, run_name=f"long-{number}", start_time=1)).info.run_id
            for first in range(0, points, BLOCK):
                steps = array("q", range(first, min(first + BLOCK, points)))
                times = array("q", [1_700_000_000_000 + step * 10 for step in steps])
                values = array("d", [step * 0.5 for step in steps])
                store.log_batch(run_id, Batch(points=[Points("long", steps, times, values)]))
            store.compact(run_id)


@contextmanager
def served(uri: str) -> Iterator[int]:
    port = free_port()
    with tempfile.TemporaryDirectory() as place:
        command = [sys.executable, "-m", "hookline", "server", "--tracking", uri, "--port", str(port)]
        process = subprocess.Popen(command, cwd=place, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(port, process)
            yield port
        finally:
            process.terminate()
            process.wait(60)


def timed(ask: Callable[[Any], Any], of: Any) -> float:
    began = time.perf_counter()
    ask(of)
    return (time.perf_counter() - began) * 1000


def main() -> None:
    """Fill what is not filled yet, measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        path = ((options.folder or Path(place)) / f"over-http-{options.runs}-{options.points}.db").absolute()
        if not path.exists():
            filled(path, options.runs, options.points)
        uri = f"sqlite:///{path}"
        with served(uri) as port, closing(SqlTrackingStore(uri)) as store:
            [experiment] = {each.experiment_id for each in runs_of(store, "metrics.long >= 0", 1)}
            long = [each.run_id for each in runs_of(store, "metrics.long >= 0", 20)]
            connection, client = Connection(port, ""), HttpTrackingStore(f"http://127.0.0.1:{port}")
            print(HEAD)
            for name, question in questions(experiment, long, options.points).items():
                contenders = ((question.store, store), (question.connection, connection), (question.store, client))
                rounds = [[timed(*each) for each in contenders] for _ in range(options.rounds + 1)][1:]
                here, there, ours = (statistics.median(each) for each in zip(*rounds, strict=True))
                print(f"| {name} | {here:.2f} | {there:.2f} | {there / here:.2f} | {ours:.2f} | {ours / here:.2f} |")


def runs_of(store: TrackingStore, text: str, size: int) -> list[Any]:
    everywhere = [each.experiment_id for each in store.search_experiments(search.parse(search.EXPERIMENTS, "")).items]
    found = store.search_runs(everywhere, search.parse(search.RUNS, text, max_results=size))
    return [each.info for each in found.items]


if __name__ == "__main__":
    main()
