"""Who calls, and what they may do. Without an authenticator everybody may do everything, and has no name."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from attrs import frozen

from hookline_lib_wire.errors import WireError
from hookline_lib_wire.permissions import Permission, Thing


@frozen
class Caller:
    """Who sent a request; `name` is "" for somebody without one."""

    name: str = ""


ANYBODY = Caller()


class Authenticator(ABC):
    """Knows callers by their requests, and says what they may do. Thread safe."""

    challenge: str = 'Basic realm="hookline"'
    """The header `WWW-Authenticate` of a 401."""

    @abstractmethod
    def identify(self, headers: Mapping[str, str]) -> Caller | None:
        """Return who sent a request, by its headers (names in lower case); None where they do not say, or wrongly."""

    @abstractmethod
    def allows(self, caller: Caller, permission: Permission, names: Sequence[str]) -> bool:
        """Return whether a caller may do something to all things that are named."""

    def created(self, caller: Caller, permission: Permission, name: str) -> None:  # noqa: B027 - an answer to an event
        """Note that a caller made a thing, which is theirs from now on."""


def require(authenticator: Authenticator, caller: Caller, permission: Permission, names: Sequence[str]) -> None:
    """Raise `WireError` where a caller may not do what a route does. Public things are for everybody."""
    if permission.thing is Thing.PUBLIC:
        return
    if not authenticator.allows(caller, permission, names):
        raise WireError("PERMISSION_DENIED", "Permission denied")


def unknown_caller() -> WireError:
    """Return the error for a request that does not say who sends it, or says it wrongly."""
    return WireError("UNAUTHENTICATED", "You are not authenticated. Send a user and a password, or a token.")
