"""Writing Dockerfiles from values: every argument is quoted by its instruction's own rules, or refused.

No text of a user's becomes a part of an instruction's syntax: commands are JSON arrays, values of variables and labels
are quoted, names and paths are checked, and a line break is allowed in none of them.
"""

import json
import re
from collections.abc import Mapping, Sequence

from hookline.errors import InvalidValue

_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.\-]*[A-Za-z0-9])?(?::\d+)?/)?"
_PATH = r"[a-z0-9]+(?:(?:[._/]|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(rf"{_HOST}{_PATH}(?::\w[\w.\-]{{0,127}})?(?:@sha256:[0-9a-f]{{64}})?", re.ASCII)
_ID = re.compile(r"(?:sha256:)?[0-9a-f]{12,64}")
_NAME = re.compile(r"[A-Za-z_][\w.\-/]*", re.ASCII)
_PLACE = re.compile(r"[\w./@+\-]+", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")


def check_reference(reference: str) -> str:
    """Return an image's name, such as `python:3.11` or `host:5000/team/image@sha256:...`, or its id.

    Raises:
        InvalidValue: it is none.
    """
    if not isinstance(reference, str) or not (_REFERENCE.fullmatch(reference) or _ID.fullmatch(reference)):
        raise InvalidValue(
            f"{reference!r} is no name of a container image, such as 'python:3.11' or 'host/team/image:1'."
        )
    return reference


class Dockerfile:
    """Instructions in the order in which they are added; `str` of it is the file."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def __str__(self) -> str:
        return "".join(f"{line}\n" for line in self._lines)

    def start(self, image: str, stage: str = "") -> "Dockerfile":
        """Begin a stage from an image (`FROM`)."""
        return self._add("FROM", check_reference(image), *(("AS", _place(stage)) if stage else ()))

    def run(self, *argv: str) -> "Dockerfile":
        """Run a program, without a shell."""
        return self._add("RUN", _array(argv))

    def copy(self, *sources: str, to: str, stage: str = "") -> "Dockerfile":
        """Copy from the context, or from another stage."""
        words = [_place(each) for each in (*sources, to)]
        return self._add("COPY", *([f"--from={_place(stage)}"] if stage else ()), _array(words))

    def variables(self, values: Mapping[str, str]) -> "Dockerfile":
        """Set environment variables (`ENV`)."""
        for name, value in values.items():
            self._add("ENV", f"{_name(name)}={_quoted(value)}")
        return self

    def labels(self, values: Mapping[str, str]) -> "Dockerfile":
        """Set labels of the image."""
        for name, value in values.items():
            self._add("LABEL", f"{_quoted(_name(name))}={_quoted(value)}")
        return self

    def folder(self, path: str) -> "Dockerfile":
        """Set the working folder (`WORKDIR`)."""
        return self._add("WORKDIR", _place(path))

    def expose(self, port: int) -> "Dockerfile":
        """Say that a port is listened on."""
        return self._add("EXPOSE", str(int(port)))

    def entry(self, *argv: str) -> "Dockerfile":
        """Set the program that containers run (`ENTRYPOINT`); a container's own command are its arguments."""
        return self._add("ENTRYPOINT", _array(argv))

    def command(self, *argv: str) -> "Dockerfile":
        """Set the command, or the arguments of the entry, of a container that has none of its own (`CMD`)."""
        return self._add("CMD", _array(argv))

    def _add(self, keyword: str, *words: str) -> "Dockerfile":
        self._lines.append(" ".join([keyword, *words]))
        return self


def _array(words: Sequence[str]) -> str:
    for word in words:
        if "\0" in word:
            raise InvalidValue(f"{word!r} holds a NUL character, which no command can be given.")
    return json.dumps(list(words))  # in which a line break is \n


def _quoted(value: str) -> str:
    """Return a value in double quotes, in which `\\`, `"` and `$` stand for themselves."""
    if _CONTROL.search(value):
        raise InvalidValue(f"{value!r} holds a line break or another control character, which no Dockerfile can hold.")
    return '"' + re.sub(r'([\\"$])', r"\\\1", value) + '"'


def _name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise InvalidValue(f"{name!r} is no name of a variable or label: letters, digits, '_', '.', '-' and '/' only.")
    return name


def _place(path: str) -> str:
    if not _PLACE.fullmatch(path):
        raise InvalidValue(f"{path!r} is no path for an image: letters, digits and '_./@+-' only.")
    return path
