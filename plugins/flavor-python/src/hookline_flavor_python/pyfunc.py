"""What `mlflow.pyfunc.load_model` calls for a model of this flavor.

MLflow decides what it opens: its switch MLFLOW_ALLOW_PICKLE_DESERIALIZATION is obeyed, and the policy of a workspace is
not known here.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hookline.models.document import ModelDocument
from hookline.models.examples import like_example
from hookline.models.pickles import load_unchecked
from hookline_flavor_python.calling import predict
from hookline_flavor_python.flavor import with_context


class PyfuncModel:
    """A model as MLflow wants it."""

    def __init__(self, model: Any, document: ModelDocument) -> None:
        self.model, self._example = model, document.saved_input_example_info

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        """Return predictions. MLflow makes tables of records and lists; the model gets what its example was."""
        return predict(self.model, like_example(data, self._example), params or {})


def _load_pyfunc(path: str, model_config: Mapping[str, Any] | None = None) -> PyfuncModel:
    """Load the pickle at a path; the `MLmodel` beside it says the rest."""
    folder = Path(path).parent
    document = ModelDocument.read(folder)
    block = {**document.function, **({"model_config": dict(model_config)} if model_config else {})}
    return PyfuncModel(with_context(load_unchecked(Path(path)), folder, block), document)
