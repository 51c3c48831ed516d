"""Automatic logging: a callback of transformers' own in each `train` of its trainer."""

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from transformers import PreTrainedModel, Trainer, TrainerCallback, pipeline

from hookline.autologging import OpenRun, TrainMethod, harmless
from hookline.run import Run

TASKS = {
    "ForSequenceClassification": "text-classification",
    "ForTokenClassification": "token-classification",
    "ForMaskedLM": "fill-mask",
    "ForCausalLM": "text-generation",
    "LMHeadModel": "text-generation",
    "ForImageClassification": "image-classification",
    "ForAudioClassification": "audio-classification",
}
"""What a model does, by the end of its class's name."""


class LogTraining(TrainerCallback):
    """Logs the arguments and the model's configuration when a training begins, and whatever the trainer logs."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
        """Log the parameters, by the names that transformers' own callbacks use: arguments win over configuration."""
        with harmless("the parameters"):
            config = getattr(model, "config", None)
            given = {**(config.to_dict() if config is not None else {}), **args.to_dict()}
            self._run.log_params(_flat(given))

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        """Log the numbers of a step."""
        with harmless("the metrics"):
            numbers = {name: float(value) for name, value in (logs or {}).items() if isinstance(value, int | float)}
            self._run.log_metrics({_key(name): value for name, value in numbers.items()}, step=state.global_step)


def _key(name: str) -> str:
    return re.sub(r"[^\w\-. :/]", "_", name)


def _flat(values: Mapping[Any, Any], prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{name}/")
        elif value is not None:
            found[_key(f"{prefix}{name}")] = str(value)
    return found


@contextlib.contextmanager
def _watch(run: Run, trainer: Any) -> Iterator[Callable[[], Mapping[str, Any]]]:
    callback = LogTraining(run)
    trainer.add_callback(callback)
    try:
        yield lambda: {"model": _trained(trainer)} if isinstance(trainer.model, PreTrainedModel) else {}
    finally:
        trainer.remove_callback(callback)


def _trained(trainer: Any) -> Any:
    """Return the model as a pipeline with what prepared its data, or alone where it is not known what it is for."""
    model, part = trainer.model, trainer.processing_class
    task = next((task for end, task in TASKS.items() if type(model).__name__.endswith(end)), None)
    if task is None or part is None:
        return model
    name = "tokenizer" if hasattr(part, "encode") else "image_processor" if "image" in task else "feature_extractor"
    return pipeline(task, model=model, **{name: part})


_train = TrainMethod("transformers", "train", _watch, lambda trainer: bool(trainer.is_world_process_zero()))


def autolog(workspace_run: OpenRun, *, log_models: bool = True, disable: bool = False) -> None:
    """Log every `train` of a trainer: its arguments, the model's configuration, what it logs, and the model.

    Args:
        workspace_run: gives the run to log into.
        log_models: log the trained model as the model `model`.
        disable: take the change of transformers' trainer back.
    """
    if disable:
        _train.remove()
    else:
        _train.apply(workspace_run, trainers=[Trainer], log_models=log_models)
