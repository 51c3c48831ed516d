"""What a plugin adds to the server: rows of the table of routes, each with its handler."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from attrs import field, frozen

from hookline_lib_wire.routes import Route

Handler: TypeAlias = Any
"""`handler(services, request) -> answer`, called on a thread; or `async handler(services, exchange, request)`, which
reads the body where the route streams, and answers by itself where it returns None. An answer is a struct, which
becomes JSON, or a `Reply`."""


@frozen
class Extension:
    """Routes with their handlers, by the operations' names."""

    routes: Sequence[Route] = ()
    handlers: Mapping[str, Handler] = field(factory=dict)
