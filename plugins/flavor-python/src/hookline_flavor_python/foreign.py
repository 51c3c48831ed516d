"""Models that another loader module loads, such as MLflow's `PythonModel`, the way `mlflow.pyfunc.load_model` does."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from attrs import frozen

from hookline.errors import InvalidState, InvalidValue, NotFound
from hookline.interfaces import Unpickler
from hookline.models import kinds
from hookline.models.document import FILE_NAME, ModelDocument
from hookline.models.scanning import imports_of, is_pickle
from hookline.models.schema import ArrayType, Column
from hookline.paths import inside
from hookline.providers import resolve
from hookline_flavor_python.calling import predict


@frozen
class ForeignFunction:
    """A model that another loader made.

    Attributes:
        model: what the loader returned. function: what predicts.
        wants_table: whether its author got a DataFrame of whatever was given, as MLflow makes one where a model's
            signature has columns. wants_records: whether a mapping is one row of it, since a column holds lists.
    """

    model: Any
    function: Any
    wants_table: bool = False
    wants_records: bool = False

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        """Return the model's predictions."""
        return predict(self.function, as_table(data, self.wants_records) if self.wants_table else data, params or {})


def load_foreign(folder: Path, block: Mapping[str, Any], pickles: Unpickler) -> ForeignFunction:
    """Return what the model's own loader module makes of it.

    The loader runs outside of the gate, so that the gate is asked for all of it first.

    Raises:
        PickleRefused: the gate says no. InvalidState: a module is not installed, or the loader is none.
    """
    module = str(block["loader_module"])
    data = inside(folder, str(block["data"])) if block.get("data") else folder
    if not data.exists():
        raise NotFound(f"The model's folder has no {block['data']!r}.")
    files = [each for each in sorted(data.rglob("*")) if each.is_file()] if data.is_dir() else [data]
    found = {name for each in files if is_pickle(each) for name in imports_of(each).names}
    pickles.permit(data, [module, *sorted(found)])
    model = _loaded_by(module, data, block.get("config") or block.get("model_config"))
    name = str(block.get("predict_fn") or "predict")
    function = getattr(model, name, None)
    if not callable(function):
        raise InvalidState(f"What {module} loads has no method {name!r}, which the model's 'predict_fn' names.")
    columns = _columns(folder)
    return ForeignFunction(model, function, bool(columns), any(isinstance(each.type, ArrayType) for each in columns))


def _loaded_by(module: str, data: Path, config: Any) -> Any:
    try:
        load = import_module(module)._load_pyfunc
    except ModuleNotFoundError as error:
        missing = str(error.name).partition(".")[0]
        hint = "To get it: pip install mlflow" if missing == "mlflow" else "Install what its requirements.txt names."
        raise InvalidState(
            f"The model is loaded by {module!r}, which needs the Python module {missing!r}; that is not installed "
            f"here. {hint}"
        ) from error
    except AttributeError as error:
        raise InvalidState(f"{module!r} has no function _load_pyfunc and cannot load the model.") from error
    return load(str(data), config) if config else load(str(data))


def _columns(folder: Path) -> tuple[Column, ...]:
    """Return the columns of the model's signature; none where MLflow would hand on data as it came."""
    if not (folder / FILE_NAME).is_file():
        return ()
    document = ModelDocument.read(folder)
    inputs = document.signature.inputs if document.signature else None
    return inputs.columns if inputs and not document.extra.get("is_signature_from_type_hint") else ()


def as_table(data: Any, is_record: bool = False) -> Any:
    """Return data as a pandas DataFrame: columns of a mapping, records, a column of values, or one value.

    Args:
        is_record: whether a mapping is one row; one whose values are not all lists is anyway.

    Raises:
        InvalidValue: pandas is not installed.
    """
    if kinds.is_a(data, "pandas", "DataFrame"):
        return data
    try:
        frame = resolve("pandas:DataFrame")
    except ImportError as error:
        raise InvalidValue("The model takes a pandas DataFrame: pip install pandas") from error
    if kinds.is_a(data, "polars", "DataFrame"):
        return frame(data.to_dict(as_series=False))
    if kinds.is_series(data):
        return data.to_frame()
    if isinstance(data, Mapping):
        are_columns = all(isinstance(each, list) or hasattr(each, "__array__") for each in data.values())
        return frame(dict(data)) if are_columns and not is_record else frame([data])
    return frame(data if isinstance(data, list | tuple) or kinds.is_array(data) else [data])
