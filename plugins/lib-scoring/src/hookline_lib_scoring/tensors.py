"""The Open Inference Protocol, version 2, with JSON bodies: tensors in, tensors out.

Its source is the specification of that name. Binary tensor data, an extension of it, is not taken.
"""

import json
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import msgspec
import numpy as np
import pandas as pd
from attrs import field, frozen

from hookline.models import Signature, kinds
from hookline.models.schema import Scalar, Schema
from hookline_lib_scoring.answers import plain
from hookline_lib_scoring.bodies import BadRequest, parse
from hookline_lib_scoring.inputs import Call
from hookline_lib_scoring.replies import Reply

OUTPUT = "predictions"
"""The name of an output that has none of its own."""
DTYPES = {
    "BOOL": "bool",
    **{f"{sign}INT{bits}": f"{sign.lower()}int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)},
    "FP16": "float16",
    "FP32": "float32",
    "FP64": "float64",
    "BYTES": "object",
}
"""numpy's names by the protocol's names of the types of tensors."""
_NAMES = {name: kind for kind, name in DTYPES.items()}
_SCALARS = {
    Scalar.BOOLEAN: "BOOL",
    Scalar.INTEGER: "INT32",
    Scalar.LONG: "INT64",
    Scalar.FLOAT: "FP32",
    Scalar.DOUBLE: "FP64",
}


class Tensor(msgspec.Struct):
    """An input; `data` is flat, in the order of rows, or nested as `shape` says."""

    name: str
    shape: list[int]
    datatype: str
    data: list[Any]
    parameters: dict[str, Any] = {}


class Wanted(msgspec.Struct):
    """An output that is asked for."""

    name: str
    parameters: dict[str, Any] = {}


class Inference(msgspec.Struct):
    """The body of a request; fields that it does not know are passed over, as the protocol has it."""

    inputs: list[Tensor]
    id: str = ""
    outputs: list[Wanted] = []
    parameters: dict[str, Any] = {}


@frozen
class Tensors:
    """The form of requests for one model: see `forms.Form`."""

    name: str
    version: str
    signature: Signature | None
    _dtypes: tuple[str | None, ...] = field(init=False)

    @_dtypes.default
    def _dtypes_of_inputs(self) -> tuple[str | None, ...]:
        """What numpy calls the types of the columns or tensors, in their order."""
        schema = self.signature.inputs if self.signature else None
        if schema is None:
            return ()
        scalars = [kinds.DTYPES.get(each.type) if isinstance(each.type, Scalar) else None for each in schema.columns]
        return (*scalars, *(each.dtype for each in schema.tensors))

    def read(self, body: bytes) -> Call:
        """See `Form.read`."""
        try:
            asked = msgspec.convert(parse(body).value(), Inference)
        except msgspec.ValidationError as error:
            raise BadRequest(f"The body is no inference request: {error}.") from error
        if not asked.inputs:
            raise BadRequest("The request has no inputs.")
        arrays = {each.name: _array(each) for each in asked.inputs}
        if len(arrays) < len(asked.inputs):
            raise BadRequest("Several inputs have one name.")
        declared = {each.name for each in self.signature.params} if self.signature else set()
        params = {key: value for key, value in asked.parameters.items() if key in declared}
        schema = self.signature.inputs if self.signature else None
        return Call(_fitted(arrays, schema, self._dtypes), params or None, asked)

    def write(self, call: Call, predictions: Any) -> bytes:
        """See `Form.write`."""
        asked: Inference = call.request
        outputs = {name: _tensor(name, each) for name, each in _parts(predictions, self.signature).items()}
        for wanted in asked.outputs:
            if wanted.name not in outputs:
                known = ", ".join(map(repr, outputs))
                raise BadRequest(f"The model has no output {wanted.name!r}; it has {known}.")
        names = [each.name for each in asked.outputs] or list(outputs)
        answer = {"model_name": self.name, "model_version": self.version, **({"id": asked.id} if asked.id else {})}
        return json.dumps({**answer, "outputs": [outputs[name] for name in names]}).encode()

    def refuse(self, status: int, code: str, message: str) -> Reply:
        """See `Form.refuse`."""
        return refusal(status, message)

    def description(self) -> bytes:
        """Return what the protocol calls the model's metadata."""
        inputs, outputs = (self.signature.inputs, self.signature.outputs) if self.signature else (None, None)
        about = {"name": self.name, "versions": [self.version], "platform": "hookline"}
        return json.dumps(
            {**about, "inputs": _described(inputs, "input"), "outputs": _described(outputs, OUTPUT)}
        ).encode()


def refusal(status: int, message: str) -> Reply:
    """Return an error as the protocol has it."""
    return Reply(status, json.dumps({"error": message}).encode())


def _array(tensor: Tensor) -> np.ndarray:
    dtype = DTYPES.get(tensor.datatype)
    if dtype is None:
        raise BadRequest(
            f"The input {tensor.name!r} has the unknown datatype {tensor.datatype!r}: {', '.join(DTYPES)}."
        )
    if min(tensor.shape, default=0) < 0:
        raise BadRequest(f"The shape {tensor.shape} of the input {tensor.name!r} has a negative dimension.")
    try:
        found = np.array(tensor.data)
        array = found.astype(dtype)
    except (ValueError, TypeError, OverflowError) as error:
        raise BadRequest(f"The input {tensor.name!r} is no array of {tensor.datatype}: {error}.") from error
    if dtype != "object" and (found.dtype.kind not in "biuf" or _loses(found, array)):
        raise BadRequest(f"The input {tensor.name!r} holds a value that is no {tensor.datatype}.")
    if array.size != prod(tensor.shape):
        raise BadRequest(
            f"The input {tensor.name!r} has {array.size} values, and its shape {tensor.shape} {prod(tensor.shape)}."
        )
    return array.reshape(tensor.shape)


def _loses(found: np.ndarray, array: np.ndarray) -> bool:
    """Return whether numbers became other numbers: fractions whole, or numbers true."""
    if (found.dtype.kind == "b") != (array.dtype.kind == "b"):
        return found.size > 0
    return array.dtype.kind in "iu" and not np.array_equal(array, found)


def _fitted(arrays: Mapping[str, np.ndarray], schema: Schema | None, dtypes: Sequence[str | None]) -> Any:
    """Return tensors as a model takes them: an array, arrays by name, or a table with a column for each."""
    only = next(iter(arrays.values())) if len(arrays) == 1 else None
    if schema is None:
        return dict(arrays) if only is None else only
    names = schema.names
    if schema.tensors and None in names:
        return dict(arrays) if only is None else _as_wanted(only, dtypes[0])
    is_matrix = only is not None and only.ndim == 2 and not schema.tensors
    if only is not None and is_matrix and (only.shape[1] == len(names) > 1 or None in names):
        return _table(only, range(only.shape[1]) if None in names else names, dtypes)
    by_name = dict(zip(names, dtypes, strict=True))
    if schema.tensors:
        return {name: _as_wanted(each, by_name.get(name)) for name, each in arrays.items()}
    columns = {name: _as_wanted(_column(name, each), by_name.get(name)) for name, each in arrays.items()}
    if len({len(each) for each in columns.values()}) > 1:
        raise BadRequest("The inputs must have equally many rows.")
    return pd.DataFrame(columns)


def _table(rows: np.ndarray, names: Sequence[Any], dtypes: Sequence[str | None]) -> pd.DataFrame:
    if rows.shape[1] != len(dtypes) or all(each is None or each == rows.dtype for each in dtypes):
        return pd.DataFrame(rows, columns=names)
    parts = zip(names, rows.T, dtypes, strict=True)
    return pd.DataFrame({name: _as_wanted(column, dtype) for name, column, dtype in parts})


def _column(name: str, array: np.ndarray) -> np.ndarray:
    if array.ndim == 1 or (array.ndim == 2 and array.shape[1] == 1):
        return array.reshape(-1)
    raise BadRequest(f"The input {name!r} is a column, of the shape [rows] or [rows, 1], not {list(array.shape)}.")


def _as_wanted(array: np.ndarray, dtype: str | None) -> np.ndarray:
    """Return numbers with the type that the model takes, where none of them becomes another by it.

    They came as text, and not every client can say that its numbers have 32 bits. Floating-point numbers are rounded,
    as they are by whoever reads their text as the narrower type; what would become infinite stays for the model's
    signature to refuse.
    """
    wanted = None if dtype is None or dtype in ("str", "object") else np.dtype(dtype)
    if wanted is None or array.dtype == wanted or {wanted.kind, array.dtype.kind} - set("iuf"):
        return array
    with np.errstate(over="ignore", invalid="ignore"):
        typed = array.astype(wanted)
    lost = np.isinf(typed) & np.isfinite(array) if wanted.kind == "f" else typed != array
    return array if lost.any() else typed


def _parts(predictions: Any, signature: Signature | None) -> dict[str, Any]:
    """Return predictions as arrays by their names."""
    if isinstance(predictions, pd.DataFrame):
        return {str(name): predictions.iloc[:, place].to_numpy() for place, name in enumerate(predictions.columns)}
    if isinstance(predictions, Mapping):
        return {str(name): np.asarray(each) for name, each in predictions.items()}
    outputs = signature.outputs if signature else None
    name = outputs.names[0] if outputs and len(outputs.names) == 1 else None
    return {OUTPUT if name is None else str(name): np.asarray(predictions)}


def _tensor(name: str, array: np.ndarray) -> dict[str, Any]:
    kind = _NAMES.get(array.dtype.name, "BYTES")
    if kind == "FP16":  # which JSON tensors cannot have
        kind = "FP32"
    listed = array.ravel().tolist()
    data = listed if kind != "BYTES" else [each if isinstance(each, str) else str(plain(each)) for each in listed]
    return {"name": name, "datatype": kind, "shape": list(array.shape), "data": data}


def _described(schema: Schema | None, unnamed: str) -> list[dict[str, Any]]:
    if schema is None:
        return []
    if schema.tensors:
        tensors = [(each.name, _NAMES.get(each.dtype, "BYTES"), list(each.shape)) for each in schema.tensors]
    else:
        datatypes = [
            _SCALARS.get(each.type, "BYTES") if isinstance(each.type, Scalar) else "BYTES" for each in schema.columns
        ]
        tensors = [(each.name, kind, [-1]) for each, kind in zip(schema.columns, datatypes, strict=True)]
    return [
        {"name": unnamed if name is None else str(name), "datatype": kind, "shape": shape}
        for name, kind, shape in tensors
    ]
