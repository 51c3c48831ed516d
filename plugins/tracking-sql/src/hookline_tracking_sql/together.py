"""Writes of several runs in one transaction, and the cursors of the intakes that they may come from."""

from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa
from attrs import define, evolve, field
from sqlalchemy.dialects.sqlite import insert

from hookline.entities import Batch, IntakePart, LifecycleStage, Metric, NewRun, Points, Write
from hookline.errors import CursorMoved, HooklineError, Unavailable
from hookline.interfaces import TrackingStore
from hookline.store_rules import RUN_NAME_TAG, require_active_run, run_not_found, stored_though_deleted
from hookline_tracking_sql import schema
from hookline_tracking_sql.base import FIND_RUN, Part
from hookline_tracking_sql.batches import Series, keys_of, series_of, store_batch
from hookline_tracking_sql.dialects.base import Driver
from hookline_tracking_sql.new_runs import add_runs
from hookline_tracking_sql.statements import Statement, driver_of, driver_text

_CURSOR = driver_text(
    sa.select(schema.intakes.c.cursor).where(schema.intakes.c.intake_id == sa.bindparam("named")), "named"
)


def _upsert() -> Statement:
    statement = insert(schema.intakes)
    changed = {"cursor": statement.excluded.cursor}
    return driver_text(
        statement.on_conflict_do_update(index_elements=[schema.intakes.c.intake_id], set_=changed),
        *("intake_id", "cursor"),
    )


_MOVE = _upsert()


@define(eq=False)
class _Group:
    """What is stored of one run as one batch, and which of the writes it is made of."""

    run_id: str
    batch: Batch
    places: list[int]
    series: Series = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.series = series_of(self.batch)


class TogetherPart(Part, TrackingStore):
    """Writing of what many send at once: one transaction, since BEGIN and COMMIT cost more than a point."""

    def write_together(
        self, writes: Sequence[Write], intake: IntakePart | None = None
    ) -> Sequence[HooklineError | None]:
        """See `TrackingStore.write_together`."""
        try:
            return self._write(writes, intake)
        except CursorMoved:
            raise
        except Unavailable as error:
            if intake is not None:
                raise
            return [error] * len(writes)
        except HooklineError:  # one of them cannot be stored, and nobody said which
            return [*self._one_by_one(writes, intake)]

    def forget_intake(self, intake_id: str) -> None:
        """See `TrackingStore.forget_intake`."""
        with self._database.writing() as connection:
            connection.execute(sa.delete(schema.intakes).where(schema.intakes.c.intake_id == intake_id))

    def _one_by_one(self, writes: Sequence[Write], intake: IntakePart | None) -> Iterable[HooklineError | None]:
        if intake is None:
            return map(self._attempt, writes)
        return (self._attempt_answered(number, write, intake) for number, write in enumerate(writes, 1 - len(writes)))

    def _attempt_answered(self, number: int, write: Write, intake: IntakePart) -> HooklineError | None:
        """Store one write of an intake, `number` being 0 for the last one; its cursor passes what cannot be stored."""
        after = intake.after + number
        part = evolve(intake, first=max(intake.first, after - 1), after=after)
        try:
            return self._write([write], part)[0]
        except (CursorMoved, Unavailable):
            raise
        except HooklineError as error:
            self._write([], part)
            return error

    def _write(self, writes: Sequence[Write], intake: IntakePart | None) -> list[HooklineError | None]:
        new = [(place, write) for place, write in enumerate(writes) if isinstance(write, NewRun)]
        groups = _groups(writes, merges=intake is not None)
        named = [RUN_NAME_TAG] if new else []
        named += [key for _, run in new for key in run.tags]
        named += [key for each in groups for key in keys_of(each.batch, each.series)]
        ids = self._keys.ids(dict.fromkeys(named))
        problems: list[HooklineError | None] = [None] * len(writes)
        with self._database.writing() as connection:
            driver = driver_of(connection)
            if intake is not None:
                _move(driver, intake)
            if new:
                told = add_runs(driver, [run for _, run in new], ids, answered=intake is not None)
                for (place, _), problem in zip(new, told, strict=True):
                    problems[place] = problem
            found = _found_runs(driver, {each.run_id for each in groups})
            for each in groups:
                problem = _attempt_within(connection, each, ids, found, answered=intake is not None)
                if problem is not None:
                    for place in each.places:
                        problems[place] = problem
        return problems


def _groups(writes: Sequence[Write], *, merges: bool) -> list[_Group]:
    """Return the batches among some writes; where nothing of them may be refused, those of a run as one."""
    batches = [(place, write) for place, write in enumerate(writes) if not isinstance(write, NewRun)]
    if not merges:
        return [_Group(run_id, batch, [place]) for place, (run_id, batch) in batches]
    of_runs: dict[str, tuple[list[Metric], dict[str, str], dict[str, str], list[Points], list[int]]] = {}
    for place, (run_id, batch) in batches:
        metrics, params, tags, points, places = of_runs.setdefault(run_id, ([], {}, {}, [], []))
        metrics += batch.metrics
        params.update(batch.params)
        tags.update(batch.tags)
        points += batch.points
        places.append(place)
    return [
        _Group(run_id, Batch(metrics, params, tags, points), places)
        for run_id, (metrics, params, tags, points, places) in of_runs.items()
    ]


def _move(driver: Driver, intake: IntakePart) -> None:
    """Move the cursor of an intake. Raises `CursorMoved` where it is beyond what is delivered."""
    row = driver.execute(_CURSOR, (intake.intake_id,)).fetchone()
    cursor = 0 if row is None else int(row[0])
    if cursor > intake.first:
        raise CursorMoved(f"intake {intake.intake_id}", intake.first, cursor)
    driver.executemany(_MOVE, [(intake.intake_id, intake.after)])


def _found_runs(driver: Driver, run_ids: Iterable[str]) -> dict[str, tuple[int, int, str] | None]:
    """Return what `FIND_RUN` finds of runs, which do not change while we write."""
    named = list(run_ids)
    found = driver.ask(*((FIND_RUN, (run_id,)) for run_id in named)) if named else []
    return {run_id: rows.fetchone() for run_id, rows in zip(named, found, strict=True)}


def _attempt_within(
    connection: sa.Connection,
    group: _Group,
    ids: Mapping[str, int],
    found: Mapping[str, tuple[int, int, str] | None],
    *,
    answered: bool,
) -> HooklineError | None:
    """Store a batch within a transaction that goes on if it is refused; nothing of it is then stored."""
    try:
        present = found[group.run_id]
        if present is None:
            raise run_not_found(group.run_id)
        *place, stage = present
        if not answered:
            require_active_run(group.run_id, stage)
        store_batch(connection, group.run_id, (place[0], place[1]), group.batch, group.series, ids)
    except HooklineError as error:
        return error
    return stored_though_deleted(group.run_id) if stage == LifecycleStage.DELETED.value else None
