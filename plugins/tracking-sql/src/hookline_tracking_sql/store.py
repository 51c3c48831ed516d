"""The tracking store: every part of it over one database, and that of SQLite."""

from typing import ClassVar

from hookline.interfaces import Documents, LoggedModels, TrackingStore
from hookline.interfaces.tracking import INTAKES, PURGE
from hookline_tracking_sql.batches import BatchPart
from hookline_tracking_sql.catalogue import CataloguePart
from hookline_tracking_sql.charts import ChartPart
from hookline_tracking_sql.deliveries import DeliveryPart
from hookline_tracking_sql.dialects.base import Dialect
from hookline_tracking_sql.dialects.sqlite import SqliteDialect
from hookline_tracking_sql.documents import DocumentPart
from hookline_tracking_sql.experiments import ExperimentPart
from hookline_tracking_sql.history import HistoryPart
from hookline_tracking_sql.inputs import InputPart
from hookline_tracking_sql.kept_charts import KeptCharts
from hookline_tracking_sql.keys import Keys
from hookline_tracking_sql.logged_models import LoggedModelPart
from hookline_tracking_sql.merging import MergingPart
from hookline_tracking_sql.opening import open_database
from hookline_tracking_sql.options import SqlOptions
from hookline_tracking_sql.purging import PurgePart
from hookline_tracking_sql.runs import RunPart
from hookline_tracking_sql.together import TogetherPart


class TrackingTables(
    ExperimentPart,
    RunPart,
    CataloguePart,
    BatchPart,
    TogetherPart,
    DeliveryPart,
    HistoryPart,
    ChartPart,
    MergingPart,
    InputPart,
    LoggedModelPart,
    DocumentPart,
    PurgePart,
    TrackingStore,
    LoggedModels,
    Documents,
):
    """Experiments, runs, logged models and documents in the tables of one database."""

    capabilities: ClassVar[frozenset[str]] = frozenset({PURGE, INTAKES})

    def __init__(self, uri: str, dialect: Dialect) -> None:
        self.uri = uri
        self._database = open_database(dialect)
        self._keys = Keys(self._database)
        self._charts = KeptCharts()
        self._bands = KeptCharts()

    def close(self) -> None:
        """See `TrackingStore.close`."""
        self._database.close()


class SqlTrackingStore(TrackingTables):
    """Experiments, runs, logged models and documents in one SQLite file.

    Args:
        uri: `sqlite:///PATH`; the file and its folder are created where they are not there.
        options: default `SqlOptions()`.

    Raises:
        InvalidValue: the URI names no file, or the file is no SQLite database.
        Refused: the file is a database of MLflow, or cannot be read or written.
        InvalidState: the file was written by a newer version, or by an older one and needs `hookline db upgrade`.
    """

    def __init__(self, uri: str, options: SqlOptions | None = None) -> None:
        super().__init__(uri, SqliteDialect(uri, options))
