"""`hookline server`: serve the stores until Ctrl-C."""

import json
import logging
import re
from urllib.parse import urlsplit

import click

from hookline.cli.context import CliContext
from hookline.cli.groups import json_option
from hookline.cli.options import pairs_option
from hookline.errors import InvalidValue
from hookline.uris import without_secrets
from hookline_lib_serving import addresses
from hookline_lib_wire.table import ROUTES
from hookline_server.openapi import document
from hookline_server.serve import Authentication, Order, serve_from, served_workspace
from hookline_server.settings import MEGABYTE, Durability, ServerSettings

_NAME = re.compile(r"[\w-]+(\.[\w-]+)*\.?")
_ORIGIN = re.compile(rf"https?://({_NAME.pattern}|\[[0-9a-f:.]+\])(:\d+)?", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*", re.IGNORECASE)
_FLAGS = "--auth, or with --allow-unauthenticated"


def _describe(context: click.Context, _option: click.Parameter, is_asked: bool) -> None:
    """Print the description of the server's own API, and end."""
    if is_asked:
        click.echo(json.dumps(document(ROUTES), indent=2, sort_keys=True))
        context.exit()


@click.command("server")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", "-p", type=click.IntRange(0, 65535), default=5000, show_default=True, help="0: a free one.")
@click.option("--tracking", metavar="URI", help="The store to serve; default the configured one.")
@click.option("--artifacts", metavar="URI", help="The artifact store to serve; default the configured one.")
@click.option("--workers", "-w", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes.")
@click.option("--allowed-host", "hosts", multiple=True, metavar="NAME", help="A name that the server is called by.")
@click.option("--allowed-origin", "origins", multiple=True, metavar="URL", help="A page's origin that may call.")
@click.option(
    "--artifact-scheme", "schemes", multiple=True, metavar="SCHEME", help="Locations that clients may name, like s3."
)
@click.option("--max-body-mb", type=click.IntRange(1, 4096), default=32, show_default=True, help="Largest request.")
@click.option("--max-file-mb", type=click.IntRange(0), default=0, show_default=True, help="Largest file; 0: any.")
@click.option("--prefix", default="", metavar="PATH", help="Path below which everything lies, like /hookline.")
@click.option("--public-url", default="", metavar="URL", help="What clients call, where a proxy stands before it.")
@click.option(
    "--durability",
    type=click.Choice([each.value for each in Durability]),
    help="What an answer waits for: full, the disk; commit; intake, for points, tags and new runs: the server's log. "
    "Default: intake where the store is a file, else commit.",
)
@click.option("--auth", metavar="NAME", help="How callers are known: an installed authenticator; default: not at all.")
@pairs_option("--auth-option", help="A setting of the authenticator.")
@click.option("--allow-unauthenticated", is_flag=True, help="Listen where other machines can reach the stores.")
@click.option(
    "--openapi", is_flag=True, expose_value=False, is_eager=True, callback=_describe, help="Print the API and end."
)
@click.option("--log-requests", is_flag=True, help="Log every request.")
@json_option
@click.pass_obj
def server(
    cli: CliContext,
    host: str,
    port: int,
    tracking: str | None,
    artifacts: str | None,
    workers: int,
    hosts: tuple[str, ...],
    origins: tuple[str, ...],
    schemes: tuple[str, ...],
    max_body_mb: int,
    max_file_mb: int,
    prefix: str,
    public_url: str,
    durability: str | None,
    auth: str | None,
    auth_option: dict[str, str],
    allow_unauthenticated: bool,
    log_requests: bool,
) -> None:
    """Serve the stores over HTTP, for MLflow's clients and Hookline's.

    Clients are pointed at the URL that it prints: MLFLOW_TRACKING_URI, or mlflow.set_tracking_uri(...).
    """
    addresses.check_host(
        host, allow_unauthenticated=allow_unauthenticated or auth is not None, flag=_FLAGS, what="the stores"
    )
    settings = ServerSettings(
        hosts=(host, *map(_host, hosts), *_name_in(public_url)),
        origins=(*map(_origin, origins), *_origin_in(public_url)),
        artifact_schemes=tuple(map(_scheme, schemes)),
        max_body=max_body_mb * MEGABYTE,
        max_file=max_file_mb * MEGABYTE,
        durability=Durability(durability) if durability else None,
        prefix=_prefix(prefix),
        public_url=_public_url(public_url),
    )
    if log_requests:
        _show_requests()
    order = Order(lambda: served_workspace(cli, tracking, artifacts), settings, Authentication(auth, auth_option))
    with addresses.bind(host, port) as bound:
        url = addresses.url(host, bound.getsockname()[1]) + settings.prefix
        serve_from(workers, order, bound, lambda place: _announce(cli, place, url))
    cli.say("Stopped.")


def _show_requests() -> None:
    """Write a line for every request to the standard error stream."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    logger = logging.getLogger("hookline.server.requests")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)


def _host(given: str) -> str:
    if not _NAME.fullmatch(given):
        raise InvalidValue(f"--allowed-host is a name such as ml.example, without a scheme or a port, not {given!r}.")
    return given


def _origin(given: str) -> str:
    origin = given.rstrip("/")
    if not _ORIGIN.fullmatch(origin):
        raise InvalidValue(
            f"--allowed-origin is what a page's address begins with, such as https://ml.example, not {given!r}."
        )
    return origin


def _scheme(given: str) -> str:
    if not _SCHEME.fullmatch(given):
        raise InvalidValue(f"--artifact-scheme is the scheme of a URI alone, such as s3, not {given!r}.")
    return given.lower()


def _prefix(given: str) -> str:
    if given and not given.startswith("/"):
        raise InvalidValue(f"--prefix is a path that starts with '/', such as /hookline, not {given!r}.")
    return given.rstrip("/")


def _public_url(given: str) -> str:
    parts = urlsplit(given)
    named = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
    if given and (not named or parts.query or parts.fragment):
        raise InvalidValue(
            f"--public-url is a URL such as https://ml.example/hookline, not {without_secrets(given)!r}."
        )
    return given.rstrip("/")


def _name_in(url: str) -> list[str]:
    """Return the name of the host in a URL, by which the server is then called."""
    name = urlsplit(url).hostname
    return [name] if name else []


def _origin_in(url: str) -> list[str]:
    """Return the origin of a URL as browsers write it: the page below that URL calls from there."""
    parts = urlsplit(url)
    if not parts.hostname:
        return []
    usual = {"http": ":80", "https": ":443"}.get(parts.scheme, "")
    return [f"{parts.scheme}://{parts.netloc.removesuffix(usual)}"]


def _announce(cli: CliContext, place: str, url: str) -> None:
    cli.out(
        {"url": url},
        text=f"Serving {without_secrets(place)} at {url} (Ctrl-C stops it). Point clients at it:\n"
        f"  export MLFLOW_TRACKING_URI={url}",
    )
