"""What a route is."""

import re
from enum import Enum
from typing import ClassVar

from attrs import field, frozen

from hookline_lib_wire.messages.base import Request, Response
from hookline_lib_wire.permissions import Permission


class Family(Enum):
    """Where routes are mounted: below which prefixes.

    MLFLOW: version 2.0 of MLflow's API, also as its UI calls it, and as clients before 1.0 and 2.0 do (`preview`).
    """

    ROOT = ("",)
    MLFLOW = ("/api/2.0", "/ajax-api/2.0", "/api/2.0/preview", "/ajax-api/2.0/preview")
    MLFLOW_3 = ("/api/3.0", "/ajax-api/3.0")
    HOOKLINE = ("/api/hookline/v1",)


@frozen
class Route:
    """One request that the server answers.

    Attributes:
        operation: its name, which the server's handlers and OpenAPI go by.
        method: `GET`, `POST`, ... path: below the family's prefixes; `{name}` stands for one part of it, and
            `{name:path}` for the rest. Both are fields of the request.
        request: the struct of its body, or of its query where the method is GET.
        response: the struct of its answer; None where that is no JSON, or none.
        permission: what the caller must be allowed. There is no default: a route cannot be made without it.
        streams: whether the body is handed to the handler as it comes, such as a file's.
    """

    SLOT: ClassVar[re.Pattern[str]] = re.compile(r"\{(\w+)(:path)?\}")

    operation: str
    method: str
    path: str
    request: type[Request]
    response: type[Response] | None
    permission: Permission
    summary: str = field(kw_only=True)
    family: Family = field(default=Family.MLFLOW, kw_only=True)
    streams: bool = field(default=False, kw_only=True)

    @property
    def paths(self) -> tuple[str, ...]:
        """The whole paths that it is found under."""
        return tuple(prefix + self.path for prefix in self.family.value)

    @property
    def slots(self) -> tuple[str, ...]:
        """The names of the fields in its path."""
        return tuple(name for name, _ in self.SLOT.findall(self.path))
