"""The conformance suite of `TrackingStore`."""

from hookline.testing.laws_bands import BandLaws
from hookline.testing.laws_catalogue import CatalogueLaws
from hookline.testing.laws_charts import ChartLaws
from hookline.testing.laws_concurrency import ConcurrencyLaws
from hookline.testing.laws_deliveries import DeliveryLaws
from hookline.testing.laws_experiments import ExperimentLaws
from hookline.testing.laws_intakes import IntakeLaws
from hookline.testing.laws_logging import LoggingLaws
from hookline.testing.laws_pairs import PairLaws
from hookline.testing.laws_purging import PurgeLaws
from hookline.testing.laws_run_search import RunSearchLaws
from hookline.testing.laws_runs import RunLaws


class TrackingStoreSuite(
    ExperimentLaws,
    RunLaws,
    LoggingLaws,
    ChartLaws,
    BandLaws,
    PairLaws,
    RunSearchLaws,
    CatalogueLaws,
    PurgeLaws,
    DeliveryLaws,
    IntakeLaws,
    ConcurrencyLaws,
):
    """The laws of a tracking store: those of `hookline.interfaces.tracking`, each as a test.

    A persistent store names its target and gives a URI::

        class TestMyStore(TrackingStoreSuite):
            target = "my_package.store:MyStore"
            persistent = True

            @pytest.fixture
            def uri(self, tmp_path):
                return f"my:///{tmp_path}/store"
    """

    kind = "tracking store"
    version = 7
