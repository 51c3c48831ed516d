"""What the stores of this plugin share: a server, and the rows of the table that it is asked."""

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from hookline.errors import NotSupported
from hookline_lib_client.options import HttpOptions
from hookline_lib_client.server import Server
from hookline_lib_wire.messages.base import Request
from hookline_lib_wire.routes import Family, Route
from hookline_tracking_http.routes import BY_OPERATION

A = TypeVar("A")

NOT_REPEATED = frozenset(
    {
        "create_experiment",
        "create_own_model",
        "create_own_version",
        "create_logged_model",
        "create_model",
        "create_run",
        "create_version",
        "rename_model",
        "delete_model",
        "delete_version",
        "delete_tag",
        "delete_logged_model_tag",
    }
)
"""Operations whose second time is an error or makes a second thing: they are not sent again by themselves."""


class Asking:
    """Sends requests to the server of a URL. Thread safe.

    Attributes:
        routes: what is asked, by operation.

    Args:
        uri: the server's URL. options: who asks, and how.
    """

    routes: ClassVar[Mapping[str, Route]] = BY_OPERATION
    _plain: ClassVar[bool] = False
    """Whether the server wants attributes by their names alone: see `search.written_filter`."""

    def __init__(self, uri: str, options: HttpOptions | None = None) -> None:
        self._server = Server(uri, options)

    def close(self) -> None:
        """Close the connections; a later request opens others."""
        self._server.close()

    def _ask(self, operation: str, request: Request, answer: type[A] | Any = dict) -> A:
        route = self.routes[operation]
        repeat = operation not in NOT_REPEATED
        try:
            return self._server.ask(route, request, answer, repeat=repeat)
        except NotSupported as error:
            if route.family is Family.HOOKLINE:
                raise NotSupported(
                    f"{self._server.url} is no Hookline server. If it is one of MLflow's, say so in the URL: "
                    f"mlflow+{self._server.url}"
                ) from error
            raise
