"""What all messages share.

A field of a request is optional to the decoder; `required` names those that a caller must give, since MLflow counts an
empty text as missing, too. A field of a response that is `UNSET` is left out, as protobuf's JSON does.
"""

from typing import ClassVar

import msgspec
from msgspec import UNSET, UnsetType

Text = str | UnsetType
Number = int | UnsetType


class Request(msgspec.Struct, kw_only=True):
    """The body or the query of a request. Unknown fields are passed over.

    Attributes:
        required: fields that must be given, in the order in which they are asked for.
        aliases: older names of required fields, which are looked at where the field is empty.
    """

    required: ClassVar[tuple[str, ...]] = ()
    aliases: ClassVar[dict[str, str]] = {}


class RunRequest(Request, kw_only=True):
    """A request about one run; clients before 1.0 call its id `run_uuid`."""

    required: ClassVar[tuple[str, ...]] = ("run_id",)
    aliases: ClassVar[dict[str, str]] = {"run_id": "run_uuid"}

    run_id: str = ""
    run_uuid: str = ""


class Response(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The body of an answer."""


class Empty(Response):
    """An answer that says nothing but that it was done."""


class Tag(msgspec.Struct, gc=False):
    """A key and its value: a tag, or a param."""

    key: str
    value: str = ""


__all__ = ["UNSET", "Empty", "Number", "Request", "Response", "RunRequest", "Tag", "Text"]
