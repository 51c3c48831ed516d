"""How the readers of project files say what is wrong: the file, the line where it is known, and the key."""

import difflib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from attrs import field, frozen

from hookline.errors import ConfigError


@frozen
class Source:
    """A file's values, and where its keys stand.

    Attributes:
        lines: line numbers (from 1) by dotted key; empty for a format that gives none.
    """

    path: Path
    lines: Mapping[str, int] = field(factory=dict)

    def problem(self, key: str, text: str) -> ConfigError:
        """Return the error to raise about a key."""
        above = key
        while above and above not in self.lines:
            above = above.rpartition(".")[0]
        place = f"{self.path}:{self.lines[above]}" if above else str(self.path)
        return ConfigError(f"{place}: {key + ': ' if key else ''}{text}")

    def mapping(self, value: Any, key: str, example: str) -> Mapping[str, Any]:
        """Return a value that must be keys and values; nothing at all counts as none of them."""
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            raise self.problem(key, f"expected keys and values such as {example!r}, not {value!r}")
        return value

    def text(self, value: Any, key: str, example: str) -> str:
        """Return a value that must be a text which is not empty."""
        if not isinstance(value, str) or not value.strip():
            raise self.problem(key, f"expected a text such as {example!r}, not {value!r}")
        return value

    def texts(self, value: Any, key: str, example: str) -> tuple[str, ...]:
        """Return a value that must be a list of texts; nothing at all counts as an empty one."""
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self.problem(key, f"expected a list of texts such as {example!r}, not {value!r}")
        return tuple(value)


def did_you_mean(name: str, known: Collection[str]) -> str:
    """Return " (did you mean 'x'?)" where a known name is close, else ""."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""
