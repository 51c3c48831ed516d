"""Automatic logging: a callback of XGBoost's own in each call of its `train`, which its estimators call too."""

from typing import Any

from xgboost.callback import TrainingCallback

from hookline.autologging import OpenRun, TrainFunction, harmless, metric_key
from hookline.run import Run


class LogMetrics(TrainingCallback):
    """Logs what is evaluated after each iteration as `DATASET-METRIC`."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        """Log the newest values; never ask to stop."""
        with harmless("the metrics"):
            latest = {
                metric_key(data, metric): values[-1]
                for data, found in evals_log.items()
                for metric, values in found.items()
            }
            # with a deviation, where `cv` evaluates
            plain = {key: value[0] if isinstance(value, tuple) else value for key, value in latest.items()}
            self._run.log_metrics(plain, step=epoch)
        return False


_train = TrainFunction("xgboost", ("xgboost", "xgboost.training", "xgboost.sklearn"), LogMetrics)


def autolog(workspace_run: OpenRun, *, log_models: bool = True, disable: bool = False) -> None:
    """Log every training: params, the metrics of each iteration, and the booster as the model `model`.

    Args:
        workspace_run: gives the run to log into.
        log_models: log the trained booster.
        disable: take the changes of XGBoost's modules back.
    """
    if disable:
        _train.remove()
    else:
        _train.apply(workspace_run, log_models=log_models)
