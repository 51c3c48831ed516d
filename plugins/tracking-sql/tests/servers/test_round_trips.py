"""Statements that travel together to a real PostgreSQL: how often, what fails, and what is left after a failure."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from hookline.entities import Batch, Metric, NewRun, RunChange, RunStatus
from hookline.errors import InvalidValue, NotFound, Unavailable
from hookline_tracking_sql.dialects.round_trips import RoundTrips
from hookline_tracking_sql.postgresql import PostgresqlTrackingStore
from hookline_tracking_sql.statements import driver_of


@pytest.fixture
def store(postgresql_uri: str) -> Iterator[PostgresqlTrackingStore]:
    opened = PostgresqlTrackingStore(postgresql_uri)
    yield opened
    opened.close()


@pytest.fixture
def connection(postgresql_uri: str) -> Iterator["psycopg.Connection[Any]"]:
    with psycopg.connect(postgresql_uri, autocommit=True) as found:
        yield found


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many statements each round trip had."""
    counted: list[int] = []
    run = RoundTrips.run

    def counting(self: RoundTrips) -> Any:
        counted.append(len(self))
        return run(self)

    monkeypatch.setattr(RoundTrips, "run", counting)
    return counted


def test_a_run_and_a_group_of_batches_take_two_round_trips_each(
    store: PostgresqlTrackingStore, trips: list[int]
) -> None:
    runs = [store.create_run(NewRun("0")).info.run_id for _ in range(8)]
    points = Batch([Metric(key, 1.0, step) for key in "ab" for step in range(100)])
    store.write_together([(run_id, points) for run_id in runs])
    trips.clear()
    store.create_run(NewRun("0", tags={"a": "1"}))
    assert len(trips) == 2
    trips.clear()
    assert store.write_together([(run_id, points) for run_id in runs]) == [None] * 8
    assert len(trips) == 2


def test_a_run_is_read_in_two_round_trips(store: PostgresqlTrackingStore, trips: list[int]) -> None:
    run_id = store.create_run(NewRun("0")).info.run_id
    store.log_batch(run_id, Batch([Metric("m", 1.0)], {"p": "1"}, {"t": "2"}))
    store.update_run(run_id, RunChange(status=RunStatus.FINISHED, end_time=1))
    before = store.get_run(run_id)
    trips.clear()
    assert store.get_run(run_id) == before
    assert len(trips) == 2


def test_what_is_larger_than_all_buffers_goes_through(store: PostgresqlTrackingStore) -> None:
    run_id = store.create_run(NewRun("0")).info.run_id
    tags = {f"t{number}": "x" * 5000 for number in range(4000)}
    store.log_batch(run_id, Batch(tags=tags))
    assert store.get_run(run_id).data.tags.items() >= tags.items()


def test_after_a_failure_nothing_is_executed_and_the_connection_goes_on(
    connection: "psycopg.Connection[Any]",
) -> None:
    trips = RoundTrips(connection)
    trips.add("CREATE TABLE kept (number INTEGER)")
    trips.run()
    for number in (1, 0, 2):
        trips.add("INSERT INTO kept VALUES (10 / $1::INTEGER)", (number,))
    with pytest.raises(psycopg.errors.DivisionByZero):
        trips.run()
    trips.add("SELECT no_such_column FROM kept")
    with pytest.raises(psycopg.errors.UndefinedColumn):
        trips.run()
    trips.add("INSERT INTO kept VALUES (10 / $1::INTEGER)", (5,))
    trips.add("SELECT number, $1, $2::BYTEA, $3::FLOAT8, $4::BOOLEAN FROM kept", ("é", b"\0\1", float("-inf"), True))
    *_, found = trips.run()
    assert found.fetchall() == [(2, "é", b"\0\1", float("-inf"), True)]
    assert found.fetchone() is None
    assert len(connection.execute("SELECT name FROM pg_prepared_statements").fetchall()) == 3


def test_many_rows_come_in_their_order(connection: "psycopg.Connection[Any]") -> None:
    trips = RoundTrips(connection)
    trips.add("SELECT * FROM generate_series(1, 2500)")
    (found,) = trips.run()
    assert found.fetchone() == (1,)
    assert [number for (number,) in found] == list(range(2, 2501))


def test_a_failed_batch_of_a_group_leaves_the_others(store: PostgresqlTrackingStore) -> None:
    run_id = store.create_run(NewRun("0")).info.run_id
    store.log_batch(run_id, Batch(params={"p": "1"}))
    for wrong, kind in (
        (Batch(params={"p": "2"}, tags={"not": "stored"}), InvalidValue),
        (Batch(tags={"t": "a\0b", "not": "stored"}), InvalidValue),
    ):
        first, second, third = store.write_together(
            [(run_id, Batch([Metric("a", 1.0)])), (run_id, wrong), ("0" * 32, Batch([Metric("b", 1.0)]))]
        )
        assert (first, type(second), type(third)) == (None, kind, NotFound)
    data = store.get_run(run_id).data
    assert (data.params, data.metrics, data.tags.get("not")) == ({"p": "1"}, {"a": 1.0}, None)


@pytest.mark.parametrize("by_core", [False, True])
def test_a_connection_that_is_lost_within_a_transaction_is_said_and_replaced(
    store: PostgresqlTrackingStore, connection: "psycopg.Connection[Any]", by_core: bool
) -> None:
    run_id = store.create_run(NewRun("0")).info.run_id

    def lose_the_connection() -> None:
        with store._database.writing() as writer:
            driver = driver_of(writer)
            (own,) = driver.connection.execute("SELECT pg_backend_pid()").fetchone()
            connection.execute("SELECT pg_terminate_backend(%s, 5000)", (own,))
            if by_core:
                writer.execute(sa.text("SELECT 1"))
            else:
                driver.round_trips.add("SELECT 1")

    with pytest.raises(Unavailable):
        lose_the_connection()
    store.log_batch(run_id, Batch([Metric("m", 1.0)]))
    assert store.get_run(run_id).data.metrics == {"m": 1.0}


def test_texts_are_kept_whatever_encoding_a_uri_asks_for(postgresql_uri: str) -> None:
    store = PostgresqlTrackingStore(f"{postgresql_uri}&client_encoding=latin1")
    try:
        run_id = store.create_run(NewRun("0", run_name="größer €")).info.run_id
        store.log_batch(run_id, Batch(tags={"t": "ж"}))
        record = store.get_run(run_id)
        assert (record.info.run_name, record.data.tags["t"]) == ("größer €", "ж")
    finally:
        store.close()
