"""What the scoring server answers with."""

import json

from attrs import frozen

JSON = "application/json"
PLAIN = "text/plain; charset=utf-8"


@frozen
class Reply:
    """A status code and a body with its media type."""

    status: int
    body: bytes
    media_type: str = JSON


def failure(status: int, code: str, message: str) -> Reply:
    """Return an error as MLflow's clients expect it: `error_code` and `message`."""
    return Reply(status, json.dumps({"error_code": code, "message": message}).encode())
