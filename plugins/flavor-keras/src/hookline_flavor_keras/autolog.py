"""Automatic logging: a callback of Keras's own in each call of a model's `fit`."""

from collections.abc import Mapping
from typing import Any

import keras

from hookline.autologging import TrainFunction, harmless, metric_key, plain_params
from hookline.run import Run


class LogMetrics(keras.callbacks.Callback):
    """Logs the loss and the metrics of each epoch, those of validation data as `val_METRIC`."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Log the epoch's values."""
        with harmless("the metrics"):
            self._run.log_metrics({metric_key(key): float(value) for key, value in (logs or {}).items()}, step=epoch)


def _params(arguments: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the arguments of `fit` that are plain values, and the settings of the optimizer as `optimizer_NAME`."""
    settings = arguments["self"].optimizer.get_config()
    return {**plain_params(arguments), **{f"optimizer_{key}": value for key, value in plain_params(settings).items()}}


autolog = TrainFunction(
    "keras", ("keras:Model.fit",), LogMetrics, params=_params, trained=lambda arguments, _history: arguments["self"]
)
