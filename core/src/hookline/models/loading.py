"""A model that was loaded, ready to predict."""

import weakref
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from hookline.interfaces import Flavor
from hookline.models.document import ModelDocument
from hookline.models.examples import Example, like_example, read_example
from hookline.models.signature import Signature


class LoadedModel:
    """A model that answers. Its methods may be called from any thread where the model itself allows that.

    Attributes:
        native: the model itself, as its flavor gives it back: an estimator, a function, ...
        document: its `MLmodel`.
        flavor: the name of the flavor that loaded it.
        path: its folder on local disk; a private copy goes away with this object.
        predicts_by_row: as `Flavor.predicts_by_row`.
    """

    def __init__(
        self, native: Any, document: ModelDocument, flavor: Flavor, path: Path, release: Callable[[], None]
    ) -> None:
        self.native, self.document, self.flavor, self.path = native, document, flavor.name, path
        self._flavor, self.predicts_by_row = flavor, flavor.predicts_by_row
        self.close = weakref.finalize(self, release)
        """Give back the private copy of the model's files now, rather than with the last reference to this object."""

    def __repr__(self) -> str:
        return f"<LoadedModel {type(self.native).__name__} by {self.flavor!r} from {str(self.path)!r}>"

    @property
    def signature(self) -> Signature | None:
        """What the model takes and returns; None where its `MLmodel` does not say, and nothing is checked."""
        return self.document.signature

    @cached_property
    def example(self) -> Example | None:
        """The input example with its params, as it was saved; None where there is none. Raises `InvalidValue`."""
        schema = self.signature.inputs if self.signature else None
        return read_example(self.path, self.document.saved_input_example_info, schema)

    @property
    def input_example(self) -> Any:
        """The data of the input example; None where there is none."""
        return None if self.example is None else self.example.data

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        """Return predictions for data, a row for a row.

        Args:
            data: a DataFrame, an array, a mapping of columns, a list of records, or whatever the model takes.
            params: by name; those that the signature declares have defaults.

        Raises:
            SignatureError: the data does not fit the signature; the text names the column and the row.
        """
        if self.signature is None:
            return self._flavor.predict(self.native, data, dict(params or {}))
        fitted = like_example(self.signature.fit(data), self.document.saved_input_example_info)
        return self._flavor.predict(self.native, fitted, self.signature.fit_params(params))
