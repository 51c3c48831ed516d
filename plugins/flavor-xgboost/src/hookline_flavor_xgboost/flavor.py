"""The flavor `xgboost`: XGBoost's own formats, with the `MLmodel` block of MLflow 3."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import xgboost
from attrs import frozen

from hookline.documents import structure_strictly
from hookline.errors import InvalidValue
from hookline.interfaces import Flavor, Unpickler
from hookline.models.native import as_table, call_with, model_file, reading, the_installed_of

BOOSTER = "xgboost.core.Booster"
ESTIMATORS = (
    *("XGBModel", "XGBClassifier", "XGBRegressor", "XGBRanker"),
    *("XGBRFClassifier", "XGBRFRegressor"),
)


@frozen
class SaveOptions:
    """How to save a model.

    Attributes:
        model_format: `ubj` (binary JSON) or `json`; both hold data and run no code when they are read.
    """

    model_format: Literal["ubj", "json"] = "ubj"


class XGBoostFlavor(Flavor):
    """Saves, loads and asks boosters and XGBoost's own estimators."""

    name = "xgboost"
    loader_module = "mlflow.xgboost"
    predicts_by_row = True

    def save(self, model: Any, folder: Path, options: Mapping[str, Any]) -> dict[str, Any]:
        """Write the model as one file. Raises `InvalidValue` for a class that derives from XGBoost's own."""
        chosen = structure_strictly(dict(options), SaveOptions, prefix="xgboost.").model_format
        kind = f"{type(model).__module__}.{type(model).__qualname__}"
        _made(kind)
        file = f"model.{chosen}"
        model.save_model(folder / file)
        return {
            "data": file,
            "model_class": kind,
            "model_format": chosen,
            "xgb_version": xgboost.__version__,
            "code": None,
        }

    def load(self, folder: Path, block: Mapping[str, Any], pickles: Unpickler) -> Any:
        """Return a booster, or the estimator that `model_class` names."""
        path = model_file(folder, block)
        model = _made(str(block.get("model_class") or BOOSTER))
        with reading(path, "a model of XGBoost"):
            model.load_model(path)
        return model

    def predict(self, model: Any, data: Any, params: Mapping[str, Any]) -> Any:
        """Call `predict`, with the params as its arguments."""
        table = as_table(data)
        if isinstance(model, xgboost.Booster):
            table = table if isinstance(table, xgboost.DMatrix) else xgboost.DMatrix(table)
        return call_with(model.predict, table, params, f"{type(model).__name__}.predict")

    def requirements(self, model: Any) -> list[str]:
        """Pin the distribution that is here, of the two that bring XGBoost."""
        return [the_installed_of("xgboost", "xgboost-cpu")]


def _made(kind: str) -> Any:
    """Return a new model of a class; `MLmodel` may name XGBoost's own only, since making others runs their code."""
    module, _, name = kind.rpartition(".")
    if kind == BOOSTER:
        return xgboost.Booster()
    if module != "xgboost.sklearn" or name not in ESTIMATORS:
        allowed = ", ".join((BOOSTER, *(f"xgboost.sklearn.{each}" for each in ESTIMATORS)))
        raise InvalidValue(
            f"The flavor 'xgboost' does not know the class {kind}; allowed: {allowed}. For a class of your own, save "
            "its booster (get_booster()), or the whole with flavor='python_function'."
        )
    return getattr(xgboost, name)()
