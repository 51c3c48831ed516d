"""The suites can fail: each store here breaks one law, and the test of that law notices."""

import math
from array import array
from bisect import bisect_left as bisect
from inspect import signature
from itertools import product
from operator import sub
from time import sleep

import pytest
from attrs import evolve, fields

from hookline.charts import chart_columns, points_in_view
from hookline.entities import Batch, ChartView, Delivery, NewRun, Page, ViewType
from hookline.errors import AlreadyExists, InvalidState, InvalidValue
from hookline.search import evaluate
from hookline.testing import (
    DocumentsSuite,
    LoggedModelsSuite,
    MemoryModelRegistry,
    MemoryTrackingStore,
    ModelRegistrySuite,
    TrackingStoreSuite,
)


class KeepsRefusedBatches(MemoryTrackingStore):
    def log_batch(self, run_id, batch):
        super().log_batch(run_id, Batch(batch.metrics))
        super().log_batch(run_id, Batch(params=batch.params, tags=batch.tags))


class OverwritesParams(MemoryTrackingStore):
    def log_batch(self, run_id, batch):
        for key in batch.params:
            self._active_run(run_id).params.pop(key, None)
        super().log_batch(run_id, batch)


class TakesTheLastPointAsLatest(MemoryTrackingStore):
    def get_run(self, run_id):
        record = super().get_run(run_id)
        latest = {key: points[-1] for key, points in self._runs[run_id].series.items()}
        return evolve(record, data=evolve(record.data, latest=latest))


class RanksNanLowest(MemoryTrackingStore):
    def get_run(self, run_id):
        record = super().get_run(run_id)
        latest = {
            key: max(points, key=lambda one: (one.step, one.timestamp, not math.isnan(one.value), one.value))
            for key, points in self._runs[run_id].series.items()
        }
        return evolve(record, data=evolve(record.data, latest=latest))


class DropsEqualPoints(MemoryTrackingStore):
    def log_batch(self, run_id, batch):
        present = {one.rank for points in self._run(run_id).series.values() for one in points}
        super().log_batch(run_id, evolve(batch, metrics=[one for one in batch.metrics if one.rank not in present]))


class StoresNanAsZero(MemoryTrackingStore):
    def log_batch(self, run_id, batch):
        metrics = [evolve(one, value=0.0) if math.isnan(one.value) else one for one in batch.metrics]
        super().log_batch(run_id, evolve(batch, metrics=metrics))


class TruncatesValues(MemoryTrackingStore):
    def log_batch(self, run_id, batch):
        params = {key: value[:6000] for key, value in batch.params.items()}
        super().log_batch(run_id, evolve(batch, params=params))


class IgnoresTheCaseOfKeys(MemoryTrackingStore):
    def log_batch(self, run_id, batch):
        super().log_batch(run_id, evolve(batch, params={key.lower(): value for key, value in batch.params.items()}))


class ReturnsHistoryBackwards(MemoryTrackingStore):
    def metric_history(self, run_id, key):
        return reversed(list(super().metric_history(run_id, key)))


class WritesToDeletedRuns(MemoryTrackingStore):
    def _active_run(self, run_id):
        return self._run(run_id)


class MakesRunsTwice(MemoryTrackingStore):
    def create_run(self, run):
        self._runs.pop(run.run_id, None)
        return super().create_run(run)


class FreesNamesOfDeletedExperiments(MemoryTrackingStore):
    def _require_free(self, name):
        found = self.get_experiment_by_name(name)
        if found is not None and found.lifecycle_stage == "active":
            raise AlreadyExists(f"Experiment(name={name}) already exists")


class LeavesRunsOfDeletedExperiments(MemoryTrackingStore):
    def update_experiment(self, experiment_id, change):
        runs = {run_id: run.info for run_id, run in self._runs.items()}
        changed = super().update_experiment(experiment_id, change)
        for run_id, info in runs.items():
            self._runs[run_id].info = info
        return changed


class ForgetsTheNameTag(MemoryTrackingStore):
    def update_run(self, run_id, change):
        name = self._run(run_id).tags["mlflow.runName"]
        info = super().update_run(run_id, change)
        self._run(run_id).tags["mlflow.runName"] = name
        return info


class SearchesWithoutView(MemoryTrackingStore):
    def search_runs(self, experiment_ids, query):
        return super().search_runs(experiment_ids, evolve(query, view=ViewType.ALL))


class IgnoresTieBreaks(MemoryTrackingStore):
    def search_runs(self, experiment_ids, query):
        return super().search_runs(experiment_ids, evolve(query, order_by=query.order_by[:-2]))


class PutsNanFirst(MemoryTrackingStore):
    def search_runs(self, experiment_ids, query):
        page = super().search_runs(experiment_ids, query)
        first = sorted(page.items, key=lambda one: not math.isnan(one.data.metrics.get("m", 0.0)))
        return evolve(page, items=first)


class MatchesWhatIsMissing(MemoryTrackingStore):
    def search_runs(self, experiment_ids, query):
        records = [run.record() for run in self._runs.values() if run.info.experiment_id in experiment_ids]
        kept = tuple(one for one in query.where if one.operator != "!=")
        if len(kept) < len(query.where):
            return evaluate.page(evolve(query, where=kept), records)
        return super().search_runs(experiment_ids, query)


class RepeatsAfterAPage(MemoryTrackingStore):
    def search_runs(self, experiment_ids, query):
        page = super().search_runs(experiment_ids, query)
        if query.page_token is None:
            return page
        first = super().search_runs(experiment_ids, evolve(query, page_token=None, max_results=1)).items
        return Page([*first, *page.items[1:]], page.next_page_token)


class TakesAnyToken(MemoryTrackingStore):
    def search_runs(self, experiment_ids, query):
        return super().search_runs(experiment_ids, evolve(query, page_token=None))


class LosesPointsOfThreads(MemoryTrackingStore):
    def log_batch(self, run_id, batch):
        series = {key: list(points) for key, points in self._run(run_id).series.items()}
        for one in batch.metrics:
            series.setdefault(one.key, []).append(one)
        sleep(0.001)
        self._run(run_id).series = series


class ShowsHalfABatch(MemoryTrackingStore):
    def log_batch(self, run_id, batch):
        for one in batch.metrics:
            super().log_batch(run_id, Batch([one]))
            sleep(0.001)
        super().log_batch(run_id, evolve(batch, metrics=()))


class KeepsOnePointOfAColumn(MemoryTrackingStore):
    def chart(self, run_ids, key, **view):
        charts = super().chart(run_ids, key, **view)
        return [evolve(one, minima=one.last_values, maxima=one.last_values) for one in charts]


class CountsWhatIsFinite(MemoryTrackingStore):
    def chart(self, run_ids, key, **view):
        charts = super().chart(run_ids, key, **view)
        return [evolve(one, counts=array("q", map(sub, one.counts, one.nans))) for one in charts]


class LeavesOutTheEnd(MemoryTrackingStore):
    def chart(self, run_ids, key, *, end=None, **view):
        return super().chart(run_ids, key, end=end and end - 1, **view)


class ChartsEveryPoint(MemoryTrackingStore):
    def chart(self, run_ids, key, *, width=1000, **view):
        return super().chart(run_ids, key, width=max(width, 1) * 2, **view)


class ColumnsFromTheFirstPoint(MemoryTrackingStore):
    def chart(self, run_ids, key, *, x="step", **given):
        view, found = ChartView(x, **given), []
        for run_id in run_ids:
            origin = self.get_run(run_id).info.start_time if x == "relative" else 0
            xs, values = points_in_view(self.metric_history(run_id, key), view, origin)
            chart = chart_columns(run_id, key, xs, values, view.width, xs[0] if xs else 0)
            back = xs[0] - origin if xs else 0
            ends = {name: array("q", [each + back for each in getattr(chart, name)]) for name in ("starts", "ends")}
            found.append(evolve(chart, **ends))
        return found


class MeansOfPoints(MemoryTrackingStore):
    def chart_bands(self, groups, key, **view):
        bands = super().chart_bands(groups, key, **view)
        return [evolve(one, means=one.maxima) for one in bands]


class BandsOfTheirOwnColumns(MemoryTrackingStore):
    def chart_bands(self, groups, key, **view):
        return [MemoryTrackingStore.chart_bands(self, {name: groups[name]}, key, **view)[0] for name in groups]


class CountsRunsOfPoints(MemoryTrackingStore):
    def chart_bands(self, groups, key, **view):
        return [evolve(one, runs=one.counts) for one in super().chart_bands(groups, key, **view)]


class DrawsTheLastOfPairs(MemoryTrackingStore):
    def chart_pairs(self, run_ids, key, x_key, **view):
        pairs = super().chart_pairs(run_ids, key, x_key, **view)
        return [evolve(one, minima=one.last_values, maxima=one.last_values) for one in pairs]


class DropsWhatHasNoPartner(MemoryTrackingStore):
    def chart_pairs(self, run_ids, key, x_key, **view):
        return [evolve(one, unpaired=0, unpaired_x=0) for one in super().chart_pairs(run_ids, key, x_key, **view)]


class JoinsByOrder(MemoryTrackingStore):
    def chart(self, run_ids, key, **view):
        charts = super().chart(run_ids, key, **view)
        return [evolve(one, starts=array("q", range(len(one))), ends=array("q", range(len(one)))) for one in charts]


class NeverLooksCloser(MemoryTrackingStore):
    def chart_pairs(self, run_ids, key, x_key, *, width=1000, start=None, end=None):
        [pairs] = super().chart_pairs(run_ids, key, x_key, width=width)
        low, high = (bisect(pairs.xs, each) for each in (start, end)) if start is not None else (0, len(pairs))
        names = [each.name for each in fields(type(pairs)) if isinstance(getattr(pairs, each.name), array)]
        return [evolve(pairs, **{name: getattr(pairs, name)[low:high] for name in names})]


class DropsGroupsWithoutPoints(MemoryTrackingStore):
    def chart_bands(self, groups, key, **view):
        return [one for one in super().chart_bands(groups, key, **view) if len(one)]


class LosesPointsWhenItCompacts(MemoryTrackingStore):
    def compact(self, run_id):
        for points in self._run(run_id).series.values() if run_id in self._runs else ():
            del points[256:]


class FindsDeletedModels(MemoryTrackingStore):
    def get_logged_model(self, model_id):
        return self._with_points(self._models[model_id])


class KeepsEveryPointOfAModel(MemoryTrackingStore):
    def _note_model_point(self, run_id, point):
        if point.model_id:
            self._model_points.setdefault(point.model_id, {})[object()] = point


class MixesDatasets(MemoryTrackingStore):
    def _note_model_point(self, run_id, point):
        super()._note_model_point(run_id, evolve(point, dataset_name=None, dataset_digest=None))


class AppliesHalfAChange(MemoryTrackingStore):
    def update_logged_model(self, model_id, change):
        super().update_logged_model(model_id, evolve(change, params={}, deleted_tags=()))
        return super().update_logged_model(model_id, change)


class ReturnsAllColumns(MemoryTrackingStore):
    def search_runs(self, experiment_ids, query):
        return super().search_runs(experiment_ids, evolve(query, columns=None))


class CountsOnePage(MemoryTrackingStore):
    def count_runs(self, experiment_ids, query):
        return len(self.search_runs(experiment_ids, evolve(query, page_token=None)).items)


class CountsFromTheToken(MemoryTrackingStore):
    def count_runs(self, experiment_ids, query):
        rest = super().search_runs(experiment_ids, query)
        return len(rest.items) + (1 if rest.next_page_token else 0)


class CountsKeysByPoint(MemoryTrackingStore):
    def run_keys(self, experiment_ids):
        return [
            evolve(each, runs=each.runs + sum(len(run.series.get(each.key, [])) - 1 for run in self._runs.values()))
            if each.kind == "metric"
            else each
            for each in super().run_keys(experiment_ids)
        ]


class TakesAllTextsForText(MemoryTrackingStore):
    def run_keys(self, experiment_ids):
        return [
            each if each.kind == "metric" else evolve(each, type="text") for each in super().run_keys(experiment_ids)
        ]


class MakesPurgedRunsAgain(MemoryTrackingStore):
    def create_run(self, run):
        self._purged.clear()
        return super().create_run(run)


class PurgesWithoutLooking(MemoryTrackingStore):
    def purge(self, until, *, keep=(), discard=None):
        return super().purge(until + 10**9, discard=discard)


class PurgesWhatIsRestored(MemoryTrackingStore):
    def purge(self, until, *, keep=(), discard=None):
        found = super().purge(until, keep=keep)
        for each in found if discard else ():
            discard(each)
            sleep(0.001)
            self._forget(each)
        return found


class ForgetsWhatWasNotDiscarded(MemoryTrackingStore):
    def purge(self, until, *, keep=(), discard=None):
        self._purged = dict.fromkeys(self._purged)
        return super().purge(until, keep=keep, discard=discard)


class LeavesModelsOfPurgedExperiments(MemoryTrackingStore):
    def purge(self, until, *, keep=(), discard=None):
        return super().purge(until, keep={*keep, *self._models}, discard=discard)


class PurgesActiveRunsOfDeletedExperiments(MemoryTrackingStore):
    def purge(self, until, *, keep=(), discard=None):
        for run in self._runs.values():
            if self._experiments[run.info.experiment_id].lifecycle_stage == "deleted":
                run.deleted_time = 0
        return super().purge(until, keep=keep, discard=discard)


class OverwritesDocuments(MemoryTrackingStore):
    def put_document(self, namespace, key, value, *, expected_version=None):
        return super().put_document(namespace, key, value)


class ComparesThenSets(MemoryTrackingStore):
    def put_document(self, namespace, key, value, *, expected_version=None):
        present = self.get_document(namespace, key)
        if expected_version not in (None, present.version if present else 0):
            raise InvalidState("another version")
        sleep(0.001)
        return super().put_document(namespace, key, value)


class ReusesNumbers(MemoryModelRegistry):
    def delete_version(self, name, version):
        super().delete_version(name, version)
        self._models[name].last_number = max(self._models[name].versions, default=0)


class KeepsAliasesOfDeletedVersions(MemoryModelRegistry):
    def delete_version(self, name, version):
        aliases = dict(self._models[name].aliases) if name in self._models else {}
        super().delete_version(name, version)
        self._models[name].aliases = aliases


class LeavesVersionsBehindOnRename(MemoryModelRegistry):
    def update_model(self, name, change):
        versions = dict(self._models[name].versions) if name in self._models else {}
        renamed = super().update_model(name, change)
        self._models[renamed.name].versions = versions
        return self.get_model(renamed.name)


class ShowsPrompts(MemoryModelRegistry):
    def search_models(self, query):
        return super().search_models(
            evolve(query, where=tuple(one for one in query.where if one.field.entity != "tag"))
        )


class NumbersWithoutALock(MemoryModelRegistry):
    def create_version(self, version):
        number = self._model(version.name).last_number
        sleep(0.001)
        self._model(version.name).last_number = number
        return super().create_version(version)


class TakesDeliveriesTwice(MemoryTrackingStore):
    def apply(self, delivery):
        cursor = next((one.cursor for one in self.writers(delivery.run_id) if one.writer_id == delivery.writer_id), 0)
        super().apply(evolve(delivery, first=cursor))


class MovesTheCursorOfWhatItRefuses(MemoryTrackingStore):
    def apply(self, delivery):
        try:
            super().apply(delivery)
        except InvalidValue:
            super().apply(Delivery(delivery.run_id, delivery.writer_id, delivery.first, delivery.count))
            raise


class KeepsPointsOfWhatItRefuses(MemoryTrackingStore):
    def apply(self, delivery):
        try:
            super().apply(delivery)
        except InvalidValue:
            run = self._runs.get(delivery.run_id)
            for point in (one for part in delivery.points for one in part) if run else ():
                run.series.setdefault(point.key, []).append(point)
            raise


class HasOneCursorForAllWriters(MemoryTrackingStore):
    def apply(self, delivery):
        super().apply(evolve(delivery, writer_id="w"))


class ShowsTheLeaseOfAnyWriter(MemoryTrackingStore):
    def apply(self, delivery):
        lease = delivery.lease
        super().apply(evolve(delivery, lease=evolve(lease, primary=True) if lease else None))


class RefusesToMovePastADeletedRun(MemoryTrackingStore):
    def apply(self, delivery):
        if delivery.run_id in self._runs:
            self._active_run(delivery.run_id)
        super().apply(delivery)


MUTANTS = [
    (TakesDeliveriesTwice, "test_a_delivery_goes_on_where_the_cursor_is"),
    (TakesDeliveriesTwice, "test_racing_deliveries_store_every_record_once"),
    (MovesTheCursorOfWhatItRefuses, "test_a_refused_delivery_leaves_nothing"),
    (KeepsPointsOfWhatItRefuses, "test_a_refused_delivery_leaves_nothing"),
    (HasOneCursorForAllWriters, "test_writers_of_a_run_have_cursors_of_their_own"),
    (ShowsTheLeaseOfAnyWriter, "test_a_lease_is_shown_while_the_run_goes_on"),
    (RefusesToMovePastADeletedRun, "test_a_run_that_is_not_there_or_deleted_takes_nothing"),
    (KeepsRefusedBatches, "test_a_refused_batch_leaves_nothing"),
    (OverwritesParams, "test_a_param_may_be_logged_again_and_never_changed"),
    (OverwritesParams, "test_of_threads_that_set_one_param_one_wins"),
    (TakesTheLastPointAsLatest, "test_the_latest_point_is"),
    (RanksNanLowest, "test_the_latest_point_is"),
    (DropsEqualPoints, "test_equal_points_are_points_of_their_own"),
    (StoresNanAsZero, "test_every_float_comes_back_as_it_was"),
    (StoresNanAsZero, "test_any_batches_round_trip"),
    (TruncatesValues, "test_long_values_are_kept_whole"),
    (IgnoresTheCaseOfKeys, "test_keys_differ_by_case_and_may_hold_any_letter"),
    (ReturnsHistoryBackwards, "test_a_long_series_comes_back_in_order"),
    (WritesToDeletedRuns, "test_a_deleted_run_refuses_writes"),
    (MakesRunsTwice, "test_making_a_run_again_returns_the_run_that_is_there"),
    (FreesNamesOfDeletedExperiments, "test_a_taken_name_is_refused_also_if_its_owner_is_deleted"),
    (LeavesRunsOfDeletedExperiments, "test_deleting_deletes_the_runs_and_restoring_restores_them_all"),
    (ForgetsTheNameTag, "test_a_change_leaves_everything_else"),
    (SearchesWithoutView, "test_a_view_selects_by_lifecycle"),
    (IgnoresTieBreaks, "test_runs_that_tie_are_ordered_by_start_and_id"),
    (IgnoresTieBreaks, "test_a_search_answers_as_the_reference_does"),
    (PutsNanFirst, "test_an_order_puts_nan_after_values_and_what_is_missing_last"),
    (MatchesWhatIsMissing, "test_a_filter_finds"),
    (MatchesWhatIsMissing, "test_a_search_answers_as_the_reference_does"),
    (RepeatsAfterAPage, "test_pages_hold_every_run_once"),
    (TakesAnyToken, "test_a_token_belongs_to_its_query"),
    (LosesPointsOfThreads, "test_threads_on_one_run_lose_no_point"),
    (ShowsHalfABatch, "test_a_reader_never_sees_half_a_batch"),
    (KeepsOnePointOfAColumn, "test_more_points_than_the_width_are_summed_up_by_columns"),
    (KeepsOnePointOfAColumn, "test_any_chart_is_exact"),
    (CountsWhatIsFinite, "test_few_points_are_a_bucket_each"),
    (LeavesOutTheEnd, "test_a_range_shows_what_lies_in_it"),
    (ChartsEveryPoint, "test_points_of_one_x_are_in_one_bucket_where_they_are_many"),
    (ColumnsFromTheFirstPoint, "test_a_range_shows_what_lies_in_it"),
    (MeansOfPoints, "test_a_band_is_the_mean_and_the_extremes_of_its_runs"),
    (BandsOfTheirOwnColumns, "test_a_band_is_the_mean_and_the_extremes_of_its_runs"),
    (BandsOfTheirOwnColumns, "test_any_bands_are_exact"),
    (CountsRunsOfPoints, "test_a_band_is_the_mean_and_the_extremes_of_its_runs"),
    (DrawsTheLastOfPairs, "test_long_series_are_joined_in_columns_of_steps_until_they_are_looked_at_closer"),
    (DropsWhatHasNoPartner, "test_points_are_joined_with_the_metric_on_the_x_axis_at_their_steps"),
    (JoinsByOrder, "test_any_pairs_are_exact"),
    (NeverLooksCloser, "test_long_series_are_joined_in_columns_of_steps_until_they_are_looked_at_closer"),
    (DropsGroupsWithoutPoints, "test_every_group_has_a_band_in_the_given_order"),
    (LosesPointsWhenItCompacts, "test_compacting_changes_nothing_that_can_be_read"),
    (FindsDeletedModels, "test_a_deleted_model_is_not_found_until_it_is_restored"),
    (KeepsEveryPointOfAModel, "test_metrics_that_name_a_model_are_its_metrics"),
    (MixesDatasets, "test_metrics_that_name_a_model_are_its_metrics"),
    (MixesDatasets, "test_an_order_may_name_the_dataset"),
    (AppliesHalfAChange, "test_a_refused_change_leaves_nothing"),
    (ReturnsAllColumns, "test_a_search_returns_the_columns_asked_for"),
    (CountsOnePage, "test_a_count_is_that_of_all_pages"),
    (CountsFromTheToken, "test_a_count_is_that_of_all_pages"),
    (CountsKeysByPoint, "test_keys_are_counted_as_they_come_and_go"),
    (TakesAllTextsForText, "test_the_keys_of_runs_are_listed_with_how_many_runs_have_them"),
    (MakesPurgedRunsAgain, "test_what_is_gone_is_not_found_and_never_comes_back"),
    (PurgesWithoutLooking, "test_what_was_deleted_later_stays"),
    (PurgesWithoutLooking, "test_what_is_to_be_kept_stays"),
    (PurgesWhatIsRestored, "test_what_is_claimed_cannot_be_restored"),
    (PurgesWhatIsRestored, "test_what_is_restored_meanwhile_is_whole_or_gone"),
    (ForgetsWhatWasNotDiscarded, "test_where_discarding_fails_the_next_purge_goes_on"),
    (LeavesModelsOfPurgedExperiments, "test_an_experiment_goes_with_all_that_is_in_it"),
    (PurgesActiveRunsOfDeletedExperiments, "test_an_experiment_with_an_active_run_stays"),
    (OverwritesDocuments, "test_a_put_with_an_expected_version_is_a_compare_and_set"),
    (ComparesThenSets, "test_threads_that_count_by_compare_and_set_lose_nothing"),
    (ReusesNumbers, "test_numbers_grow_by_one_and_are_never_used_again"),
    (KeepsAliasesOfDeletedVersions, "test_deleting_a_version_drops_its_aliases"),
    (LeavesVersionsBehindOnRename, "test_a_rename_carries_versions_aliases_and_tags"),
    (ShowsPrompts, "test_prompts_show_only_where_they_are_asked_for"),
    (NumbersWithoutALock, "test_versions_made_by_threads_have_numbers_of_their_own"),
]
SUITES = (TrackingStoreSuite, LoggedModelsSuite, DocumentsSuite, ModelRegistrySuite)


def cases(law):
    """Return the arguments of every case that the marks of a law make."""
    tables = []
    for mark in getattr(law, "pytestmark", ()):
        names = mark.args[0] if isinstance(mark.args[0], tuple) else (mark.args[0],)
        rows = [row if isinstance(mark.args[0], tuple) else (row,) for row in mark.args[1]]
        tables.append([dict(zip(names, row, strict=True)) for row in rows])
    return [{key: value for row in rows for key, value in row.items()} for rows in product(*tables)]


def outcome(store_class, law_name):
    """Return what breaks when every case of a law runs against a store of the class; None where the law holds."""
    suite = next(one for one in SUITES if hasattr(one, law_name))
    law = getattr(suite, law_name)
    for case in cases(law):
        store = store_class()
        if "run_id" in signature(law).parameters:
            case["run_id"] = store.create_run(NewRun("0", run_name="run")).info.run_id
        try:
            law(suite(), store, **case)
        except (AssertionError, Exception, pytest.fail.Exception) as error:
            return error
    return None


RACES = 30
"""A law about threads notices a mutant in most runs, and in one of so many for sure."""


@pytest.mark.parametrize(("mutant", "law"), MUTANTS, ids=[f"{one.__name__}-{law}" for one, law in MUTANTS])
def test_a_broken_law_is_noticed(mutant, law):
    sound = MemoryModelRegistry if issubclass(mutant, MemoryModelRegistry) else MemoryTrackingStore
    assert outcome(sound, law) is None, "the law holds for the store that the mutant is made of"
    assert any(outcome(mutant, law) is not None for _ in range(RACES))
