"""Writing a model's folder: the flavor's files and everything around them."""

import contextlib
import logging
import platform
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import field, frozen

from hookline.discovery import describe
from hookline.entities import new_id
from hookline.errors import AlreadyExists, HooklineError, InvalidValue, SignatureError, of_local_file
from hookline.interfaces import Flavor
from hookline.models.distributions import Distributions
from hookline.models.document import PYTHON_FUNCTION, ModelDocument
from hookline.models.examples import Example, save_example
from hookline.models.manifest import Manifest
from hookline.models.requirements import CONDA_ENV, PYTHON_ENV, find_requirements, write_environment
from hookline.models.signature import Signature, infer_signature

log = logging.getLogger("hookline")

_WORDS = {
    "artifact_path": "name",
    "registered_model_name": "registered_name",
    "pip_requirements": "requirements",
    "extra_pip_requirements": "requirements",
}
"""Arguments of MLflow's `log_model` that have another name here; they reach a flavor as options, which refuses them."""


@frozen
class Saving:
    """What to save beside a model.

    Attributes:
        signature: a `Signature`, its dict, or MLflow's signature object; None: inferred from the example.
        input_example: data that the model takes, or a pair of data and params; None: no example.
        requirements: lines of `requirements.txt`; None: found.
        metadata: whatever the user notes; plain values.
        options: of the flavor.
    """

    signature: Any = None
    input_example: Any = None
    requirements: Sequence[str] | None = None
    metadata: Mapping[str, Any] | None = None
    options: Mapping[str, Any] = field(factory=dict)


@frozen
class Identity:
    """Who a logged model is; nothing of it is known of a model that is only saved."""

    model_id: str | None = None
    run_id: str | None = None
    name: str | None = None


@contextlib.contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Give a folder to write into that takes the place of `path` when the block ends well, and is gone otherwise.

    Raises:
        AlreadyExists: there is a file, or a folder that is not empty. NotFound, Refused, Unavailable: none can be made.
    """
    target = path.expanduser().absolute()
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise AlreadyExists(f"{str(path)!r} is there already and not an empty folder; save the model to a new one.")
    staging = target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial")
    try:
        staging.mkdir(parents=True)
    except OSError as error:
        raise of_local_file(error, f"local folder {str(target.parent)!r}", "write into") from error
    try:
        yield staging
        if target.is_dir():
            target.rmdir()
        staging.rename(target)
    except OSError as error:
        if target.exists():
            raise AlreadyExists(f"{str(path)!r} was made by someone else in the meantime.") from error
        raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def write_model(
    folder: Path,
    model: Any,
    flavor: Flavor,
    saving: Saving,
    *,
    names: Sequence[str],
    installed: Distributions,
    identity: Identity | None = None,
) -> tuple[ModelDocument, Manifest]:
    """Write a model into an empty folder and return its document and its manifest.

    Args:
        names: distributions that the requirements name whatever the model is made of.

    Raises:
        InvalidValue: the flavor cannot save it, or an argument is wrong.
    """
    who = identity or Identity()
    example = None if saving.input_example is None else Example.of(saving.input_example)
    block = _saved_by(flavor, model, folder, saving.options, example)
    info = None if example is None else save_example(example, folder)
    signature = _given(saving.signature) or _found(flavor, model, example, flavor.signature(model, folder, block))
    roots = [*([model] if flavor.needs_code(block) else []), *([] if example is None else [example.data])]
    pinned = [*flavor.requirements(model), *names]
    requirements = _requirements(saving.requirements, roots, pinned, installed)
    write_environment(folder, requirements)
    document = ModelDocument(
        flavors=_flavors(flavor, block),
        signature=signature,
        artifact_path=who.name,
        model_id=who.model_id,
        model_uuid=who.model_id or new_id(),
        run_id=who.run_id,
        model_size_bytes=sum(each.stat().st_size for each in folder.rglob("*") if each.is_file()),
        saved_input_example_info=info,
        metadata=saving.metadata,
    )
    document.write(folder)
    manifest = Manifest.of(folder)
    manifest.write(folder)
    return document, manifest


def _saved_by(
    flavor: Flavor, model: Any, folder: Path, options: Mapping[str, Any], example: Example | None
) -> dict[str, Any]:
    try:
        if example is None:
            return flavor.save(model, folder, options)
        return flavor.save_with_example(model, folder, options, example.data)
    except InvalidValue as error:
        hints = [f"{own!r} is MLflow's word; here it is {here!r}." for own, here in _WORDS.items() if own in options]
        if not hints:
            raise
        raise InvalidValue("\n".join([str(error), *hints])) from error
    except HooklineError:
        raise
    except Exception as error:
        kind = type(model).__name__
        raise InvalidValue(f"The flavor {flavor.name!r} cannot save this {kind}: {describe(error)}") from error


def _flavors(flavor: Flavor, block: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the flavors of `MLmodel`: the flavor's own, and what `mlflow.pyfunc` needs to load it as a function."""
    if not flavor.loader_module:
        return {flavor.name: dict(block)}
    function = {
        "loader_module": flavor.loader_module,
        **({} if flavor.loader_takes_folder else {"data": block["data"]}),
        "env": {"conda": CONDA_ENV, "virtualenv": PYTHON_ENV},
        "python_version": platform.python_version(),
    }
    if block.get("code"):
        function["code"] = block["code"]
    if flavor.name == PYTHON_FUNCTION:
        return {PYTHON_FUNCTION: {**function, **block}}
    return {flavor.name: dict(block), PYTHON_FUNCTION: function}


def _given(signature: Any) -> Signature | None:
    """Return the signature that the user gave; None where there is none."""
    if signature is None or isinstance(signature, Signature):
        return signature
    plain = signature.to_dict() if hasattr(signature, "to_dict") else signature
    if not isinstance(plain, Mapping):
        raise InvalidValue(f"A signature is what infer_signature(...) returns, not {signature!r}.")
    return Signature.from_dict(plain)


def _found(flavor: Flavor, model: Any, example: Example | None, own: Signature | None) -> Signature | None:
    """Return the model's own signature, completed by its example; one that its example does not fit gives way to it."""
    if example is None:
        return own
    if own is None or not _fits(own, example):
        return infer_signature(example.data, _outputs(flavor, model, example), example.params)
    inferred = infer_signature(example.data, None, example.params)
    outputs = own.outputs
    if outputs is None and (found := _outputs(flavor, model, example)) is not None:
        outputs = infer_signature(outputs=found).outputs
    return Signature(own.inputs or inferred.inputs, outputs, own.params or inferred.params)


def _fits(signature: Signature, example: Example) -> bool:
    try:
        signature.fit(example.data)
    except SignatureError as error:
        log.warning("The input example does not fit what the model says it takes: %s", error)
        return False
    return True


def _outputs(flavor: Flavor, model: Any, example: Example) -> Any:
    """Return what the model predicts from its example; None, with a warning, where it cannot."""
    try:
        return flavor.predict(model, example.data, example.params)
    except Exception as error:  # noqa: BLE001 - the model's own code; it is saved all the same
        log.warning(
            "The model fails on its input example, so that its signature lacks the outputs: %s", describe(error)
        )
        return None


def _requirements(
    given: Sequence[str] | None, roots: Sequence[Any], names: Sequence[str], installed: Distributions
) -> list[str]:
    if given is not None:
        if isinstance(given, str) or not all(isinstance(each, str) and "\n" not in each for each in given):
            raise InvalidValue(f"requirements is a list of texts such as ['pandas>=2'], not {given!r}.")
        return list(given)
    return find_requirements(roots, names, installed)
