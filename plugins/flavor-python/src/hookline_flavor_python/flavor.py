"""The flavor `python_function`: functions and objects by cloudpickle, and whatever `mlflow.pyfunc` could load."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cloudpickle
from attrs import field, frozen

from hookline.documents import structure_strictly
from hookline.errors import InvalidValue
from hookline.interfaces import Flavor, Unpickler
from hookline.models.code import CODE, check_sources, code_sources, copy_sources, open_code
from hookline.paths import check_key_path, inside
from hookline_flavor_python.calling import Context, WithContext, function_of, predict, takes_context
from hookline_flavor_python.foreign import load_foreign

FILE = "model.pkl"
ARTIFACTS = "artifacts"
LOADER = "hookline_flavor_python.pyfunc"


@frozen
class SaveOptions:
    """What to save beside the function or object.

    Attributes:
        code_paths: files and folders of modules that the model imports and no distribution brings.
        artifacts: local files and folders by name, for a model with `predict(context, model_input)`, which finds their
            paths in `context.artifacts`.
        model_config: plain values for `context.model_config`.
    """

    code_paths: tuple[str, ...] = ()
    artifacts: Mapping[str, str] = field(factory=dict)
    model_config: dict[str, Any] = field(factory=dict)


class PythonFlavor(Flavor):
    """Saves and loads any Python function, and any object with a method `predict`."""

    name = "python_function"
    loader_module = LOADER

    def save(self, model: Any, folder: Path, options: Mapping[str, Any]) -> dict[str, Any]:
        """Write the model as a pickle; code of the program itself goes into it, code of installed modules does not."""
        chosen = structure_strictly(_plain(options), SaveOptions, prefix="python_function.")
        function_of(model)
        if (chosen.artifacts or chosen.model_config) and not takes_context(model):
            raise InvalidValue(
                "artifacts and model_config reach a model through its context; this one has no "
                "'predict(context, model_input)'."
            )
        sources = code_sources(chosen.code_paths)
        paths = {
            name: f"{ARTIFACTS}/{check_key_path(name)}/{Path(each).name}" for name, each in chosen.artifacts.items()
        }
        sources |= {paths[name]: Path(each) for name, each in chosen.artifacts.items()}
        check_sources(sources)
        pickled = cloudpickle.dumps(model)
        copy_sources(sources, folder)
        (folder / FILE).write_bytes(pickled)
        return {
            "data": FILE,
            "cloudpickle_version": cloudpickle.__version__,
            **({"code": CODE} if chosen.code_paths else {}),
            **({"artifacts": {name: {"path": path} for name, path in paths.items()}} if paths else {}),
            **({"model_config": chosen.model_config} if chosen.model_config else {}),
        }

    def load(self, folder: Path, block: Mapping[str, Any], pickles: Unpickler) -> Any:
        """Return the model; one of another loader, such as MLflow's, as an object with `predict(data, params)`."""
        open_code(folder, block, pickles)
        if block.get("loader_module", LOADER) != LOADER:
            return load_foreign(folder, block, pickles)
        model = pickles.load(inside(folder, str(block.get("data", FILE))))
        return with_context(model, folder, block)

    def predict(self, model: Any, data: Any, params: Mapping[str, Any]) -> Any:
        """Call the function, or the object's `predict`."""
        return predict(model, data, params)

    def requirements(self, model: Any) -> list[str]:
        """Pin what reads the pickle."""
        return ["cloudpickle"]


def with_context(model: Any, folder: Path, block: Mapping[str, Any]) -> Any:
    """Return a model that takes a context together with it, after its `load_context`; another one as it is."""
    if not takes_context(model):
        return model
    paths = {name: str(inside(folder, str(each["path"]))) for name, each in (block.get("artifacts") or {}).items()}
    context = Context(paths, block.get("model_config") or {})
    if callable(getattr(model, "load_context", None)):
        model.load_context(context)
    return WithContext(model, context)


def _plain(options: Mapping[str, Any]) -> dict[str, Any]:
    """Let paths be given as paths."""
    plain = dict(options)
    if isinstance(plain.get("code_paths"), list | tuple):
        plain["code_paths"] = [str(each) for each in plain["code_paths"]]
    if isinstance(plain.get("artifacts"), Mapping):
        plain["artifacts"] = {name: str(each) for name, each in plain["artifacts"].items()}
    return plain
