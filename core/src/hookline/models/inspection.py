"""What a model is, told without loading it: nothing of it is executed."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from attrs import field, frozen

from hookline.catalogue import what_to_install
from hookline.documents import to_plain
from hookline.models.choosing import Flavors
from hookline.models.document import ModelDocument
from hookline.models.manifest import Manifest
from hookline.models.requirements import read_requirements
from hookline.models.scanning import imports_of, is_pickle


@frozen
class FlavorReport:
    """One flavor of a model.

    Attributes:
        format: how its data is written, such as `skops` or `.pkl`; "" where the block does not say.
        advice: what to install to load it; "" where an installed plugin does.
        facts: what the flavor's inspector tells of its files; plain values by name.
    """

    name: str
    format: str
    installed: bool
    advice: str = ""
    facts: Mapping[str, Any] = field(factory=dict)


@frozen
class PickleReport:
    """A file that runs code when it is opened.

    Attributes:
        imports: the dotted names that it would import. complete: whether it was read to its end.
    """

    path: str
    imports: tuple[str, ...]
    complete: bool


@frozen
class Inspection:
    """What is known of a model.

    Attributes:
        manifest: `verified`, `none` where the model has none, or `differs`.
        problems: how its files differ from its manifest or from what is on record.
        digest: of its files, `sha256:...`. recorded: the digest that a store keeps of it; None where none does.
        trusted: whether its pickles open under the workspace's policy without being allowed by name.
        size: bytes of all files.
    """

    uri: str
    document: ModelDocument
    flavors: tuple[FlavorReport, ...]
    requirements: tuple[str, ...]
    digest: str
    manifest: str
    problems: tuple[str, ...]
    recorded: str | None
    trusted: bool
    pickles: tuple[PickleReport, ...]
    size: int

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON-ready values; the signature's parts as lists rather than as JSON texts."""
        plain: dict[str, Any] = {
            name: to_plain(getattr(self, name)) for name in ("uri", "flavors", "requirements", "digest", "manifest")
        }
        document = self.document
        signature = document.signature.to_dict() if document.signature else {}
        return {
            **plain,
            **{name: to_plain(getattr(self, name)) for name in ("problems", "recorded", "trusted", "pickles", "size")},
            "signature": {part: json.loads(text) for part, text in signature.items() if text},
            "model_id": document.model_id,
            "run_id": document.run_id,
            "utc_time_created": document.utc_time_created,
            "mlflow_version": document.mlflow_version,
            "input_example": to_plain(document.saved_input_example_info),
            "metadata": to_plain(document.metadata),
        }


def inspect_folder(
    folder: Path, *, uri: str, recorded: str | None, is_trusted: Callable[[str], bool], flavors: Flavors
) -> Inspection:
    """Inspect a model's folder.

    Args:
        recorded: the digest that a store keeps of the model.
        is_trusted: says of a digest whether the pickles of a model with it are opened.
    """
    document = ModelDocument.read(folder)
    stored, present = Manifest.read(folder), Manifest.of(folder)
    problems = [] if stored is None else stored.differences(present)
    if recorded is not None and recorded != present.digest:
        problems.append(f"the store's record is {recorded}")
    return Inspection(
        uri=uri,
        document=document,
        flavors=tuple(_flavor_report(folder, name, block, flavors) for name, block in document.flavors.items()),
        requirements=tuple(read_requirements(folder)),
        digest=present.digest,
        manifest="differs" if problems else "none" if stored is None else "verified",
        problems=tuple(problems),
        recorded=recorded,
        trusted=not problems and is_trusted(present.digest),
        pickles=tuple(_pickle_report(folder, key) for key in present.files if is_pickle(folder / key)),
        size=present.size,
    )


def _flavor_report(folder: Path, name: str, block: Mapping[str, Any], flavors: Flavors) -> FlavorReport:
    data = str(block.get("data") or block.get("model_path") or "")
    form = str(block.get("serialization_format") or Path(data).suffix)
    installed = flavors.is_installed(name)
    distribution = None if installed else what_to_install("flavors", name)
    advice = f"pip install {distribution}" if distribution else ""
    return FlavorReport(name, form, installed, advice, flavors.facts(name, folder, block) if installed else {})


def _pickle_report(folder: Path, key: str) -> PickleReport:
    found = imports_of(folder / key)
    return PickleReport(key, found.names, found.complete)
