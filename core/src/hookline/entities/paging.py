"""Pages of search results."""

from collections.abc import Sequence
from typing import Generic, TypeVar

from attrs import frozen

T = TypeVar("T")


@frozen
class Page(Generic[T]):
    """One page of results.

    Attributes:
        items: the results, in order.
        next_page_token: opaque; None on the last page.
    """

    items: Sequence[T] = ()
    next_page_token: str | None = None
