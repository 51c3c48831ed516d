"""What is measured: every row, with its columns, its limit and its sizes. A module for each module of tasks."""

from collections.abc import Mapping

from comparison.rows import files, logging, modelling, objects, reading, scoring, serving, starting
from comparison.rows.base import Column, Row

__all__ = ["ROWS", "Column", "Row"]

ROWS: Mapping[str, Row] = {
    row.name: row
    for area in (starting, logging, reading, serving, modelling, scoring, files, objects)
    for row in area.ROWS
}
