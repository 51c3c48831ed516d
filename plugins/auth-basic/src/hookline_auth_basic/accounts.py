"""Users and what they are allowed, as documents of the store. No password and no token is in them, but hashes."""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Any

from attrs import evolve, field, frozen

from hookline.entities import now_ms
from hookline.errors import AlreadyExists, InvalidState, InvalidValue, NotFound
from hookline.interfaces import Document, Documents
from hookline_auth_basic.levels import Level
from hookline_auth_basic.passwords import hashed

NAMESPACE = "auth-basic"
EXPERIMENT, MODEL = "experiment", "registered_model"
KINDS = (EXPERIMENT, MODEL)
"""What permissions are about, in MLflow's words."""
FRESH_SECONDS = 1.0
"""How long an account is not read again. What another process changes, a command say, holds after that time."""
_NAME = re.compile(r"[^\W_][\w.@+-]{0,127}")
_TRIES = 100


@frozen
class User:
    """A user.

    Attributes:
        id: a number, as MLflow's clients expect. password: its hash. created: milliseconds since the Unix epoch.
    """

    id: int
    name: str
    password: str = field(repr=False)
    is_admin: bool = False
    created: int = 0


@frozen
class Account:
    """A user with what they are allowed: for each kind of thing levels by name."""

    user: User
    grants: Mapping[str, Mapping[str, Level]]

    def level(self, kind: str, name: str, default: Level) -> Level:
        """Return what the user may do with a thing."""
        return self.grants[kind].get(name, default)


class Accounts:
    """The users of a store. Thread safe, also among processes."""

    def __init__(self, documents: Documents, clock: Callable[[], float] = time.monotonic) -> None:
        self.documents, self._clock = documents, clock
        self._lock = Lock()
        self._fresh: dict[str, tuple[Account, float]] = {}
        self._changes = 0

    # Reading ---------------------------------------------------------------------------------------------------------

    def known(self, name: str) -> Account | None:
        """Return an account from memory, where it was read within the last second."""
        found = self._fresh.get(name)
        return found[0] if found is not None and self._clock() - found[1] < FRESH_SECONDS else None

    def find(self, name: str) -> Account | None:
        """Return an account, or None."""
        found = self.known(name)
        if found is not None:
            return found
        changes, now = self._changes, self._clock()
        user = self._user(name)
        if user is None:
            self._forget(name)
            return None
        found = Account(user, self._grants(name)[0])
        with self._lock:
            if changes == self._changes:  # else what was read may be older than what was written
                self._fresh[name] = (found, now)
        return found

    def get(self, name: str) -> Account:
        """Return an account. Raises `NotFound`."""
        found = self.find(name)
        if found is None:
            raise user_not_found(name)
        return found

    def users(self) -> Sequence[User]:
        """Return all users, ordered by name."""
        return [_user(each) for each in self.documents.list_documents(NAMESPACE, "users/")]

    def _user(self, name: str) -> User | None:
        if not _NAME.fullmatch(name):
            return None
        found = self.documents.get_document(NAMESPACE, f"users/{name}")
        return None if found is None else _user(found)

    def _grants(self, name: str) -> tuple[dict[str, dict[str, Level]], int]:
        found = self.documents.get_document(NAMESPACE, f"grants/{name}")
        return (_levels({}), 0) if found is None else (_levels(found.value), found.version)

    # Users -----------------------------------------------------------------------------------------------------------

    def create(self, name: str, password: str, *, is_admin: bool = False) -> User:
        """Add a user.

        Raises:
            InvalidValue: the name or the password may not be one. AlreadyExists: the name is taken.
        """
        if not _NAME.fullmatch(name):
            raise InvalidValue(
                f"Invalid user name {name[:128]!r}: 1 to 128 letters, digits, '_', '.', '@', '+' and '-' are allowed, "
                "the first of them a letter or a digit."
            )
        if self._user(name) is not None:
            raise _user_exists(name)
        user = User(self._next_id(), name, hashed(password, name), is_admin, now_ms())
        self.documents.delete_document(NAMESPACE, f"grants/{name}")  # what an earlier user of this name was allowed
        try:
            self.documents.put_document(NAMESPACE, f"users/{name}", _plain(user), expected_version=0)
        except InvalidState:
            raise _user_exists(name) from None
        self._forget(name)
        return user

    def set_password(self, name: str, password: str) -> None:
        """Give a user another password. Raises `NotFound`, `InvalidValue`."""
        self.get(name)
        kept = hashed(password, name)
        self._change(name, lambda user: evolve(user, password=kept))

    def rehash(self, name: str, before: str, password: str) -> None:
        """Keep a password that is right in a stronger way, unless it was changed meanwhile."""
        kept = hashed(password, name)
        self._change(name, lambda user: evolve(user, password=kept) if user.password == before else user)

    def set_admin(self, name: str, is_admin: bool) -> None:
        """Make a user an administrator, or no longer one. Raises `NotFound`, and `InvalidValue` for the last one."""
        if not is_admin:
            self._check_not_last(name)
        self._change(name, lambda user: evolve(user, is_admin=is_admin))

    def delete(self, name: str) -> None:
        """Remove a user, with permissions and tokens. Raises `NotFound`, and `InvalidValue` for the last admin."""
        self._check_not_last(name)
        self.documents.delete_document(NAMESPACE, f"users/{name}")
        self.documents.delete_document(NAMESPACE, f"grants/{name}")
        for token in self.documents.list_documents(NAMESPACE, "tokens/"):
            if token.value["user"] == name:
                self.documents.delete_document(NAMESPACE, token.key)
        self._forget(name)

    def _check_not_last(self, name: str) -> None:
        user = self._user(name)
        if user is None:
            raise user_not_found(name)
        if user.is_admin and not any(each.is_admin and each.name != name for each in self.users()):
            raise InvalidValue(f"{name!r} is the only administrator: make another user one first.")

    def _change(self, name: str, change: Callable[[User], User]) -> None:
        for _ in range(_TRIES):
            found = self.documents.get_document(NAMESPACE, f"users/{name}") if _NAME.fullmatch(name) else None
            if found is None:
                raise user_not_found(name)
            changed = _plain(change(_user(found)))
            if self._put(found.key, changed, found.version):
                self._forget(name)
                return
        raise _too_busy(name)

    def _next_id(self) -> int:
        for _ in range(_TRIES):
            found = self.documents.get_document(NAMESPACE, "last-user")
            last, version = (found.value, found.version) if found is not None else (0, 0)
            if self._put("last-user", last + 1, version):
                return int(last) + 1
        raise _too_busy("last-user")

    # Permissions -----------------------------------------------------------------------------------------------------

    def grant(self, name: str, kind: str, thing: str, level: Level | None, *, only_new: bool = False) -> None:
        """Say what a user may do with a thing; None: what the default says.

        Args:
            only_new: whether it is an error that something was said already.

        Raises:
            NotFound: there is no such user. AlreadyExists: see `only_new`.
        """
        for _ in range(_TRIES):
            if self._user(name) is None:
                raise user_not_found(name)
            grants, version = self._grants(name)
            if only_new and thing in grants[kind]:
                raise AlreadyExists(f"The user {name!r} has a permission on this {kind.replace('_', ' ')} already.")
            if grants[kind].get(thing) == level:
                return
            if level is None:
                del grants[kind][thing]
            else:
                grants[kind][thing] = level
            if self._put(f"grants/{name}", _names(grants), version):
                self._forget(name)
                return
        raise _too_busy(name)

    def rename(self, kind: str, thing: str, new_name: str) -> None:
        """Let everybody's permissions on a thing go along with its name."""
        self.forget(kind, new_name)
        for name, grants in self._everybody():
            level = grants[kind].get(thing)
            if level is not None:
                self.grant(name, kind, new_name, level)
                self.grant(name, kind, thing, None)

    def forget(self, kind: str, thing: str) -> None:
        """Take everybody's permissions on a thing back."""
        for name, grants in self._everybody():
            if thing in grants[kind]:
                self.grant(name, kind, thing, None)

    def _everybody(self) -> Sequence[tuple[str, dict[str, dict[str, Level]]]]:
        found = self.documents.list_documents(NAMESPACE, "grants/")
        there = {user.name for user in self.users()}
        named = [(each.key.removeprefix("grants/"), _levels(each.value)) for each in found]
        return [(name, grants) for name, grants in named if name in there]

    # -----------------------------------------------------------------------------------------------------------------

    def _put(self, key: str, value: Any, version: int) -> bool:
        try:
            self.documents.put_document(NAMESPACE, key, value, expected_version=version)
        except InvalidState:
            return False
        return True

    def _forget(self, name: str) -> None:
        with self._lock:
            self._changes += 1
            self._fresh.pop(name, None)


def _user(found: Document) -> User:
    return User(name=found.key.removeprefix("users/"), **found.value)


def _plain(user: User) -> dict[str, Any]:
    return {"id": user.id, "password": user.password, "is_admin": user.is_admin, "created": user.created}


def _levels(value: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, Level]]:
    return {kind: {thing: Level[level] for thing, level in value.get(kind, {}).items()} for kind in KINDS}


def _names(grants: Mapping[str, Mapping[str, Level]]) -> dict[str, dict[str, str]]:
    return {kind: {thing: level.name for thing, level in grants[kind].items()} for kind in KINDS}


def user_not_found(name: str) -> NotFound:
    """Return the error for a user who is not there."""
    return NotFound(f"User with username={name[:128]} not found")


def _user_exists(name: str) -> AlreadyExists:
    return AlreadyExists(f"User (username={name}) already exists.")


def _too_busy(name: str) -> InvalidState:
    return InvalidState(f"Others keep changing {name!r} at the same time. Try again.")
