"""Filling a store once, and reading from it."""

from comparison.adapters.base import Reading
from comparison.data import PAGE, matching, runs
from comparison.jobs import Figures, Job
from comparison.measuring import Stopwatch, disk_bytes, repeated


def seed(job: Job) -> Figures:
    """Fill the seed folder with the runs, or with one run of the points, that the size names."""
    store: Reading = job.area("Reading")
    store.start(job.seeded())
    watch = Stopwatch()
    if "runs" in job.size:
        store.seed_runs(runs(job.size["runs"]))
    else:
        store.seed_points(job.size["points"])
    store.finish()
    return {"seconds": watch.read()[0], "bytes": disk_bytes(job.seeded())}


def opened(job: Job) -> Reading:
    """Return a reader of what was seeded."""
    store: Reading = job.area("Reading")
    store.start(job.seeded())
    return store


def check(found: int, wanted: int, what: str) -> None:
    """Refuse to time an answer that is wrong."""
    if found != wanted:
        raise RuntimeError(f"{found} {what} instead of {wanted}")


def search(job: Job) -> Figures:
    """A page of 100: filtered by a metric and a param and ordered by a metric; and the newest."""
    store = opened(job)
    check(store.search(filtered=True), min(PAGE, matching(job.size["runs"])), "runs found by the filter")
    check(store.search(filtered=False), min(PAGE, job.size["runs"]), "newest runs")
    wall, cpu = repeated(lambda: store.search(filtered=True), job.budget)
    plain_wall, plain_cpu = repeated(lambda: store.search(filtered=False), job.budget)
    return {
        "filtered_ms": wall * 1e3,
        "filtered_cpu_ms": cpu * 1e3,
        "plain_ms": plain_wall * 1e3,
        "plain_cpu_ms": plain_cpu * 1e3,
    }


def paging(job: Job) -> Figures:
    """All runs, as the client's own objects."""
    store = opened(job)
    check(store.page_all(), job.size["runs"], "runs paged through")
    wall, cpu = repeated(store.page_all, job.budget, times=3)
    return {"s": wall, "cpu_s": cpu}


def history(job: Job) -> Figures:
    """All points of one metric."""
    store = opened(job)
    check(store.history(), job.size["points"], "points")
    wall, cpu = repeated(store.history, job.budget)
    return {"ms": wall * 1e3, "cpu_ms": cpu * 1e3}


def chart(job: Job) -> Figures:
    """The points that a chart of a given width needs."""
    store = opened(job)
    points = store.chart(job.size["width"])
    wall, cpu = repeated(lambda: store.chart(job.size["width"]), job.budget)
    return {"ms": wall * 1e3, "cpu_ms": cpu * 1e3, "points": points}
