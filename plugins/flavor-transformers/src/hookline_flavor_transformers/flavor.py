"""The flavor `transformers`: pipelines and models by `save_pretrained`, with the `MLmodel` block of MLflow 3."""

from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

import torch
import transformers
from attrs import frozen
from transformers.modeling_utils import PreTrainedModel

from hookline.discovery import describe
from hookline.documents import structure_strictly
from hookline.errors import InvalidValue
from hookline.interfaces import Flavor, Unpickler
from hookline.models.code import open_code
from hookline.models.native import reading
from hookline_flavor_transformers.asking import ask_model, ask_pipeline
from hookline_flavor_transformers.parts import COMPONENTS, MODEL, NAMES, components, describe_parts, load_parts

SIZE = "5GB"


@frozen
class SaveOptions:
    """How to save a model.

    Attributes:
        task: what the pipeline does, such as `text-classification`, where a mapping of parts is given.
        max_shard_size: how large one file of weights may be.
    """

    task: str | None = None
    max_shard_size: str = SIZE


class TransformersFlavor(Flavor):
    """Saves, loads and asks a pipeline, a mapping of its parts, or a model alone."""

    name = "transformers"
    loader_module = "mlflow.transformers"
    loader_takes_folder = True

    def __init__(self) -> None:
        self._turns: WeakKeyDictionary[Any, Lock] = WeakKeyDictionary()
        self._lock = Lock()

    def save(self, model: Any, folder: Path, options: Mapping[str, Any]) -> dict[str, Any]:
        """Write the model's and the components' own files; weights are safetensors.

        Raises:
            InvalidValue: parts without a task, or a model with an adapter.
        """
        chosen = structure_strictly(dict(options), SaveOptions, prefix="transformers.")
        whole = _assembled(model, chosen.task)
        native = whole if isinstance(whole, PreTrainedModel) else whole.model
        if not isinstance(native, PreTrainedModel):
            raise InvalidValue(f"A {type(native).__name__} is no model of transformers' own; merge adapters first.")
        native.save_pretrained(folder / MODEL, max_shard_size=chosen.max_shard_size)
        block = {
            "data": MODEL,
            "model_binary": MODEL,
            "pipeline_model_type": type(native).__name__,
            "source_model_name": str(native.name_or_path or ""),
            "torch_dtype": str(native.dtype),
            "transformers_version": transformers.__version__,
            "code": None,
        }
        if whole is native:
            return {**block, "task": None, "instance_type": type(native).__name__, "components": []}
        for name, part in components(whole).items():
            part.save_pretrained(folder / COMPONENTS / name)
        return {**block, "task": whole.task, "instance_type": type(whole).__name__, **describe_parts(whole)}

    def load(self, folder: Path, block: Mapping[str, Any], pickles: Unpickler) -> Any:
        """Return the pipeline, or the model where there is no task."""
        open_code(folder, block, pickles)
        parts = load_parts(folder, block, pickles)
        if not block.get("task"):
            return parts["model"].eval()
        with reading(folder, "a pipeline of transformers"):
            return transformers.pipeline(str(block["task"]), **parts)

    def predict(self, model: Any, data: Any, params: Mapping[str, Any]) -> Any:
        """Give the data to the pipeline, or tensors of it to the model, with the params as arguments."""
        with self._lock:
            turn = self._turns.setdefault(model, Lock())  # tokenizers must not be used by two threads at once
        ask = ask_model if isinstance(model, PreTrainedModel) else ask_pipeline
        try:
            with turn, torch.no_grad():
                return ask(model, data, params)
        except (TypeError, ValueError, KeyError, IndexError, AttributeError, RuntimeError) as error:
            raise InvalidValue(
                f"The {type(model).__name__} cannot be asked with this data and these params: {describe(error)}"
            ) from error

    def requirements(self, model: Any) -> list[str]:
        """Pin what reads the formats."""
        return ["safetensors", "tokenizers", "torch", "transformers"]


def _assembled(model: Any, task: str | None) -> Any:
    """Return a pipeline, made of a mapping of parts where one is given, or a model alone."""
    if not isinstance(model, Mapping):
        if task is not None:
            raise InvalidValue(
                "The option task is for a mapping of parts; a pipeline has its task, a model alone none."
            )
        return model
    unknown = sorted(set(model) - {"model", *NAMES})
    if unknown or "model" not in model:
        raise InvalidValue(f"The parts of a pipeline are model, {', '.join(NAMES)}; these are {', '.join(model)}.")
    if task is None:
        raise InvalidValue("Say what the parts do together, such as task='text-classification'.")
    try:
        return transformers.pipeline(task, **model)
    except (KeyError, ValueError, OSError) as error:
        raise InvalidValue(f"transformers makes no pipeline {task!r} of these parts: {describe(error)}") from error
