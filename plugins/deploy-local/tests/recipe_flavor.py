"""A flavor for the tests of serving: a model is a few words of what to do, written as JSON or as a pickle.

The tests install it as a plugin of its own, so that the processes that serve find it as they find any other.
"""

import json
import os
import pickle
import time
from pathlib import Path

from hookline.interfaces import Flavor
from hookline.providers import FlavorProvider, hookimpl


@hookimpl
def flavors():
    return [FlavorProvider("recipe", "recipe_flavor:RecipeFlavor", "For tests", handles=("recipe_flavor.Recipe",))]


class Recipe:
    """What the model does: `sum` rows, tell the process id (`pid`), wait (`slow`), `fail`, or tell what it is given."""

    def __init__(self, does="sum", seconds=0.0, loads=True):
        self.does, self.seconds, self.loads = does, seconds, loads


class RecipeFlavor(Flavor):
    name = "recipe"

    def save(self, model, folder, options):
        if options.get("pickled"):
            (folder / "recipe.pkl").write_bytes(pickle.dumps(vars(model)))
            return {"data": "recipe.pkl"}
        (folder / "recipe.json").write_text(json.dumps(vars(model)), encoding="utf-8")
        return {"data": "recipe.json", "asks": bool(options.get("asks"))}

    def load(self, folder, block, pickles):
        path = Path(folder) / block["data"]
        if block.get("asks"):  # as skops does for the classes that a file names
            pickles.permit(path, ["recipe_flavor.Recipe"], own=True)
        recipe = Recipe(
            **(pickles.load(path) if path.suffix == ".pkl" else json.loads(path.read_text(encoding="utf-8")))
        )
        if not recipe.loads:
            raise RuntimeError("this recipe is not to be loaded")
        return recipe

    def predict(self, model, data, params):
        if model.does == "fail":
            raise RuntimeError("secret detail of the failure")
        if model.does == "exit":
            os._exit(3)
        if model.does == "pid":
            return [os.getpid()]
        time.sleep(model.seconds)
        if hasattr(data, "sum"):
            return data.sum(axis=1)
        return {"params": params, "kind": type(data).__name__}
