"""The report as Markdown."""

from collections.abc import Sequence
from typing import Any

Plain = dict[str, Any]
LONGEST = 80
RATIOS = (("times_better_than_best_peer", "x best peer"), ("times_worse_than_limit", "x limit"))


def document(report: Plain) -> str:
    """Return the whole report: what was measured where, how to read it, and a section for each row."""
    about = report["about"]
    head = [
        "# Benchmarks",
        "",
        "Made by `python benchmarks/run.py`; `benchmarks/README.md` says how to run and to read it.",
        "",
        *(f"- {name}: {value}" for name, value in about.items()),
        "",
        "A cell is `median (min - max)` over the rounds, in which the contenders took turns. *x best peer*: how many "
        "times better than the best peer of this row (2 is twice as good). *x limit*: how many times worse than the "
        "barest code that does the same work here (1 is the limit). Trust ratios within one table first, then CPU, "
        "then rates.",
        "",
    ]
    parts = ["\n".join(head), _who(report["rows"]), *(section(row) for row in report["rows"])]
    return "\n".join(parts)


def _who(rows: Sequence[Plain]) -> str:
    measured = {each["name"]: each for row in rows for each in row["contenders"] if each["rounds"]}
    lines = [_line(["contender", "what it is", "version"]), _line(["---"] * 3)]
    lines += [_line([each["name"], each["about"], each["version"]]) for each in measured.values()]
    return "\n".join([*lines, ""])


def section(row: Plain) -> str:
    """Return one row's title, what it measures, its table and its notes."""
    shown = [each for each in row["contenders"] if each["rounds"]]
    lines = [f"## {row['title']} (`{row['name']}`)", "", f"{_sentence(row['measures'])}", ""]
    lines += _table(row, shown) if shown else ["Nothing was measured."]
    notes = [note for note in (*_durability(shown), *_limits(row), _filling(shown), *_left_out(row)) if note]
    return "\n".join([*lines, "", *(f"- {note}" for note in notes), ""])


def _table(row: Plain, shown: Sequence[Plain]) -> list[str]:
    compared = [column for column in row["columns"] if column["ratio"]]
    titles = ["contender", *(column["title"] for column in row["columns"])]
    for column in compared:
        prefix = "" if len(compared) == 1 else f"{column['title'].partition(',')[0]}: "
        titles += [f"{prefix}{title}" for _key, title in RATIOS]
    lines = [_line(titles), _line(["---"] * len(titles))]
    for each in shown:
        cells = [f"**{each['name']}**" if each["role"] == "ours" else each["name"]]
        cells += [cell(each["figures"][column["key"]]) for column in row["columns"]]
        for column in compared:
            ratios = each["ratios"].get(column["key"], {})
            cells += [number(ratios.get(key)) for key, _title in RATIOS]
        lines.append(_line(cells))
    return lines


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def cell(figure: Plain | str | None) -> str:
    """Return a figure as `median (min - max)`; without the brackets where the rounds agree."""
    if not isinstance(figure, dict):
        return " ".join((figure or "").replace("|", "/").split())[:LONGEST]
    middle, least, most = (number(figure[key]) for key in ("median", "min", "max"))
    return middle if least == most else f"{middle} ({least} - {most})"


def number(value: float | None) -> str:
    """Return a number with three digits that count, and thousands apart."""
    if value is None:
        return ""
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _durability(shown: Sequence[Plain]) -> list[str]:
    by_text: dict[str, list[str]] = {}
    for each in shown:
        if each["durability"]:
            by_text.setdefault(each["durability"], []).append(each["name"])
    return [f"Durability, {', '.join(names)}: {text}." for text, names in by_text.items()]


def _limits(row: Plain) -> list[str]:
    stopped = [each for each in row["contenders"] if each["wanted"] and (each["done"] or 0) < each["wanted"]]
    part = ", ".join(f"{each['name']} ({each['done']:,} of {each['wanted']:,})" for each in stopped)
    return [
        f"The limit is {row['limit']}." if row["limit"] else f"No limit: {row['no_limit']}.",
        f"Stopped by the budget, so the rate is of a part: {part}." if part else "",
    ]


def _filling(shown: Sequence[Plain]) -> str:
    took = [f"{each['name']} {number(each['seed_seconds'])} s" for each in shown if each["seed_seconds"] is not None]
    return f"Filling the store took: {', '.join(took)}." if took else ""


def _left_out(row: Plain) -> list[str]:
    skipped = [(each["name"], each["skipped"]) for each in row["contenders"] if each["skipped"]]
    failed = [(each["name"], f"failed: {each['error']}") for each in row["contenders"] if each["error"]]
    return [f"{name}: {reason}." for name, reason in (*skipped, *failed, *row["absent"].items())]


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
