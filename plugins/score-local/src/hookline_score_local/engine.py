"""The scoring engine `local`: reads, predicts and writes a chunk of rows at a time, in this process."""

from contextlib import closing
from pathlib import Path

from hookline.entities import ScoringJob
from hookline.entities.scoring import STREAM
from hookline.errors import InvalidValue
from hookline.interfaces import ScoringEngine, ScoringModel
from hookline.interfaces.scoring import ScoringProgress
from hookline.providers import resolve
from hookline_lib_rows.formats import open_reader, open_writer
from hookline_score_local.files import reading, writing

_SCORE = "hookline_lib_rows.scoring:score"
"""Resolved once the model is there: skops looks for each function of SciPy in all that was imported before."""


class LocalEngine(ScoringEngine):
    """Predicts for the rows of a file in bounded memory, whatever its size; also from stdin, and to stdout."""

    def __init__(self, _folder: Path, _options: None = None) -> None:
        pass

    def score(self, model: ScoringModel, job: ScoringJob, progress: ScoringProgress) -> int:
        """See `ScoringEngine.score`; what is done is told in bytes of the input, for Parquet in rows."""
        for key in job.config:
            raise InvalidValue(f"The engine 'local' takes no settings: leave {key!r} out of its config.")
        with reading(job.source) as stream:
            loaded = model.load()
            score = resolve(_SCORE)
            schema = loaded.signature.inputs if loaded.signature is not None else None
            name = "stdin" if job.source == STREAM else job.source
            reader = open_reader(job.format, stream, name, schema, job.chunk_rows)
            with writing(job.target) as output, closing(open_writer(job.output_format, output, job.target)) as writer:
                progress(0, reader.length)
                written: int = score(
                    loaded, reader, writer, name, job.keep, lambda: progress(reader.position, reader.length)
                )
            progress(reader.position, reader.length)
        return written
