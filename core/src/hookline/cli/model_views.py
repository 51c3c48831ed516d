"""Models as tables: what is told of one, and in what two differ."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hookline.cli.output import exact, moment
from hookline.entities import ModelVersion, RegisteredModel
from hookline.errors import NotFound, NotSupported
from hookline.models.inspection import FlavorReport, Inspection, PickleReport
from hookline.uris import is_path
from hookline.workspace import Workspace

_DISTRIBUTION = re.compile(r"[A-Za-z0-9._-]+")
SHOWN_IMPORTS = 20


def model_row(model: RegisteredModel) -> dict[str, Any]:
    """Return a registered model as a row of a list."""
    latest = max((each.version for each in model.latest_versions), default=None)
    aliases = ", ".join(f"{alias} -> {version}" for alias, version in sorted(model.aliases.items()))
    changed = moment(model.last_update_time)
    return {
        "name": model.name,
        "latest": latest,
        "aliases": aliases,
        "changed": changed,
        "description": model.description,
    }


def model_fields(model: RegisteredModel) -> dict[str, Any]:
    """Return all that is known of a registered model, as a person reads it."""
    return {**model_row(model), "aliases": model.aliases, "created": moment(model.creation_time), "tags": model.tags}


def version_row(version: ModelVersion) -> dict[str, Any]:
    """Return a version as a row of a list."""
    return {
        "version": version.version,
        "aliases": ", ".join(version.aliases),
        "created": moment(version.creation_time),
        "run_id": version.run_id or "",
        "description": version.description,
        "source": version.source,
    }


def inspected_fields(found: Inspection) -> dict[str, Any]:
    """Return what an inspection found, as a person reads it."""
    document = found.document
    return {
        "uri": found.uri,
        "problems": list(found.problems) or "none",
        "digest": found.digest,
        "recorded": found.recorded or "no store has a record of it",
        "manifest": found.manifest,
        "bytes": found.size,
        "created": document.utc_time_created or "",
        "run_id": document.run_id or "",
        "model_id": document.model_id or "",
        "flavors": [_flavor(each) for each in found.flavors],
        **{f"{each.name}: {name}": fact or "none" for each in found.flavors for name, fact in each.facts.items()},
        "pickles": {each.path: _imports(each) for each in found.pickles} or "none",
        "trusted": "yes" if found.trusted or not found.pickles else "no: its pickles open with --allow-pickle only",
        "signature": _signature(found) or "none",
        "requirements": list(found.requirements),
        "metadata": document.metadata or {},
    }


def _flavor(flavor: FlavorReport) -> str:
    missing = "" if flavor.installed else f" - not installed{f': {flavor.advice}' if flavor.advice else ''}"
    return f"{flavor.name}{f' ({flavor.format})' if flavor.format else ''}{missing}"


def _imports(pickle: PickleReport) -> str:
    names = ", ".join(pickle.imports[:SHOWN_IMPORTS])
    more = len(pickle.imports) - SHOWN_IMPORTS
    rest = f" and {more} more" if more > 0 else ""
    return f"imports {names or 'nothing'}{rest}" + ("" if pickle.complete else "; it cannot be read to its end")


def _signature(found: Inspection) -> dict[str, str]:
    """Return the type of each column, tensor and param, by `inputs.NAME`, `outputs.NAME` and `params.NAME`."""
    parts: Mapping[str, Sequence[Mapping[str, Any]]] = found.to_dict()["signature"]
    return {
        f"{part}.{each.get('name', number)}": _type(each)
        for part, items in parts.items()
        for number, each in enumerate(items)
    }


def _type(item: Mapping[str, Any]) -> str:
    if item["type"] == "tensor":
        spec = item["tensor-spec"]
        return f"{spec['dtype']} {tuple(spec['shape'])}"
    rest = {
        key: value
        for key, value in item.items()
        if key not in ("name", "type", "required", "shape") and value is not None
    }
    optional = " (optional)" if item.get("required") is False else ""
    return f"{item['type']}{'[]' if item.get('shape') else ''}{' ' + exact(rest) if rest else ''}{optional}"


# Two models side by side ---------------------------------------------------------------------------------------------


def model_uri(text: str) -> str:
    """Return the URI that NAME/VERSION or NAME@ALIAS stands for; a URI or an existing folder is returned as it is."""
    return text if not is_path(text) or Path(text).exists() else f"models:/{text}"


def facts(workspace: Workspace, uri: str) -> dict[str, Any]:
    """Return what two models are compared by, flat: training, signature, requirements, files."""
    found = workspace.models.inspect(uri)
    return {
        **_training(workspace, found),
        **{f"signature.{key}": value for key, value in _signature(found).items()},
        **{f"requirements.{name}": line for name, line in map(_requirement, found.requirements)},
        "flavors": ", ".join(_flavor(each) for each in found.flavors),
        "bytes": found.size,
        "digest": found.digest,
    }


def _training(workspace: Workspace, found: Inspection) -> dict[str, Any]:
    """Return the params and metrics of a model's run and of the model itself, where the store still has them."""
    params: dict[str, Any] = {}
    metrics: dict[str, Any] = {}
    try:
        if found.document.run_id:
            data = workspace.runs.get(found.document.run_id).data
            params.update(data.params)
            metrics.update(data.metrics)
        if found.document.model_id:
            logged = workspace.logged_models.get_logged_model(found.document.model_id)
            params.update(logged.params)
            metrics.update({each.key: each.value for each in logged.metrics})
    except (NotFound, NotSupported):
        pass  # a model that was trained elsewhere
    flat = {f"params.{key}": value for key, value in sorted(params.items())}
    return {**flat, **{f"metrics.{key}": value for key, value in sorted(metrics.items())}}


def _requirement(line: str) -> tuple[str, str]:
    match = _DISTRIBUTION.match(line)
    return (match[0], line[match.end() :].strip() or "any") if match else (line, "as written")
