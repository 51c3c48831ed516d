"""The conformance suites over a server of MLflow's: which laws a store behind it keeps, and which it cannot."""

import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from servers import theirs

from hookline.testing import LoggedModelsSuite, ModelRegistrySuite, TrackingStoreSuite

MLFLOW = os.environ.get("HOOKLINE_PEER_MLFLOW")
pytestmark = pytest.mark.skipif(not MLFLOW, reason="needs MLflow in an environment of its own: tox -e peers")


CANNOT = {
    "It keeps an infinity as the greatest double, negative zero as zero, and NaN as less than any number.": [
        "test_every_float_comes_back_as_it_was",
        "test_few_points_are_a_bucket_each",
        "test_more_points_than_the_width_are_summed_up_by_columns",
        "test_points_are_joined_with_the_metric_on_the_x_axis_at_their_steps",
        "test_the_latest_point_is[in one batch-NaN as the greatest value]",
        "test_the_latest_point_is[one by one-NaN as the greatest value]",
        "test_what_is_not_finite_is_counted_and_hides_nothing",
    ],
    "Points of one series that are equal in step, time and value are one point.": [
        "test_equal_points_are_points_of_their_own",
        "test_two_processes_write_one_store_at_once",
        "test_writers_of_a_run_have_cursors_of_their_own",
    ],
    "A param has at most 6,000 characters, a tag 8,000 and one of an experiment 20,000; longer ones are refused.": [
        "test_long_values_are_kept_whole",
        "test_what_is_created_can_be_read_by_id_and_by_name",
    ],
    "It makes the ids of runs and models, so that two clients that make one run at once make two, and things that are "
    "equal in what they are ordered by come in the order of its ids.": [
        "test_a_run_that_threads_make_at_once_is_one_run",
        "test_artifacts_of_a_run_lie_below_those_of_its_experiment",
    ],
    "It takes no run or model that it does not have as the origin of a model, a version or a link.": [
        "test_a_deleted_run_refuses_writes[outputs]",
        "test_a_delivery_creates_its_run_and_everything_in_it",
        "test_a_filter_finds_versions",
        "TestLoggedModels::test_a_model_is_stored_as_it_was_given",
        "test_a_version_is_stored_as_it_was_given",
        "test_models_are_there_when_the_registry_is_opened_again",
        "test_models_that_a_run_read_and_made_are_noted_once",
    ],
    "A deleted run takes nothing, not even how far its journal was read.": [
        "test_a_run_that_is_not_there_or_deleted_takes_nothing",
    ],
    "It names what was refused of params in other words.": ["test_a_param_may_be_logged_again_and_never_changed"],
    "Tags of a dataset's role that are given again do not replace the earlier ones.": [
        "test_datasets_are_noted_and_their_tags_replaced",
    ],
    "ILIKE knows upper and lower case of ASCII only, and a filter has at most some sixty conditions (on SQLite).": [
        "test_a_filter_finds[params.`P` IS NULL AND",
        "test_a_filter_finds_models[name ILIKE 'GR\\xd6_E'",
        "test_wide_filters_and_long_lists_are_answered",
    ],
    "A logged model cannot be restored, shows in no search once it is deleted, keeps no message of its status, and has "
    "one point for a key, step and time.": [
        "TestLoggedModels::test_a_change_leaves_everything_else",
        "TestLoggedModels::test_a_deleted_model_is_not_found_until_it_is_restored",
        "TestLoggedModels::test_a_search_looks_where_it_was_told",
        "TestLoggedModels::test_metrics_that_name_a_model_are_its_metrics",
    ],
    "Logged models whose metric is NaN come first.": ["test_an_order_may_name_the_dataset[metrics.rmse"],
    "Registered models are ordered by name or by last change, and versions that are found come without aliases.": [
        "test_found_models_have_their_versions_and_aliases",
        "test_pages_of_models_are_those_of_the_reference[order4",
    ],
}
"""What MLflow's server cannot do, and the laws that it therefore breaks; the plugin's README says so to its users."""
SOMETIMES = {
    "Its ids, which are random, order what ties.": [
        "test_a_search_answers_as_the_reference_does",
        "test_runs_of_several_experiments_come_in_one_order[-order0]",
        "test_runs_of_several_experiments_come_in_one_order[metrics.m != 1 AND params.p != 'x'-order0]",
        "test_runs_that_tie_are_ordered_by_start_and_id",
    ],
    "Of equal points or params that two clients send at once one may be refused.": [
        "test_batches_of_many_keys_in_different_orders_do_not_block_each_other",
        "test_racing_deliveries_store_every_record_once",
    ],
    "Of random points some are equal or not finite.": [
        "test_any_bands_are_exact",
        "test_any_batches_round_trip",
        "test_any_chart_is_exact",
        "test_any_pairs_are_exact",
        "test_any_sample_is_exact",
        "test_checksums_tell_what_the_series_hold",
    ],
    "Params, tags and points of a batch are written one after the other.": ["test_a_reader_never_sees_half_a_batch"],
}
"""The same of laws that it breaks in some runs only."""


def mark_what_it_cannot(node):
    for broken, strict in ((CANNOT, True), (SOMETIMES, False)):
        for reason, laws in broken.items():
            if any(is_about(node, law) for law in laws):
                node.add_marker(pytest.mark.xfail(reason=reason, strict=strict))


def is_about(node, law):
    """Whether a law, or the law of one suite, or its cases that begin so, is what a test is about."""
    suite, _, name = law.rpartition("::")
    cases = name if "[" in name else f"{name}["
    return suite in ("", node.cls.__name__) and (node.name == name or node.name.startswith(cases))


class Emptied:
    """A server of MLflow's whose database is made as it was at the start: another one takes ten seconds."""

    def __init__(self, url, path):
        self.url, self._path = url, path
        with closing(sqlite3.connect(path)) as database:
            tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            names = [name for (name,) in database.execute(tables)]
            self._begun = {name: database.execute(f"SELECT * FROM {name}").fetchall() for name in names}

    def empty(self):
        with closing(sqlite3.connect(self._path, timeout=60, isolation_level=None)) as database:
            database.execute("PRAGMA foreign_keys = OFF")
            database.execute("BEGIN IMMEDIATE")
            for name, rows in self._begun.items():
                database.execute(f"DELETE FROM {name}")
                if rows:
                    database.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(rows[0]))})", rows)
            database.execute("COMMIT")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mlflow")
    with theirs(MLFLOW, folder) as url:
        yield Emptied(url, folder / "mlflow.db")


class OverMlflow:
    persistent = True

    @pytest.fixture
    def uri(self, server, request):
        mark_what_it_cannot(request.node)
        server.empty()
        return f"mlflow+{server.url}"


class TestTracking(OverMlflow, TrackingStoreSuite):
    target = "hookline_tracking_http.mlflow_store:MlflowTrackingStore"


class TestLoggedModels(OverMlflow, LoggedModelsSuite):
    target = "hookline_tracking_http.mlflow_store:MlflowTrackingStore"


class TestRegistry(OverMlflow, ModelRegistrySuite):
    target = "hookline_tracking_http.mlflow_registry:MlflowModelRegistry"


@pytest.mark.parametrize("reason", CANNOT)
def test_what_it_cannot_is_told(reason):
    readme = Path(__file__).parents[2] / "plugins" / "tracking-http" / "README.md"
    assert " ".join(reason.split()) in " ".join(readme.read_text(encoding="utf-8").split())
