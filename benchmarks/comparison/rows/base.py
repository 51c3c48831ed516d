"""What a row and its columns are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Column:
    """One figure of a row.

    Attributes:
        key: in what the task returns. title: with the unit.
        better: which way is better; None where the figure is not compared.
        ratio: whether the ratios to the best peer and to the limit are shown.
    """

    key: str
    title: str
    better: Literal["high", "low"] | None = None
    ratio: bool = False


@dataclass(frozen=True)
class Row:
    """One comparison.

    Attributes:
        measures: in one line, what exactly.
        task: what a worker does. size: its measure; tiny: the same to see that it works.
        limit: the contender that stands for the machine's limit; where there is none, `no_limit` says why.
        moment: of the contenders' durability; empty where nothing is written.
        seed: the task that fills a folder once, which all rows with this task and size share. patience: seconds for it.
        budget: seconds for one cell, after which a task stops at what it has done.
        absent: contenders that cannot take part, with the reason.
        optional: left out unless it is named.
    """

    name: str
    title: str
    measures: str
    task: str
    contenders: tuple[str, ...]
    columns: tuple[Column, ...]
    size: Mapping[str, int]
    tiny: Mapping[str, int]
    limit: str = ""
    no_limit: str = ""
    moment: str = ""
    seed: str = ""
    patience: float = 1800.0
    budget: float = 15.0
    absent: Mapping[str, str] = field(default_factory=dict)
    optional: bool = False
