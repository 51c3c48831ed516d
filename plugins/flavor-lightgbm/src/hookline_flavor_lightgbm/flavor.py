"""The flavor `lightgbm`: LightGBM's text, or skops files of estimators, with the `MLmodel` block of MLflow 3."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lightgbm

import hookline_lib_skops
from hookline.errors import InvalidValue
from hookline.interfaces import Flavor, Unpickler
from hookline.models.native import as_table, call_with, model_file, reading

BOOSTER = "lightgbm.basic.Booster"
FILES = {True: "model.lgb", False: "model.skops"}
OWN_LIBRARIES = ("lightgbm", "sklearn", "numpy", "scipy")


class LightGBMFlavor(Flavor):
    """Saves, loads and asks boosters and LightGBM's estimators."""

    name = "lightgbm"
    loader_module = "mlflow.lightgbm"
    predicts_by_row = True

    def save(self, model: Any, folder: Path, options: Mapping[str, Any]) -> dict[str, Any]:
        """Write the model as one file; raises `InvalidValue` where an estimator holds what skops cannot."""
        for option in options:
            raise InvalidValue(f"The flavor 'lightgbm' has no option {option!r}; it has none at all.")
        is_booster = isinstance(model, lightgbm.Booster)
        path = folder / FILES[is_booster]
        types = None
        if is_booster:
            model.save_model(path)
        else:
            types = hookline_lib_skops.save(model, path)
        return {
            "data": path.name,
            "model_class": BOOSTER if is_booster else f"{type(model).__module__}.{type(model).__qualname__}",
            "serialization_format": "cloudpickle" if is_booster else "skops",  # MLflow's word; none of it in a booster
            "skops_trusted_types": types,
            "lgb_version": lightgbm.__version__,
            "code": None,
        }

    def load(self, folder: Path, block: Mapping[str, Any], pickles: Unpickler) -> Any:
        """Return a booster or an estimator; one that MLflow saved as a pickle passes the gate."""
        path = model_file(folder, block)
        if block.get("model_class", BOOSTER) == BOOSTER:
            with reading(path, "a model of LightGBM"):
                return lightgbm.Booster(model_str=_whole(path.read_text(encoding="utf-8")))
        chosen = block.get("serialization_format") or "cloudpickle"  # MLflow's default of old
        if chosen == "skops":
            return hookline_lib_skops.load(path, pickles, OWN_LIBRARIES)
        if chosen in ("cloudpickle", "pickle"):
            return pickles.load(path)
        raise InvalidValue(f"Unknown serialization_format {chosen!r}; allowed: skops, cloudpickle, pickle.")

    def predict(self, model: Any, data: Any, params: Mapping[str, Any]) -> Any:
        """Call `predict`, with the params as its arguments."""
        return call_with(model.predict, as_table(data), params, f"{type(model).__name__}.predict")

    def requirements(self, model: Any) -> list[str]:
        """Pin LightGBM, and what reads an estimator's file."""
        return ["lightgbm"] if isinstance(model, lightgbm.Booster) else ["lightgbm", "scikit-learn", "skops"]


def _whole(text: str) -> str:
    """Return the text of a booster; raises `ValueError` where parts are missing, with which LightGBM would crash."""
    header, found, _trees = text.partition("\nTree=0\n")
    sizes = next((each for each in header.splitlines() if each.startswith("tree_sizes=")), None)
    end = text.find("end of trees\n")
    if not text.startswith("tree\n") or sizes is None or not found or "\nend of parameters\n" not in text[end:]:
        raise ValueError("it is not the whole text of a booster")
    if end - len(header) - 1 != sum(map(int, sizes.removeprefix("tree_sizes=").split())):
        raise ValueError("its trees are not as long as it says")
    return text
