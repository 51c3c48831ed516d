"""`hookline ui`: the server with the page, for one person on this machine."""

import socket
import threading
import webbrowser

import click

from hookline.cli.context import CliContext
from hookline.cli.groups import json_option
from hookline.errors import Unavailable
from hookline_lib_serving import addresses
from hookline_server.serve import serve, served_workspace
from hookline_server.settings import ServerSettings

HOST = "127.0.0.1"
PORT = 5000


@click.command("ui")
@click.option("--port", "-p", type=click.IntRange(0, 65535), help=f"0: a free one. [default: {PORT}, or a free one]")
@click.option("--tracking", metavar="URI", help="The store to show; default the configured one.")
@click.option("--artifacts", metavar="URI", help="The artifact store to show; default the configured one.")
@click.option("--no-browser", is_flag=True, help="Print the URL only.")
@json_option
@click.pass_obj
def ui(cli: CliContext, port: int | None, tracking: str | None, artifacts: str | None, no_browser: bool) -> None:
    """Open the web page over the configured stores.

    It listens on this machine only. `hookline server` serves the same page to others.
    """
    workspace = served_workspace(cli, tracking, artifacts)
    with _bound(port) as bound:
        url = f"{addresses.url(HOST, bound.getsockname()[1])}/"

        def announce() -> None:
            cli.out({"url": url}, text=f"The web page is at {url} (Ctrl-C stops it).")
            if not no_browser:
                threading.Thread(target=webbrowser.open, args=[url], daemon=True).start()

        serve(workspace, ServerSettings(hosts=(HOST,)), bound, announce)
    cli.say("Stopped.")


def _bound(port: int | None) -> socket.socket:
    """Return a bound socket: on the port that is asked for, else on the usual one, else on a free one."""
    if port is not None:
        return addresses.bind(HOST, port)
    try:
        return addresses.bind(HOST, PORT)
    except Unavailable:
        return addresses.bind(HOST, 0)
