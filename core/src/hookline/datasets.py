"""Datasets by their content: a digest, a schema and a size of what a run read."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from hookline.entities import Dataset, DatasetInput
from hookline.errors import HooklineError, InvalidValue, NotFound, kind_of
from hookline.models.signature import infer_signature
from hookline.uris import file_uri

DIGEST_LENGTH = 32
_BLOCK = 1 << 20


def dataset_of(data: Any, *, name: str | None = None, source: str | None = None) -> Dataset:
    """Describe a dataset; equal content has an equal digest, whatever the machine.

    Args:
        data: a pandas or polars DataFrame or Series, an array, a mapping of arrays, or the path of a file or folder.
        name: default `dataset`, or the file's name.
        source: where the data comes from, such as a URI; default the file, or "code".

    Raises:
        NotFound: there is no such file. InvalidValue: another type of data.
    """
    if isinstance(data, str | Path):
        return _of_files(Path(data), name, source)
    digest = hashlib.sha256()
    for part in _parts(data):
        digest.update(part)
    return Dataset(
        name=name or "dataset",
        digest=digest.hexdigest()[:DIGEST_LENGTH],
        source_type="local" if source else "code",
        source=source or "",
        schema=_schema(data),
        profile=json.dumps(_profile(data)),
    )


def _of_files(path: Path, name: str | None, source: str | None) -> Dataset:
    if not path.exists():
        raise NotFound(f"There is no file or folder {str(path)!r} to describe as a dataset.")
    files = [path] if path.is_file() else sorted(each for each in path.rglob("*") if each.is_file())
    digest, size = hashlib.sha256(), 0
    for file in files:
        digest.update(file.name.encode() if path.is_file() else file.relative_to(path).as_posix().encode())
        with file.open("rb") as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
                size += len(block)
    profile = json.dumps({"num_files": len(files), "num_bytes": size})
    return Dataset(
        name or path.name, digest.hexdigest()[:DIGEST_LENGTH], "local", source or file_uri(path), None, profile
    )


def dataset_inputs(inputs: Iterable[DatasetInput]) -> list[DatasetInput]:
    """Return several datasets as a list. Raises `InvalidValue` where one is none."""
    given = list(inputs) if isinstance(inputs, Iterable) else [inputs]
    for each in given:
        if not isinstance(each, DatasetInput):
            raise InvalidValue(
                f"log_inputs takes a list of DatasetInput, not {kind_of(each)}; log_input takes the data."
            )
    return given


def _parts(data: Any) -> Iterator[bytes]:
    """Yield a description and the bytes of every column, so that equal data gives equal bytes."""
    if isinstance(data, Mapping):
        columns: Iterator[tuple[str, Any]] = iter(data.items())
    elif hasattr(data, "columns") and hasattr(data, "__getitem__"):
        columns = ((str(each), data[each]) for each in data.columns)
    elif hasattr(data, "dtype") or hasattr(data, "__array__") or isinstance(data, list | tuple):
        columns = iter([("", data)])
    else:
        raise InvalidValue(
            f"A dataset is a DataFrame, an array, a mapping of arrays or the path of a file, not {kind_of(data)}."
        )
    for name, column in columns:
        values = column.to_numpy() if hasattr(column, "to_numpy") else column
        kind = getattr(getattr(values, "dtype", None), "kind", "O")
        shape = getattr(values, "shape", None) or (len(values),)
        yield f"{name}|{kind}|{shape}|".encode()
        if kind in "OUSV":
            yield from (f"{value!r}\0".encode("utf-8", "backslashreplace") for value in _flat(values))
        else:
            yield values.tobytes()


def _flat(values: Any) -> Iterator[Any]:
    return iter(values.ravel().tolist()) if hasattr(values, "ravel") else iter(values)


def _schema(data: Any) -> str | None:
    try:
        signature = infer_signature(data)
    except HooklineError:  # data without a schema is a dataset all the same
        return None
    columns = signature.to_dict()["inputs"]
    if columns is None:
        return None
    kind = "mlflow_tensorspec" if '"tensor"' in columns else "mlflow_colspec"
    return json.dumps({kind: json.loads(columns)})


def _profile(data: Any) -> dict[str, Any]:
    shape = getattr(data, "shape", None)
    if shape is not None:
        rows = int(shape[0]) if shape else 1
        elements = 1
        for size in shape:
            elements *= int(size)
        return {"num_rows": rows, "num_elements": elements, "shape": [int(size) for size in shape]}
    if isinstance(data, Mapping):
        return {"num_rows": len(next(iter(data.values()), ())), "num_columns": len(data)}
    return {"num_rows": len(data)}
