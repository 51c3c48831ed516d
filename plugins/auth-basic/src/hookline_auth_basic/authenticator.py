"""Who calls: by HTTP Basic or a token. And what they may do: by their permissions, else by the default."""

import base64
import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from threading import Lock

from attrs import frozen

from hookline.errors import HooklineError, InvalidValue, NotFound
from hookline.store_rules import experiment_not_found, logged_model_not_found, model_not_found, run_not_found
from hookline_auth_basic.accounts import EXPERIMENT, FRESH_SECONDS, KINDS, MODEL, Account, Accounts
from hookline_auth_basic.attempts import Attempts
from hookline_auth_basic.levels import NEEDED, Level
from hookline_auth_basic.options import BasicOptions
from hookline_auth_basic.passwords import is_outdated, matches, of_nobody
from hookline_auth_basic.tokens import Tokens
from hookline_lib_wire.permissions import Action, Permission, Thing
from hookline_server.access import EVERYTHING, NOTHING, Authenticator, Caller, Visible, unknown_caller
from hookline_server.belonging import no_artifact
from hookline_server.services import Services

_SEEN = frozenset({Thing.EXPERIMENT, Thing.RUN, Thing.LOGGED_MODEL})
REMEMBERED = 1000
"""Credentials that were right and are not looked at again."""


@frozen
class BasicCaller(Caller):
    """A user who sent a request.

    Attributes:
        most: the most that the token allows; all that the user may do where there is none.
        by_token: whether a token came in the place of the password.
    """

    most: Level = Level.MANAGE
    by_token: bool = False


@frozen
class _Right:
    """Credentials that were right: whose, the hash of a password then (None for a token), and how long that holds."""

    caller: BasicCaller
    kept: str | None
    until: float


class BasicAuthenticator(Authenticator):
    """Knows the users of the served store.

    Attributes:
        accounts, tokens: the users with their permissions, and their tokens.
    """

    def __init__(self, services: Services, options: BasicOptions | None = None) -> None:
        self._services, self.options = services, options or BasicOptions()
        self.accounts = Accounts(services.workspace.documents)
        self.tokens = Tokens(self.accounts)
        self._attempts = Attempts(self.options)
        of_nobody()  # now, so that the first unknown user takes no longer than the others
        self._secret = secrets.token_bytes(32)
        self._lock = Lock()
        self._right: OrderedDict[bytes, _Right] = OrderedDict()

    # Who -------------------------------------------------------------------------------------------------------------

    def recognise(self, headers: Mapping[str, str]) -> Caller | None:
        """Return who sent a request, where the password was right lately and the account was read a moment ago."""
        given = headers.get("authorization", "")
        if not given:
            raise unknown_caller()
        right = self._remembered(given)
        account = self.accounts.known(right.caller.name) if right is not None else None
        return right.caller if right is not None and _still_holds(right, account) else None

    def identify(self, headers: Mapping[str, str], address: str) -> Caller | None:
        """Return who sent a request, by a password or a token; see `Authenticator.identify`."""
        given = headers.get("authorization", "")
        scheme, _, credentials = given.partition(" ")
        if scheme.lower() == "bearer":
            return self._by_token(given, credentials.strip(), address)
        if scheme.lower() != "basic":
            return None
        try:
            name, colon, password = base64.b64decode(credentials.strip(), validate=True).decode().partition(":")
        except ValueError:
            return None
        return self._by_password(given, name, password, address) if colon else None

    def _by_password(self, given: str, name: str, password: str, address: str) -> Caller | None:
        right, account = self._remembered(given), self.accounts.find(name)
        if right is not None and _still_holds(right, account):
            return right.caller
        self._attempts.begin(name, address)
        kept = None if account is None else account.user.password
        if not matches(kept, password) or account is None or kept is None:
            return None
        self._attempts.succeeded(name, address)
        if is_outdated(kept):
            self.accounts.rehash(name, kept, password)
            kept = self.accounts.get(name).user.password
        return self._remember(given, BasicCaller(name), kept, self.options.remember_seconds)

    def _by_token(self, given: str, text: str, address: str) -> Caller | None:
        token = self.tokens.find(text)
        if token is None:
            self._attempts.begin("", address)
            return None
        if self.accounts.find(token.user) is None:
            return None
        caller = BasicCaller(token.user, token.level, by_token=True)
        return self._remember(given, caller, None, FRESH_SECONDS)

    def _remembered(self, given: str) -> _Right | None:
        digest = self._digest(given)
        with self._lock:
            right = self._right.get(digest)
            if right is not None and right.until <= time.monotonic():
                del self._right[digest]
                return None
        return right

    def _remember(self, given: str, caller: BasicCaller, kept: str | None, seconds: float) -> BasicCaller:
        with self._lock:
            self._right[self._digest(given)] = _Right(caller, kept, time.monotonic() + seconds)
            while len(self._right) > REMEMBERED:
                self._right.popitem(last=False)
        return caller

    def forget_credentials(self) -> None:
        """Ask the store about everybody again: a token was revoked."""
        with self._lock:
            self._right.clear()

    def _digest(self, given: str) -> bytes:
        return hashlib.blake2b(given.encode("utf-8", "surrogateescape"), key=self._secret, digest_size=32).digest()

    def is_password_of(self, name: str, password: str, address: str) -> bool:
        """Return whether a password is a user's. Raises `WireError` for too many attempts."""
        self._attempts.begin(name, address)
        right = matches(self.accounts.get(name).user.password, password)
        if right:
            self._attempts.succeeded(name, address)
        return right

    # What ------------------------------------------------------------------------------------------------------------

    def allows(self, caller: Caller, permission: Permission, names: Sequence[str]) -> bool:
        """Return whether a caller may do something; raise `NotFound` for what they may not even read."""
        account = self.accounts.find(caller.name)
        if account is None:
            return False
        if permission.thing is Thing.USER and permission.action is not Action.READ and _by_token(caller):
            return False  # who finds a token must not get at the account
        if _is_admin(caller, account) or permission.thing is Thing.CALLER or permission.filters:
            return True
        if permission.thing is Thing.OWNER_OF_NEW:
            return _most(caller) >= Level.EDIT
        if permission.thing is Thing.USER:
            return permission.action is not Action.MANAGE and all(name == caller.name for name in names)
        if permission.thing is Thing.ADMIN:
            return False
        return all(self._may(account, caller, permission, name) for name in names)

    def allows_at_once(self, caller: Caller, permission: Permission, names: Sequence[str]) -> bool:
        """Return whether a caller may do something to experiments, runs or logged models that were seen lately."""
        account = self.accounts.known(caller.name)
        if account is None or permission.thing not in _SEEN or permission.field == "experiment_name":
            return False
        if permission.filters or _is_admin(caller, account):
            return True
        return all(self._may_at_once(account, caller, permission, name) for name in names)

    def _may_at_once(self, account: Account, caller: Caller, permission: Permission, name: str) -> bool:
        known = self._services.belonging.known
        experiment_id = (name or "0") if permission.thing is Thing.EXPERIMENT else known(permission.thing, name)
        if experiment_id is None:
            return False
        level = min(account.level(EXPERIMENT, experiment_id, self.options.default), _most(caller))
        return level >= NEEDED[permission.action]

    def visible(self, caller: Caller, thing: Thing) -> Visible:
        """Return which experiments, or registered models, a caller may read."""
        account = self.accounts.find(caller.name)
        if account is None:
            return NOTHING
        if _is_admin(caller, account):
            return EVERYTHING
        grants = account.grants[MODEL if thing is Thing.REGISTERED_MODEL else EXPERIMENT]
        all_but = self.options.default >= Level.READ
        return Visible(frozenset(name for name, level in grants.items() if (level < Level.READ) is all_but), all_but)

    def level(self, account: Account, kind: str, name: str) -> Level:
        """Return what a user may do with an experiment, or a registered model."""
        return Level.MANAGE if account.user.is_admin else account.level(kind, name, self.options.default)

    def _may(self, account: Account, caller: Caller, permission: Permission, name: str) -> bool:
        kind, thing = self._decides(permission, name)
        level = min(account.level(kind, thing, self.options.default), _most(caller))
        if level < Level.READ:
            raise _hidden(permission, name)
        is_allowed = level >= NEEDED[permission.action]
        if kind == EXPERIMENT and not is_allowed:
            self._services.tracking.get_experiment(thing)  # what is not there is not forbidden
        if kind == MODEL and (not is_allowed or min(account.grants[MODEL].values(), default=level) < Level.READ):
            self._services.registry.get_model(thing)  # and it is told in the words for what is hidden
        return is_allowed

    def _decides(self, permission: Permission, name: str) -> tuple[str, str]:
        """Return the kind and the name of what has the permission. Raises `NotFound`."""
        match permission.thing:
            case Thing.REGISTERED_MODEL:
                return MODEL, name
            case Thing.NAMED:
                kind, _, thing = name.partition("/")
                if kind not in KINDS:
                    raise InvalidValue(f"Invalid resource type {kind[:100]!r}: use {', '.join(KINDS)}.")
                return kind, thing
            case Thing.EXPERIMENT if permission.field == "experiment_name":
                found = self._services.tracking.get_experiment_by_name(name)
                if found is None:
                    raise _hidden(permission, name)
                return EXPERIMENT, found.experiment_id
            case Thing.EXPERIMENT:
                return EXPERIMENT, name or "0"
            case thing:
                return EXPERIMENT, self._services.belonging.experiment_of(thing, name)

    # Events ----------------------------------------------------------------------------------------------------------

    def created(self, caller: Caller, thing: Thing, name: str) -> None:
        """Let a caller manage what they made."""
        if thing is Thing.REGISTERED_MODEL:
            self.accounts.forget(MODEL, name)
        kind = MODEL if thing is Thing.REGISTERED_MODEL else EXPERIMENT
        self.accounts.grant(caller.name, kind, name, Level.MANAGE)

    def renamed(self, name: str, new_name: str) -> None:
        """Let permissions go along with a registered model's name."""
        self.accounts.rename(MODEL, name, new_name)

    def deleted(self, name: str) -> None:
        """Take permissions on a registered model back: the next one of this name is another."""
        self.accounts.forget(MODEL, name)


def _still_holds(right: _Right, account: Account | None) -> bool:
    return account is not None and right.kept in (None, account.user.password)


def _is_admin(caller: Caller, account: Account) -> bool:
    return account.user.is_admin and _most(caller) is Level.MANAGE


def _most(caller: Caller) -> Level:
    return caller.most if isinstance(caller, BasicCaller) else Level.MANAGE


def _by_token(caller: Caller) -> bool:
    return isinstance(caller, BasicCaller) and caller.by_token


def _hidden(permission: Permission, name: str) -> HooklineError:
    """Return the error for a thing that may not be read: the one for a thing that is not there."""
    match permission.thing:
        case Thing.RUN:
            return run_not_found(name)
        case Thing.LOGGED_MODEL:
            return logged_model_not_found(name)
        case Thing.REGISTERED_MODEL:
            return model_not_found(name)
        case Thing.ARTIFACT:
            return no_artifact(name.strip("/"))
        case Thing.NAMED:
            kind, _, thing = name.partition("/")
            return model_not_found(thing) if kind == MODEL else experiment_not_found(thing)
        case Thing.EXPERIMENT if permission.field == "experiment_name":
            return NotFound(f"Could not find experiment with name '{name}'")
        case _:
            return experiment_not_found(name or "0")
