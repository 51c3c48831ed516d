"""Serving a workspace until a signal: what `hookline server` and other commands that open the server share."""

import socket
from collections.abc import Callable, Mapping
from contextlib import closing

from attrs import evolve, field, frozen

from hookline import Workspace
from hookline.cli.context import CliContext
from hookline.errors import InvalidValue
from hookline.system import terminations_interrupt
from hookline.uris import without_secrets
from hookline_lib_serving import serving
from hookline_lib_serving.workers import run_in_processes
from hookline_server.access import Authenticator
from hookline_server.app import App
from hookline_server.extensions import Extension
from hookline_server.services import Services, is_file
from hookline_server.settings import Durability, ServerSettings


@frozen
class Authentication:
    """How callers are known: the authenticator's name, None for not at all, and its options."""

    name: str | None = None
    options: Mapping[str, str] = field(factory=dict)


def serve(
    workspace: Workspace,
    settings: ServerSettings,
    bound: socket.socket,
    started: Callable[[], None],
    authentication: Authentication | None = None,
) -> None:
    """Serve a workspace with what the installed plugins add, until SIGINT or SIGTERM; then close it.

    Args:
        bound: the socket to listen on. started: called once connections are accepted.
    """
    with terminations_interrupt():
        services = Services(workspace, settings)
        services.open()
        services.authenticator = _authenticator(services, authentication or Authentication())
        app = App(services, extensions(services), services.authenticator)
        try:
            serving.run(app, bound, started)
        finally:
            app.close()
            workspace.close()


@frozen
class Order:
    """What several processes serve, each by itself: `workspace` makes one of their own."""

    workspace: Callable[[], Workspace]
    settings: ServerSettings
    authentication: Authentication


def serve_from(workers: int, order: Order, bound: socket.socket, started: Callable[[str], None]) -> None:
    """Serve from so many processes, this one where it is one, until SIGINT or SIGTERM.

    Args:
        started: called with the URI of the tracking store once connections are accepted.

    Raises:
        InvalidValue: the store is a file, which one process serves, or answers are not to wait for commits.
        ExecutionFailed: a process ended by itself.
    """

    def work(bound: socket.socket, said: Callable[[], None]) -> None:
        serve(order.workspace(), order.settings, bound, said, order.authentication)

    with closing(order.workspace()) as workspace:
        place = workspace.tracking_uri
        if workers > 1:
            _require_server(workspace, order.settings)
            _ = workspace.tracking  # tables are made, and mistakes shown, before there are processes
    if workers == 1:
        work(bound, lambda: started(place))
    else:
        run_in_processes(workers, bound, work, lambda: started(place))


def _require_server(workspace: Workspace, settings: ServerSettings) -> None:
    if settings.durability is Durability.INTAKE:
        raise InvalidValue(
            "With several workers a request may go to another process than the one before, which must find what that "
            "answered: use --durability commit, or --workers 1."
        )
    if is_file(workspace):
        raise InvalidValue(
            f"{without_secrets(workspace.tracking_uri)} is a file, which one process serves: several need a database "
            "server, such as postgresql://HOST/DATABASE. Use --workers 1."
        )


def served_workspace(cli: CliContext, tracking: str | None, artifacts: str | None) -> Workspace:
    """Return a new workspace to serve: the configured one, with the stores that the command names."""
    settings = cli.config.settings
    if tracking is not None:
        settings = evolve(settings, tracking=evolve(settings.tracking, uri=tracking))
    if artifacts is not None:
        settings = evolve(settings, artifacts=evolve(settings.artifacts, uri=artifacts))
    return Workspace(evolve(cli.config, settings=settings))


def extensions(services: Services) -> list[Extension]:
    """Return what the installed plugins add."""
    plugins = services.workspace.plugins
    kind = "server_extensions"
    return [plugins.make(kind, each.name, services, {}) for each in plugins.providers(kind)]


def _authenticator(services: Services, authentication: Authentication) -> Authenticator | None:
    if authentication.name is None:
        if authentication.options:
            raise InvalidValue("--auth-option sets an option of an authenticator: name it with --auth.")
        return None
    made: Authenticator = services.workspace.plugins.make(
        "authenticators", authentication.name, services, authentication.options
    )
    return made
