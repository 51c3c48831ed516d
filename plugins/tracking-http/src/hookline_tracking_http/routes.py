"""The rows of the table of routes that this client asks, by their operations."""

from hookline_lib_wire.routes import Route
from hookline_lib_wire.table import ROUTES

BY_OPERATION: dict[str, Route] = {}
for _route in ROUTES:
    BY_OPERATION.setdefault(_route.operation, _route)
