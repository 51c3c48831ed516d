"""New runs: what must be known of each before it is inserted, and its rows."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import sqlalchemy as sa
from attrs import evolve

from hookline.entities import Experiment, LifecycleStage, NewRun, PurgedKind, RunInfo, now_ms
from hookline.errors import HooklineError
from hookline.store_rules import new_run, run_purged, stored_though_deleted
from hookline_tracking_sql.base import FIND_RUN
from hookline_tracking_sql.dialects.base import Driver, Rows
from hookline_tracking_sql.experiments import asked_experiment, found_experiment
from hookline_tracking_sql.purging import asked_purged, asked_purged_among
from hookline_tracking_sql.schema import runs
from hookline_tracking_sql.statements import among_given, driver_text, json_list, prepared
from hookline_tracking_sql.upserts import ADD_TAG, INSERT_TAG

COLUMNS = (
    *("run_id", "experiment", "name", "user_id", "status"),
    *("start_time", "end_time", "lifecycle_stage", "artifact_uri", "deleted_time"),
)
New: TypeAlias = tuple[RunInfo, dict[str, str]]
"""A run that is not there yet, and its tags."""
_INSERT = driver_text(sa.insert(runs), *COLUMNS)
_INSERT_ONE = driver_text(sa.insert(runs), *COLUMNS, returned=runs.c.id)
_PRESENT = prepared(sa.select(runs.c.run_id).where(among_given(runs.c.run_id, "named")))


def row_of(info: RunInfo) -> tuple[Any, ...]:
    """Return the values of `COLUMNS`."""
    return (
        *(info.run_id, int(info.experiment_id), info.run_name, info.user_id, info.status.value),
        *(info.start_time, info.end_time, info.lifecycle_stage.value),
        info.artifact_uri,
        now_ms() if info.lifecycle_stage is LifecycleStage.DELETED else None,
    )


def insert_runs(driver: Driver, new: Sequence[New], ids: Mapping[str, int]) -> None:
    """Insert runs and their tags, whose keys have these ids."""
    driver.executemany(_INSERT, [row_of(info) for info, _ in new])
    rows = [
        (ids[key], int(info.experiment_id), value, info.run_id) for info, tagged in new for key, value in tagged.items()
    ]
    driver.executemany(ADD_TAG, rows)


def insert_run(driver: Driver, new: New, ids: Mapping[str, int]) -> tuple[int, int]:
    """Insert a run with its tags, and return the row ids of it and of its experiment."""
    info, tagged = new
    run, experiment = driver.insert(_INSERT_ONE, row_of(info)), int(info.experiment_id)
    driver.executemany(INSERT_TAG, [(run, ids[key], experiment, value) for key, value in tagged.items()])
    return run, experiment


def unless_present(driver: Driver, run: NewRun) -> New | None:
    """Return a new run and its tags, or None where there is one with its id.

    Raises:
        NotFound: there is no such experiment. InvalidValue: it is deleted. InvalidState: the run was purged.
    """
    present, purged, experiments = driver.ask(
        (FIND_RUN, (run.run_id,)),
        asked_purged(driver, PurgedKind.RUN, run.run_id),
        asked_experiment(run.experiment_id),
    )
    if present.fetchone() is not None:
        return None
    if purged.fetchone() is not None:
        raise run_purged(run.run_id)
    return new_run(run, found_experiment(run.experiment_id, experiments))


def add_runs(
    driver: Driver, given: Sequence[NewRun], ids: Mapping[str, int], *, answered: bool
) -> list[HooklineError | None]:
    """Insert new runs, but those that are there; return what became of each, as `TrackingStore.write_together` does.

    Args:
        ids: of the keys of their tags and of `RUN_NAME_TAG`. answered: whether deleted experiments take runs, too.
    """
    named = json_list(run.run_id for run in given)
    homes = list(dict.fromkeys(run.experiment_id for run in given))
    present, purged, *found = driver.ask(
        _PRESENT.asked(driver, {"named": named}),
        asked_purged_among(driver, PurgedKind.RUN, named),
        *map(asked_experiment, homes),
    )
    known, gone = _first_of(present), _first_of(purged)
    experiments = {home: _found_or_not(home, rows) for home, rows in zip(homes, found, strict=True)}
    new: list[New] = []
    problems: list[HooklineError | None] = []
    for run in given:
        problem: HooklineError | None = None
        if run.run_id in gone:
            problem = run_purged(run.run_id)
        elif run.run_id not in known:
            known.add(run.run_id)
            try:
                one = _new(run, experiments[run.experiment_id], answered=answered)
            except HooklineError as error:
                problem = error
            else:
                new.append(one)
                if one[0].lifecycle_stage is LifecycleStage.DELETED:
                    problem = stored_though_deleted(run.run_id)
        problems.append(problem)
    insert_runs(driver, new, ids)
    return problems


def _first_of(rows: Iterable[Sequence[Any]]) -> set[str]:
    return {row[0] for row in rows}


def _found_or_not(experiment_id: str, rows: Rows) -> Experiment | HooklineError:
    try:
        return found_experiment(experiment_id, rows)
    except HooklineError as error:
        return error


def _new(run: NewRun, experiment: Experiment | HooklineError, *, answered: bool) -> New:
    if isinstance(experiment, HooklineError):
        raise experiment
    if not answered or experiment.lifecycle_stage is LifecycleStage.ACTIVE:
        return new_run(run, experiment)
    info, tagged = new_run(run, evolve(experiment, lifecycle_stage=LifecycleStage.ACTIVE))
    return evolve(info, lifecycle_stage=experiment.lifecycle_stage), tagged
