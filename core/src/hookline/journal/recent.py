"""What a writer logged lately, as it was given: so its own process need not read the journal back and decode it.

The journal stays the truth. What is kept here ends where a file does, where it has become much, and where a call was
interrupted; then the file is read.
"""

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from attrs import define

from hookline.entities import Points
from hookline.journal.frames import POINT
from hookline.journal.records import Records

Row: TypeAlias = tuple[tuple[str, ...], Sequence[float], int, int]
"""Keys, a value of each, step and timestamp."""
Said: TypeAlias = tuple[Callable[[Records, Any], None], Any]
"""A method of `Records`, and what it takes."""
Part: TypeAlias = bytes | Row | list[Said] | None
"""What one call said: a point as its frame has it, a row, or several other things; names say None."""


@define(eq=False)
class Recent:
    """Records of one writer in a row, all in one file.

    Attributes:
        first: the number of the first one; `count`: how many they are.
        names: of the keys, by their numbers in the file.
        file: the number of the file's first record; `size`: where in it the last of these ends.
    """

    first: int
    count: int
    parts: Sequence[Part]
    names: dict[int, str]
    file: int
    size: int

    def records(self) -> Records:
        """Return what they say, as `Records.take` would; series that were logged together share steps and timestamps.

        Raises:
            InvalidValue: one contradicts another.
        """
        records = Records({})
        points: list[bytes] = []
        rows: dict[tuple[str, ...], list[Row]] = {}
        for part in self.parts:
            if type(part) is tuple:
                rows.setdefault(part[0], []).append(part)
            elif type(part) is bytes:
                points.append(part)
            elif type(part) is list:
                for add, said in part:
                    add(records, said)
        records.blocks += [block for keys, group in rows.items() for block in _columns(keys, group)]
        records.blocks += _series(points, self.names)
        records.count = self.count
        return records


def _columns(keys: tuple[str, ...], rows: Iterable[Row]) -> Iterable[Points]:
    _, values, steps, timestamps = zip(*rows, strict=True)
    shared = array("q", steps), array("q", timestamps)
    return [
        Points(key, *shared, array("d", column)) for key, column in zip(keys, zip(*values, strict=True), strict=True)
    ]


def _series(points: Sequence[bytes], names: Mapping[int, str]) -> Iterable[Points]:
    found: dict[int, Points] = {}
    for _, number, step, timestamp, value in POINT.iter_unpack(b"".join(points)):
        series = found.get(number)
        if series is None:
            series = found[number] = Points(names[number])
        series.steps.append(step)
        series.timestamps.append(timestamp)
        series.values.append(value)
    return found.values()
