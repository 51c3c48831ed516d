"""Automatic logging: a callback of XGBoost's own in each call of its `train`, which its estimators call too."""

from typing import Any

from xgboost.callback import TrainingCallback

from hookline.autologging import TrainFunction, harmless, metric_key
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


autolog = TrainFunction("xgboost", ("xgboost:train", "xgboost.training:train", "xgboost.sklearn:train"), LogMetrics)
