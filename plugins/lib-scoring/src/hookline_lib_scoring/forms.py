"""The forms in which requests ask a model, and in which they are answered."""

from collections.abc import Mapping
from typing import Any, Protocol

from attrs import frozen

from hookline.errors import NotSupported
from hookline_lib_scoring.answers import encode
from hookline_lib_scoring.inputs import Call, InputReader
from hookline_lib_scoring.replies import PLAIN, Reply, failure


class Form(Protocol):
    """How a request is written, and its answer. Used on the model's thread."""

    def read(self, body: bytes) -> Call:
        """Return what a body asks. Raises `BadRequest`, or `NotSupported` for a format that cannot be read here."""
        ...

    def write(self, call: Call, predictions: Any) -> bytes:
        """Return the answer's body. Raises `TypeError` for what has no form, `BadRequest`."""
        ...

    def refuse(self, status: int, code: str, message: str) -> Reply:
        """Return the answer that says why there is none."""
        ...


@frozen
class Invocation:
    """MLflow's scoring protocol, with a body of one media type."""

    reader: InputReader
    media_type: str

    def read(self, body: bytes) -> Call:
        """See `Form.read`."""
        return _READERS[self.media_type](self.reader, body)

    def write(self, call: Call, predictions: Any) -> bytes:
        """See `Form.write`."""
        return encode(predictions)

    def refuse(self, status: int, code: str, message: str) -> Reply:
        """See `Form.refuse`."""
        if code == NotSupported.code:
            return Reply(415, f"{message}\n".encode(), PLAIN)
        return failure(status, code, message)


_READERS: Mapping[str, Any] = {
    "application/json": InputReader.from_json,
    "text/csv": InputReader.from_csv,
    "application/vnd.apache.parquet": InputReader.from_parquet,
}
MEDIA_TYPES = tuple(_READERS)
"""Those that the bodies of invocations may have."""


@frozen
class Question:
    """A request to a model."""

    form: Form
    body: bytes
