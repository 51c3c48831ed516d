"""`hookline auth`: look after the users of the configured store. Passwords are asked for, or come from a file."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from hookline.cli.context import CliContext, only_reads, pass_cli
from hookline.cli.groups import NounCommand
from hookline.cli.options import confirm
from hookline.cli.output import moment
from hookline.errors import InvalidValue, NotFound, NotSupported
from hookline_auth_basic.accounts import EXPERIMENT, KINDS, MODEL, Accounts, User
from hookline_auth_basic.levels import Level, level_of
from hookline_auth_basic.tokens import Token, Tokens

_name = click.argument("name")
_password_file = click.option(
    "--password-file", metavar="FILE", help="The file whose first line is the password; -: standard input."
)
_yes = click.option("--yes", "-y", is_flag=True, help="Do not ask.")
_experiment = click.option("--experiment", metavar="NAME", help="The experiment, by its name.")
_experiment_id = click.option("--experiment-id", metavar="ID", help="The experiment, by its id.")
_model = click.option("--model", metavar="NAME", help="The registered model.")
_MOMENTS = frozenset({"created", "expires", "used"})
_LEVELS = click.Choice([each.name for each in Level], case_sensitive=False)


def _accounts(cli: CliContext) -> Accounts:
    try:
        return Accounts(cli.workspace.documents)
    except NotSupported as error:
        raise NotSupported(
            f"{cli.workspace.tracking_uri} keeps no users. They are looked after where the server keeps its runs: "
            "on its machine, or with --tracking-uri and the database that it serves."
        ) from error


def _password(file: str | None) -> str:
    """Return a new password, from a file or typed twice: what stands in a command is seen by all."""
    if file is None:
        if not sys.stdin.isatty():
            raise InvalidValue("There is no terminal to ask for the password on: give --password-file FILE, or -.")
        typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return typed
    try:
        text = click.get_text_stream("stdin").readline() if file == "-" else _first_line(Path(file))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise InvalidValue(f"The password cannot be read from {file!r}: {reason}.") from error
    return text.rstrip("\r\n")


def _first_line(path: Path) -> str:
    with path.open(encoding="utf-8") as file:
        return file.readline()


# Users ---------------------------------------------------------------------------------------------------------------


@click.command(cls=NounCommand)
@_name
@click.option("--admin", is_flag=True, help="An administrator, who may do everything.")
@_password_file
@pass_cli
def create_user(cli: CliContext, name: str, admin: bool, password_file: str | None) -> None:
    """Add a user to the configured store.

    \b
    hookline auth users create jane --admin
    hookline server --auth auth-basic

    There is no user, and so no password, until the first one is made here. A
    password has 12 characters or more.
    """
    made = _accounts(cli).create(name, _password(password_file), is_admin=admin)
    cli.out(_plain(made), text=f"Created the {'administrator' if admin else 'user'} {name!r}.")


@click.command(cls=NounCommand)
@pass_cli
@only_reads
def list_users(cli: CliContext) -> None:
    """List the users of the configured store."""
    found = [_plain(each) for each in _accounts(cli).users()]
    cli.out(found, rows=_read(found), nothing="There is no user. Add one: hookline auth users create NAME --admin")


@click.command(cls=NounCommand)
@_name
@_password_file
@pass_cli
def change_password(cli: CliContext, name: str, password_file: str | None) -> None:
    """Give a user another password. A server that runs knows it within a second."""
    accounts = _accounts(cli)
    accounts.get(name)
    accounts.set_password(name, _password(password_file))
    cli.out({"username": name}, text=f"Changed the password of {name!r}.")


@click.command(cls=NounCommand)
@_name
@click.option("--no", "is_not", is_flag=True, help="No longer an administrator.")
@pass_cli
def change_admin(cli: CliContext, name: str, is_not: bool) -> None:
    """Make a user an administrator; with --no, no longer one."""
    _accounts(cli).set_admin(name, not is_not)
    said = f"{name!r} is no administrator now." if is_not else f"{name!r} is an administrator now."
    cli.out({"username": name, "is_admin": not is_not}, text=said)


@click.command(cls=NounCommand)
@_name
@_yes
@pass_cli
def delete_user(cli: CliContext, name: str, yes: bool) -> None:
    """Remove a user, with tokens and permissions."""
    accounts = _accounts(cli)
    accounts.get(name)
    if not yes:
        confirm(f"Delete the user {name!r}?")
    accounts.delete(name)
    cli.out({"username": name}, text=f"Deleted the user {name!r}.")


def _plain(user: User) -> dict[str, Any]:
    return {"username": user.name, "is_admin": user.is_admin, "id": user.id, "created": user.created}


# Permissions ---------------------------------------------------------------------------------------------------------


def _thing(
    cli: CliContext, experiment: str | None, experiment_id: str | None, model: str | None
) -> tuple[str, str, str]:
    """Return the kind, the name in permissions and the name for people of the one thing that is named."""
    if sum(each is not None for each in (experiment, experiment_id, model)) != 1:
        raise InvalidValue("Name one thing: --experiment, --experiment-id or --model.")
    if model is not None:
        return MODEL, cli.workspace.model_registry.get_model(model).name, f"the model {model!r}"
    tracking = cli.workspace.tracking
    if experiment_id is not None:
        found = tracking.get_experiment(experiment_id)
    else:
        named = tracking.get_experiment_by_name(str(experiment))
        if named is None:
            raise NotFound(f"There is no experiment {experiment!r}. `hookline experiments list` lists them.")
        found = named
    return EXPERIMENT, found.experiment_id, f"the experiment {found.name!r}"


@click.command(cls=NounCommand)
@_name
@click.argument("permission", type=_LEVELS)
@_experiment
@_experiment_id
@_model
@pass_cli
def grant(
    cli: CliContext,
    name: str,
    permission: str,
    experiment: str | None,
    experiment_id: str | None,
    model: str | None,
) -> None:
    """Allow the user NAME something: NO_PERMISSIONS, READ, EDIT or MANAGE, whatever the server's default is.

    \b
    hookline auth permissions grant jane EDIT --experiment wine
    """
    kind, thing, shown = _thing(cli, experiment, experiment_id, model)
    _accounts(cli).grant(name, kind, thing, level_of(permission))
    said = {"username": name, "kind": kind, "thing": thing, "permission": permission.upper()}
    cli.out(said, text=f"{name!r} has {permission.upper()} on {shown}.")


@click.command(cls=NounCommand)
@_name
@_experiment
@_experiment_id
@_model
@pass_cli
def revoke(cli: CliContext, name: str, experiment: str | None, experiment_id: str | None, model: str | None) -> None:
    """Take back what was said of the user NAME, so that the server's default holds."""
    kind, thing, shown = _thing(cli, experiment, experiment_id, model)
    _accounts(cli).grant(name, kind, thing, None)
    cli.out({"username": name, "kind": kind, "thing": thing}, text=f"The default holds for {name!r} on {shown}.")


@click.command(cls=NounCommand)
@_name
@pass_cli
@only_reads
def list_permissions(cli: CliContext, name: str) -> None:
    """List what was said of the user NAME; for all else the server's default holds."""
    grants = _accounts(cli).get(name).grants
    found = [
        {"kind": kind, "thing": thing, "permission": level.name}
        for kind in KINDS
        for thing, level in sorted(grants[kind].items())
    ]
    cli.out(found, rows=found, nothing=f"Nothing was said of {name!r}: the server's default holds.")


# Tokens --------------------------------------------------------------------------------------------------------------


@click.command(cls=NounCommand)
@_name
@click.option("--label", default="", help="What it is for.")
@click.option("--permission", type=_LEVELS, default="MANAGE", show_default=True, help="The most that it allows.")
@click.option("--days", type=int, help="How long it lasts; default: until it is revoked.")
@pass_cli
def create_token(cli: CliContext, name: str, label: str, permission: str, days: int | None) -> None:
    """Make a token for the user NAME, and print it: nobody can print it again.

    \b
    export HOOKLINE_TRACKING_TOKEN=$(hookline auth tokens create jane --permission EDIT --days 90)
    """
    accounts = _accounts(cli)
    text, made = Tokens(accounts).create(name, label, level=level_of(permission), days=days)
    cli.out({"token": text, **_plain_token(made)}, text=text)


@click.command(cls=NounCommand)
@_name
@pass_cli
@only_reads
def list_tokens(cli: CliContext, name: str) -> None:
    """List the tokens of the user NAME."""
    accounts = _accounts(cli)
    accounts.get(name)
    found = [_plain_token(each) for each in Tokens(accounts).of(name)]
    cli.out(found, rows=_read(found), nothing=f"{name!r} has no token.")


@click.command(cls=NounCommand)
@_name
@click.argument("token_id")
@pass_cli
def revoke_token(cli: CliContext, name: str, token_id: str) -> None:
    """Make a token of the user NAME worthless, by the id that `hookline auth tokens list NAME` shows."""
    Tokens(_accounts(cli)).revoke(name, token_id)
    cli.out({"username": name, "id": token_id}, text=f"Revoked the token {token_id!r} of {name!r}.")


def _plain_token(token: Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "label": token.label,
        "permission": token.level.name,
        "created": token.created,
        "expires": token.expires,
        "used": token.used,
    }


def _read(found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return rows with times as a person reads them."""
    return [{key: moment(value) if key in _MOMENTS else value for key, value in each.items()} for each in found]
