"""Requests to a model, from bodies to replies, without a web server: what the model's thread does.

What a client may know of a failure is its own mistake. Whatever else goes wrong is written to the log under an id, and
the reply holds the id alone: no text of an exception, path or stack trace leaves the process.
"""

import logging
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from hookline.entities import new_id
from hookline.errors import HooklineError, InvalidValue, NotSupported
from hookline_lib_scoring.bodies import BadRequest
from hookline_lib_scoring.forms import Form, Question
from hookline_lib_scoring.inputs import Call
from hookline_lib_scoring.joining import groups, joined, split
from hookline_lib_scoring.model_thread import Answers
from hookline_lib_scoring.replies import Reply

MOST_ROWS = 256
"""How many rows of waiting requests a model answers together by default."""
log = logging.getLogger("hookline.serving")


class Model(Protocol):
    """What is served: `hookline.models.LoadedModel`, or whatever looks like it."""

    @property
    def signature(self) -> Any:
        """A `hookline.models.Signature`, or None."""

    @property
    def predicts_by_row(self) -> bool:
        """Whether the rows of several requests may be answered together."""

    def predict(self, data: Any, params: Any = None) -> Any:
        """Return predictions; raises `SignatureError` for data that does not fit."""


class Scorer:
    """Answers for one model. Not thread safe where the model is not: call it from one thread.

    Args:
        most_rows: how many rows of several requests the model is asked for at once, where it predicts row by row; 1:
            each request is asked alone.
        counted: called with the number of requests that one call of the model answers, and with that of their rows.
    """

    def __init__(self, model: Model, most_rows: int = MOST_ROWS, counted: Any = lambda _requests, _rows: None) -> None:
        self._model, self._counted = model, counted
        self._most_rows = most_rows if model.predicts_by_row else 1

    def answer(self, questions: Sequence[Question]) -> Iterator[Answers]:
        """Yield the replies to questions as they come. Raises nothing."""
        calls: list[tuple[int, Call]] = []
        for position, question in enumerate(questions):
            read = _read(question)
            if isinstance(read, Reply):
                yield [(position, read)]
            else:
                calls.append((position, read))
        for group in groups([call for _, call in calls], self._most_rows):
            yield from self._together([(calls[each][0], questions[calls[each][0]], calls[each][1]) for each in group])

    def _together(self, asked: "Sequence[tuple[int, Question, Call]]") -> Iterator[Answers]:
        if len(asked) > 1:
            calls = [call for _, _, call in asked]
            try:
                parts = split(self._model.predict(joined(calls)), calls)
            except (Exception, SystemExit):  # noqa: BLE001 - the request whose fault it is hears of it alone
                parts = []
            if parts:
                self._counted(len(asked), sum(len(call.data) for call in calls))
                answered = zip(asked, parts, strict=True)
                yield [(position, _written(each.form, call, part)) for (position, each, call), part in answered]
                return
        for position, question, call in asked:
            yield [(position, self._alone(question.form, call))]

    def _alone(self, form: Form, call: Call) -> Reply:
        self._counted(1, _rows(call.data))
        try:
            predictions = self._model.predict(call.data, call.params)
        except InvalidValue as error:  # the input does not fit; any other error of ours is the model's own affair
            return form.refuse(400, error.code, str(error))
        except (Exception, SystemExit):
            number = new_id()
            log.exception("The model failed (id %s).", number)
            return form.refuse(
                400,
                BadRequest.code,
                "The model failed on this input; verify that it is what the model takes. "
                f"The server's log has the details under the id {number}.",
            )
        return _written(form, call, predictions)


def _rows(data: Any) -> int:
    """Return how many rows data has; a single value is one."""
    try:
        return len(data)
    except TypeError:  # an array without dimensions has a length that it does not tell
        return 1


def _read(question: Question) -> Call | Reply:
    try:
        return question.form.read(question.body)
    except NotSupported as error:
        return question.form.refuse(415, error.code, str(error))
    except HooklineError as error:
        return question.form.refuse(400, error.code, str(error))
    except Exception:  # noqa: BLE001 - it is logged, and the server goes on
        return _unexpected(question.form, "reading a request")


def _written(form: Form, call: Call, predictions: Any) -> Reply:
    try:
        return Reply(200, form.write(call, predictions))
    except HooklineError as error:
        return form.refuse(400, error.code, str(error))
    except Exception:  # noqa: BLE001 - the same
        return _unexpected(form, "writing predictions as JSON")


def _unexpected(form: Form, doing: str) -> Reply:
    """Log the exception that is being handled, and return a reply that holds nothing but its id."""
    number = new_id()
    log.exception("Failed in %s (id %s).", doing, number)
    return form.refuse(500, HooklineError.code, f"The server failed; its log has the details under the id {number}.")
