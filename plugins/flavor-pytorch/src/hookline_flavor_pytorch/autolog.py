"""Automatic logging: a callback and a logger of Lightning's own in each `fit` of its trainer."""

import contextlib
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from lightning.fabric.utilities.rank_zero import rank_zero_only
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.loggers import Logger

from hookline.autologging import OpenRun, TrainMethod, called_by, harmless, metric_key
from hookline.run import Run

ROWS = 5
TRAINER_PARAMS = ("max_epochs", "max_steps", "accumulate_grad_batches", "gradient_clip_val", "precision")


class RunLogger(Logger):
    """A logger of Lightning that writes into a run: what a module logs with `self.log`, where its trainer says."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run

    @property
    def name(self) -> str:
        """The run's name."""
        return self._run.info.run_name

    @property
    def version(self) -> str:
        """The run's id."""
        return self._run.run_id

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Log metrics of a step."""
        with harmless("the metrics"):
            self._run.log_metrics({metric_key(key): value for key, value in metrics.items()}, step=step or 0)

    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:
        """Log what the module was made with."""
        with harmless("the parameters"):
            self._run.log_params(_flat(vars(params) if isinstance(params, Namespace) else params))


class LogTraining(Callback):
    """Joins a training when it starts, after everything that Lightning makes to depend on its loggers.

    Attributes:
        example: some rows of the first batch, once there was one that a module may take as it is.
    """

    def __init__(self, run: Run) -> None:
        self._logger, self._run = RunLogger(run), run
        self.example: Any = None

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Log the parameters, and take part in logging from now on."""
        trainer.loggers = [*trainer.loggers, self._logger]
        with harmless("the parameters"):
            given = {name: getattr(trainer, name) for name in TRAINER_PARAMS}
            self._run.log_params({name: str(value) for name, value in given.items() if value is not None})
            self._run.log_params(_optimizers(trainer))
        self._logger.log_hyperparams(pl_module.hparams)

    def on_train_batch_start(self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int) -> None:
        """Keep an example of what the module takes: its own, or the first part of the first batch."""
        if self.example is None:
            with harmless("an example"):
                given = pl_module.example_input_array
                first = given if given is not None else batch[0] if isinstance(batch, list | tuple) else batch
                self.example = _rows(first)

    def leave(self, trainer: Any) -> None:
        """Take the callback and the logger out of the trainer."""
        trainer.callbacks = [each for each in trainer.callbacks if each is not self]
        trainer.loggers = [each for each in trainer.loggers if each is not self._logger]


def _rows(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value[:ROWS].detach().cpu().numpy() if value.dim() else None
    if isinstance(value, Mapping) and all(isinstance(each, torch.Tensor) for each in value.values()):
        return {name: _rows(each) for name, each in value.items()}
    return None


def _optimizers(trainer: Any) -> dict[str, str]:
    """Return the name and the settings of the optimizers, numbered where there are several."""
    found = {}
    for number, optimizer in enumerate(trainer.optimizers):
        prefix = "optimizer" if len(trainer.optimizers) == 1 else f"optimizer_{number}"
        found[f"{prefix}_name"] = type(optimizer).__name__
        plain = {name: each for name, each in optimizer.defaults.items() if isinstance(each, int | float)}
        found |= {f"{prefix}_{name}": str(each) for name, each in plain.items()}
    return found


def _flat(params: Mapping[Any, Any], prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in params.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{name}/")
        elif not isinstance(value, torch.nn.Module):
            found[f"{prefix}{name}"] = str(value)
    return found


@contextlib.contextmanager
def _watch(run: Run, trainer: Any) -> Iterator[Callable[[], Mapping[str, Any]]]:
    callback = LogTraining(run)
    trainer.callbacks = [*trainer.callbacks, callback]

    def model() -> dict[str, Any]:
        found = {"model": trainer.lightning_module}
        return found if callback.example is None else {**found, "input_example": callback.example}

    try:
        yield model
    finally:
        callback.leave(trainer)


def _is_logged(trainer: Any) -> bool:
    """Return whether this is the first of the processes that train together, and no attempt of Lightning's tuner."""
    return getattr(rank_zero_only, "rank", 0) in (0, None) and not called_by(
        "lightning", except_modules=("lightning.pytorch.cli",)
    )


_fit = TrainMethod("pytorch", "fit", _watch, _is_logged)


def autolog(workspace_run: OpenRun, *, log_models: bool = True, disable: bool = False) -> None:
    """Log every `fit` of a Lightning trainer: params, what its module logs, and the module as the model `model`.

    Args:
        workspace_run: gives the run to log into.
        log_models: log the trained module.
        disable: take the change of Lightning's trainer back.
    """
    if disable:
        _fit.remove()
        return
    older = sys.modules.get("pytorch_lightning")  # the same library by its older name, where a program uses that
    _fit.apply(workspace_run, trainers=[Trainer, *([older.Trainer] if older else [])], log_models=log_models)
