"""Trainings whose libraries log by their own callbacks, at the server that `MLFLOW_TRACKING_URI` names."""

import lightgbm
import mlflow
import numpy
import optuna
import xgboost
from checks import Checks
from mlflow.tracking import MlflowClient
from optuna_integration.mlflow import MLflowCallback
from sklearn.datasets import load_diabetes, load_wine
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, train_test_split

check = Checks()
client = MlflowClient()
features, target = load_diabetes(return_X_y=True)
train_x, test_x, train_y, test_y = train_test_split(features, target, random_state=0)


def newest(experiment):
    found = client.get_experiment_by_name(experiment)
    return client.search_runs([found.experiment_id], order_by=["attributes.start_time DESC"])


def history(run, key):
    return [point.value for point in client.get_metric_history(run.info.run_id, key)]


# Optuna: a run for every trial, made by its callback -----------------------------------------------------------------

optuna.logging.set_verbosity(optuna.logging.ERROR)
study = optuna.create_study(study_name="parabola")
callback = MLflowCallback(tracking_uri=mlflow.get_tracking_uri(), metric_name="height")
check.done(
    "optuna",
    lambda: study.optimize(lambda trial: trial.suggest_float("x", -1, 1) ** 2, n_trials=5, callbacks=[callback]),
)
runs = newest("parabola")
check.same("a run for every trial", lambda: len(runs), 5)
check.same(
    "their values",
    lambda: sorted(run.data.metrics["height"] for run in runs),
    sorted(trial.value for trial in study.trials),
)
check.same(
    "their params",
    lambda: sorted(float(run.data.params["x"]) for run in runs),
    sorted(trial.params["x"] for trial in study.trials),
)

# XGBoost, LightGBM: a metric for every round, and the model ----------------------------------------------------------

mlflow.set_experiment("xgboost")
mlflow.xgboost.autolog(log_datasets=False)
told: dict = {}
check.done(
    "xgboost",
    lambda: xgboost.train(
        {"max_depth": 2, "eta": 0.3},
        xgboost.DMatrix(train_x, train_y),
        num_boost_round=20,
        evals=[(xgboost.DMatrix(test_x, test_y), "test")],
        evals_result=told,
        verbose_eval=False,
    ),
)
mlflow.xgboost.autolog(disable=True)
(run,) = newest("xgboost")
check.same("its params", lambda: (run.data.params["max_depth"], run.data.params["eta"]), ("2", "0.3"))
check.same("its rounds", lambda: numpy.allclose(history(run, "test-rmse"), told["test"]["rmse"]), True)
check.same("its end", lambda: run.info.status, "FINISHED")

mlflow.set_experiment("lightgbm")
mlflow.lightgbm.autolog(log_datasets=False)
recorded: dict = {}
check.done(
    "lightgbm",
    lambda: lightgbm.train(
        {"objective": "regression", "num_leaves": 5, "verbosity": -1},
        lightgbm.Dataset(train_x, train_y),
        num_boost_round=20,
        valid_sets=[lightgbm.Dataset(test_x, test_y)],
        valid_names=["test"],
        callbacks=[lightgbm.record_evaluation(recorded)],
    ),
)
mlflow.lightgbm.autolog(disable=True)
(run,) = newest("lightgbm")
check.same("its params", lambda: run.data.params["num_leaves"], "5")
check.same("its rounds", lambda: numpy.allclose(history(run, "test-l2"), recorded["test"]["l2"]), True)

# scikit-learn: a search is a run with a child for every candidate ----------------------------------------------------

mlflow.set_experiment("sklearn")
mlflow.sklearn.autolog(max_tuning_runs=None, log_datasets=False)
wine_x, wine_y = load_wine(return_X_y=True)
search = GridSearchCV(Ridge(), {"alpha": [0.1, 1.0, 10.0]}, cv=3)
check.done("sklearn", lambda: search.fit(wine_x, wine_y))
mlflow.sklearn.autolog(disable=True)
runs = newest("sklearn")
(parent,) = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
children = [run for run in runs if run.data.tags.get("mlflow.parentRunId") == parent.info.run_id]
check.same("a child for every candidate", lambda: len(children), 3)
check.same("the best param", lambda: float(parent.data.params["best_alpha"]), search.best_params_["alpha"])
check.same("the best score", lambda: abs(parent.data.metrics["best_cv_score"] - search.best_score_) < 1e-12, True)
loaded = check.done("the model", lambda: mlflow.sklearn.load_model(f"runs:/{parent.info.run_id}/best_estimator"))
check.same("what it says", lambda: numpy.allclose(loaded.predict(wine_x), search.predict(wine_x)), True)
check.tell(mlflow.__version__)
