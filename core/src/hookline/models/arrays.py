"""Fitting arrays to tensors: dtype and shape."""

from collections.abc import Mapping, Sequence
from typing import Any

from hookline.errors import SignatureError, kind_of
from hookline.models import kinds
from hookline.models.schema import Tensor
from hookline.models.series import values_of
from hookline.providers import resolve


def fit_tensors(tensors: Sequence[Tensor], data: Any) -> Any:
    """Return an array, or a mapping of arrays where tensors have names, as the model takes it.

    Lists become numpy arrays; DataFrames too, or a mapping of their columns. Numbers are widened where that is safe;
    those of DataFrames, which have 64 bits unless someone minds, and of lists may become float32 as well.

    Raises:
        SignatureError: a tensor is missing, or its dtype or shape does not fit.
    """
    if tensors[0].name is None:
        return _fit_tensor(tensors[0], data)
    if kinds.is_frame(data) and not (len(tensors) == 1 and tensors[0].name not in map(str, data.columns)):
        given = {str(name): data[name] for name in data.columns}
    elif isinstance(data, Mapping):
        given = {str(name): value for name, value in data.items()}
    elif len(tensors) == 1:
        return {str(tensors[0].name): _fit_tensor(tensors[0], data)}
    else:
        names = ", ".join(repr(each.name) for each in tensors)
        raise SignatureError(f"the model takes arrays by name ({names}); pass a mapping, not {kind_of(data)}.")
    missing = [str(each.name) for each in tensors if each.name not in given]
    if missing:
        raise SignatureError(f"the model needs the inputs {_listed(missing)}; given: {_listed(given)}.")
    return {str(each.name): _fit_tensor(each, given[str(each.name)]) for each in tensors}


def _listed(names: Any) -> str:
    return ", ".join(repr(each) for each in names) or "none"


def _fit_tensor(tensor: Tensor, data: Any) -> Any:
    if kinds.is_sparse(data):
        _check_shape(tensor, data.shape)
        return _cast(tensor, data, "safe")
    if not kinds.is_array(data) and not kinds.is_frame(data) and kinds.is_tensor(data):
        _check_shape(tensor, data.shape)  # an array of another library keeps its dtype, which numpy does not know
        return data
    found, rule = _as_array(tensor, data)
    array = _as_column(tensor, found)
    _check_shape(tensor, array.shape)
    return _cast(tensor, array, rule)


def _as_array(tensor: Tensor, data: Any) -> tuple[Any, str]:
    """Return data as a numpy array, and how far its numbers may be cast.

    Plain Python numbers have no width, and pandas gives 64 bits to those of tables, so that they may become float32.
    """
    if kinds.is_array(data):
        return data, "safe"
    if kinds.is_frame(data) or kinds.is_series(data):
        array = data.to_numpy()
        if array.dtype.kind == "O":
            return _stacked(tensor, array.tolist()), "same_kind"
        return array, "same_kind" if tensor.dtype.startswith("float") else "safe"
    if isinstance(data, Mapping):
        raise SignatureError("expected one array, got a mapping.", column=tensor.name)
    return _stacked(tensor, data if isinstance(data, list | tuple) else [data]), "same_kind"


def _as_column(tensor: Tensor, array: Any) -> Any:
    """Return values as a matrix of one column where the tensor is one, since a table's columns hold single values."""
    is_column = len(array.shape) == 1 and len(tensor.shape) == 2 and tensor.shape[1] == 1
    return array.reshape(-1, 1) if is_column else array


def _stacked(tensor: Tensor, rows: Any) -> Any:
    _check_rows(tensor, rows)
    try:
        array = resolve("numpy:array")(rows)
    except ImportError as error:
        raise SignatureError("the model takes arrays, and numpy is not installed: pip install numpy") from error
    except (ValueError, OverflowError, TypeError) as error:
        raise SignatureError(f"the data is no array of {tensor.dtype}: {error}", column=tensor.name) from error
    if array.dtype.kind in "OUS" and tensor.dtype not in ("str", "bytes", "object"):
        _blame_value(tensor, rows)
    return array


def _check_rows(tensor: Tensor, rows: Any) -> None:
    """Raise for the first row whose length differs from that of the tensor, or of the first row."""
    if len(tensor.shape) < 2 or not rows or not isinstance(rows[0], list | tuple):
        return
    wanted = tensor.shape[1] if tensor.shape[1] >= 0 else len(rows[0])
    for row, values in enumerate(rows):
        if not isinstance(values, list | tuple) or len(values) != wanted:
            found = f"{len(values)} values" if isinstance(values, list | tuple) else "a single value"
            raise SignatureError(f"expected {wanted} values, got {found}.", column=tensor.name, row=row)


def _blame_value(tensor: Tensor, rows: Any) -> None:
    for row, values in enumerate(rows):
        for value in values if isinstance(values, list | tuple) else [values]:
            if value is None or isinstance(value, str | bytes):
                shown = "a missing value" if value is None else f"the text {value!r}"
                raise SignatureError(f"expected {tensor.dtype}, got {shown}.", column=tensor.name, row=row)


def _check_shape(tensor: Tensor, shape: Sequence[int]) -> None:
    if len(shape) != len(tensor.shape) or any(
        wanted not in (-1, found) for wanted, found in zip(tensor.shape, shape, strict=True)
    ):
        raise SignatureError(
            f"expected an array of the shape {tensor.shape} (-1: any size), got {tuple(shape)}.", column=tensor.name
        )


def _cast(tensor: Tensor, array: Any, rule: str) -> Any:
    present = kinds.tensor_dtype(array.dtype)
    if present == tensor.dtype or tensor.dtype == "object":
        return array
    if tensor.dtype in ("str", "bytes"):
        if present == "object" and all(isinstance(each, str | bytes) for each in values_of(array.ravel())):
            return array
        raise SignatureError(f"expected {tensor.dtype}, got {present}.", column=tensor.name)
    try:
        allowed = resolve("numpy:can_cast")(array.dtype, tensor.dtype, rule)
        whole_to_bool = tensor.dtype == "bool" and present != "bool"
        if allowed and not whole_to_bool:
            return array.astype(tensor.dtype)
    except (TypeError, ValueError) as error:
        raise SignatureError(f"expected {tensor.dtype}, got {present}.", column=tensor.name) from error
    raise SignatureError(f"expected {tensor.dtype}, got {present}, which does not fit safely.", column=tensor.name)
