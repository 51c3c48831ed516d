"""Asking a scoring server over HTTP, without proxies and without a library."""

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

from hookline.errors import ExecutionFailed, InvalidValue, Unavailable

PING_TIMEOUT = 5.0
TOKEN_HEADER = "x-hookline-server"


def ping(endpoint: str) -> str | None:
    """Return the token of the server that answers at an endpoint ("" where it has none), or None where none does."""
    try:
        status, token, _body = _request(endpoint, "GET", "/ping", None, PING_TIMEOUT)
    except (OSError, http.client.HTTPException):
        return None
    return token if status == 200 else None


def json_body(inputs: Any) -> bytes:
    """Return a value as a JSON body. Raises `InvalidValue`."""
    try:
        return json.dumps(inputs).encode()
    except (TypeError, ValueError) as error:
        raise InvalidValue(f"The inputs are no JSON value: {error}.") from error


def invoke(endpoint: str, body: bytes, media_type: str, timeout: float | None) -> Any:
    """Return the answer to a body of MLflow's scoring protocol.

    Args:
        timeout: seconds; None: no limit.

    Raises:
        InvalidValue: the server refused the input. Unavailable: it does not answer, or not in time.
        ExecutionFailed: it failed.
    """
    try:
        status, _token, answer = _request(endpoint, "POST", "/invocations", (media_type, body), timeout)
    except TimeoutError as error:
        raise Unavailable(f"The deployment at {endpoint} did not answer within {timeout:g} s.") from error
    except (OSError, http.client.HTTPException) as error:
        raise Unavailable(f"The deployment at {endpoint} does not answer: {error}.") from error
    if status == 200:
        return json.loads(answer)
    message = _message(answer)
    if status in (502, 503, 504):
        raise Unavailable(f"The deployment at {endpoint} could not answer now: {message}")
    if status >= 500:
        raise ExecutionFailed(f"The deployment at {endpoint} failed: {message}")
    raise InvalidValue(f"The deployment refused the input: {message}")


def _request(
    endpoint: str, method: str, path: str, content: tuple[str, bytes] | None, timeout: float | None
) -> tuple[int, str, bytes]:
    parts = urlsplit(endpoint)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    try:
        media_type, body = content or (None, None)
        connection.request(method, path, body, {"Content-Type": media_type} if media_type else {})
        response = connection.getresponse()
        return response.status, response.getheader(TOKEN_HEADER, ""), response.read()
    finally:
        connection.close()


def _message(answer: bytes) -> str:
    try:
        return str(json.loads(answer)["message"])
    except (ValueError, TypeError, KeyError):
        return answer.decode(errors="replace").strip()[:500]
