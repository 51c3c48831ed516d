"""How results are printed: aligned on a terminal, tab-separated in a pipe, JSON where it was asked for."""

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs
import click

from hookline.cli.failures import visible
from hookline.documents import to_json, to_plain
from hookline.tables import aligned, printable, separated

NO_DIFFERENCE = "They do not differ. With --all: what is equal."
SHORT_ID = 8
"""How many digits of a run's id a narrow terminal shows; `Runs.get` finds a run by them."""


def write(
    value: Any,
    *,
    as_json: bool = False,
    rows: Sequence[Mapping[str, Any]] | None = None,
    columns: Sequence[str] | None = None,
) -> None:
    """Print a value as `CliContext.out` says."""
    if as_json:
        write_json(value)
    elif rows is not None:
        write_table(rows, columns)
    elif isinstance(value, Mapping) or attrs.has(type(value)):
        write_pairs(to_plain(value))
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        write_table([to_plain(each) for each in value], columns)
    else:
        click.echo(visible(str(value)))


def write_json(value: Any) -> None:
    """Print a value as JSON that a terminal shows as it is: what is not printable is written as `\\uXXXX`."""
    lines = to_json(value).split("\n")
    click.echo("\n".join(line if line.isprintable() else "".join(map(_escaped, line)) for line in lines))


def _escaped(character: str) -> str:
    return character if character.isprintable() else json.dumps(character)[1:-1]


def write_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None) -> None:
    """Print rows under headings; where there are no rows a pipe gets the headings, and a terminal nothing."""
    shown = list(columns) if columns is not None else list(dict.fromkeys(key for row in rows for key in row))
    if not on_terminal():
        click.echo(separated([{key: exact(row.get(key)) for key in shown} for row in rows], shown))
    elif rows:
        click.echo(_fitted([{key: _cell(row.get(key)) for key in shown} for row in rows], shown))


def write_pairs(values: Mapping[str, Any]) -> None:
    """Print a value a line, nested ones as `outer.inner`."""
    flat = flattened(values)
    if on_terminal():
        size = max(map(len, flat), default=0)
        lines = [f"{key.ljust(size)}  {printable(_cell(value))}".rstrip() for key, value in flat.items()]
    else:
        lines = [f"{key}\t{printable(exact(value))}" for key, value in flat.items()]
    for line in lines:
        click.echo(line)


def on_terminal() -> bool:
    """Return whether a person reads stdout."""
    return sys.stdout.isatty()


def flattened(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested mappings as one with dotted keys, which are made printable."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        name = prefix + printable(key)
        flat.update(flattened(value, f"{name}.") if isinstance(value, Mapping) and value else {name: value})
    return flat


def side_by_side(
    heads: Sequence[str], sides: Sequence[Mapping[str, Any]], everything: bool = False
) -> list[dict[str, Any]]:
    """Return a row for each key in which the sides differ (or for every key), a column for each side."""
    rows = []
    for key in dict.fromkeys(key for side in sides for key in side):
        values = [side.get(key) for side in sides]
        if everything or any(value != values[0] for value in values):
            rows.append({"what": key, **dict(zip(heads, values, strict=True))})
    return rows


def moment(milliseconds: int | None) -> str:
    """Return a time as a person reads it: local, to the second; "" where there is none."""
    if not milliseconds:
        return ""
    return datetime.fromtimestamp(milliseconds / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def duration(start: int, end: int | None) -> str:
    """Return the time between two moments, given in milliseconds; "" where the second is not there yet."""
    if end is None:
        return ""
    seconds = max(0, end - start) / 1000
    minutes, hours = int(seconds // 60), int(seconds // 3600)
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min {seconds % 60:.0f} s" if minutes else f"{seconds:.1f} s"


def exact(value: Any) -> str:
    """Return a value as text that loses nothing, for programs."""
    if isinstance(value, float):
        return str(to_plain(value))
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping) or (isinstance(value, Sequence) and not isinstance(value, str)):
        return to_json(value, indent=None) if value else ""
    return "" if value is None else str(value)


def _cell(value: Any) -> Any:
    """Numbers stay numbers, so that a table aligns and rounds them; lists read as prose."""
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    if isinstance(value, list | tuple) and all(isinstance(each, str | int | float) for each in value):
        return ", ".join(map(str, value))
    return exact(value)


def _fitted(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Shorten the ids of runs where a table is wider than the terminal, then cut what is still too long."""
    width = shutil.get_terminal_size().columns
    full = aligned(rows, columns)
    if max(map(len, full.splitlines())) <= width:
        return full
    short = [{**row, "run_id": row["run_id"][:SHORT_ID]} if row.get("run_id") else row for row in rows]
    return aligned(short, columns, width=width)
