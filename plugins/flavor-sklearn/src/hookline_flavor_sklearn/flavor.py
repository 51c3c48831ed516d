"""The flavor `sklearn`: estimators in the formats and with the `MLmodel` block of MLflow 3."""

import inspect
import pickle
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, Literal
from weakref import WeakKeyDictionary

import cloudpickle
import scipy.special  # noqa: F401 - first: skops looks for its functions in all modules, in the order of import
from attrs import frozen
from sklearn import __version__ as sklearn_version

import hookline_lib_skops
from hookline.documents import read_yaml, structure_strictly
from hookline.errors import InvalidValue, NotFound
from hookline.interfaces import Flavor, Unpickler
from hookline.paths import inside
from hookline.providers import resolve

FILES = {"skops": "model.skops", "cloudpickle": "model.pkl", "pickle": "model.pkl"}
OWN_LIBRARIES = ("sklearn", "numpy", "scipy")
PREDICT_METHODS = (
    *("predict", "predict_proba", "predict_log_proba", "predict_joint_log_proba"),
    *("decision_function", "score_samples", "transform"),
)
"""What a caller may ask for: a name that came over a network must not reach `fit` or `set_params`."""


@frozen
class SaveOptions:
    """How to save an estimator.

    Attributes:
        serialization_format: `skops`, which runs no code when it is read; `cloudpickle`, which holds classes and
            functions of the program as well; or `pickle`.
    """

    serialization_format: Literal["skops", "cloudpickle", "pickle"] = "skops"


class SklearnFlavor(Flavor):
    """Saves, loads and asks anything that inherits `sklearn.base.BaseEstimator`."""

    name = "sklearn"
    loader_module = "mlflow.sklearn"
    predicts_by_row = True

    def __init__(self) -> None:
        self._default_methods: WeakKeyDictionary[Any, str] = WeakKeyDictionary()
        self._arguments: WeakKeyDictionary[Any, dict[str, inspect.Signature]] = WeakKeyDictionary()

    def save(self, model: Any, folder: Path, options: Mapping[str, Any]) -> dict[str, Any]:
        """Write the estimator as one file; raises `InvalidValue` where the format cannot hold it."""
        chosen = structure_strictly(dict(options), SaveOptions, prefix="sklearn.").serialization_format
        file = FILES[chosen]
        types = _SAVERS[chosen](model, folder / file)
        return {
            "data": file,
            "pickled_model": file,
            "serialization_format": chosen,
            "sklearn_version": sklearn_version,
            "skops_trusted_types": types or None,
            "code": None,
        }

    def load(self, folder: Path, block: Mapping[str, Any], pickles: Unpickler) -> Any:
        """Return the estimator; a skops file passes the gate too, where it names what skops does not know as safe."""
        chosen = str(block.get("serialization_format") or "pickle")  # MLflow's default of old
        if chosen not in FILES:
            raise InvalidValue(f"Unknown serialization_format {chosen!r}; allowed: {', '.join(FILES)}.")
        path = inside(folder, str(block.get("pickled_model") or FILES[chosen]))
        if not path.is_file():
            raise NotFound(f"The model's folder has no file {path.name!r}.")
        model = hookline_lib_skops.load(path, pickles, OWN_LIBRARIES) if chosen == "skops" else pickles.load(path)
        method = _predict_method(folder)
        if method != "predict":
            self._default_methods[model] = method
        return model

    def predict(self, model: Any, data: Any, params: Mapping[str, Any]) -> Any:
        """Call `predict`, or the method that the param `predict_method` names, with the other params as arguments."""
        rest = dict(params)
        method = rest.pop("predict_method", None) or self._default_methods.get(model, "predict")
        bound = getattr(model, method, None) if method in PREDICT_METHODS else None
        if bound is None:
            known = ", ".join(each for each in PREDICT_METHODS if hasattr(model, each))
            raise InvalidValue(f"{type(model).__name__} has no predict_method {method!r}; allowed: {known}.")
        try:
            self._arguments_of(model, method, bound).bind(data, **rest)
        except TypeError as error:
            raise InvalidValue(f"The params do not fit {type(model).__name__}.{method}: {error}.") from error
        return bound(resolve("pandas:DataFrame")(data) if isinstance(data, dict) else data, **rest)

    def _arguments_of(self, model: Any, method: str, bound: Callable[..., Any]) -> inspect.Signature:
        """Return what a method takes; to find that out takes longer than many models take for a row."""
        known = self._arguments.setdefault(model, {})
        if method not in known:
            known[method] = inspect.signature(bound)
        return known[method]

    def requirements(self, model: Any) -> list[str]:
        """Pin what reads the formats."""
        return ["cloudpickle", "scikit-learn", "skops"]


def _save_pickle(library: ModuleType, model: Any, path: Path) -> None:
    try:
        path.write_bytes(library.dumps(model, pickle.DEFAULT_PROTOCOL))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        advice = f"{error}. The format that holds most is cloudpickle."
        raise InvalidValue(
            f"The format {library.__name__} cannot hold this {type(model).__name__}: {advice}"
        ) from error


_SAVERS: dict[str, Callable[[Any, Path], list[str] | None]] = {
    "skops": hookline_lib_skops.save,
    "cloudpickle": partial(_save_pickle, cloudpickle),
    "pickle": partial(_save_pickle, pickle),
}


def _predict_method(folder: Path) -> str:
    """Return the method that MLflow's `pyfunc_predict_fn` chose, which stands in another flavor's block."""
    document = folder / "MLmodel"
    flavors = read_yaml(document).value.get("flavors", {}) if document.is_file() else {}
    return str(flavors.get("python_function", {}).get("predict_fn", "predict"))
