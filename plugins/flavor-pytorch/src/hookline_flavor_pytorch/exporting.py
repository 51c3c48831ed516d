"""Exported programs: recording one from a module and data, writing it, and reading it back."""

import contextlib
import io
import logging
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import Any

import torch
from torch.export import Dim, ExportedProgram
from torch.fx.experimental.symbolic_shapes import GuardOnDataDependentSymNode

from hookline.errors import InvalidValue
from hookline.interfaces import Unpickler
from hookline.models.native import reading
from hookline_flavor_pytorch.programs import findings
from hookline_flavor_pytorch.tensors import Inputs, as_arrays, evaluating

_one_at_a_time = Lock()
"""PyTorch changes its own modules while it exports, and keeps one global deserializer."""


def export(model: torch.nn.Module, data: Any) -> ExportedProgram:
    """Return what a module does with data, as a program for data of other sizes as well where that is possible.

    Raises:
        InvalidValue: PyTorch cannot record the module, or what it recorded answers otherwise than the module.
    """
    inputs = Inputs.of(data, model)
    with evaluating(model), _one_at_a_time, _quietly():
        expected = as_arrays(inputs.give(model))
        problem = "no attempt"
        for given, sizes in _attempts(inputs):
            try:
                program = torch.export.export(model, given.positional, dict(given.named) or None, dynamic_shapes=sizes)
                _check_same(as_arrays(inputs.give(program.module())), expected)
            except Exception as error:  # noqa: BLE001 - PyTorch raises whatever the module's own code raises, and more
                problem = _reason(error)
                if isinstance(error, GuardOnDataDependentSymNode):
                    break
            else:
                return program
    raise InvalidValue(f"PyTorch cannot export this {type(model).__name__}: {problem}")


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Keep the pages that PyTorch logs and prints of an attempt that fails from the user, who is told in a line."""
    loggers = [logging.getLogger(name) for name in ("torch.export", "torch.fx.experimental.symbolic_shapes")]
    levels = [each.level for each in loggers]
    for each in loggers:
        each.setLevel(logging.CRITICAL)
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        for each, level in zip(loggers, levels, strict=True):
            each.setLevel(level)


def _reason(error: Exception) -> str:
    """Return the first line of what PyTorch says; the others are for who works on PyTorch."""
    if isinstance(error, GuardOnDataDependentSymNode):
        return "what it does depends on the values of its data"
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0][:300]}"


def _attempts(inputs: Inputs) -> Iterator[tuple[Inputs, Any]]:
    """Yield what to record, the most general first: every size may vary, the number of rows, none.

    PyTorch takes a size of 1 for a constant, so that the only row of an example is given twice.
    """
    single = any(each.dim() and each.shape[0] == 1 for each in inputs.tensors())
    for given in [inputs.twice(), inputs] if single else [inputs]:
        yield given, _sizes(given, lambda tensor: range(tensor.dim()))
        yield given, _sizes(given, lambda tensor: range(min(tensor.dim(), 1)))
    yield inputs, None


def _sizes(inputs: Inputs, varying: Any) -> Any:
    """Return which sizes PyTorch may take for variable, in the form of the inputs."""
    positional = tuple(dict.fromkeys(varying(each), Dim.AUTO) for each in inputs.positional)
    return positional or {name: dict.fromkeys(varying(each), Dim.AUTO) for name, each in inputs.named.items()}


def _check_same(found: Any, expected: Any) -> None:
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5, equal_nan=True)


def write_program(program: ExportedProgram, path: Path) -> list[str]:
    """Write a program, and return what is in it beside PyTorch's own operators.

    The paths and lines of the code that it was recorded from are left out.
    """
    with _one_at_a_time:
        for module in program.graph_module.modules():
            for node in module.graph.nodes if isinstance(module, torch.fx.GraphModule) else ():
                node.meta.pop("stack_trace", None)
        torch.export.save(program, path)
        return findings(path)


def read_program(path: Path, pickles: Unpickler) -> torch.nn.Module:
    """Return a program as a module, after asking the gate where it is more than operators on tensors.

    Raises:
        PickleRefused: the gate says no. InvalidValue: the file is no exported program.
    """
    with reading(path, "an exported program of PyTorch"), _one_at_a_time:
        found = findings(path)
        if found:
            pickles.permit(path, found)
        module = torch.export.load(path).module()
    for each in module.modules():
        each.training = False
    return module
