"""From outcomes to plain figures: medians, extremes, and ratios to the best peer and to the limit."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from comparison.contenders import CONTENDERS
from comparison.rows import Column, Row
from comparison.running import Outcome

Plain = dict[str, Any]


def of_row(row: Row, outcomes: Sequence[Outcome], versions: Mapping[str, str]) -> Plain:
    """Return a row as plain values, ready for JSON.

    Args:
        versions: by environment.
    """
    contenders = [_of_contender(row, outcome, versions) for outcome in outcomes]
    for column in row.columns:
        if column.ratio and column.better:
            _compare(contenders, column.key, column.better, row.limit)
    return {
        "name": row.name,
        "title": row.title,
        "measures": row.measures,
        "limit": row.limit,
        "no_limit": row.no_limit,
        "columns": [_of_column(column) for column in row.columns],
        "contenders": contenders,
        "absent": dict(row.absent),
    }


def _of_column(column: Column) -> Plain:
    return {"key": column.key, "title": column.title, "better": column.better, "ratio": column.ratio}


def _of_contender(row: Row, outcome: Outcome, versions: Mapping[str, str]) -> Plain:
    contender = outcome.contender
    return {
        "name": contender.name,
        "role": contender.role,
        "about": contender.about,
        "version": versions.get(contender.environment, ""),
        "durability": contender.durability.get(row.moment, ""),
        "figures": {column.key: summary([each.get(column.key) for each in outcome.figures]) for column in row.columns},
        "ratios": {},
        "rounds": len(outcome.figures),
        "done": min((each["done"] for each in outcome.figures if "done" in each), default=None),
        "wanted": max((each["wanted"] for each in outcome.figures if "wanted" in each), default=None),
        "seed_seconds": outcome.seed_seconds,
        "skipped": outcome.skipped,
        "error": outcome.error,
    }


def summary(values: Sequence[Any]) -> Plain | str | None:
    """Return median, least, greatest and all values; the texts, where there are some; None where nothing is."""
    texts = sorted({value for value in values if isinstance(value, str)})
    numbers = [value for value in values if isinstance(value, int | float)]
    if texts or not numbers:
        return "; ".join(texts) or None
    return {"median": statistics.median(numbers), "min": min(numbers), "max": max(numbers), "values": numbers}


def _compare(contenders: Sequence[Plain], key: str, better: Literal["high", "low"], limit: str) -> None:
    medians = {each["name"]: each["figures"][key]["median"] for each in contenders if _has_number(each, key)}
    peers = [median for name, median in medians.items() if CONTENDERS[name].role == "peer"]
    best = (max if better == "high" else min)(peers, default=None)
    for each in contenders:
        if each["name"] in medians:
            median = medians[each["name"]]
            each["ratios"][key] = {
                "times_better_than_best_peer": times_better(median, best, better),
                "times_worse_than_limit": times_better(medians.get(limit), median, better),
            }


def _has_number(contender: Plain, key: str) -> bool:
    return isinstance(contender["figures"][key], dict)


def times_better(value: float | None, other: float | None, better: Literal["high", "low"]) -> float | None:
    """Return how many times better a value is than another; None where one is missing or is not above zero."""
    if value is None or other is None or value <= 0 or other <= 0:
        return None
    return value / other if better == "high" else other / value
