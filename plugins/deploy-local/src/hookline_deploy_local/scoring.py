"""One request to a model, from body to reply, without a web framework: what the worker thread does.

What a client may know of a failure is its own mistake. Whatever else goes wrong is written to the log under an id, and
the reply holds the id alone: no text of an exception, path or stack trace leaves the process.
"""

import json
import logging
from typing import Any, Protocol

from attrs import frozen

from hookline.entities import new_id
from hookline.errors import HooklineError, InvalidValue, NotSupported
from hookline_deploy_local.answers import encode
from hookline_deploy_local.bodies import BadRequest
from hookline_deploy_local.inputs import Call, InputReader

log = logging.getLogger("hookline.serving")
MEDIA_TYPES = ("application/json", "text/csv", "application/vnd.apache.parquet")


class Model(Protocol):
    """What is served: `hookline.models.LoadedModel`, or whatever looks like it."""

    @property
    def signature(self) -> Any:
        """A `hookline.models.Signature`, or None."""

    def predict(self, data: Any, params: Any = None) -> Any:
        """Return predictions; raises `SignatureError` for data that does not fit."""


@frozen
class Reply:
    """A status code and a body with its media type."""

    status: int
    body: bytes
    media_type: str = "application/json"


def failure(status: int, code: str, message: str) -> Reply:
    """Return an error as MLflow's clients expect it: `error_code` and `message`."""
    return Reply(status, json.dumps({"error_code": code, "message": message}).encode())


class Scorer:
    """Answers for one model. Not thread safe where the model is not: call it from one thread."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._reader = InputReader(model.signature.inputs if model.signature is not None else None)

    def answer(self, media_type: str, body: bytes) -> Reply:
        """Return the reply to one request; `media_type` is one of `MEDIA_TYPES`. Raises nothing."""
        try:
            predictions = self._predict(self._read(media_type, body))
        except NotSupported as error:
            return Reply(415, f"{error}\n".encode(), "text/plain; charset=utf-8")
        except HooklineError as error:
            return failure(400, error.code, str(error))
        except _ModelFailed as error:
            return failure(
                400,
                BadRequest.code,
                "The model failed on this input; verify that it is what the model takes. "
                f"The server's log has the details under the id {error.id}.",
            )
        except Exception:  # noqa: BLE001 - it is logged, and the server goes on
            return _unexpected("reading a request")
        try:
            return Reply(200, encode(predictions))
        except Exception:  # noqa: BLE001 - the same
            return _unexpected("writing predictions as JSON")

    def _read(self, media_type: str, body: bytes) -> Call:
        if media_type == "text/csv":
            return self._reader.from_csv(body)
        if media_type == "application/vnd.apache.parquet":
            return self._reader.from_parquet(body)
        return self._reader.from_json(body)

    def _predict(self, call: Call) -> Any:
        try:
            return self.model.predict(call.data, call.params)
        except InvalidValue:  # the input does not fit; any other error of ours is the model's own affair
            raise
        except (Exception, SystemExit) as error:
            failed = _ModelFailed(new_id())
            log.exception("The model failed (id %s).", failed.id)
            raise failed from error


class _ModelFailed(Exception):
    def __init__(self, id: str) -> None:
        self.id = id
        super().__init__(id)


def _unexpected(doing: str) -> Reply:
    """Log the exception that is being handled, and return a reply that holds nothing but its id."""
    number = new_id()
    log.exception("Failed in %s (id %s).", doing, number)
    return failure(500, HooklineError.code, f"The server failed; its log has the details under the id {number}.")
