"""The rows that this plugin adds to the table of routes: MLflow's for users and permissions, ours for tokens."""

from hookline_auth_basic import messages as m
from hookline_auth_basic.accounts import EXPERIMENT, MODEL
from hookline_auth_basic.authenticator import BasicAuthenticator
from hookline_auth_basic.handlers import PermissionHandlers, UserHandlers
from hookline_lib_wire import permissions as may
from hookline_lib_wire.messages.base import Empty, Request
from hookline_lib_wire.permissions import Action, Permission, Thing
from hookline_lib_wire.routes import Family, Route
from hookline_server.extensions import Extension
from hookline_server.services import Services

READ, EDIT, MANAGE = Action.READ, Action.EDIT, Action.MANAGE
_NAMED = Permission(Thing.NAMED, MANAGE, "resource")

USERS = (
    Route(*("create_user", "POST", "/mlflow/users/create", m.CreateUser, m.UserFound, may.ADMIN), summary="Add a user"),
    Route(*("get_user", "GET", "/mlflow/users/get", m.UserName, m.UserFound, may.user(READ)), summary="Read a user"),
    Route(
        *("get_current_user", "GET", "/mlflow/users/current", Request, m.CurrentUser, may.CALLER),
        summary="Read the user who asks",
    ),
    Route(*("list_users", "GET", "/mlflow/users/list", Request, m.UsersFound, may.ADMIN), summary="List all users"),
    Route(
        *("update_user_password", "PATCH", "/mlflow/users/update-password", m.UpdatePassword, Empty, may.user(EDIT)),
        summary="Give a user another password",
    ),
    Route(
        *("update_user_admin", "PATCH", "/mlflow/users/update-admin", m.UpdateAdmin, Empty, may.ADMIN),
        summary="Make a user an administrator, or no longer one",
    ),
    Route(*("delete_user", "DELETE", "/mlflow/users/delete", m.UserName, Empty, may.ADMIN), summary="Remove a user"),
)
TOKENS = (
    Route(
        *("create_token", "POST", "/users/tokens/create", m.CreateToken, m.TokenCreated, may.user(EDIT)),
        family=Family.HOOKLINE,
        summary="Make a token for a user",
    ),
    Route(
        *("list_tokens", "GET", "/users/tokens/list", m.UserName, m.TokensFound, may.user(READ)),
        family=Family.HOOKLINE,
        summary="List the tokens of a user",
    ),
    Route(
        *("delete_token", "POST", "/users/tokens/revoke", m.TokenName, Empty, may.user(EDIT)),
        family=Family.HOOKLINE,
        summary="Make a token of a user worthless",
    ),
)


def _permissions_of(
    kind: str,
    below: str,
    requests: tuple[type[Request], type[Request]],
    found: type[m.Response],
    permission: Permission,
) -> tuple[Route, ...]:
    path, noun, (named, given) = f"/mlflow/{below}/permissions", kind.replace("_", " "), requests
    return (
        Route(
            *(f"create_{kind}_permission", "POST", f"{path}/create", given, found, permission),
            summary=f"Allow a user something on this {noun}",
        ),
        Route(
            *(f"get_{kind}_permission", "GET", f"{path}/get", named, found, permission),
            summary=f"Read what was said of a user's permission on this {noun}",
        ),
        Route(
            *(f"update_{kind}_permission", "PATCH", f"{path}/update", given, Empty, permission),
            summary=f"Allow a user something else on this {noun}",
        ),
        Route(
            *(f"delete_{kind}_permission", "DELETE", f"{path}/delete", named, Empty, permission),
            summary=f"Let the default hold for a user on this {noun}",
        ),
    )


_MODEL = (m.OfModel, m.SetOfModel)
_EXPERIMENT = (m.OfExperiment, m.SetOfExperiment)
PERMISSIONS = (
    *_permissions_of(EXPERIMENT, "experiments", _EXPERIMENT, m.ExperimentPermissionFound, may.experiment(MANAGE)),
    *_permissions_of(MODEL, "registered-models", _MODEL, m.ModelPermissionFound, may.registered_model(MANAGE)),
    Route(
        *("grant_user_permission", "POST", "/mlflow/users/permissions/grant", m.SetOfResource, Empty, _NAMED),
        family=Family.MLFLOW_3,
        summary="Allow a user something on a thing of any kind",
    ),
    Route(
        *("revoke_user_permission", "POST", "/mlflow/users/permissions/revoke", m.OfResource, Empty, _NAMED),
        family=Family.MLFLOW_3,
        summary="Let the default hold for a user on a thing of any kind",
    ),
    Route(
        *("get_user_permission", "GET", "/mlflow/users/permissions/get", m.OfResource, m.EffectivePermission),
        may.user(READ),
        family=Family.MLFLOW_3,
        summary="Say what a user may do with a thing of any kind",
    ),
    Route(
        *("list_user_permissions", "GET", "/mlflow/users/permissions/list", m.UserName, m.GrantsFound, may.user(READ)),
        family=Family.MLFLOW_3,
        summary="List what was said of a user's permissions",
    ),
    Route(
        *("list_current_user_permissions", "GET", "/mlflow/users/current/permissions", Request, m.GrantsFound),
        may.CALLER,
        family=Family.MLFLOW_3,
        summary="List what was said of the permissions of who asks",
    ),
)
ROUTES = (*USERS, *TOKENS, *PERMISSIONS)


def extension(services: Services, _options: None) -> Extension:
    """Return the routes; none where callers are known in another way, or not at all: anybody could add users then."""
    authenticator = services.authenticator
    if not isinstance(authenticator, BasicAuthenticator):
        return Extension()
    handlers = {**UserHandlers(authenticator).table(), **PermissionHandlers(authenticator).table()}
    return Extension(ROUTES, handlers)
