"""Requirement lines: comments and continuations taken out, and the `-r` and `-c` files of a project read in.

Whether a line is allowed is for the environment to judge; what is settled here is that no file outside the project is
read, however deep one file names another.
"""

import os.path
from collections.abc import Iterable
from pathlib import Path

from attrs import field, frozen

from hookline.errors import ConfigError, InvalidValue
from hookline.paths import inside

MAX_DEPTH = 10
MAX_BYTES = 4 * 1024 * 1024
_INCLUDES = {"-r": False, "--requirement": False, "-c": True, "--constraint": True}
"""Options that name a file, and whether its lines only limit versions."""


@frozen
class Requirements:
    """Requirement lines in their order, and the lines of constraint files."""

    lines: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()


@frozen
class _Reader:
    root: Path
    lines: list[str] = field(factory=list)
    constraints: list[str] = field(factory=list)

    def take(self, lines: Iterable[str], folder: Path, *, limits: bool, depth: int) -> None:
        for line in lines:
            option, name = _include(line)
            if option is None:
                (self.constraints if limits else self.lines).append(line)
            else:
                path = self._path(name, folder)
                if depth >= MAX_DEPTH:
                    raise InvalidValue(f"Requirement files name one another more than {MAX_DEPTH} deep, at {line!r}.")
                self.take(logical_lines(_text(path)), path.parent, limits=limits or _INCLUDES[option], depth=depth + 1)

    def _path(self, name: str, folder: Path) -> Path:
        if not name:
            raise InvalidValue("'-r' and '-c' need the name of a file.")
        if "://" in name or Path(name).is_absolute():
            raise InvalidValue(f"The requirements file {name!r} must lie inside the project.")
        path = inside(self.root, os.path.relpath(os.path.normpath(folder / name), self.root).replace(os.sep, "/"))
        if not path.is_file():
            raise InvalidValue(f"There is no requirements file {name!r} in the project.")
        return path


def read_requirements(lines: Iterable[str], folder: Path, root: Path) -> Requirements:
    """Return the lines that remain when `-r` and `-c` files are read in.

    Args:
        folder: what the names of files are relative to.
        root: the project's folder, which they must not leave.

    Raises:
        InvalidValue: a file is not there, lies outside, or the files name one another in a circle.
    """
    reader = _Reader(root)
    reader.take(logical_lines("\n".join(lines)), folder, limits=False, depth=0)
    return Requirements(tuple(reader.lines), tuple(reader.constraints))


def logical_lines(text: str) -> list[str]:
    """Return the lines of a requirements file: continued ones joined, comments and empty ones left out."""
    joined = text.replace("\r\n", "\n").replace("\\\n", " ")
    lines = (_without_comment(line) for line in joined.split("\n"))
    return [" ".join(line.split()) for line in lines if line.strip()]


def _without_comment(line: str) -> str:
    stripped = line.strip()
    return "" if stripped.startswith("#") else stripped.partition(" #")[0].partition("\t#")[0]


def _include(line: str) -> tuple[str | None, str]:
    option, _, rest = line.partition(" ")
    if "=" in option:
        option, _, rest = line.partition("=")
    elif option[:2] in ("-r", "-c") and len(option) > 2:
        option, rest = line[:2], line[2:]
    return (option if option in _INCLUDES else None), rest.strip()


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigError(f"{path} has more than {MAX_BYTES} bytes.")
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"Cannot read {path}: {error}.") from error
