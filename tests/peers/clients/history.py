"""Record something of every kind with a real MLflow, at the place that the first argument names."""

import json
import sys

import mlflow
from mlflow.tracking import MlflowClient

place, has_registry = sys.argv[1], sys.argv[2] == "registry"
mlflow.set_tracking_uri(place)
VERSION = tuple(map(int, mlflow.__version__.split(".")[:2]))
client = MlflowClient()
experiment = client.create_experiment("first", tags={"team": "a"})
mlflow.set_experiment("first")
for number in range(3):
    with mlflow.start_run(run_name=f"run {number}") as run:
        mlflow.log_params({"alpha": 0.1 * number, "a/b": "x"})
        mlflow.set_tag("note", "\u00fc")
        for step in range(50):
            mlflow.log_metric("loss/train", 1 / (step + 1) + number, step=step)
        mlflow.log_metric("odd", float("nan"))
        mlflow.log_text("hello", "notes/a.txt")
run_id = run.info.run_id
client.delete_run(run_id)
gone = client.create_experiment("gone")
client.create_run(gone)
client.delete_experiment(gone)
if VERSION >= (2, 4):
    import pandas

    with mlflow.start_run():
        mlflow.log_input(mlflow.data.from_pandas(pandas.DataFrame({"a": [1]}), name="d"), context="training")
if VERSION >= (3, 0):
    from sklearn.linear_model import LinearRegression

    with mlflow.start_run():
        model = mlflow.sklearn.log_model(LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0]), name="line")
        mlflow.log_metric("acc", 0.5, model_id=model.model_id)
if has_registry:
    client.create_registered_model("clf", description="d", tags={"k": "v"})
    for _ in range(2):
        client.create_model_version("clf", f"{mlflow.get_run(run_id).info.artifact_uri}/notes", run_id=run_id)
    client.delete_model_version("clf", "1")
    client.transition_model_version_stage("clf", "2", "Staging")
    if VERSION >= (2, 3):
        client.set_registered_model_alias("clf", "champion", "2")
print(json.dumps({"run_id": run_id, "runs": 4 + (VERSION >= (2, 4)) + (VERSION >= (3, 0))}))
