"""Hookline on a server of MLflow's: everything that a person does, asked for again through MLflow's own client."""

import json
import math
import os
import subprocess
import sys
from array import array
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression

sys.path.insert(0, str(Path(__file__).parent))
from servers import theirs

from hookline import Config, Workspace, search
from hookline.entities import (
    Batch,
    Delivery,
    ExperimentChange,
    LifecycleStage,
    Metric,
    NewLoggedModel,
    NewModelVersion,
    NewRun,
    Points,
    RunChange,
    VersionChange,
)
from hookline.errors import AlreadyExists, CursorMoved, InvalidValue, NotFound, NotSupported

MLFLOW = os.environ.get("HOOKLINE_PEER_MLFLOW")
pytestmark = pytest.mark.skipif(not MLFLOW, reason="needs MLflow in an environment of its own: tox -e peers")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with theirs(MLFLOW, tmp_path_factory.mktemp("mlflow")) as url:
        yield url


@pytest.fixture
def workspace(server, tmp_path):
    (tmp_path / "hookline.yaml").write_text(f"tracking: mlflow+{server}\n", encoding="utf-8")
    with Workspace(Config.load(tmp_path, environ={})) as made:
        yield made


@pytest.fixture
def store(workspace):
    return workspace.tracking


@pytest.fixture
def experiment(store, request):
    """The id of an experiment of the test's own."""
    return store.create_experiment(request.node.name).experiment_id


def mlflow(server, script, **given):
    """What a script says that runs in MLflow's environment with a client of the server."""
    code = (
        "import json, sys, mlflow\nfrom mlflow import MlflowClient\n"
        "client, given = MlflowClient(), json.loads(sys.argv[1])\n" + script
    )
    done = subprocess.run(
        [MLFLOW, "-W", "ignore", "-c", code, json.dumps(given)],
        env={**os.environ, "MLFLOW_TRACKING_URI": server, "MLFLOW_DISABLE_TELEMETRY": "true"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


RUN = """
[run] = client.search_runs([given["experiment"]])
points = client.get_metric_history(run.info.run_id, "loss")
files = sorted(each.path for each in client.list_artifacts(run.info.run_id))
print(json.dumps([run.info.run_name, run.info.status, run.data.params, run.data.tags["stage"],
                  [[p.step, str(p.value)] for p in points], "note.txt" in files]))
"""


def test_a_run_is_there_for_mlflow_s_clients(server, workspace, experiment, tmp_path, request):
    file = tmp_path / "note.txt"
    file.write_text("hello", encoding="utf-8")
    values = [0.5, 0.25, math.nan, 1e-300]
    with workspace.start_run(experiment_name=request.node.name, run_name="first", tags={"stage": "x"}) as run:
        run.log_params({"depth": 3, "text": "größe"})
        for step, value in enumerate(values):
            run.log_metric("loss", value, step=step)
        run.log_artifact(file)
    points = [[step, str(value)] for step, value in enumerate(values)]
    found = mlflow(server, RUN, experiment=experiment)
    assert found == ["first", "FINISHED", {"depth": "3", "text": "größe"}, "x", points, True]
    again = workspace.runs.get(run.run_id)
    assert again.info.run_id == run.run_id
    assert again.info.status.value == "FINISHED"
    assert not [tag for tag in again.data.tags if tag == "hookline.run_id" or tag.startswith("hookline.writer.")]
    history = workspace.runs.history(run.run_id, "loss")
    assert [*history.steps] == [0, 1, 2, 3]
    np.testing.assert_array_equal(np.array(history.values), values)


def test_runs_are_found_by_our_ids_and_by_theirs(store, experiment):
    ours = store.create_run(NewRun(experiment, run_name="ours"))
    again = store.create_run(NewRun(experiment, run_id=ours.info.run_id, run_name="ours"))
    assert again.info.run_id == ours.info.run_id
    query = search.parse(search.RUNS, f"attributes.run_id = '{ours.info.run_id}'")
    assert [each.info.run_id for each in store.search_runs([experiment], query).items] == [ours.info.run_id]
    assert store.count_runs([experiment], search.parse(search.RUNS)) == 1
    with pytest.raises(NotFound):
        store.get_run("0" * 32)
    with pytest.raises(InvalidValue, match="no id"):
        store.get_run("x' OR '1' = '1")


def test_a_change_of_a_run_is_a_change_there(store, experiment):
    run_id = store.create_run(NewRun(experiment)).info.run_id
    store.update_run(run_id, RunChange(run_name="second"))
    store.update_run(run_id, RunChange(lifecycle_stage=LifecycleStage.DELETED))
    assert store.get_run(run_id).info.lifecycle_stage is LifecycleStage.DELETED
    store.update_run(run_id, RunChange(lifecycle_stage=LifecycleStage.ACTIVE))
    store.log_batch(run_id, Batch(params={"p": "1"}, tags={"t": "1"}))
    store.delete_tag(run_id, "t")
    found = store.get_run(run_id)
    assert (found.info.run_name, found.data.params, "t" in found.data.tags) == ("second", {"p": "1"}, False)
    with pytest.raises(InvalidValue):
        store.log_batch(run_id, Batch(params={"p": "2"}))


def test_more_than_mlflow_takes_at_once_is_sent_in_parts(store, experiment):
    run_id = store.create_run(NewRun(experiment)).info.run_id
    points = [Metric("m", float(step), step) for step in range(2500)]
    store.log_batch(run_id, Batch(points, {f"p{n}": "1" for n in range(150)}, {f"t{n}": "1" for n in range(150)}))
    assert sum(len(block) for block in store.metric_history(run_id, "m")) == 2500
    found = store.get_run(run_id).data
    assert len(found.params) == 150
    assert len([tag for tag in found.tags if tag.startswith("t")]) == 150


def test_a_delivery_that_is_sent_again_changes_nothing(store, experiment):
    run = NewRun(experiment)
    points = Points("m", array("q", range(100)), array("q", [1] * 100), array("d", map(float, range(100))))
    delivery = Delivery(run.run_id, "w" * 16, 0, 101, created=run, points=(points,), params={"p": "1"})
    store.apply(delivery)
    [writer] = store.writers(run.run_id)
    assert (writer.cursor, writer.points) == (101, 100)
    with pytest.raises(CursorMoved) as moved:
        store.apply(delivery)
    assert moved.value.cursor == 101
    store._deliver(delivery)  # as after a connection that broke before the cursor was stored
    assert sum(len(block) for block in store.metric_history(run.run_id, "m")) == 100


def test_experiments_change_there(store, experiment):
    store.update_experiment(experiment, ExperimentChange(name="renamed-there", tags={"a": "1", "b": "2"}))
    found = store.update_experiment(experiment, ExperimentChange(deleted_tags={"a"}))
    assert (found.name, dict(found.tags)) == ("renamed-there", {"b": "2"})
    store.update_experiment(experiment, ExperimentChange(lifecycle_stage=LifecycleStage.DELETED))
    assert store.get_experiment(experiment).lifecycle_stage is LifecycleStage.DELETED
    store.update_experiment(experiment, ExperimentChange(lifecycle_stage=LifecycleStage.ACTIVE))
    assert store.get_experiment_by_name("renamed-there").lifecycle_stage is LifecycleStage.ACTIVE
    with pytest.raises(AlreadyExists):
        store.create_experiment("renamed-there")
    assert store.get_experiment_by_name("nobody") is None


MODEL = """
import numpy
loaded = mlflow.pyfunc.load_model(f"models:/{given['name']}@best")
version = client.get_model_version_by_alias(given["name"], "best")
print(json.dumps([loaded.predict(numpy.array(given["rows"])).tolist(), version.version, version.description]))
"""


def test_a_model_is_logged_registered_and_loaded_by_both(server, workspace, experiment, request):
    data = load_wine()
    model = LogisticRegression(max_iter=20000).fit(data.data, data.target)
    rows = data.data[:5]
    with workspace.start_run(experiment_name=request.node.name) as run:
        logged = run.log_model(model, name="wine")
    registry = workspace.model_registry
    name = "wine-there"
    registry.create_model(name)
    source = workspace.tracking.get_logged_model(logged.model_id)
    assert source.name == "wine"
    made = registry.create_version(
        NewModelVersion(name, f"models:/{logged.model_id}", run_id=run.run_id, model_id=logged.model_id)
    )
    registry.update_version(name, made.version, VersionChange(description="the first", tags={"a": "1"}))
    registry.set_alias(name, "best", made.version)
    expected = model.predict(rows).tolist()
    assert mlflow(server, MODEL, name=name, rows=rows.tolist()) == [expected, "1", "the first"]
    ours = workspace.load_model(f"models:/{name}@best", allow_pickle=True)
    assert ours.predict(rows).tolist() == expected


def test_what_commands_ask_of_runs_models_and_versions_is_found_by_our_ids(workspace, experiment, request):
    """As `runs show`, `models register` and `models versions` do; the server has other ids."""
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    runs = []
    for _ in range(2):
        with workspace.start_run(experiment_name=request.node.name) as run:
            runs.append((run.run_id, run.log_model(model, name="step").model_id))
    assert [
        {name: each.model_id for name, each in workspace.runs.files.models(workspace.runs.get(run_id).info).items()}
        for run_id, _ in runs
    ] == [{"step": model_id} for _, model_id in runs]
    for run_id, _ in runs:
        workspace.models.register(f"runs:/{run_id}/step", "found-there")
    registry = workspace.model_registry
    for number, (run_id, _) in enumerate(runs, 1):
        page = registry.search_versions(search.parse(search.MODEL_VERSIONS, f"run_id = '{run_id}'"))
        assert [(each.name, each.version, each.run_id) for each in page.items] == [("found-there", number, run_id)]


def _names(items):
    return [getattr(each, "version", None) or each.name for each in items]


@pytest.mark.parametrize(
    ("vocabulary", "asked", "order", "found"),
    [
        (search.EXPERIMENTS, "name LIKE 'asked-%'", ["name DESC"], ["asked-b", "asked-a"]),
        (
            search.EXPERIMENTS,
            "name LIKE 'asked-%' AND creation_time > 5",
            ["creation_time ASC"],
            ["asked-a", "asked-b"],
        ),
        (search.REGISTERED_MODELS, "name LIKE 'asked-%'", ["name DESC"], ["asked-b", "asked-a"]),
        (search.REGISTERED_MODELS, "tags.t = 'a'", ["last_updated_timestamp"], ["asked-a"]),
        (search.MODEL_VERSIONS, "name = 'asked-a'", ["version_number DESC"], [2, 1]),
        (search.MODEL_VERSIONS, "source_path LIKE 's3://asked%'", ["creation_timestamp", "name"], [1, 2]),
        (search.LOGGED_MODELS, "name LIKE 'asked-%'", ["creation_timestamp DESC"], ["asked-b", "asked-a"]),
        (search.LOGGED_MODELS, "creation_timestamp > 5", ["metrics.`acc` DESC", "name"], ["asked-b", "asked-a"]),
        (search.LOGGED_MODELS, "params.p = 'a'", ["last_updated_timestamp"], ["asked-a"]),
    ],
    ids=lambda given: getattr(given, "noun", None) or str(given),
)
def test_what_is_asked_for_in_our_words_is_asked_in_the_server_s(workspace, asked_for, vocabulary, asked, order, found):
    store, registry = workspace.tracking, workspace.model_registry
    searches = {
        "experiments": store.search_experiments,
        "registered models": registry.search_models,
        "model versions": registry.search_versions,
        "logged models": lambda query: store.search_logged_models([asked_for], query),
    }
    assert _names(searches[vocabulary.noun](search.parse(vocabulary, asked, order)).items) == found


@pytest.fixture(scope="module")
def asked_for(server, tmp_path_factory):
    """The id of the experiment with the logged models; there are two of each thing."""
    folder = tmp_path_factory.mktemp("asked")
    (folder / "hookline.yaml").write_text(f"tracking: mlflow+{server}\n", encoding="utf-8")
    with Workspace(Config.load(folder, environ={})) as made:
        store, registry = made.tracking, made.model_registry
        for each in "ab":
            experiment_id = store.create_experiment(f"asked-{each}").experiment_id
            registry.create_model(f"asked-{each}", tags={"t": each})
        for number in range(2):
            registry.create_version(NewModelVersion("asked-a", f"s3://asked/{number}"))
        run_id = store.create_run(NewRun(experiment_id)).info.run_id
        for value, each in enumerate("ab"):
            model = store.create_logged_model(NewLoggedModel(experiment_id, f"asked-{each}", params={"p": each}))
            store.log_batch(run_id, Batch([Metric("acc", float(value), 0, model_id=model.model_id)]))
    return experiment_id


def test_what_is_deleted_for_good_elsewhere_says_where(store):
    with pytest.raises(NotSupported, match="mlflow gc"):
        store.purge(0)


def test_a_hookline_url_of_mlflow_s_server_says_what_to_write(server, tmp_path):
    (tmp_path / "hookline.yaml").write_text(f"tracking: {server}\n", encoding="utf-8")
    with Workspace(Config.load(tmp_path, environ={})) as made, pytest.raises(NotSupported, match=rf"mlflow\+{server}"):
        made.tracking.create_run(NewRun("0"))


def test_what_was_logged_while_the_server_was_away_comes_later(server, tmp_path):
    (tmp_path / "hookline.yaml").write_text("tracking: mlflow+http://127.0.0.1:9\n", encoding="utf-8")
    state = {"HOOKLINE_JOURNAL": str(tmp_path / "journal")}
    script = (
        "from hookline import Workspace\n"
        "with Workspace().start_run(experiment_name='offline-there') as run:\n"
        "    [run.log_metric('m', step, step=step) for step in range(50)]\n"
        "print(run.run_id)\n"
    )
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("HOOKLINE_", "MLFLOW_"))} | state

    def python(*words):
        command = [sys.executable, *words]
        done = subprocess.run(
            command, cwd=tmp_path, env=clean, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run_id = python("-c", script).split()[-1]
    [file] = (tmp_path / "journal").rglob(f"{run_id}.*.journal")
    python("-m", "hookline", "--tracking-uri", f"mlflow+{server}", "sync", str(file.parent))
    with Workspace(Config.load(tmp_path, environ={"HOOKLINE_TRACKING_URI": f"mlflow+{server}"})) as made:
        assert [*made.runs.history(run_id, "m").steps] == [*range(50)]
