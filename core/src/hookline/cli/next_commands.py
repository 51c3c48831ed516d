"""Which commands to suggest after a run, or where nothing was found, ready to be pasted into a shell."""

import shlex
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from hookline.cli.context import CliContext
from hookline.entities import RunRecord, RunStatus
from hookline.uris import without_secrets

_SPECIAL_IN_QUOTES = frozenset('"$`\\!')
NAME = "hookline"
PAGE = "ui"
"""The command that opens the web page, where a plugin brings it."""
LONGEST_VALUE = 60


def next_commands(cli: CliContext, run: RunRecord, models: Sequence[str]) -> Iterator[str]:
    """Yield the commands that show a run, its files, its models, runs like it, and the page where there is one."""
    hookline, run_id = program(cli), run.info.run_id
    yield f"{hookline} runs show {run_id}"
    yield f"{hookline} artifacts list {run_id}"
    if run.info.status is not RunStatus.FINISHED:
        yield f"{hookline} artifacts show {run_id} logs/stderr.log"
    for name in models[:1]:
        yield f"{hookline} models serve {shell_word(f'runs:/{run_id}/{name}')} --port 5001"
    yield " ".join([hookline, "runs search", *_search_words(run)])
    if any(each.name == PAGE for each in cli.plugins.providers("commands")):
        yield f"{hookline} {PAGE}"


def no_match(cli: CliContext, what: str, search: str, *, narrowed: bool, make: str) -> str:
    """Return what to say where a search found nothing.

    Args:
        search: the command that finds all of them.
        narrowed: whether the search asked for some of them only.
        make: the command that makes the first one.
    """
    if narrowed:
        return f"No {what} match. To see all: {program(cli)} {search}"
    return f"There are no {what} here. To make one: {program(cli)} {make}"


def program(cli: CliContext) -> str:
    """Return how to call Hookline again: with the options that chose the store, so that it finds the same things."""
    # a script that was called by its path, such as .venv/bin/hookline, and is not on PATH
    is_away = Path(sys.argv[0]).name == NAME and shutil.which(NAME) is None
    words = [shell_word(sys.argv[0]) if is_away else NAME]
    if cli.config_file:
        words += ["--config", shell_word(str(cli.config_file))]
    if cli.tracking_uri:
        words += ["--tracking-uri", shell_word(without_secrets(cli.tracking_uri))]
    return " ".join(words)


def _search_words(run: RunRecord) -> Iterator[str]:
    params = [(key, value) for key, value in run.data.params.items() if len(value) <= LONGEST_VALUE]
    for key, value in params[:1]:
        doubled = value.replace("'", "''")
        yield shell_word(f"params.{_key(key)} = '{doubled}'")
    for key in list(run.data.measured)[:1]:
        yield f"--order-by {shell_word(f'metrics.{_key(key)} ASC')}"


def _key(key: str) -> str:
    return f"`{key}`" if " " in key else key


def shell_word(text: str) -> str:
    """Return a text as one word of a shell, in double quotes where that reads best."""
    quoted = shlex.quote(text)
    return f'"{text}"' if quoted != text and not _SPECIAL_IN_QUOTES.intersection(text) else quoted
