"""`hookline models serve`: answer requests with a model until Ctrl-C."""

import os
import shlex
import socket
import tempfile
import time
from pathlib import Path

import click
from attrs import frozen

from hookline.cli.context import CliContext, only_reads
from hookline.cli.groups import json_option
from hookline.entities import ModelFolder
from hookline.errors import ExecutionFailed
from hookline.models.examples import SERVING_FILE_NAME
from hookline.models.manifest import Manifest
from hookline.system import how_it_ended, terminations_interrupt
from hookline_deploy_local import processes
from hookline_lib_scoring.app import MOST_ROWS, Limits, ScoringApp
from hookline_lib_scoring.names import served_name
from hookline_lib_scoring.settings import MEGABYTE
from hookline_lib_scoring.specification import WorkerSpecification, new_token
from hookline_lib_serving import addresses

LONGEST_EXAMPLE = 2000
"""The longest request, in characters, that the example command holds."""


@frozen
class _Order:
    """What to serve, and where."""

    uri: str
    host: str
    workers: int
    limits: Limits
    allow_pickle: bool


@click.command("serve")
@click.argument("uri")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", "-p", type=click.IntRange(0, 65535), default=5001, show_default=True, help="0: a free one.")
@click.option("--workers", "-w", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes.")
@click.option(
    "--timeout",
    "-t",
    type=click.FloatRange(0, 86400),
    default=60,
    show_default=True,
    help="Seconds that an answer may take; 0: no limit.",
)
@click.option(
    "--max-body-mb", type=click.IntRange(1, 4096), default=64, show_default=True, help="Largest request, in MB."
)
@click.option(
    "--batch-rows",
    type=click.IntRange(1, 100_000),
    default=MOST_ROWS,
    show_default=True,
    help="Rows of waiting requests that are answered together; 1: none.",
)
@click.option("--allow-pickle", is_flag=True, help="Open the model's pickles, which runs the code they hold.")
@click.option("--allow-unauthenticated", is_flag=True, help="Listen where other machines can reach the model.")
@json_option
@click.pass_obj
@only_reads
def serve(
    cli: CliContext,
    uri: str,
    host: str,
    port: int,
    workers: int,
    timeout: float,
    max_body_mb: int,
    batch_rows: int,
    allow_pickle: bool,
    allow_unauthenticated: bool,
) -> None:
    """Answer requests with a model, over HTTP.

    URI names the model: a folder, runs:/ID/PATH, models:/NAME/VERSION or models:/NAME@ALIAS. The server speaks MLflow's
    scoring protocol: POST /invocations with JSON, CSV or Parquet; and the Open Inference Protocol (V2) below /v2;
    /ping, /health, /version and /metrics beside them.
    """
    addresses.check_host(
        host, allow_unauthenticated=allow_unauthenticated, flag="--allow-unauthenticated", what="the model"
    )
    order = _Order(uri, host, workers, Limits(timeout, max_body_mb * MEGABYTE, batch_rows), allow_pickle)
    with terminations_interrupt():
        try:
            if workers == 1:
                _serve_here(cli, order, port)
            else:
                _serve_in_processes(cli, order, port)
        except KeyboardInterrupt:
            pass
    cli.say("Stopped.")


def _serve_here(cli: CliContext, order: _Order, port: int) -> None:
    with addresses.bind(order.host, port) as bound:
        model = cli.workspace.load_model(order.uri, allow_pickle=order.allow_pickle)
        ScoringApp(model, order.limits, name=served_name(order.uri)).serve(
            bound, lambda: _announce(cli, order, bound, model.path)
        )


def _serve_in_processes(cli: CliContext, order: _Order, port: int) -> None:
    addresses.bind(order.host, port).close()  # says so where another program listens; the workers share the port
    with (
        addresses.bind(order.host, port, shared=True) as bound,
        cli.workspace.models.fetch(order.uri, allow_pickle=order.allow_pickle) as folder,
        tempfile.TemporaryDirectory(prefix="hookline-serve-") as temporary,
    ):
        file = cli.config.file
        started = processes.start(
            _specification(order, folder, bound.getsockname()[1]),
            order.workers,
            Path(temporary),
            variables={"HOOKLINE_CONFIG": str(file.absolute())} if file else None,
        )
        try:
            _announce(cli, order, bound, folder.path)
            while (gone := started.ended()) is None:
                time.sleep(0.2)
            raise ExecutionFailed(
                f"A worker {how_it_ended(gone.returncode)}; the others were ended as well.", gone.returncode
            )
        finally:
            started.stop()


def _specification(order: _Order, folder: ModelFolder, port: int) -> WorkerSpecification:
    return WorkerSpecification(
        model=str(folder.path.absolute()),
        digest=folder.digest or Manifest.of(folder.path).digest,
        trusted=folder.trusted,
        vouched=folder.vouched,
        uri=order.uri,
        host=order.host,
        port=port,
        timeout=order.limits.timeout,
        max_body=order.limits.body,
        batch_rows=order.limits.rows,
        name=served_name(order.uri),
        token=new_token(),
        ready="",
        parent=os.getpid(),
    )


def _announce(cli: CliContext, order: _Order, bound: socket.socket, folder: Path) -> None:
    """Print the URL, and a command to try it with."""
    url = addresses.url(order.host, bound.getsockname()[1])
    command = example_command(url, folder)
    cli.out(
        {"url": url, "model": order.uri, "example": command},
        text=f"Serving {order.uri} at {url} (Ctrl-C stops it). Try it from another terminal:\n  {command}",
    )


def example_command(url: str, folder: Path) -> str:
    """Return a command that asks the server, with the model's own input example where there is a short one."""
    try:
        body = (folder / SERVING_FILE_NAME).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        body = ""
    if not body or len(body) > LONGEST_EXAMPLE:
        return f"curl {url}/invocations -H 'Content-Type: application/json' -d @request.json"
    return f"curl {url}/invocations -H 'Content-Type: application/json' -d {shlex.quote(body)}"
