"""What answers the routes for users, permissions and tokens. That the caller may ask was checked by the server."""

from collections.abc import Callable, Mapping
from typing import Any

from hookline.errors import InvalidValue, NotFound
from hookline_auth_basic import messages
from hookline_auth_basic.accounts import EXPERIMENT, KINDS, MODEL, Account
from hookline_auth_basic.authenticator import BasicAuthenticator
from hookline_auth_basic.levels import Level, level_of
from hookline_auth_basic.tokens import Token
from hookline_lib_wire.messages.base import UNSET, Empty, Request
from hookline_server.services import Services

DONE = Empty()


class UserHandlers:
    """Answers requests about users and their tokens."""

    def __init__(self, authenticator: BasicAuthenticator) -> None:
        self._authenticator = authenticator
        self._accounts, self._tokens = authenticator.accounts, authenticator.tokens

    def table(self) -> Mapping[str, Callable[[Services, Any], Any]]:
        """Return the handlers by their operations."""
        return {
            "create_user": self.create,
            "get_user": self.get,
            "get_current_user": self.current,
            "list_users": self.list,
            "update_user_password": self.update_password,
            "update_user_admin": self.update_admin,
            "delete_user": self.delete,
            "create_token": self.create_token,
            "list_tokens": self.list_tokens,
            "delete_token": self.delete_token,
        }

    def create(self, _services: Services, request: messages.CreateUser) -> messages.UserFound:
        """Add a user."""
        self._accounts.create(request.username, request.password)
        return messages.UserFound(user=_user(self._accounts.get(request.username)))

    def get(self, _services: Services, request: messages.UserName) -> messages.UserFound:
        """Read a user."""
        return messages.UserFound(user=_user(self._accounts.get(request.username)))

    def current(self, services: Services, _request: Request) -> messages.CurrentUser:
        """Read the user who asks."""
        return messages.CurrentUser(user=_user(self._accounts.get(services.access.caller.name)), is_basic_auth=True)

    def list(self, _services: Services, _request: Request) -> messages.UsersFound:
        """List all users."""
        found = self._accounts.users()
        return messages.UsersFound(users=[messages.ListedUser(each.id, each.name, each.is_admin, []) for each in found])

    def update_password(self, services: Services, request: messages.UpdatePassword) -> Empty:
        """Give a user another password. Their own they change by giving the present one, too."""
        if request.username == services.access.caller.name:
            if not request.current_password:
                raise InvalidValue("Current password is required when changing your own password.")
            if not self._authenticator.is_password_of(request.username, request.current_password, "current password"):
                raise InvalidValue("Current password does not match.")
            if request.password == request.current_password:
                raise InvalidValue("New password must differ from the current password.")
        self._accounts.set_password(request.username, request.password)
        return DONE

    def update_admin(self, _services: Services, request: messages.UpdateAdmin) -> Empty:
        """Make a user an administrator, or no longer one."""
        self._accounts.set_admin(request.username, bool(request.is_admin))
        return DONE

    def delete(self, services: Services, request: messages.UserName) -> Empty:
        """Remove a user, who is another one."""
        if request.username == services.access.caller.name:
            raise InvalidValue("Users cannot delete their own account. Ask another administrator to do it.")
        self._accounts.delete(request.username)
        return DONE

    def create_token(self, _services: Services, request: messages.CreateToken) -> messages.TokenCreated:
        """Make a token for a user."""
        level = level_of(request.permission)
        text, made = self._tokens.create(request.username, request.label, level=level, days=request.days)
        return messages.TokenCreated(token=text, info=_token(made))

    def list_tokens(self, _services: Services, request: messages.UserName) -> messages.TokensFound:
        """List the tokens of a user."""
        return messages.TokensFound(tokens=[_token(each) for each in self._tokens.of(request.username)])

    def delete_token(self, _services: Services, request: messages.TokenName) -> Empty:
        """Make a token worthless."""
        self._tokens.revoke(request.username, request.id)
        self._authenticator.forget_credentials()
        return DONE


class PermissionHandlers:
    """Answers requests about permissions: those of one kind of thing each, and MLflow's later ones of any kind."""

    def __init__(self, authenticator: BasicAuthenticator) -> None:
        self._authenticator, self._accounts = authenticator, authenticator.accounts

    def table(self) -> Mapping[str, Callable[[Services, Any], Any]]:
        """Return the handlers by their operations."""
        each = {
            f"{verb}_{kind}_permission": handler
            for kind in KINDS
            for verb, handler in (
                *(("create", self.create), ("get", self.get)),
                *(("update", self.update), ("delete", self.delete)),
            )
        }
        return {
            **each,
            "grant_user_permission": self.grant,
            "revoke_user_permission": self.revoke,
            "get_user_permission": self.effective,
            "list_user_permissions": self.granted,
            "list_current_user_permissions": self.own,
        }

    def create(self, services: Services, request: Any) -> Any:
        """Allow a user something on a thing of which nothing was said yet."""
        level = level_of(request.permission)
        _check_there(services, request.kind, request.thing)
        self._accounts.grant(request.username, request.kind, request.thing, level, only_new=True)
        return self._answer(request)

    def get(self, _services: Services, request: messages.OfUser) -> Any:
        """Read what was said."""
        return self._answer(request)

    def update(self, _services: Services, request: Any) -> Empty:
        """Allow a user something else."""
        level = level_of(request.permission)
        self._answer(request)
        self._accounts.grant(request.username, request.kind, request.thing, level)
        return DONE

    def delete(self, _services: Services, request: messages.OfUser) -> Empty:
        """Take back what was said."""
        self._answer(request)
        self._accounts.grant(request.username, request.kind, request.thing, None)
        return DONE

    def grant(self, services: Services, request: messages.SetOfResource) -> Empty:
        """Allow a user something, whatever was said before."""
        level = level_of(request.permission)
        _check_there(services, request.resource_type, request.resource_id)
        self._accounts.grant(request.username, request.resource_type, request.resource_id, level)
        return DONE

    def revoke(self, _services: Services, request: messages.OfResource) -> Empty:
        """Take back what was said, if anything was."""
        self._accounts.grant(request.username, _kind(request.resource_type), request.resource_id, None)
        return DONE

    def effective(self, _services: Services, request: messages.OfResource) -> messages.EffectivePermission:
        """Say what a user may do with a thing, whether or not it is there."""
        account = self._accounts.get(request.username)
        level = self._authenticator.level(account, _kind(request.resource_type), request.resource_id)
        return messages.EffectivePermission(allowed=level >= Level.USE, permission=level.name)

    def granted(self, _services: Services, request: messages.UserName) -> messages.GrantsFound:
        """List what was said of a user."""
        return _grants(self._accounts.get(request.username))

    def own(self, services: Services, _request: Request) -> messages.GrantsFound:
        """List what was said of who asks."""
        return _grants(self._accounts.get(services.access.caller.name))

    def _answer(self, request: messages.OfUser) -> Any:
        account = self._accounts.get(request.username)
        level = account.grants[request.kind].get(request.thing)
        if level is None:
            raise NotFound(
                f"The user {request.username[:128]!r} has no permission of their own on this "
                f"{request.kind.replace('_', ' ')}: the default holds."
            )
        if request.kind == EXPERIMENT:
            found = messages.ExperimentPermission(request.thing, account.user.id, level.name)
            return messages.ExperimentPermissionFound(experiment_permission=found)
        return messages.ModelPermissionFound(
            registered_model_permission=messages.ModelPermission(request.thing, account.user.id, level.name)
        )


def _kind(given: str) -> str:
    if given not in KINDS:
        raise InvalidValue(f"Invalid resource type {given[:100]!r}: use {', '.join(KINDS)}.")
    return given


def _check_there(services: Services, kind: str, thing: str) -> None:
    if _kind(kind) == EXPERIMENT:
        services.tracking.get_experiment(thing)
    else:
        services.registry.get_model(thing)


def _user(account: Account) -> messages.User:
    user = account.user
    experiments = [
        messages.ExperimentPermission(thing, user.id, level.name) for thing, level in account.grants[EXPERIMENT].items()
    ]
    models = [messages.ModelPermission(thing, user.id, level.name) for thing, level in account.grants[MODEL].items()]
    return messages.User(user.id, user.name, user.is_admin, experiments, models)


def _grants(account: Account) -> messages.GrantsFound:
    user = account.user
    return messages.GrantsFound(
        is_admin=user.is_admin,
        permissions=[
            messages.Grant(user.id, f"__user_{user.id}__", "default", kind, thing, level.name)
            for kind in KINDS
            for thing, level in account.grants[kind].items()
        ],
    )


def _token(of: Token) -> messages.Token:
    return messages.Token(
        id=of.id,
        label=of.label,
        permission=of.level.name,
        created=of.created,
        expires=UNSET if of.expires is None else of.expires,
        used=UNSET if of.used is None else of.used,
    )
