"""The parts of a pipeline: which there are, how they are made from their folders, and whether that runs code."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import transformers
from attrs import frozen

from hookline.errors import InvalidValue, NotSupported
from hookline.interfaces import Unpickler
from hookline.models.native import model_file, reading
from hookline.models.scanning import imports_of

MODEL = "model"
COMPONENTS = "components"
NAMES = ("feature_extractor", "tokenizer", "image_processor", "processor")
BASES = (
    transformers.PreTrainedModel,
    transformers.PreTrainedTokenizerBase,
    transformers.FeatureExtractionMixin,
    transformers.ImageProcessingMixin,
    transformers.ProcessorMixin,
)
PICKLES = ("*.bin", "*.pt", "*.pth", "*.pkl", "*.ckpt")
_REMOTE = ("auto_map", "custom_pipelines", "custom_generate")
"""What names code that transformers imports from the folder, or from its hub."""


@frozen
class Folder:
    """A folder that `save_pretrained` wrote, checked before transformers reads it.

    Attributes:
        runs_code: whether it holds classes of its own, which the gate has permitted.
        has_pickles: whether it holds pickles, which the gate has permitted.
    """

    path: Path
    runs_code: bool
    has_pickles: bool

    @classmethod
    def checked(cls, path: Path, pickles: Unpickler) -> "Folder":
        """Return a folder of a model or component after asking the gate about what is more than data in it.

        Raises:
            PickleRefused: the gate says no. NotSupported: it is an adapter of another model.
        """
        if any(path.rglob("adapter_config.json")):
            raise NotSupported(f"{path.name} holds an adapter of PEFT's, whose base model is elsewhere.")
        code = sorted(_code(path))
        if code:
            pickles.permit(path, code)
        pickled = [each for pattern in PICKLES for each in sorted(path.glob(pattern))]
        for each in pickled:
            pickles.permit(each, imports_of(each).names)
        return cls(path, bool(code), bool(pickled))

    def load(self, kind: str, **options: Any) -> Any:
        """Return what a class of transformers makes of the folder, without asking anything of any hub.

        Raises:
            InvalidValue: there is no such class, or the folder is damaged.
        """
        with reading(self.path, f"a {kind} of transformers"):
            made = _class(kind, self.path if self.runs_code else None)
            return made.from_pretrained(
                str(self.path), local_files_only=True, trust_remote_code=self.runs_code, **options
            )


def _class(kind: str, path: Path | None) -> Any:
    """Return a class by name: one of transformers, or for code of the model's own the one that finds it."""
    found = getattr(transformers, kind, None)
    if isinstance(found, type) and issubclass(found, BASES):
        return found
    if path is None:
        raise InvalidValue(f"transformers {transformers.__version__} has no class {kind!r} of models or their parts.")
    names = _read(path / "config.json").get("auto_map") or _read(path / "tokenizer_config.json").get("auto_map") or {}
    return getattr(transformers, next((name for name in names if name != "AutoConfig"), "AutoModel"))


def _code(path: Path) -> Iterator[str]:
    """Yield what a folder would have transformers import."""
    for each in path.rglob("*.py"):
        yield each.relative_to(path).as_posix()
    for each in path.rglob("*.json"):
        for name, value in _settings(_read(each)):
            # an implementation such as "kernels-community/flash-attn" is a repository of compiled code
            if value and (name in _REMOTE or (name.endswith("_implementation") and "/" in json.dumps(value))):
                yield f"{name}: {json.dumps(value)}"


def _settings(content: Any) -> Iterator[tuple[str, Any]]:
    """Yield every key with its value, at whatever depth: a configuration may hold others."""
    waiting = [content]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            yield from each.items()
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def describe_parts(pipeline: transformers.Pipeline) -> dict[str, Any]:
    """Return what MLflow's block says of a pipeline's parts."""
    parts = components(pipeline)
    return {
        **{f"{name}_type": type(part).__name__ for name, part in parts.items()},
        "components": [name for name in parts if name != "processor"],
    }


def components(pipeline: transformers.Pipeline) -> dict[str, Any]:
    """Return what a pipeline has beside its model."""
    found = {name: getattr(pipeline, name, None) for name in NAMES}
    return {name: part for name, part in found.items() if part is not None}


def load_parts(folder: Path, block: Mapping[str, Any], pickles: Unpickler) -> dict[str, Any]:
    """Return the model and the components that a block names.

    Raises:
        NotSupported: the model's weights are not in the folder, or are an adapter of others.
    """
    _check_whole(block)
    names = [*(block.get("components") or []), *(["processor"] if block.get("processor_type") else [])]
    unknown = sorted(set(names) - set(NAMES))
    if unknown:
        raise InvalidValue(f"MLmodel names the component {unknown[0]!r}; allowed: {', '.join(NAMES)}.")
    place = Folder.checked(model_file(folder, block, "model_binary"), pickles)
    dtype = str(block.get("torch_dtype") or "auto").removeprefix("torch.")
    safe = None if place.has_pickles else True  # else transformers would look for pickles, too
    model = place.load(str(block.get("pipeline_model_type")), dtype=dtype, use_safetensors=safe)
    parts = {
        name: Folder.checked(model_file(folder, {"data": f"{COMPONENTS}/{name}"}), pickles)
        for name in dict.fromkeys(names)
    }
    return {"model": model, **{name: part.load(str(block.get(f"{name}_type"))) for name, part in parts.items()}}


def _check_whole(block: Mapping[str, Any]) -> None:
    for key, reason in (
        ("peft_adaptor", "an adapter of PEFT's, whose base model is elsewhere"),
        ("local_base_model_path", "an adapter whose base model lies on the disk where it was made"),
        ("source_model_revision", "the name of a model in a hub, without its weights"),
    ):
        if block.get(key):
            raise NotSupported(
                f"The model is {reason}: {key} is {block[key]!r}. Save the whole model, "
                "or use mlflow.transformers.persist_pretrained_model first."
            )
