"""The description of the API in OpenAPI 3.1, made from the table of routes."""

from collections.abc import Iterable
from typing import Any

import msgspec

from hookline_lib_wire.errors import Problem
from hookline_lib_wire.routes import Route

_ERROR = {"$ref": "#/components/schemas/Problem"}


def document(routes: Iterable[Route]) -> dict[str, Any]:
    """Return the description of routes, each under the first of its paths."""
    listed = list(routes)
    kinds = [route.request for route in listed] + [route.response for route in listed if route.response]
    schemas, components = msgspec.json.schema_components([*kinds, Problem], ref_template="#/components/schemas/{name}")
    by_kind = dict(zip([*kinds, Problem], schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    names: set[str] = set()
    for route in listed:
        path = route.SLOT.sub(r"{\1}", route.paths[0])
        described = {"operationId": _name(route, names), **_operation(route, by_kind, components)}
        paths.setdefault(path, {})[route.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {"title": "Hookline tracking server", "version": "1"},
        "paths": paths,
        "components": {"schemas": components},
    }


def _name(route: Route, taken: set[str]) -> str:
    """Return the operation's name; of routes that share one the later ones add their method, or else their path."""
    last = route.path.rpartition("/")[2].replace("-", "_")
    candidates = (route.operation, f"{route.operation}_{route.method.lower()}", f"{route.operation}_{last}")
    name = next(each for each in candidates if each not in taken)
    taken.add(name)
    return name


def _operation(route: Route, schemas: dict[Any, Any], components: dict[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "summary": route.summary,
        "responses": {"200": _answer(route, schemas), "default": _failure()},
        "x-permission": {"thing": route.permission.thing.value, "action": route.permission.action.value},
    }
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in route.slots
    ]
    fields = _fields(route, components)
    if route.method == "GET" or route.streams:
        parameters += [
            {"name": name, "in": "query", "required": name in route.request.required, "schema": schema}
            for name, schema in fields.items()
        ]
    else:
        described["requestBody"] = {"content": {"application/json": {"schema": schemas[route.request]}}}
    if route.streams:
        content = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
        described["requestBody"] = {"content": content}
    return described | ({"parameters": parameters} if parameters else {})


def _fields(route: Route, components: dict[str, Any]) -> dict[str, Any]:
    schema = components.get(route.request.__name__, {})
    return {name: each for name, each in schema.get("properties", {}).items() if name not in route.slots}


def _answer(route: Route, schemas: dict[Any, Any]) -> dict[str, Any]:
    if route.response is None:
        return {"description": "done", "content": {"*/*": {}}}
    return {"description": "done", "content": {"application/json": {"schema": schemas[route.response]}}}


def _failure() -> dict[str, Any]:
    return {"description": "refused", "content": {"application/json": {"schema": _ERROR}}}
