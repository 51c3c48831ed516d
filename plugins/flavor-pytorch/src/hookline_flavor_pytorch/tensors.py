"""Data as tensors for a module, and what it returns as arrays."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from threading import RLock
from typing import Any

import numpy
import torch
from attrs import frozen

from hookline.errors import InvalidValue


@frozen
class Inputs:
    """What a module is called with: tensors by position, or by name."""

    positional: tuple[torch.Tensor, ...] = ()
    named: Mapping[str, torch.Tensor] = {}

    @classmethod
    def of(cls, data: Any, model: torch.nn.Module) -> "Inputs":
        """Return data as tensors of the dtypes and on the device of a module.

        A table or array is one input, a mapping several by name, a tuple, or a list of arrays, several by position.

        Raises:
            InvalidValue: the data cannot be tensors.
        """
        if isinstance(data, Mapping):
            return cls(named={str(name): _tensor(each, model) for name, each in data.items()})
        several = isinstance(data, tuple) or (isinstance(data, list) and data and hasattr(data[0], "shape"))
        return cls(tuple(_tensor(each, model) for each in (data if several else [data])))

    def tensors(self) -> list[torch.Tensor]:
        """Return all of them."""
        return [*self.positional, *self.named.values()]

    def twice(self) -> "Inputs":
        """Return every row twice."""
        return Inputs(tuple(map(_twice, self.positional)), {name: _twice(each) for name, each in self.named.items()})

    def give(self, model: torch.nn.Module, **params: Any) -> Any:
        """Call the module."""
        return model(*self.positional, **self.named, **params)


def _twice(tensor: torch.Tensor) -> torch.Tensor:
    return torch.cat([tensor, tensor]) if tensor.dim() else tensor


def _tensor(data: Any, model: torch.nn.Module) -> torch.Tensor:
    tensor = data if isinstance(data, torch.Tensor) else _from_array(data)
    like = next((each for each in model.parameters() if each.is_floating_point()), torch.empty(0))
    # numbers of 64 bits are what JSON, pandas and numpy make of everything
    return tensor.to(like.device, like.dtype if tensor.is_floating_point() else tensor.dtype)


def _from_array(data: Any) -> torch.Tensor:
    is_table = hasattr(data, "columns")
    try:
        # as mlflow.pyfunc does with a table, whose columns may be of different kinds
        array = numpy.asarray(data.to_numpy() if is_table else data, dtype=numpy.float32 if is_table else None)
        return torch.from_numpy(numpy.require(array, requirements=["C", "W"]))
    except (TypeError, ValueError) as error:
        raise InvalidValue(f"PyTorch's models take numbers, which this {type(data).__name__} is not: {error}") from None


def as_arrays(value: Any) -> Any:
    """Return tensors as numpy arrays, in the lists and mappings that they come in."""
    if isinstance(value, torch.Tensor):
        whole = value.detach().cpu()
        return (whole.float() if whole.dtype == torch.bfloat16 else whole).numpy()
    if isinstance(value, Mapping):
        return {name: as_arrays(each) for name, each in value.items() if each is not None}
    return [as_arrays(each) for each in value] if isinstance(value, list | tuple) else value


_changing = RLock()


@contextlib.contextmanager
def evaluating(model: torch.nn.Module) -> Iterator[None]:
    """Let a module predict without dropout and gradients while the block runs, then be as it was.

    One that is in training is changed for the time being, by one thread at a time; others are not waited for.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(torch.no_grad())
        with _changing:
            training = [each for each in model.modules() if each.training]
            if training:
                stack.enter_context(_changing)
                stack.callback(_set_training, training, True)
                _set_training(training, False)
        yield


def _set_training(modules: Iterable[torch.nn.Module], value: bool) -> None:
    for each in modules:
        each.training = value
