"""The scoring engine `spark`: chunks of rows are given to a model by the workers of Apache Spark, many at once."""

import base64
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow
from attrs import evolve
from py4j.protocol import Py4JError
from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as spark_functions
from pyspark.sql.pandas.types import from_arrow_schema
from pyspark.sql.types import StructType

from hookline.config import Config
from hookline.entities import ModelFolder, ScoringJob
from hookline.entities.scoring import STREAM
from hookline.errors import HooklineError, InvalidState, InvalidValue
from hookline.interfaces import ScoringEngine, ScoringModel
from hookline.interfaces.scoring import ScoringProgress
from hookline.models.document import ModelDocument
from hookline.plugins import Plugins
from hookline.uris import is_path
from hookline_score_spark import problems
from hookline_score_spark.archives import model_archive, packages_archive
from hookline_score_spark.output import published
from hookline_score_spark.session import session
from hookline_score_spark.settings import SparkSettings
from hookline_score_spark.worker import TEXTS, Work

_SAMPLE_ROWS = 1000
"""How many rows tell the types of the predictions that Parquet keeps."""
_PACKAGES = "hookline-packages"


class SparkEngine(ScoringEngine):
    """Predicts on Apache Spark. Rows and predictions are files or folders, where all workers see them.

    Args:
        folder: keeps the archives of packages that were sent.
    """

    def __init__(self, folder: Path, options: SparkSettings | None = None) -> None:
        self._folder, self._options = folder, options or SparkSettings()

    def score(self, model: ScoringModel, job: ScoringJob, progress: ScoringProgress) -> int:
        """See `ScoringEngine.score`. The target becomes a folder of parts, in the order of the rows of a file."""
        settings = self._options.changed(job.config)
        source, target = _located(job.source, "--input"), _located(job.target, "--output")
        if is_path(job.source) and not Path(job.source).exists():
            raise InvalidValue(f"There is no file {job.source!r}.")
        plugins = Config.load().settings.plugins
        with model.fetch() as found, tempfile.TemporaryDirectory(prefix="hookline-") as temporary:
            if found.digest is None:
                raise InvalidState(f"The model {model.uri!r} has no manifest. Save it again, or log it.")
            sent = {}
            if settings.packages == "shipped":
                packages = self._packages(found, Plugins.discover(plugins.allow, plugins.disable))
                sent = {"spark.archives": f"{packages}#{_PACKAGES}", "spark.executorEnv.PYTHONPATH": _PACKAGES}
            archive = model_archive(found.path, found.digest, Path(temporary))
            with session(settings, sent) as spark, _told():
                spark.sparkContext.addArchive(f"{archive}#{archive.stem}")
                work = Work(
                    evolve(found, path=Path(archive.stem)),
                    None if plugins.allow is None else tuple(plugins.allow),
                    tuple(plugins.disable),
                    job.format,
                    job.output_format,
                    job.source,
                    job.keep,
                )
                spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", str(job.chunk_rows))
                rows = _rows(spark, source, job, multiline=settings.multiline)
                with published(spark, target, job.target, job.output_format) as folder:
                    return _written(rows, work, folder)

    def _packages(self, model: ModelFolder, plugins: Plugins) -> Path:
        flavors = ModelDocument.read(model.path).flavors
        offered = [
            status.distribution
            for status in plugins.report()
            if any(kind == "flavors" and provider.name in flavors for kind, provider in status.provides)
        ]
        return packages_archive(model.path, offered, self._folder)


def _located(name: str, option: str) -> str:
    if name == STREAM:
        raise InvalidValue(
            f"The engine 'spark' reads and writes files and folders, no streams: name one with {option}."
        )
    return Path(name).absolute().as_uri() if is_path(name) else name


def _rows(spark: SparkSession, source: str, job: ScoringJob, *, multiline: bool) -> DataFrame:
    """Return the rows: those of Parquet with their types, of CSV as texts, of JSON lines as lines."""
    try:
        if job.format == "parquet":
            return spark.read.parquet(source)
        if job.format == "jsonl":
            return spark.read.text(source).where("trim(value) != ''")
        return spark.read.csv(
            source, header=True, multiLine=multiline, escape='"', mode="FAILFAST", encoding="UTF-8", enforceSchema=False
        )
    except AnalysisException as error:
        if "PATH_NOT_FOUND" in str(error):
            raise InvalidValue(f"There is no file {job.source!r}.") from error
        raise InvalidValue(f"{job.source}: it is no {job.format}: {problems.first_line(str(error))}") from error


def _written(rows: DataFrame, work: Work, folder: str) -> int:
    """Write the predictions; return how many there are."""
    counted = Observation()
    if work.output_format == "parquet":
        tables = rows.mapInPandas(work.tables, _schema(rows, work))
        tables.observe(counted, spark_functions.count(spark_functions.lit(1)).alias("size")).write.parquet(folder)
        return int(counted.get["size"])
    texts = rows.mapInPandas(work.texts, TEXTS).observe(
        counted,
        spark_functions.sum("size").alias("size"),
        spark_functions.min("columns").alias("first"),
        spark_functions.max("columns").alias("last"),
    )
    texts.select("value").write.text(folder)
    found = counted.get
    if found["first"] != found["last"]:
        raise InvalidValue(f"The model returned the columns {found['first']}, and for other rows {found['last']}.")
    return int(found["size"] or 0)


def _schema(rows: DataFrame, work: Work) -> StructType:
    """Return the types of the predictions, which Spark wants to know before: those of the first rows."""
    said = rows.limit(_SAMPLE_ROWS).mapInPandas(work.schemas, "schema string").head()
    if said is None:
        empty = [*((name, pyarrow.string()) for name in work.keep), ("prediction", pyarrow.float64())]
        return from_arrow_schema(pyarrow.schema(empty))
    schema = pyarrow.ipc.read_schema(pyarrow.py_buffer(base64.b64decode(said["schema"])))
    known = [each.with_type(pyarrow.float64()) if each.type == pyarrow.null() else each for each in schema]
    return from_arrow_schema(pyarrow.schema(known))


@contextmanager
def _told() -> Iterator[None]:
    """Turn what Spark raises into errors of Hookline."""
    try:
        yield
    except HooklineError:
        raise
    except (PySparkException, Py4JError) as error:
        raise problems.read(error) from error
