"""Scoring: predictions for the rows of files."""

from collections.abc import Mapping

from attrs import field, frozen

SCORING_FORMATS = ("csv", "jsonl", "parquet")
"""Formats of rows: CSV with a header, a JSON object a line, Parquet."""
STREAM = "-"
"""How stdin and stdout are named."""


@frozen
class ScoringJob:
    """What a scoring engine is asked to do.

    Attributes:
        source: the rows: a path or whatever else the engine reads, such as a URI; `-` is stdin.
        target: where the predictions go: the same; `-` is stdout.
        format, output_format: of both, one of `SCORING_FORMATS`.
        keep: columns of the rows that are written before the predictions.
        chunk_rows: how many rows a model is given at once, at most.
        config: settings that only this engine has.
    """

    source: str
    target: str
    format: str
    output_format: str
    keep: tuple[str, ...] = ()
    chunk_rows: int = 65536
    config: Mapping[str, str] = field(factory=dict)
