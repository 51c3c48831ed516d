"""How long the first page of a search takes as a store grows: CPU milliseconds in process, medians.

    python benchmarks/searching.py [--runs 1000 10000 100000] [--rounds 9] [--folder FOLDER]

Stores are filled by `filling.py` and kept in the folder, where one is named. Each round asks every store once, one
after the other, so that a machine whose speed drifts treats all alike. The last column is the largest by the second.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from filling import fill

from hookline import search
from hookline_tracking_sql.store import SqlTrackingStore

SEARCHES = {
    "no filter, newest first": ("", [], 100),
    "metric range and param, by the metric": ("metrics.m0 > 0.1 AND params.p0 = 'v3'", ["metrics.m0 DESC"], 100),
    "metric range and param, by another": ("metrics.m0 < 0.9 AND params.p0 = 'v3'", ["metrics.m1 ASC"], 100),
    "a tag that 1 of 10 has": ("tags.t0 = 'x3'", [], 100),
    "a tag that 1 of 100 has": ("tags.t1 = 'x3'", [], 100),
    "by a metric": ("", ["metrics.m5 DESC"], 100),
    "by a param of 100 values": ("", ["params.p2 ASC"], 100),
    "by the name": ("", ["run_name"], 100),
    "LIKE that nothing matches": ("params.p0 LIKE '%nothing'", [], 100),
    "page of 1,000": ("", [], 1000),
}


def cpu_ms(store: SqlTrackingStore, query: search.Query) -> float:
    started = time.process_time()
    store.search_runs(["1"], query)
    return (time.process_time() - started) * 1000


def main() -> None:
    """Fill what is not filled yet, measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        paths = {runs: (options.folder or Path(place)) / f"{runs}.db" for runs in options.runs}
        for runs, path in paths.items():
            if not path.exists():
                fill(path, runs)
        stores = [SqlTrackingStore(f"sqlite:///{path.absolute()}") for path in paths.values()]
        print(f"| {options.rounds} rounds | " + " | ".join(f"{runs:,} runs" for runs in paths) + " | ratio |")
        print("|---|" + "---|" * (len(paths) + 1))
        for name, (text, order, size) in SEARCHES.items():
            query = search.parse(search.RUNS, text, order, max_results=size)
            rounds = [[cpu_ms(store, query) for store in stores] for _ in range(options.rounds + 1)][1:]
            found = [statistics.median(each) for each in zip(*rounds, strict=True)]
            ratio = found[-1] / found[min(1, len(found) - 1)]
            print(f"| {name} | " + " | ".join(f"{each:.1f}" for each in found) + f" | {ratio:.2f} |", flush=True)
        for store in stores:
            store.close()


if __name__ == "__main__":
    main()
