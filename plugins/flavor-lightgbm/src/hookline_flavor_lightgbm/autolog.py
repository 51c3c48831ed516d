"""Automatic logging: a callback of LightGBM's own in each call of its `train`, which its estimators call too."""

from typing import Any

from hookline.autologging import TrainFunction, harmless, metric_key
from hookline.run import Run


class LogMetrics:
    """Logs what is evaluated after each iteration as `DATASET-METRIC`."""

    order = 20  # after LightGBM's own callbacks that record, before the one that stops early

    def __init__(self, run: Run) -> None:
        self._run = run

    def __call__(self, env: Any) -> None:
        """Log the newest values."""
        with harmless("the metrics"):
            values = {metric_key(data, metric): value for data, metric, value, *_ in env.evaluation_result_list or ()}
            if values:
                self._run.log_metrics(values, step=env.iteration)


autolog = TrainFunction("lightgbm", ("lightgbm:train", "lightgbm.engine:train", "lightgbm.sklearn:train"), LogMetrics)
