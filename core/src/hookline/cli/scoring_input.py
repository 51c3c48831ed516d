"""What a deployment is asked: JSON, CSV or Parquet, told by the file's ending, or else by its content."""

import json
from pathlib import Path
from typing import Any, BinaryIO

import click
from attrs import frozen

from hookline.errors import InvalidValue

JSON, CSV, PARQUET = "application/json", "text/csv", "application/vnd.apache.parquet"
ENDINGS = {".json": JSON, ".csv": CSV, ".parquet": PARQUET, ".pq": PARQUET}
JSON_LINES = (".jsonl", ".ndjson")
LARGEST_BODY = 64 * 1024 * 1024
_FOR_FILES = "For files of rows of any size: hookline models score"


@frozen
class ScoringInput:
    """The bytes of an input, and what they are."""

    body: bytes
    media_type: str
    name: str

    def value(self) -> Any:
        """Return the value of an input of JSON. Raises `InvalidValue`."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise InvalidValue(f"{self.name} is no JSON: {error}") from error


def read_input(file: BinaryIO | None, body: str | None) -> ScoringInput:
    """Return what `--input` or `--body` give, exactly one of them.

    Raises:
        InvalidValue: it is empty, too large, or nothing that a deployment takes.
    """
    if body is not None and file is None:
        return ScoringInput(body.encode(), JSON, "--body")
    if file is None or body is not None:
        raise click.UsageError("Give the input either as --input FILE or as --body JSON.")
    name = str(getattr(file, "name", "<stdin>"))
    data = file.read(LARGEST_BODY + 1)
    if len(data) > LARGEST_BODY:
        raise InvalidValue(f"{name} has more than {LARGEST_BODY} bytes. {_FOR_FILES}")
    if Path(name).suffix.lower() in JSON_LINES:
        raise InvalidValue(f"{name} has JSON lines, which the scoring protocol does not know. {_FOR_FILES}")
    if not data.strip():
        raise InvalidValue(f"{name} is empty.")
    return ScoringInput(data, ENDINGS.get(Path(name).suffix.lower()) or _media_type(data, name), name)


def _media_type(data: bytes, name: str) -> str:
    """Return what a content looks like: a header and at least one row of text make CSV."""
    if data.startswith(b"PAR1"):
        return PARQUET
    lines = data.removeprefix(b"\xef\xbb\xbf").strip().splitlines()
    if lines[0][:1] in (b"{", b"["):
        return JSON
    if len(lines) > 1 and _is_text(data):
        return CSV
    raise InvalidValue(
        f"{name} is nothing that a deployment takes: JSON of the scoring protocol, CSV with a header (UTF-8), or "
        "Parquet. A file's ending (.json, .csv, .parquet) says which it is."
    )


def _is_text(data: bytes) -> bool:
    try:
        return "\0" not in data.decode("utf-8")
    except UnicodeDecodeError:
        return False
