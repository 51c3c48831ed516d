"""What a person does with an MLflow client, call by call, against the server that `MLFLOW_TRACKING_URI` names.

Runs in the environment of one version of the client: 1.30, 2.22 or 3.17.
"""

import math
import tempfile
from pathlib import Path

import mlflow
import numpy
import pandas
from checks import Checks
from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.tracking import MlflowClient
from sklearn.linear_model import LinearRegression

VERSION = tuple(int(part) for part in mlflow.__version__.split(".")[:2])
check = Checks()
client = MlflowClient()
folder = Path(tempfile.mkdtemp())


def names(things):
    return sorted(each.name for each in things)


# Experiments ---------------------------------------------------------------------------------------------------------

first = check.done("create_experiment", lambda: client.create_experiment("first", tags={"team": "a"}))
check.same("get_experiment", lambda: client.get_experiment(first).name, "first")
check.same("its tags", lambda: client.get_experiment(first).tags, {"team": "a"})
check.same("its location", lambda: client.get_experiment(first).artifact_location, f"mlflow-artifacts:/{first}")
check.same("get_experiment_by_name", lambda: client.get_experiment_by_name("first").experiment_id, first)
check.same("a name that is not there", lambda: client.get_experiment_by_name("none"), None)
check.refused("a name twice", lambda: client.create_experiment("first"), "RESOURCE_ALREADY_EXISTS")
check.refused("an id that is not there", lambda: client.get_experiment("999"), "RESOURCE_DOES_NOT_EXIST")
second = check.done("create another", lambda: client.create_experiment("second"))
check.done(
    "rename_experiment",
    lambda: client.rename_experiment(second, "renamed"),
    lambda: client.get_experiment(second).name,
    "renamed",
)
check.done(
    "set_experiment_tag",
    lambda: client.set_experiment_tag(first, "note", "x"),
    lambda: client.get_experiment(first).tags["note"],
    "x",
)
check.done(
    "delete_experiment",
    lambda: client.delete_experiment(second),
    lambda: client.get_experiment(second).lifecycle_stage,
    "deleted",
)
if VERSION >= (1, 28):
    check.same("search_experiments", lambda: names(client.search_experiments()), ["Default", "first"])
    check.same(
        "search deleted ones", lambda: names(client.search_experiments(view_type=ViewType.DELETED_ONLY)), ["renamed"]
    )
    check.same("by a filter", lambda: names(client.search_experiments(filter_string="name LIKE 'fi%'")), ["first"])
    check.same("by a tag", lambda: names(client.search_experiments(filter_string="tags.team = 'a'")), ["first"])
    page = check.done("a page", lambda: client.search_experiments(max_results=1, order_by=["name ASC"]))
    check.same(
        "the next page",
        lambda: names(client.search_experiments(max_results=1, order_by=["name ASC"], page_token=page.token)),
        ["first"],
    )
if VERSION < (2, 0):
    check.same("list_experiments", lambda: names(client.list_experiments()), ["Default", "first"])
check.done(
    "restore_experiment",
    lambda: client.restore_experiment(second),
    lambda: client.get_experiment(second).lifecycle_stage,
    "active",
)
check.same("set_experiment", lambda: mlflow.set_experiment("fluent").name, "fluent")
fluent = client.get_experiment_by_name("fluent").experiment_id

# Runs ----------------------------------------------------------------------------------------------------------------

run = check.done("create_run", lambda: client.create_run(first, start_time=1000, tags={"a": "b"}))
run_id = run.info.run_id
check.same("its status", lambda: client.get_run(run_id).info.status, "RUNNING")
check.same("its start", lambda: client.get_run(run_id).info.start_time, 1000)
check.same("its tag", lambda: client.get_run(run_id).data.tags["a"], "b")
check.same("its experiment", lambda: client.get_run(run_id).info.experiment_id, first)
check.same("its artifacts", lambda: run.info.artifact_uri, f"mlflow-artifacts:/{first}/{run_id}/artifacts")
check.done("log_param", lambda: client.log_param(run_id, "p", 1), lambda: client.get_run(run_id).data.params["p"], "1")
check.done("log_param again", lambda: client.log_param(run_id, "p", 1))
check.refused("log_param with another value", lambda: client.log_param(run_id, "p", 2), "INVALID_PARAMETER_VALUE")
for step, value in enumerate([0.5, math.nan, math.inf, -math.inf, -1e-300]):
    check.done(
        f"log_metric {value}",
        lambda value=value, step=step: client.log_metric(run_id, "m", value, timestamp=step, step=step),
        lambda: client.get_run(run_id).data.metrics["m"],
        value,
    )
check.same("its history", lambda: [each.step for each in client.get_metric_history(run_id, "m")], [0, 1, 2, 3, 4])
check.same("no history", lambda: client.get_metric_history(run_id, "none"), [])
check.done(
    "log_batch",
    lambda: client.log_batch(
        run_id,
        metrics=[Metric("b", float(step), 10, step) for step in range(1000)],
        params=[],
        tags=[],
    ),
    lambda: client.get_run(run_id).data.metrics["b"],
    999.0,
)
check.same("a long history", lambda: len(client.get_metric_history(run_id, "b")), 1000)
check.done(
    "log_batch of everything",
    lambda: client.log_batch(run_id, [Metric("c", 1.0, 1, 0)], [Param("q", "x" * 500)], [RunTag("t", "v")]),
    lambda: (client.get_run(run_id).data.params["q"], client.get_run(run_id).data.tags["t"]),
    ("x" * 500, "v"),
)
check.done("set_tag", lambda: client.set_tag(run_id, "t", 3), lambda: client.get_run(run_id).data.tags["t"], "3")
check.done("delete_tag", lambda: client.delete_tag(run_id, "t"), lambda: "t" in client.get_run(run_id).data.tags, False)
check.refused("delete_tag again", lambda: client.delete_tag(run_id, "t"), "RESOURCE_DOES_NOT_EXIST")
check.refused("a run that is not there", lambda: client.get_run("0" * 32), "RESOURCE_DOES_NOT_EXIST")
check.refused("a key that is a path", lambda: client.log_metric(run_id, "../m", 1), "INVALID_PARAMETER_VALUE")
check.done(
    "set_terminated",
    lambda: client.set_terminated(run_id, "FAILED", end_time=5000),
    lambda: (client.get_run(run_id).info.status, client.get_run(run_id).info.end_time),
    ("FAILED", 5000),
)
check.done(
    "delete_run", lambda: client.delete_run(run_id), lambda: client.get_run(run_id).info.lifecycle_stage, "deleted"
)
check.refused("log into a deleted run", lambda: client.log_metric(run_id, "m", 1), "INVALID_PARAMETER_VALUE")
check.done(
    "restore_run", lambda: client.restore_run(run_id), lambda: client.get_run(run_id).info.lifecycle_stage, "active"
)
if VERSION >= (2, 0):
    check.done(
        "update_run",
        lambda: client.update_run(run_id, status="FINISHED", name="named"),
        lambda: (client.get_run(run_id).info.status, client.get_run(run_id).info.run_name),
        ("FINISHED", "named"),
    )

# Searching -----------------------------------------------------------------------------------------------------------

ids = []
for number in range(6):
    made = client.create_run(second, start_time=number + 1, tags={"kind": "even" if number % 2 == 0 else "odd"})
    client.log_batch(made.info.run_id, [Metric("rmse", number / 10, 1, 0)], [Param("alpha", str(number))])
    ids.append(made.info.run_id)


def found(text="", **options):
    return [ids.index(each.info.run_id) for each in client.search_runs([second], text, **options)]


check.same("search_runs", found, [5, 4, 3, 2, 1, 0])
for text, expected in {
    "metrics.rmse > 0.25": [5, 4, 3],
    "metrics.rmse <= 0.1": [1, 0],
    "metric.rmse = 0.2": [2],
    "params.alpha = '3'": [3],
    "params.alpha != '3'": [5, 4, 2, 1, 0],
    "parameters.alpha LIKE '4%'": [4],
    "tags.kind = 'odd'": [5, 3, 1],
    "tags.kind ILIKE 'OD_'": [5, 3, 1],
    'tags.`kind` = "even" and metrics.rmse >= 0.2': [4, 2],
    "attributes.status = 'RUNNING' AND params.\"alpha\" = '0'": [0],
    "metrics.none > 0": [],
}.items():
    check.same(f"search_runs {text}", lambda text=text: found(text), expected)
check.same("ordered by a metric", lambda: found(order_by=["metrics.rmse ASC"]), [0, 1, 2, 3, 4, 5])
check.same("ordered by a param", lambda: found(order_by=["params.alpha DESC"]), [5, 4, 3, 2, 1, 0])
check.same("ordered by start", lambda: found(order_by=["attributes.start_time ASC"]), [0, 1, 2, 3, 4, 5])
check.refused("OR", lambda: found("metrics.rmse > 1 OR metrics.rmse < 0"), "INVALID_PARAMETER_VALUE")
check.refused("an unknown attribute", lambda: found("attributes.colour = 'red'"), "INVALID_PARAMETER_VALUE")
page = client.search_runs([second], max_results=4)
check.same("a page of runs", lambda: len(page), 4)
check.same("the next page of runs", lambda: found(max_results=4, page_token=page.token), [1, 0])
client.delete_run(ids[5])
check.same("deleted runs are not found", lambda: found()[0], 4)
check.same("deleted runs alone", lambda: found(run_view_type=ViewType.DELETED_ONLY), [5])
check.same("all runs", lambda: len(found(run_view_type=ViewType.ALL)), 6)
frame = check.done("as a frame", lambda: mlflow.search_runs([second], "metrics.rmse > 0.25"))
check.same("its columns", lambda: sorted(frame["metrics.rmse"]), [0.3, 0.4])

# The fluent functions, files -----------------------------------------------------------------------------------------

with mlflow.start_run(run_name="outer") as outer:
    check.done("log_params", lambda: mlflow.log_params({"a": 1, "b": None}))
    check.done("log_metrics", lambda: mlflow.log_metrics({"x": 1, "y": 2.5}, step=3))
    check.done("set_tags", lambda: mlflow.set_tags({"k": "v"}))
    (folder / "file.txt").write_text("hello", encoding="utf-8")
    (folder / "sub").mkdir()
    (folder / "sub" / "ä b.bin").write_bytes(bytes(range(256)) * 1000)
    check.done("log_artifact", lambda: mlflow.log_artifact(str(folder / "file.txt")))
    check.done("log_artifact into a folder", lambda: mlflow.log_artifact(str(folder / "file.txt"), "in/here"))
    check.done("log_artifacts", lambda: mlflow.log_artifacts(str(folder), "all"))
    check.done("log_text", lambda: mlflow.log_text("text", "t.txt"))
    check.done("log_dict", lambda: mlflow.log_dict({"a": [1]}, "d.json"))
    with mlflow.start_run(run_name="inner", nested=True) as inner:
        check.done("log_metric in a nested run", lambda: mlflow.log_metric("z", 1))
data = client.get_run(outer.info.run_id).data
check.same("its params", lambda: data.params, {"a": "1", "b": "None"})
check.same("its metrics", lambda: data.metrics, {"x": 1.0, "y": 2.5})
check.same("its end", lambda: client.get_run(outer.info.run_id).info.status, "FINISHED")
parent = client.get_run(inner.info.run_id).data.tags["mlflow.parentRunId"]
check.same("the nested run's parent", lambda: parent, outer.info.run_id)
check.same("its name", lambda: client.get_run(outer.info.run_id).data.tags["mlflow.runName"], "outer")
outer_id = outer.info.run_id
check.same(
    "list_artifacts",
    lambda: [(each.path, each.is_dir) for each in client.list_artifacts(outer_id)],
    [("all", True), ("d.json", False), ("file.txt", False), ("in", True), ("t.txt", False)],
)
check.same("below a folder", lambda: [each.path for each in client.list_artifacts(outer_id, "in")], ["in/here"])
check.same(
    "with sizes",
    lambda: [(each.path, each.file_size) for each in client.list_artifacts(outer_id, "all/sub")],
    [("all/sub/ä b.bin", 256_000)],
)
check.same("of a file", lambda: client.list_artifacts(outer_id, "t.txt"), [])
target = Path(tempfile.mkdtemp())
got = check.done("download_artifacts", lambda: client.download_artifacts(outer_id, "all", str(target)))
check.same("what came", lambda: (Path(got) / "sub" / "ä b.bin").read_bytes(), bytes(range(256)) * 1000)
check.same(
    "a file",
    lambda: Path(client.download_artifacts(outer_id, "d.json")).read_text().split(),
    ["{", '"a":', "[", "1", "]", "}"],
)
if VERSION >= (2, 0):
    uri = f"runs:/{outer_id}/t.txt"
    check.same("load_text", lambda: mlflow.artifacts.load_text(uri), "text")
    check.same("load_dict", lambda: mlflow.artifacts.load_dict(f"runs:/{outer_id}/d.json"), {"a": [1]})
    table = {"x": [1, 2], "y": ["a", "b"]}
    check.done("log_table", lambda: client.log_table(outer_id, pandas.DataFrame(table), "table.json"))
    check.same("load_table", lambda: mlflow.load_table("table.json", [outer_id]).to_dict("list"), table)
    dataset = mlflow.data.from_pandas(pandas.DataFrame({"x": [1.0, 2.0]}), name="wine")
    with mlflow.start_run(run_id=outer_id):
        check.done("log_input", lambda: mlflow.log_input(dataset, context="training"))
    inputs = client.get_run(outer_id).inputs.dataset_inputs
    check.same("its dataset", lambda: (inputs[0].dataset.name, inputs[0].tags[0].value), ("wine", "training"))
    check.same("found by it", lambda: len(client.search_runs([fluent], "dataset.name = 'wine'")), 1)

# The registry --------------------------------------------------------------------------------------------------------

check.same("create_registered_model", lambda: client.create_registered_model("reg", {"k": "v"}, "words").name, "reg")
check.refused("a model twice", lambda: client.create_registered_model("reg"), "RESOURCE_ALREADY_EXISTS")
check.same("get_registered_model", lambda: client.get_registered_model("reg").description, "words")
check.same("its tags", lambda: client.get_registered_model("reg").tags, {"k": "v"})
check.refused("a model that is not there", lambda: client.get_registered_model("no"), "RESOURCE_DOES_NOT_EXIST")
check.same("update_registered_model", lambda: client.update_registered_model("reg", "new").description, "new")
check.done(
    "set_registered_model_tag",
    lambda: client.set_registered_model_tag("reg", "z", "1"),
    lambda: client.get_registered_model("reg").tags["z"],
    "1",
)
check.done(
    "delete_registered_model_tag",
    lambda: client.delete_registered_model_tag("reg", "z"),
    lambda: client.get_registered_model("reg").tags,
    {"k": "v"},
)
rows = numpy.arange(20, dtype=float).reshape(10, 2)
model = LinearRegression().fit(rows, rows.sum(axis=1))
with mlflow.start_run() as training:
    named = {"name": "model"} if VERSION >= (3, 0) else {"artifact_path": "model"}
    logged = check.done(
        "sklearn.log_model",
        lambda: mlflow.sklearn.log_model(
            model, pip_requirements=["scikit-learn"], registered_model_name="reg", **named
        ),
    )
check.same("get_model_version", lambda: client.get_model_version("reg", "1").status, "READY")
check.same("its run", lambda: client.get_model_version("reg", "1").run_id, training.info.run_id)
source = client.get_model_version("reg", "1").source
for number in ("2", "3"):
    check.same(
        f"create_model_version {number}",
        lambda: client.create_model_version("reg", source, training.info.run_id, tags={"n": "1"}).version,
        number,
    )
check.same("update_model_version", lambda: client.update_model_version("reg", "2", "told").description, "told")
check.done(
    "set_model_version_tag",
    lambda: client.set_model_version_tag("reg", "2", "a", "b"),
    lambda: client.get_model_version("reg", "2").tags,
    {"n": "1", "a": "b"},
)
check.done(
    "delete_model_version_tag",
    lambda: client.delete_model_version_tag("reg", "2", "a"),
    lambda: client.get_model_version("reg", "2").tags,
    {"n": "1"},
)
moved = check.done(
    "transition_model_version_stage", lambda: client.transition_model_version_stage("reg", "1", "Staging")
)
check.same("its stage", lambda: moved.current_stage, "Staging")
check.done("move another", lambda: client.transition_model_version_stage("reg", "2", "staging", True))
check.same("the first is archived", lambda: client.get_model_version("reg", "1").current_stage, "Archived")
check.refused(
    "no such stage", lambda: client.transition_model_version_stage("reg", "1", "x"), "INVALID_PARAMETER_VALUE"
)
check.same(
    "get_latest_versions",
    lambda: sorted((str(each.version), each.current_stage) for each in client.get_latest_versions("reg")),
    [("1", "Archived"), ("2", "Staging"), ("3", "None")],
)
check.same("of a stage", lambda: [str(v.version) for v in client.get_latest_versions("reg", ["Staging"])], ["2"])
check.same(
    "search_model_versions",
    lambda: sorted(str(each.version) for each in client.search_model_versions("name = 'reg'")),
    ["1", "2", "3"],
)
check.same(
    "by the run",
    lambda: len(client.search_model_versions(f"run_id = '{training.info.run_id}'")),
    3,
)
if VERSION >= (1, 28):
    check.same("search_registered_models", lambda: names(client.search_registered_models("name LIKE 're%'")), ["reg"])
if VERSION < (2, 0):
    check.same("list_registered_models", lambda: names(client.list_registered_models()), ["reg"])
check.same(
    "get_model_version_download_uri",
    lambda: client.get_model_version_download_uri("reg", "1").startswith("mlflow-artifacts:/"),
    True,
)
if VERSION >= (2, 3):
    check.done("set_registered_model_alias", lambda: client.set_registered_model_alias("reg", "best", "1"))
    check.same("get_model_version_by_alias", lambda: str(client.get_model_version_by_alias("reg", "best").version), "1")
    check.done("move it", lambda: client.set_registered_model_alias("reg", "best", "3"))
    check.same("where it is", lambda: str(client.get_model_version_by_alias("reg", "best").version), "3")
    check.same("seen from the version", lambda: client.get_model_version("reg", "3").aliases, ["best"])
    check.same(
        "pyfunc.load_model by alias",
        lambda: round(float(mlflow.pyfunc.load_model("models:/reg@best").predict(rows[:1])[0])),
        1,
    )
    check.done("delete_registered_model_alias", lambda: client.delete_registered_model_alias("reg", "best"))
    check.refused(
        "an alias that is gone", lambda: client.get_model_version_by_alias("reg", "best"), "INVALID_PARAMETER_VALUE"
    )
check.same(
    "sklearn.load_model", lambda: round(float(mlflow.sklearn.load_model("models:/reg/1").predict(rows[:1])[0])), 1
)
check.same(
    "pyfunc.load_model of the run",
    lambda: round(float(mlflow.pyfunc.load_model(f"runs:/{training.info.run_id}/model").predict(rows[:1])[0])),
    1,
)
check.done("delete_model_version", lambda: client.delete_model_version("reg", "2"))
check.refused("a version that is gone", lambda: client.get_model_version("reg", "2"), "RESOURCE_DOES_NOT_EXIST")
check.done(
    "rename_registered_model",
    lambda: client.rename_registered_model("reg", "other"),
    lambda: client.get_registered_model("other").description,
    "new",
)
check.same("its versions went along", lambda: str(client.get_model_version("other", "3").version), "3")
check.done("delete_registered_model", lambda: client.delete_registered_model("other"))
check.refused("a model that is gone", lambda: client.get_registered_model("other"), "RESOURCE_DOES_NOT_EXIST")

# Logged models, from 3.0 on ------------------------------------------------------------------------------------------

if VERSION >= (3, 0):
    model_id = logged.model_id
    check.same("get_logged_model", lambda: mlflow.get_logged_model(model_id).name, "model")
    check.same("its status", lambda: str(mlflow.get_logged_model(model_id).status), "READY")
    check.same("its run", lambda: mlflow.get_logged_model(model_id).source_run_id, training.info.run_id)
    check.same(
        "the run's outputs", lambda: client.get_run(training.info.run_id).outputs.model_outputs[0].model_id, model_id
    )
    check.done("log_model_params", lambda: mlflow.log_model_params({"depth": "3"}, model_id))
    check.same("its params", lambda: mlflow.get_logged_model(model_id).params, {"depth": "3"})
    check.done("set_logged_model_tags", lambda: client.set_logged_model_tags(model_id, {"a": "b"}))
    check.same("its tags", lambda: mlflow.get_logged_model(model_id).tags["a"], "b")
    check.done("delete_logged_model_tag", lambda: client.delete_logged_model_tag(model_id, "a"))
    with mlflow.start_run(run_id=training.info.run_id):
        check.done("a metric of a model", lambda: mlflow.log_metric("acc", 0.9, step=1, model_id=model_id))
    check.same("its metrics", lambda: mlflow.get_logged_model(model_id).metrics[0].value, 0.9)
    search = {"experiment_ids": [fluent], "output_format": "list"}
    check.same("search_logged_models", lambda: names(mlflow.search_logged_models(**search)), ["model"])
    for text, size in {"metrics.acc > 0.5": 1, "metrics.acc > 0.95": 0, "params.depth = '3'": 1}.items():
        check.same(
            f"search_logged_models {text}",
            lambda text=text: len(mlflow.search_logged_models(filter_string=text, **search)),
            size,
        )
    check.same("load it", lambda: round(float(mlflow.sklearn.load_model(logged.model_uri).predict(rows[:1])[0])), 1)
    check.same(
        "list_logged_model_artifacts",
        lambda: "MLmodel" in [each.path for each in client.list_logged_model_artifacts(model_id)],
        True,
    )
    check.done("delete_logged_model", lambda: client.delete_logged_model(model_id))
    check.same("it is gone", lambda: mlflow.search_logged_models(**search), [])

check.tell(mlflow.__version__)
