"""Reading from a store that was filled before."""

from comparison.rows.base import Column, Row

_NO_SEARCH = {
    "mlflow-file": "reads every file of every run at each search; not seeded",
    "aim": "10,000 runs take half an hour to log, and there is no other way to store them",
    "trackio": "no filter",
    "dvclive": "no store of runs to search",
    "wandb-offline": "no reader without a server",
    "tensorboardx": "no store of runs to search",
    "sacred": "no store of runs to search with the file observer",
}
_HISTORY_ABSENT = {
    "mlflow-file": "not seeded",
    "dvclive": "its files are the answer: nothing to ask",
    "trackio": "not seeded",
    "wandb-offline": "no reader without a server",
    "tensorboardx": "its reader is another product",
    "sacred": "its file is the answer: nothing to ask",
}
_SEARCH_COLUMNS = (
    Column("filtered_ms", "filtered, ms", "low"),
    Column("filtered_cpu_ms", "filtered, CPU ms", "low", ratio=True),
    Column("plain_ms", "newest, ms", "low"),
    Column("plain_cpu_ms", "newest, CPU ms", "low", ratio=True),
)
_COLUMNS = (Column("ms", "ms", "low"), Column("cpu_ms", "CPU ms", "low", ratio=True))

SEARCHES = tuple(
    Row(
        f"search-{short}",
        f"Search {count:,} runs",
        "a page of 100 runs with 10 params and 10 metrics each, as the client's objects: filtered by a metric and "
        "a param and ordered by a metric; and the newest; in process, warm",
        "reading:search",
        ("hookline", "mlflow-sqlite", "limit-rows"),
        _SEARCH_COLUMNS,
        {"runs": count},
        {"runs": 20},
        limit="limit-rows",
        seed="reading:seed",
        absent=_NO_SEARCH,
        optional=count > 100_000,
        patience=max(1800.0, count / 50),
    )
    for short, count in (("1k", 1_000), ("10k", 10_000), ("100k", 100_000), ("1m", 1_000_000))
)
PAGING = Row(
    "paging-10k",
    "Page through 10,000 runs",
    "all runs (10 params, 10 metrics) through the client, 1,000 a page, as the client's objects; the limit parses "
    "ready JSON into dicts",
    "reading:paging",
    ("hookline", "mlflow-sqlite", "limit-rows"),
    (Column("s", "s", "low"), Column("cpu_s", "CPU s", "low", ratio=True)),
    {"runs": 10_000},
    {"runs": 20},
    limit="limit-rows",
    seed="reading:seed",
    budget=60,
    absent=_NO_SEARCH,
)
HISTORIES = tuple(
    Row(
        f"history-{short}",
        f"History of {count:,} points",
        "all points (step, time, value) of one metric in the client's memory; in process, warm",
        "reading:history",
        ("hookline", "mlflow-sqlite", "aim", "limit-rows", "limit-columns"),
        _COLUMNS,
        {"points": count},
        {"points": 50},
        limit="limit-columns",
        seed="reading:seed",
        budget=90 if count == 1_000_000 else 15,
        absent=_HISTORY_ABSENT,
    )
    for short, count in (("100", 100), ("100k", 100_000), ("1m", 1_000_000))
)
CHART = Row(
    "chart-1m",
    "Chart of 1,000,000 points",
    "what a chart 1,000 points wide needs of one metric; mlflow does what the handler of its UI does, without "
    "HTTP; the limit reads 1,000 points by index",
    "reading:chart",
    ("hookline", "mlflow-sqlite", "limit-rows"),
    (*_COLUMNS, Column("points", "points")),
    {"points": 1_000_000, "width": 1_000},
    {"points": 50, "width": 10},
    limit="limit-rows",
    seed="reading:seed",
    budget=90,
    absent={"aim": "samples in its server"},
)
ROWS = (*SEARCHES, PAGING, *HISTORIES, CHART)
