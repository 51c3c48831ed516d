"""A model's signature: what it takes, what it returns, and the params that callers may give."""

import logging
from collections.abc import Mapping
from typing import Any

from attrs import frozen

from hookline.errors import InvalidValue
from hookline.models.enforcement import fit, fit_params
from hookline.models.inference import infer_params, infer_schema
from hookline.models.schema import Param, Schema, params_from_json, params_to_json

log = logging.getLogger("hookline")


@frozen
class Signature:
    """What a model takes and returns. None stands for what is not known, and is not checked.

    Attributes:
        params: what callers may give beside the data, with defaults.
    """

    inputs: Schema | None = None
    outputs: Schema | None = None
    params: tuple[Param, ...] = ()

    def to_dict(self) -> dict[str, str | None]:
        """Return the `signature` of an `MLmodel` file: a JSON text, or None, for each part."""
        return {
            "inputs": self.inputs.to_json() if self.inputs else None,
            "outputs": self.outputs.to_json() if self.outputs else None,
            "params": params_to_json(self.params) if self.params else None,
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> "Signature":
        """Read the `signature` of an `MLmodel` file, of any version.

        Raises:
            InvalidValue: a part is not the JSON text of a schema.
        """
        if not isinstance(plain, Mapping):
            raise InvalidValue(f"A signature has the keys inputs, outputs and params, and is not {plain!r}.")
        inputs, outputs, params = (plain.get(part) for part in ("inputs", "outputs", "params"))
        return cls(
            Schema.from_json(inputs) if inputs and inputs != "[]" else None,
            Schema.from_json(outputs) if outputs and outputs != "[]" else None,
            params_from_json(params) if params else (),
        )

    def fit(self, data: Any) -> Any:
        """Return data as the model takes it: columns in order, extra ones dropped, numbers widened where that is safe.

        The kind of the data stays: a DataFrame remains one, a list of records a list.

        Raises:
            SignatureError: it does not fit; the text names the column, and the row (the first is 0) where one value is
                to blame.
        """
        return data if self.inputs is None else fit(self.inputs, data)

    def fit_params(self, params: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return params with the defaults of those not given. Unknown ones are left out, with a warning.

        A signature that declares no params at all says nothing about them: they are handed on as they are.

        Raises:
            SignatureError: a value has another type; the text names the param.
        """
        given = dict(params or {})
        if not self.params:
            return given
        unknown = given.keys() - {each.name for each in self.params}
        if unknown:
            known = ", ".join(each.name for each in self.params)
            log.warning("The model has no params %s; they are ignored. It has: %s.", ", ".join(sorted(unknown)), known)
        return fit_params(self.params, given)


def infer_signature(inputs: Any = None, outputs: Any = None, params: Mapping[str, Any] | None = None) -> Signature:
    """Return the signature that data shows: examples of what a model takes and returns, and defaults of its params.

    Args:
        inputs, outputs: a pandas or polars DataFrame or Series, a numpy array, a sparse matrix, a mapping of arrays or
            of single values, a list of records, a list, or a single value; None: not known.
        params: default values by name.

    Raises:
        InvalidValue: nothing was given, or a param's default has no type that a signature can name.
    """
    if inputs is None and outputs is None and not params:
        raise InvalidValue("A signature is inferred from inputs, outputs or params; none of them was given.")
    return Signature(
        None if inputs is None else infer_schema(inputs),
        None if outputs is None else infer_schema(outputs),
        infer_params(params) if params else (),
    )
