"""`hookline db upgrade` and `hookline db check`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hookline.cli import cli
from hookline.entities import Batch, Metric
from hookline_tracking_sql import schema
from hookline_tracking_sql.store import SqlTrackingStore

Execute = Callable[..., list[tuple[object, ...]]]


@pytest.fixture
def hookline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """A function that runs the command line in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(cli, list(words))


def test_a_sound_database_is_said_to_be(
    hookline: Callable[..., Result], store: SqlTrackingStore, run_id: str, uri: str, path: Path
) -> None:
    store.log_batch(run_id, Batch([Metric("m", 1.0)], {"p": "1"}))
    done = hookline("db", "check", uri)
    assert (done.exit_code, "no problem found" in done.output) == (0, True)
    told = json.loads(hookline("db", "check", uri, "--json").output)
    assert told == {"database": str(path), "schema": schema.HEAD, "problems": []}


def test_a_broken_reference_is_found(
    hookline: Callable[..., Result], store: SqlTrackingStore, run_id: str, uri: str, execute: Execute
) -> None:
    store.log_batch(run_id, Batch([Metric("m", 1.0)]))
    execute("DELETE FROM hookline_keys WHERE name = 'm'")
    done = hookline("db", "check", uri)
    assert done.exit_code == 1
    assert "rows of hookline_segments refer to rows that are gone" in done.output


@pytest.mark.parametrize(
    ("taken", "said"),
    [
        ("DROP TABLE hookline_overviews", "the table hookline_overviews is missing"),
        (
            "ALTER TABLE hookline_datasets DROP COLUMN source_type",
            "the column hookline_datasets.source_type is missing",
        ),
    ],
)
def test_what_somebody_has_taken_away_is_found(
    hookline: Callable[..., Result], store: SqlTrackingStore, uri: str, execute: Execute, taken: str, said: str
) -> None:
    execute(taken)
    done = hookline("db", "check", uri)
    assert done.exit_code == 1
    assert said in done.output


def test_an_older_database_is_found_and_a_present_one_stays(
    hookline: Callable[..., Result],
    store: SqlTrackingStore,
    uri: str,
    path: Path,
    execute: Execute,
) -> None:
    done = hookline("db", "upgrade", uri)
    assert (done.exit_code, f"is at schema {schema.HEAD} already" in done.output) == (0, True)
    told = json.loads(hookline("db", "upgrade", uri, "--json").output)
    assert told == {"database": str(path), "before": schema.HEAD, "after": schema.HEAD, "overviews": 0}
    execute("UPDATE hookline_schema SET version_num = '9999'")
    done = hookline("db", "check", uri)
    assert (done.exit_code, "the schema is 9999" in done.output) == (1, True)
    done = hookline("db", "upgrade", uri)
    assert (done.exit_code, "newer version" in done.output) == (1, True)


@pytest.mark.parametrize("verb", ["check", "upgrade"])
def test_nothing_is_made_where_there_is_nothing(hookline: Callable[..., Result], verb: str, tmp_path: Path) -> None:
    done = hookline("db", verb)
    assert (done.exit_code, "holds no tables of Hookline" in done.output) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_another_store_is_none_of_these_commands(hookline: Callable[..., Result]) -> None:
    done = hookline("db", "check", "https://user:secret@example.org")
    assert (done.exit_code, "is no SQL store" in done.output) == (2, True)
    assert "secret" not in done.output
