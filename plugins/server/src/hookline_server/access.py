"""Who calls, and what they may do. Without an authenticator everybody may do everything, and has no name."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence

from attrs import frozen

from hookline_lib_wire.errors import WireError
from hookline_lib_wire.permissions import NAMELESS, Permission, Thing


@frozen
class Caller:
    """Who sent a request; `name` is "" for somebody without one."""

    name: str = ""


ANYBODY = Caller()


@frozen
class Visible:
    """Which things of a kind somebody may read: those that are listed, or all but those that are listed."""

    listed: frozenset[str] = frozenset()
    all_but: bool = False

    def __contains__(self, name: object) -> bool:
        return (name in self.listed) is not self.all_but

    @property
    def is_everything(self) -> bool:
        """Whether there is nothing that may not be read."""
        return self.all_but and not self.listed

    def among(self, names: Iterable[str]) -> list[str]:
        """Return those of some things that may be read."""
        return [name for name in names if name in self]


NOTHING, EVERYTHING = Visible(), Visible(all_but=True)


class Authenticator(ABC):
    """Knows callers by their requests, and says what they may do. Thread safe."""

    challenge: str = 'Basic realm="hookline"'
    """The header `WWW-Authenticate` of a 401."""

    def recognise(self, headers: Mapping[str, str]) -> Caller | None:
        """Return whom `identify` found lately for the same credentials, from memory; None where it is to be asked.

        This is called in the event loop, before `identify`: it must neither wait nor compute for long.

        Raises:
            WireError: `unknown_caller()`, where the headers do not say anything, and nobody needs to look.
        """
        return None

    @abstractmethod
    def identify(self, headers: Mapping[str, str], address: str) -> Caller | None:
        """Return who sent a request, by its headers (names in lower case); None where they do not say, or wrongly.

        This is called on a thread, and may take its time.

        Args:
            address: of the machine that sent it, or of the last proxy; "" where that is not known.

        Raises:
            WireError: somebody tries too often (`REQUEST_LIMIT_EXCEEDED`).
        """

    @abstractmethod
    def allows(self, caller: Caller, permission: Permission, names: Sequence[str]) -> bool:
        """Return whether a caller may do something to all things that are named.

        Of a search (`permission.filters`) it says whether the caller may search at all: `visible` says what is found.

        Raises:
            NotFound: the caller is not to know that there is such a thing; or there is none.
        """

    def allows_at_once(self, caller: Caller, permission: Permission, names: Sequence[str]) -> bool:
        """Return whether it is known from memory that `allows` returns True; False where it is to be asked.

        This is called in the event loop, before `allows`: it must neither wait nor compute for long.
        """
        return False

    @abstractmethod
    def visible(self, caller: Caller, thing: Thing) -> Visible:
        """Return which things a caller may read: ids of experiments, or names of registered models."""

    def created(self, caller: Caller, thing: Thing, name: str) -> None:  # noqa: B027 - an answer to an event
        """Note that a caller made an experiment (its id) or a registered model: it is theirs from now on."""

    def renamed(self, name: str, new_name: str) -> None:  # noqa: B027 - an answer to an event
        """Note that a registered model has another name, whose permissions go along."""

    def deleted(self, name: str) -> None:  # noqa: B027 - an answer to an event
        """Note that a registered model is gone, and with it what was allowed."""


@frozen
class Access:
    """What the caller of one request may do.

    Attributes:
        authenticator: None: there is none, so everybody may do everything.
    """

    caller: Caller = ANYBODY
    authenticator: Authenticator | None = None

    def require(self, permission: Permission, *names: str) -> None:
        """Raise `WireError`, or `NotFound`, where the caller may not do something to all things that are named."""
        if self.authenticator is not None:
            require(self.authenticator, self.caller, permission, names)

    def visible(self, thing: Thing) -> Visible:
        """Return which things the caller may read."""
        return EVERYTHING if self.authenticator is None else self.authenticator.visible(self.caller, thing)


def require(authenticator: Authenticator, caller: Caller, permission: Permission, names: Sequence[str]) -> None:
    """Raise `WireError` where a caller may not do what a route does. Nameless things are not asked about here."""
    if permission.thing in NAMELESS:
        return
    if not authenticator.allows(caller, permission, names):
        raise permission_denied()


def permission_denied() -> WireError:
    """Return the error for something that the caller may not do."""
    return WireError("PERMISSION_DENIED", "Permission denied")


def unknown_caller() -> WireError:
    """Return the error for a request that does not say who sends it, or says it wrongly."""
    return WireError("UNAUTHENTICATED", "You are not authenticated. Send a user and a password, or a token.")
