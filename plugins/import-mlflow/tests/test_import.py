"""What MLflow recorded is here afterwards, once, whatever happened on the way; and the source is as it was."""

import json
import math
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from mlflow_histories import FIRST, GONE, MODEL, POINTS, SECOND, rows_on_mariadb, texts_of

from hookline.entities import LifecycleStage, NewModelVersion, NewRun, RunStatus
from hookline.errors import InvalidValue, NotFound, NotSupported, Unavailable
from hookline.testing import PluginSuite
from hookline_import_mlflow.command import open_source
from hookline_import_mlflow.importing import Artifacts, Importer


class TestPlugin(PluginSuite):
    plugin = "import-mlflow"


def bring(workspace, source, **options):
    place = open_source(source)
    try:
        return Importer(workspace, place, **options).run()
    finally:
        place.close()


def bytes_of(source):
    if source.startswith("postgresql:"):
        return texts_of(source)
    if source.startswith("mysql"):
        return rows_on_mariadb(source)
    path = Path(source.removeprefix("sqlite:///"))
    files = [path] if path.is_file() else sorted(each for each in path.rglob("*") if each.is_file())
    return {each: (each.read_bytes(), each.stat().st_mtime_ns) for each in files}, sorted(path.parent.iterdir())


def check(workspace):
    store = workspace.tracking
    first = store.get_experiment_by_name("first")
    assert first.tags["team"] == "a"
    assert store.get_experiment_by_name("gone").lifecycle_stage is LifecycleStage.DELETED
    run = store.get_run(FIRST)
    assert (run.info.run_name, run.info.user_id, run.info.status) == ("one", "ann", RunStatus.FINISHED)
    assert (run.info.start_time, run.info.end_time) == (1000, 2000)
    assert run.info.experiment_id == first.experiment_id
    assert run.data.params == {"alpha": "0.5", "a/b": "x"}
    assert run.data.tags["note"] == "\u00fc"
    points = [(p.timestamp, p.value, p.step) for block in store.metric_history(FIRST, "loss/train") for p in block]
    assert points[:2] == POINTS[:2]
    assert math.isnan(points[2][1])
    assert len(points) == 3
    assert run.data.metrics["acc"] == 0.75
    (used,) = run.inputs.datasets
    assert (used.dataset.name, used.dataset.profile, used.tags) == (
        "data",
        '{"rows": 1}',
        {"mlflow.data.context": "training"},
    )
    assert [(each.model_id, each.step) for each in run.outputs.models] == [(MODEL, 7)]
    second = store.get_run(SECOND).info
    assert (second.status, second.lifecycle_stage) == (RunStatus.FAILED, LifecycleStage.DELETED)
    assert store.get_run(GONE).info.end_time is None
    model = workspace.logged_models.get_logged_model(MODEL)
    assert (model.name, model.params, model.tags["kind"]) == ("lin", {"depth": "3"}, "linear")
    assert [(each.key, each.value, each.dataset_name) for each in model.metrics] == [("acc", 0.75, "data")]
    registry = workspace.model_registry
    clf = registry.get_model("clf")
    assert (clf.description, clf.tags, clf.aliases) == ("a model", {"k": "v"}, {"champion": 3})
    version = registry.get_version("clf", 2)
    assert (version.description, version.current_stage, version.tags) == ("second", "Staging", {"stage": "x"})
    assert version.source == f"{run.info.artifact_uri}/notes"
    assert registry.get_version("clf", 3).model_id == MODEL
    with pytest.raises(NotFound):
        registry.get_version("clf", 1)


def text_of(workspace, uri, key):
    location = workspace.artifacts.locate(uri, key)
    with location.store.open(location.key) as stream:
        return stream.read()


def test_everything_is_brought(workspace, source):
    before = bytes_of(source)
    report = bring(workspace, source)
    assert report.problems == []
    assert report.brought == Counter(
        {
            "experiments": 2,
            "runs": 3,
            "points": 4,
            "logged models": 1,
            "registered models": 1,
            "versions": 2,
            "files": 2,
        }
    )
    check(workspace)
    assert text_of(workspace, workspace.tracking.get_run(FIRST).info.artifact_uri, "notes/a.txt") == b"hello"
    assert text_of(workspace, workspace.logged_models.get_logged_model(MODEL).artifact_uri, "notes/a.txt") == b"hello"
    assert bytes_of(source) == before


def test_what_is_there_is_passed_over(workspace, source):
    bring(workspace, source)
    again = bring(workspace, source)
    assert (again.problems, sum(again.brought.values())) == ([], 0)
    assert again.present["runs"] == 3
    check(workspace)


@pytest.mark.parametrize("after", range(3))
def test_it_goes_on_where_it_was_broken_off(workspace, source, monkeypatch, after):
    monkeypatch.setattr("hookline_import_mlflow.importing.MOST_POINTS", 1)
    monkeypatch.setattr("hookline_import_mlflow.database.BLOCK", 1)
    apply, calls = workspace.tracking.apply, []

    def fail(delivery):
        calls.append(delivery)
        if len(calls) > after:
            raise Unavailable("the store is away")
        apply(delivery)

    monkeypatch.setattr(workspace.tracking, "apply", fail)
    with pytest.raises(Unavailable):
        bring(workspace, source)
    monkeypatch.setattr(workspace.tracking, "apply", apply)
    assert bring(workspace, source).problems == []
    check(workspace)


def test_one_experiment_can_be_chosen(workspace, source):
    report = bring(workspace, source, only=frozenset({"gone"}))
    assert (report.found["runs"], report.found["registered models"]) == (1, 0)
    with pytest.raises(NotFound, match="nothing like it"):
        bring(workspace, source, only=frozenset({"nothing like it"}))


def test_files_can_be_left_alone(workspace, source):
    assert bring(workspace, source, artifacts=Artifacts.NONE).brought["files"] == 0
    assert (
        list(workspace.artifacts.walk(workspace.artifacts.locate(workspace.tracking.get_run(FIRST).info.artifact_uri)))
        == []
    )


def test_a_run_that_is_there_for_another_reason_is_left_as_it_is(workspace, source):
    workspace.tracking.create_run(NewRun("0", run_id=FIRST, run_name="mine"))
    report = bring(workspace, source)
    assert any("was not imported" in each for each in report.problems)
    assert workspace.tracking.get_run(FIRST).info.run_name == "mine"
    assert report.brought["runs"] == 2


def test_what_differs_afterwards_is_told(workspace, source):
    bring(workspace, source)
    place = open_source(source)
    original = place.points

    def other(run):
        for points in original(run):
            points.values[0] += 1
            yield points

    place.points = other
    report = Importer(workspace, place).run()
    place.close()
    assert any("differ" in each for each in report.problems)


def test_a_number_that_was_used_here_is_not_given_again(workspace, source):
    registry = workspace.model_registry
    registry.create_model("clf")
    for _ in range(4):
        registry.create_version(NewModelVersion("clf", "models:/x"))
    for number in (2, 3):
        registry.delete_version("clf", number)
    report = bring(workspace, source)
    assert any("never used again" in each for each in report.problems)


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ("nowhere", NotFound, "no folder"),
        ("sqlite:///nowhere.db", NotFound, "no database"),
        ("http://127.0.0.1:9", Unavailable, "nothing listens"),
        ("mssql+pyodbc://zoe:secret@host/mlflow", NotSupported, "mlflow server --backend-store-uri"),
        ("postgresql://zoe:secret@127.0.0.1:9/mlflow", Unavailable, "postgresql://127.0.0.1:9/mlflow cannot be read"),
        ("postgresql+psycopg2://zoe:sec@ret@host/mlflow", InvalidValue, "%40"),
        ("postgresql://zoe:sec/ret@host/mlflow", InvalidValue, "%40"),
        ("postgresql://zoe:4/secret@host/mlflow", InvalidValue, "%40"),
        ("postgresql://zoe:se%xxcret@host/mlflow", InvalidValue, "%40"),
        ("postgresql://zoe@host/mlflow?password=secret&nonsense=1", InvalidValue, "%40"),
        ("mysql+pymysql://zoe:secret@127.0.0.1:9/mlflow", Unavailable, "mysql://127.0.0.1:9/mlflow cannot be read"),
        ("mysql://zoe:sec@ret@host/mlflow", InvalidValue, "%40"),
        ("mysql://zoe:sec/ret@host/mlflow", InvalidValue, "%2F"),
        ("mysql://zoe:sec#ret@host/mlflow", InvalidValue, "%23"),
        ("mysql://zoe:4/secret@host/mlflow", InvalidValue, "%40"),
        ("mysql://zoe:secret@host:port/mlflow", InvalidValue, "%40"),
        ("mysql://zoe:secret@host/", InvalidValue, "db.example/mlflow"),
        ("mariadb://zoe@host/mlflow?password=secret", InvalidValue, "parameter 'password' .* Known are: unix_socket, "),
        ("mysql://zoe@host/mlflow?ssl_verify_cert=perhaps", InvalidValue, r"ssl_verify_cert \(true or false\)"),
        ("{tmp_path}", InvalidValue, "no mlruns folder"),
        ("{tmp_path}/text.db", InvalidValue, "no SQLite database"),
        ("{tmp_path}/other.db", InvalidValue, "no tables of MLflow"),
    ],
)
def test_what_is_no_source_is_said(tmp_path, given, error, said):
    (tmp_path / "text.db").write_text("text" * 1000, encoding="utf-8")
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection, connection:
        connection.execute("CREATE TABLE a (b)")
    with pytest.raises(error, match=said) as caught:
        open_source(given.format(tmp_path=tmp_path))
    assert not any(each in str(caught.value) for each in ("sec", "ret@", "zoe"))


@pytest.mark.parametrize("text", ["a: [", "!!python/object/apply:os.system ['touch hacked']"])
def test_a_broken_or_hostile_file_is_a_clear_error(tmp_path, workspace, text):
    root = tmp_path / "runs"
    (root / "0").mkdir(parents=True)
    (root / "0" / "meta.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InvalidValue, match=r"meta\.yaml cannot be read"):
        bring(workspace, str(root))


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="links")
def test_links_in_a_folder_are_not_followed(tmp_path, workspace, source):
    if "://" in source:
        pytest.skip("a database has none")
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key").write_text("secret", encoding="utf-8")
    (Path(source) / "3" / FIRST / "params" / "stolen").symlink_to(secret / "key")
    (Path(source) / "3" / FIRST / "tags" / "more").symlink_to(secret)
    bring(workspace, source)
    data = workspace.tracking.get_run(FIRST).data
    assert "stolen" not in data.params
    assert not any("secret" in value for value in data.tags.values())


def hookline(home, *words):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("HOOKLINE_", "MLFLOW_"))}
    command = [sys.executable, "-m", "hookline", *words]
    return subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=False, timeout=120)


def test_the_command_counts_brings_and_tells(home, source):
    dry = json.loads(hookline(home, "import", "mlflow", source, "--dry-run", "--json").stdout)
    assert (dry["found"]["runs"], dry["found"]["points"], dry["brought"]) == (3, 4, {})
    done = hookline(home, "import", "mlflow", source)
    assert done.returncode == 0, done.stderr
    assert ["runs", "3", "3", "0"] in [line.split("\t") for line in done.stdout.splitlines()]
    shown = json.loads(hookline(home, "runs", "show", FIRST, "--json").stdout)
    assert shown["data"]["params"] == {"alpha": "0.5", "a/b": "x"}


def test_a_mistake_is_one_line(home):
    done = hookline(home, "import", "mlflow", "nowhere")
    assert (done.returncode, "no folder" in done.stderr, "Traceback" in done.stderr) == (1, True, False)
