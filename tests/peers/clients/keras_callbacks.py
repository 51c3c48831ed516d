"""Trainings of Keras that MLflow's own code logs, at the server that `MLFLOW_TRACKING_URI` names."""

import keras
import mlflow
import numpy
from checks import Checks
from mlflow.tracking import MlflowClient

check = Checks()
client = MlflowClient()
rows = numpy.random.default_rng(0).random((64, 3), dtype="float32")
target = rows.sum(axis=1)
EPOCHS = 4


def trained(**options):
    """Return a model and the history of its training."""
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(learning_rate=0.125), loss="mse", metrics=["mae"])
    told = model.fit(rows, target, epochs=EPOCHS, batch_size=16, verbose=0, **options)
    return model, told.history


def newest(experiment):
    found = client.get_experiment_by_name(experiment)
    return client.search_runs([found.experiment_id], order_by=["attributes.start_time DESC"])


def history(run, key):
    return [point.value for point in client.get_metric_history(run.info.run_id, key)]


# The callback ---------------------------------------------------------------------------------------------------------

mlflow.set_experiment("callback")
with mlflow.start_run():
    _model, told = check.done("a callback", lambda: trained(callbacks=[mlflow.keras.MlflowCallback()]))
(run,) = newest("callback")
check.same("its epochs", lambda: numpy.allclose(history(run, "loss"), told["loss"]), True)
check.same("its optimizer", lambda: float(run.data.params["optimizer_learning_rate"]), 0.125)
check.same(
    "its summary", lambda: "Dense" in mlflow.artifacts.load_text(f"{run.info.artifact_uri}/model_summary.txt"), True
)

# Automatic logging ----------------------------------------------------------------------------------------------------

for name in ("keras", "tensorflow"):
    flavor = getattr(mlflow, name)
    mlflow.set_experiment(name)
    flavor.autolog()
    model, told = check.done(name, lambda: trained(validation_split=0.25))
    flavor.autolog(disable=True)
    mlflow.flush_async_logging() if hasattr(mlflow, "flush_async_logging") else None
    (run,) = newest(name)
    check.same("its end", lambda: run.info.status, "FINISHED")  # noqa: B023 - asked at once
    check.same("its params", lambda: (run.data.params["epochs"], run.data.params["batch_size"]), ("4", "16"))  # noqa: B023
    for key in ("loss", "val_mae"):
        check.same(f"its {key}", lambda: numpy.allclose(history(run, key), told[key]), True)  # noqa: B023
    loaded = check.done("the model", lambda: flavor.load_model(f"runs:/{run.info.run_id}/model"))  # noqa: B023
    check.same(
        "what it says",
        lambda: numpy.allclose(loaded.predict(rows, verbose=0), model.predict(rows, verbose=0), atol=1e-6),  # noqa: B023
        True,
    )
check.tell(mlflow.__version__)
