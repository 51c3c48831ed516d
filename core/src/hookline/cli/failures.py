"""Errors as a person at a terminal sees them: one clear message on stderr, the right exit code, no traceback."""

import contextlib
import errno
import os
import traceback
from collections.abc import Iterator

import click

from hookline.errors import HooklineError
from hookline.plugins import describe
from hookline.tables import printable

DEBUG_VARIABLE = "HOOKLINE_DEBUG"
GLOBAL_OPTIONS = ("--tracking-uri", "--config", "--quiet", "-q")
OF_THE_MACHINE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC)
"""What the machine refuses: whoever typed the command sees to it, and no traceback helps."""
INTERRUPTED = 130
"""The exit code of a program that Ctrl-C ended: 128 and the number of SIGINT."""


class Failure(click.ClickException):
    """An error that click shows as `Error: message`, with its own exit code."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(visible(message))
        self.exit_code = exit_code  # type: ignore[misc]


@contextlib.contextmanager
def reported() -> Iterator[None]:
    """Turn what a command raises into what click shows; with `HOOKLINE_DEBUG=1` its traceback is printed as well."""
    try:
        yield
    except click.NoSuchOption as error:
        if error.option_name in GLOBAL_OPTIONS:
            error.message += f" It is a global one: hookline {error.option_name} COMMAND ..."  # type: ignore[misc]
        raise
    except click.ClickException as error:
        error.message = visible(error.message)  # type: ignore[misc]
        raise
    except (click.exceptions.Exit, click.Abort, BrokenPipeError):
        raise  # click ends the program quietly
    except KeyboardInterrupt:
        click.echo("Interrupted.", err=True)
        raise click.exceptions.Exit(INTERRUPTED) from None
    except HooklineError as error:
        _trace()
        raise Failure(str(error), error.exit_code) from error
    except Exception as error:
        _trace()
        raise _unexpected(error) from error


def _unexpected(error: Exception) -> Failure:
    if isinstance(error, OSError) and error.errno in OF_THE_MACHINE:
        return Failure(f"{error.strerror}: {error.filename or 'a file'}", 1)
    hint = "" if _debugging() else f"\nRun it again with {DEBUG_VARIABLE}=1 for the traceback."
    return Failure(describe(error) + hint, 1)


def visible(message: str) -> str:
    """Return a message whose lines hold no control characters."""
    return "\n".join(printable(line) for line in message.splitlines())


def _debugging() -> bool:
    return os.environ.get(DEBUG_VARIABLE, "") not in ("", "0")


def _trace() -> None:
    if _debugging():
        traceback.print_exc()
