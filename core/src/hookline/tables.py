"""Plain text tables: aligned columns for a terminal, tab-separated lines for a pipe."""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

ELLIPSIS = "…"


def printable(value: Any) -> str:
    """Return a value as one line of visible text: control and escape characters are shown as `\\xNN`."""
    text = "" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
    return "".join(
        character if unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp") else _escaped(character)
        for character in text
    )


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def aligned(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, width: int | None = None) -> str:
    """Return rows under headings, columns aligned, numbers to the right.

    Headings are the columns' names as they are: keys of metrics and params tell "Loss" from "loss".

    Args:
        width: cut lines to this many characters; None never cuts.
    """
    lines = [[printable(column) for column in columns]]
    lines += [[printable(row.get(column)) for column in columns] for row in rows]
    numeric = [all(isinstance(row.get(column), int | float | None) for row in rows) for column in columns]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    return "\n".join(_line(line, widths, numeric, width) for line in lines)


def _line(cells: Sequence[str], widths: Sequence[int], numeric: Sequence[bool], width: int | None) -> str:
    parts = [
        cell.rjust(size) if right else cell.ljust(size)
        for cell, size, right in zip(cells, widths, numeric, strict=True)
    ]
    text = "  ".join(parts).rstrip()
    return text if width is None or len(text) <= width else text[: width - 1] + ELLIPSIS


def separated(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Return rows as lines of tab-separated values, headings first, for programs to read."""
    lines = [columns, *([row.get(column) for column in columns] for row in rows)]
    return "\n".join("\t".join(map(printable, line)) for line in lines)
