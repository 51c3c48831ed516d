"""Page tokens: opaque to clients, bound to the query that they continue.

A token is base64 of JSON with a position, which means what its store wants it to mean, and a digest of the query. It
comes back from a client: a store checks the position's shape before it uses it.
"""

import base64
import hashlib
import json
from collections.abc import Iterable
from typing import Any

from hookline.errors import InvalidValue
from hookline.search.syntax import Query


def encode_token(query: Query, position: Any, scope: Iterable[str] = ()) -> str:
    """Return the token that continues a query.

    Args:
        position: a JSON value other than null.
        scope: what else the result depends on, such as the ids of the experiments that are searched.
    """
    body = json.dumps({"at": position, "query": _digest(query, scope)})
    return base64.urlsafe_b64encode(body.encode()).decode()


def decode_token(query: Query, scope: Iterable[str] = ()) -> Any:
    """Return the position of the query's page token; None where it has no token.

    Raises:
        InvalidValue: the token is damaged, or belongs to another query.
    """
    if query.page_token is None:
        return None
    try:
        body = json.loads(base64.b64decode(query.page_token, altchars=b"-_", validate=True))
        position, digest = body["at"], body["query"]
        if position is None:
            raise ValueError("no position")
    except (ValueError, TypeError, KeyError, RecursionError):
        raise InvalidValue(
            f"Invalid page token {query.page_token[:40]!r}: it must be the next_page_token of the previous page."
        ) from None
    if digest != _digest(query, scope):
        raise InvalidValue(
            "Invalid page token: it belongs to a search with another filter, order, view or set of experiments. "
            "Ask for the next page with the arguments of the first."
        )
    return position


def _digest(query: Query, scope: Iterable[str]) -> str:
    asked = repr((query.where, query.order_by, query.view.value, sorted(set(scope))))
    return hashlib.sha256(asked.encode("utf-8", "surrogatepass")).hexdigest()[:16]
