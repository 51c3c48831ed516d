"""Errors on the wire: `{"error_code": ..., "message": ...}` with the status that clients know for the code."""

import msgspec

from hookline.errors import (
    AlreadyExists,
    ConfigError,
    CursorMoved,
    Gone,
    HooklineError,
    InvalidState,
    InvalidValue,
    NotFound,
    NotSupported,
    PluginError,
    Refused,
    Unavailable,
)

STATUSES = {
    "INVALID_PARAMETER_VALUE": 400,
    "BAD_REQUEST": 400,
    "RESOURCE_ALREADY_EXISTS": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "RESOURCE_DOES_NOT_EXIST": 404,
    "ENDPOINT_NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "DEADLINE_EXCEEDED": 408,
    "CURSOR_MOVED": 409,
    "RESOURCE_CONFLICT": 409,
    "RESOURCE_GONE": 410,
    "REQUEST_TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "RANGE_NOT_SATISFIABLE": 416,
    "REQUEST_LIMIT_EXCEEDED": 429,
    "INVALID_STATE": 500,
    "INTERNAL_ERROR": 500,
    "DATA_LOSS": 500,
    "NOT_IMPLEMENTED": 501,
    "TEMPORARILY_UNAVAILABLE": 503,
}
"""By the code. That INVALID_STATE is 500 is MLflow's way, which its clients and tests know."""

_CLASSES: dict[str, type[HooklineError]] = {
    "INVALID_PARAMETER_VALUE": InvalidValue,
    "BAD_REQUEST": InvalidValue,
    "RANGE_NOT_SATISFIABLE": InvalidValue,
    "REQUEST_TOO_LARGE": InvalidValue,  # it stays so: a journal sends less at once
    "RESOURCE_ALREADY_EXISTS": AlreadyExists,
    "RESOURCE_DOES_NOT_EXIST": NotFound,
    "INVALID_STATE": InvalidState,
    "RESOURCE_CONFLICT": InvalidState,
    "RESOURCE_GONE": Gone,
    "PERMISSION_DENIED": Refused,
    "UNAUTHENTICATED": Refused,
    "NOT_IMPLEMENTED": NotSupported,
    "ENDPOINT_NOT_FOUND": NotSupported,
}


class WireError(HooklineError):
    """An error that is known on the wire only, such as a media type that is not read.

    Attributes:
        retry_after: seconds to wait before the request is sent again, which the answer then says; 0: nothing is said.
    """

    def __init__(self, code: str, message: str, *, retry_after: int = 0) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.code = code  # type: ignore[misc]  # of this error, not of the class


_ABOUT_THE_REQUEST = (WireError, InvalidValue, NotFound, AlreadyExists, InvalidState, NotSupported)

_NEUTRAL = {
    "TEMPORARILY_UNAVAILABLE": "The server cannot reach its store now, or its disk is full. Try again later.",
    "PERMISSION_DENIED": "The server may not do this.",
    "DATA_LOSS": "What the server kept is damaged.",
}
"""What a client is told in the place of a text about the server's own state, by the code."""


class Problem(msgspec.Struct):
    """The body of an error; `cursor` is for our own client."""

    error_code: str = "INTERNAL_ERROR"
    message: str = ""
    cursor: int | msgspec.UnsetType = msgspec.UNSET


def code_of(error: HooklineError) -> str:
    """Return the code that an error travels with."""
    if isinstance(error, CursorMoved):
        return "CURSOR_MOVED"
    return "RESOURCE_GONE" if isinstance(error, Gone) else error.code


def status_of(error: HooklineError) -> int:
    """Return the status of an answer that reports an error."""
    return STATUSES.get(code_of(error), 500)


def is_for_clients(error: HooklineError) -> bool:
    """Return whether the text of an error is about what was asked, and no more.

    All others are about the server's own state: they may name its files, its hosts and its settings, which the owner
    needs to know and a client must not.
    """
    return isinstance(error, _ABOUT_THE_REQUEST) and not isinstance(error, (ConfigError, PluginError))


def problem_of(error: HooklineError, reference: str = "") -> Problem:
    """Return the body of an answer that reports an error.

    Args:
        reference: where the server's log has the whole text of an error whose text is not for clients.
    """
    code = code_of(error)
    if is_for_clients(error):
        return Problem(code, str(error), error.cursor if isinstance(error, CursorMoved) else msgspec.UNSET)
    says_more = f" Its log says more under {reference}." if reference else ""
    return Problem(code, _NEUTRAL.get(code, "The server failed.") + says_more)


def error_of(status: int, body: bytes) -> HooklineError:
    """Return the error that an answer reports, as our own client raises it.

    An answer without a body that can be read is told by its status: a proxy may have given it.
    """
    try:
        problem = msgspec.json.decode(body, type=Problem)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return _by_status(status)
    if problem.error_code == "CURSOR_MOVED" and problem.cursor is not msgspec.UNSET:
        moved = CursorMoved("", 0, problem.cursor)
        moved.args = (problem.message,)
        return moved
    kind = _CLASSES.get(problem.error_code)
    if kind is not None:
        return kind(problem.message)
    return Unavailable(problem.message) if status in (408, 429, 502, 503, 504) else HooklineError(problem.message)


def _by_status(status: int) -> HooklineError:
    if status in (401, 403):
        return Refused(f"The server refused the request ({status}).")
    if status == 404:
        return NotSupported("The server does not know this request (404).")
    if status in (408, 429, 500, 502, 503, 504):
        return Unavailable(f"The server cannot answer now ({status}).")
    return HooklineError(f"The server answered {status} without saying why.")
