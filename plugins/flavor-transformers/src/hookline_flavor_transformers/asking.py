"""Data as a pipeline or a model of transformers takes it, and what they answer."""

from collections.abc import Mapping
from typing import Any

import numpy
import torch
from transformers import Pipeline, PreTrainedModel

from hookline.errors import InvalidValue
from hookline.models import kinds


def ask_pipeline(pipeline: Pipeline, data: Any, params: Mapping[str, Any]) -> Any:
    """Return what a pipeline says of each row: of the values of one column, of records of several."""
    rows = _rows(data)
    if isinstance(rows, list) and not rows:
        return []
    return _plain(pipeline(rows, **params))


def ask_model(model: PreTrainedModel, data: Any, params: Mapping[str, Any]) -> Any:
    """Return what a model alone says, as arrays by name; its data are arrays by name, such as `input_ids`."""
    if kinds.is_frame(data):
        data = {name: data[name].to_list() for name in data.columns}
    if not isinstance(data, Mapping):
        data = {model.main_input_name: data}
    tensors = {name: torch.as_tensor(numpy.asarray(each)).to(model.device) for name, each in data.items()}
    training = model.training
    model.eval()
    try:
        found = model(**tensors, **params)
    finally:
        model.train(training)
    return {name: _array(each) for name, each in found.items() if isinstance(each, torch.Tensor)}


def _rows(data: Any) -> Any:
    if kinds.is_frame(data):
        names = kinds.column_names(data)
        if len(names) == 1:
            return data[names[0]].to_list()
        return data.to_dict(orient="records") if kinds.is_a(data, "pandas", "DataFrame") else data.to_dicts()
    if kinds.is_series(data):
        return data.to_list()
    if kinds.is_array(data) and data.dtype.kind in "OUST":
        return data.reshape(-1).tolist()
    if isinstance(data, Mapping) and data and all(isinstance(each, list) for each in data.values()):
        return _records(data)
    return data


def _records(columns: Mapping[str, list[Any]]) -> list[Any]:
    if len({len(each) for each in columns.values()}) > 1:
        raise InvalidValue(f"The columns {', '.join(columns)} are of different lengths.")
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return [next(iter(row.values())) for row in rows] if len(columns) == 1 else rows


def _array(tensor: torch.Tensor) -> Any:
    whole = tensor.detach().cpu()
    return (whole.float() if whole.dtype == torch.bfloat16 else whole).numpy()


def _plain(value: Any) -> Any:
    """Return an answer with plain numbers, which JSON takes; arrays and images stay what they are."""
    if isinstance(value, torch.Tensor):
        return _array(value)
    if isinstance(value, numpy.generic):
        return value.item()
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value
