"""What goes wrong on a remote file system, in Hookline's words.

Texts of libraries and servers may hold whole requests, and with them credentials: none of them is passed on. What is
told is what was tried, where, and a reason in words of this plugin's own, with the code that the server gave.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from hookline.errors import NotFound, Refused, Unavailable


class Problem(Exception):
    """A file system could not do what it was asked; the text is the reason, to be shown."""


class Denied(Problem):
    """The server refuses this user, or what the user wants."""


class Unsettled(Problem):
    """The server failed as servers do where others change the same files; asked again it may not."""


class Changed(Unavailable):
    """A file was replaced or removed while it was read."""


@contextmanager
def told(verb: str, key: str, shown: str) -> Iterator[None]:
    """Turn what a file system raises into errors of Hookline.

    Args:
        verb: what was tried, such as "store". key: of the artifact; "" for the root. shown: where, without credentials.
    """
    what = f"Cannot {verb} the artifact {key!r} at {shown}" if key else f"Cannot {verb} {shown}"
    try:
        yield
    except FileNotFoundError:
        raise NotFound(f"There is no artifact {key!r}.") from None
    except Denied as error:
        raise Refused(f"{what}: {error}") from None
    except Problem as error:
        raise Unavailable(f"{what}: {error}") from None


def unreachable(host: str, error: BaseException) -> Problem:
    """Return the problem of a host that does not answer, or whose connection broke."""
    if isinstance(error, TimeoutError):
        return Problem(f"{host} takes too long to answer. The option timeout says how long to wait.")
    reason = type(error).__name__
    return Problem(f"{host} cannot be reached, or the connection broke ({reason}). Check the URI and the network.")
