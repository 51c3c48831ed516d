"""Users, tokens and permissions: what this plugin provides."""

from hookline.providers import Provider, hookimpl

_COMMANDS = {
    "auth users create": ("create_user", "add a user, the first administrator too"),
    "auth users list": ("list_users", "list the users"),
    "auth users password": ("change_password", "give a user another password"),
    "auth users admin": ("change_admin", "make a user an administrator, or no longer one"),
    "auth users delete": ("delete_user", "remove a user, with tokens and permissions"),
    "auth permissions grant": ("grant", "allow a user something on an experiment or a registered model"),
    "auth permissions revoke": ("revoke", "take a permission back, so that the default holds"),
    "auth permissions list": ("list_permissions", "list what a user is allowed"),
    "auth tokens create": ("create_token", "make a token for a user, and print it once"),
    "auth tokens list": ("list_tokens", "list a user's tokens"),
    "auth tokens revoke": ("revoke_token", "make a token worthless"),
}


@hookimpl
def authenticators() -> list[Provider]:
    """Offer the way to know callers: `hookline server --auth auth-basic`."""
    return [
        Provider(
            name="auth-basic",
            target="hookline_auth_basic.authenticator:BasicAuthenticator",
            summary="users with passwords and tokens, and permissions per experiment and registered model",
            options="hookline_auth_basic.options:BasicOptions",
        )
    ]


@hookimpl
def server_extensions() -> list[Provider]:
    """Offer MLflow's routes for users and permissions."""
    return [
        Provider(
            name="auth-basic",
            target="hookline_auth_basic.routes:extension",
            summary="users, tokens and permissions, where --auth auth-basic is given",
        )
    ]


@hookimpl
def commands() -> list[Provider]:
    """Offer the commands that look after users."""
    return [
        Provider(name=name, target=f"hookline_auth_basic.cli:{target}", summary=summary)
        for name, (target, summary) in _COMMANDS.items()
    ]


@hookimpl
def hookspecs() -> list[str]:
    """Bring the server's hooks, so that this plugin stands alone."""
    return ["hookline_server.hooks"]
