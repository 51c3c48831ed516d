"""The flavor `pytorch`: exported programs and safetensors, else pickles, with the `MLmodel` block of MLflow 3."""

import logging
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import cloudpickle
import torch
from attrs import frozen
from safetensors.torch import save_model
from torch.export import ExportedProgram

from hookline.discovery import describe
from hookline.documents import structure_strictly
from hookline.errors import InvalidState, InvalidValue
from hookline.interfaces import Flavor, Unpickler
from hookline.models.code import CODE, check_sources, code_sources, copy_sources, open_code
from hookline.models.native import model_file, reading
from hookline.models.scanning import imports_of
from hookline_flavor_pytorch.exporting import export, read_program, write_program
from hookline_flavor_pytorch.tensors import Inputs, as_arrays, evaluating

log = logging.getLogger("hookline")

DATA = "data"
PROGRAM = "model.pt2"
PICKLE = "model.pth"
PICKLE_MODULE = "pickle_module_info.txt"
STATE = "state.safetensors"


@frozen
class SaveOptions:
    """How to save a module.

    Attributes:
        serialization_format: `pt2`, an exported program, which holds no code of Python's, loads without the module's
            class, and needs an input example; or `pickle`. Default: `pt2` where it can be made, else `pickle`.
        code_paths: files and folders of modules that a pickle imports and no distribution brings.
    """

    serialization_format: Literal["pt2", "pickle"] | None = None
    code_paths: tuple[str, ...] = ()


class PyTorchFlavor(Flavor):
    """Saves, loads and asks a `torch.nn.Module`, or a program that `torch.export.export` made of one."""

    name = "pytorch"
    loader_module = "mlflow.pytorch"

    def save(self, model: Any, folder: Path, options: Mapping[str, Any]) -> dict[str, Any]:
        """Write the module as a pickle, which is all that is possible without an example."""
        return self.save_with_example(model, folder, options, None)

    def save_with_example(self, model: Any, folder: Path, options: Mapping[str, Any], example: Any) -> dict[str, Any]:
        """Write the program that the module runs on the example, or a pickle, and its weights as safetensors.

        Raises:
            InvalidValue: the chosen format cannot hold the module.
        """
        chosen = structure_strictly(_plain(options), SaveOptions, prefix="pytorch.")
        sources = code_sources(chosen.code_paths)
        check_sources(sources)
        program = _program(model, chosen, example)
        place = folder / DATA
        place.mkdir()
        others: list[str] = []
        if program is not None:
            others = write_program(program, place / PROGRAM)
        else:
            (place / PICKLE_MODULE).write_text("pickle", encoding="utf-8")  # what MLflow opens it with
            torch.save(model, place / PICKLE, pickle_module=_by_value())
        _write_state(model, place / STATE)
        if program is not None and not others:
            sources = {}  # of no use to it, and asked for when it is loaded
        copy_sources(sources, folder)
        return {
            "data": DATA,
            "model_data": DATA,
            "pytorch_version": str(torch.__version__),
            "serialization_format": "pickle" if program is None else "pt2",
            "other_operators": others or None,
            "code": CODE if sources else None,
        }

    def load(self, folder: Path, block: Mapping[str, Any], pickles: Unpickler) -> Any:
        """Return a module: of an exported program one without a class of its own."""
        open_code(folder, block, pickles)
        place = model_file(folder, block, "model_data")
        if (place / PROGRAM).is_file():
            return read_program(model_file(folder, {"data": f"{block['model_data']}/{PROGRAM}"}), pickles)
        return _read_pickle(model_file(folder, {"data": f"{block['model_data']}/{PICKLE}"}), pickles)

    def predict(self, model: Any, data: Any, params: Mapping[str, Any]) -> Any:
        """Call the module on tensors of the data, with the params as arguments; return arrays."""
        module = _module(model)
        inputs = Inputs.of(data, module)
        with evaluating(module):
            try:
                return as_arrays(inputs.give(module, **params))
            except (AssertionError, TypeError, ValueError, RuntimeError, IndexError) as error:
                raise InvalidValue(
                    f"The model cannot be asked with this data and these params: {describe(error)}"
                ) from error

    def needs_code(self, block: Mapping[str, Any]) -> bool:
        """A program needs nothing of what its module was made of, but for operators of other libraries than PyTorch."""
        return block.get("serialization_format") != "pt2" or bool(block.get("other_operators"))

    def requirements(self, model: Any) -> list[str]:
        """Pin what reads the formats."""
        return ["cloudpickle", "safetensors", "torch"]


def _plain(options: Mapping[str, Any]) -> dict[str, Any]:
    """Let paths be given as paths."""
    plain = dict(options)
    if isinstance(plain.get("code_paths"), list | tuple):
        plain["code_paths"] = [str(each) for each in plain["code_paths"]]
    return plain


def _module(model: Any) -> torch.nn.Module:
    return model.module() if isinstance(model, ExportedProgram) else model


def _program(model: Any, chosen: SaveOptions, example: Any) -> ExportedProgram | None:
    """Return the program to write; None: write a pickle."""
    if isinstance(model, torch.jit.ScriptModule):
        raise InvalidValue("TorchScript is no format of this flavor; save the module that it was made from.")
    if isinstance(model, ExportedProgram):
        if chosen.serialization_format == "pickle":
            raise InvalidValue("An exported program is saved as serialization_format='pt2' only.")
        return model
    if chosen.serialization_format == "pickle":
        return None
    if example is None:
        if chosen.serialization_format == "pt2":
            raise InvalidValue(
                "serialization_format='pt2' records what the model does with an input_example; give one."
            )
        return None
    try:
        return export(model, example)
    except InvalidValue as error:
        if chosen.serialization_format == "pt2":
            raise
        log.warning("The model is saved as a pickle, which opens only where it is trusted: %s", error)
        return None


def _by_value() -> ModuleType:
    """Return a module as `torch.save` wants one, whose pickles hold the classes of the program itself."""
    module = ModuleType("cloudpickle")
    module.Pickler = cloudpickle.CloudPickler
    return module


def _write_state(model: Any, path: Path) -> None:
    """Write the weights, which can be read whatever becomes of the rest; not where they are more than tensors."""
    module = _module(model)
    if all(isinstance(each, torch.Tensor) for each in module.state_dict().values()):
        save_model(module, str(path))


def _read_pickle(path: Path, pickles: Unpickler) -> Any:
    pickles.permit(path, imports_of(path).names)
    with reading(path, "a module of PyTorch"):
        try:
            model = torch.load(path, map_location="cpu", weights_only=False)
        except ModuleNotFoundError as error:
            raise InvalidState(
                f"The model needs the Python module {error.name!r}, which is not installed here. "
                "Its requirements.txt names what it was saved with."
            ) from error
    if not isinstance(model, torch.nn.Module):
        raise InvalidValue(f"{path.name} holds a {type(model).__name__}, and no module of PyTorch.")
    return model.eval()
