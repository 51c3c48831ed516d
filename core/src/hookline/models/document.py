"""The `MLmodel` file: what a model's folder says about itself, in MLflow's format, of any version.

Other people's files are read leniently: keys that are not known here are kept and written back.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from attrs import field, fields, frozen
from yaml import YAMLError

from hookline.documents import read_yaml, write_yaml
from hookline.entities import new_id
from hookline.errors import ConfigError, InvalidValue, NotFound
from hookline.models.signature import Signature

FILE_NAME = "MLmodel"
PYTHON_FUNCTION = "python_function"
"""The flavor that every model has which can be called as a function; other flavors are native ones."""


def time_created() -> str:
    """Return the present time as `MLmodel` has it: UTC, `YYYY-MM-DD HH:MM:SS.ffffff`."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


@frozen
class ModelDocument:
    """The content of an `MLmodel` file.

    Attributes:
        flavors: by name, each flavor's own block: plain values, paths relative to the model's folder.
        signature: what the model takes and returns; None where it does not say.
        artifact_path: the name under which the model was logged (MLflow 3 writes a URI).
        model_id, run_id: the logged model and the run that it came from; None for a model that was only saved.
        model_uuid: 32 hexadecimal digits; equal to `model_id` for a logged model.
        model_size_bytes: of all files but this one.
        utc_time_created: `YYYY-MM-DD HH:MM:SS.ffffff`.
        saved_input_example_info: where the input example is and of what kind; `hookline.models.examples` reads it.
        metadata: whatever the user noted; plain values.
        mlflow_version: the version of MLflow that wrote the file; None for files of Hookline.
        extra: all other keys.
    """

    flavors: Mapping[str, Mapping[str, Any]]
    signature: Signature | None = None
    artifact_path: str | None = None
    model_id: str | None = None
    model_size_bytes: int | None = None
    model_uuid: str | None = field(factory=new_id)
    run_id: str | None = None
    utc_time_created: str | None = field(factory=time_created)
    saved_input_example_info: Mapping[str, Any] | None = None
    metadata: Mapping[str, Any] | None = None
    mlflow_version: str | None = None
    extra: Mapping[str, Any] = field(factory=dict)

    @property
    def function(self) -> Mapping[str, Any]:
        """The block of the flavor `python_function`; empty where the model has none."""
        return self.flavors.get(PYTHON_FUNCTION) or {}

    @classmethod
    def read(cls, folder: Path) -> "ModelDocument":
        """Read the `MLmodel` file of a model's folder.

        Raises:
            NotFound: there is none. InvalidValue: it is no YAML, or no `MLmodel`.
        """
        path = folder / FILE_NAME
        if not path.is_file():
            raise NotFound(f"There is no model in {str(folder)!r}: it has no file {FILE_NAME!r}.")
        try:
            return cls.from_dict(read_yaml(path).value)
        except (ConfigError, InvalidValue) as error:
            raise InvalidValue(f"{path} cannot be read as a model: {error}") from error

    @classmethod
    def from_dict(cls, plain: Any) -> "ModelDocument":
        """Make a document of the plain values of an `MLmodel` file. Raises `InvalidValue`."""
        if not isinstance(plain, Mapping):
            raise InvalidValue("An MLmodel file holds keys and values such as 'flavors:'.")
        flavors = plain.get("flavors")
        if not isinstance(flavors, Mapping) or not all(isinstance(each, Mapping) for each in flavors.values()):
            raise InvalidValue("The key 'flavors' must hold at least one flavor with its own keys.")
        signature = plain.get("signature")
        named = [each.name for each in fields(cls) if each.name not in ("extra", "signature")]
        known: dict[str, Any] = {name: plain.get(name) for name in named}
        known["utc_time_created"] = _text_of_time(known["utc_time_created"])
        return cls(
            **known,
            signature=None if signature is None else Signature.from_dict(signature),
            extra={key: value for key, value in plain.items() if key not in known and key != "signature"},
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the plain values of the `MLmodel` file, keys in alphabetical order; what is None is left out."""
        plain = dict(self.extra)
        for each in fields(type(self)):
            value = getattr(self, each.name)
            if each.name != "extra" and value is not None:
                plain[each.name] = value.to_dict() if isinstance(value, Signature) else _plain(value)
        return dict(sorted(plain.items()))

    def write(self, folder: Path) -> None:
        """Write the `MLmodel` file into a folder. Raises `InvalidValue` for values that YAML cannot hold."""
        try:
            text = write_yaml(self.to_dict())
        except (ValueError, YAMLError) as error:
            raise InvalidValue(f"The model's metadata and flavors can hold plain values only: {error}") from error
        (folder / FILE_NAME).write_text(text, encoding="utf-8")


def _text_of_time(value: Any) -> str | None:
    """YAML reads a time that is not quoted as a time."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.%f")
    return value.isoformat() if isinstance(value, date) else None if value is None else str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value
