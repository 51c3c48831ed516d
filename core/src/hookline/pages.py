"""Walking through the pages of a search."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from hookline.entities import Page
from hookline.errors import InvalidValue

T = TypeVar("T")
PAGE_SIZE = 1000


def all_pages(ask: Callable[[int, str | None], Page[T]], wanted: int | None, *, size: int = PAGE_SIZE) -> Iterator[T]:
    """Yield results page by page until there are no more, or `wanted` of them.

    Args:
        ask: returns the page of (size, token).
        size: of a page at most.

    Raises:
        InvalidValue: less than one is wanted, or it is no number.
    """
    if wanted is not None and (not isinstance(wanted, int) or wanted < 1):
        raise InvalidValue(f"max_results must be a whole number, at least 1, not {wanted!r}; None asks for all.")
    token: str | None = None
    left = wanted
    while left is None or left > 0:
        page = ask(size if left is None else min(left, size), token)
        yield from page.items
        left = None if left is None else left - len(page.items)
        token = page.next_page_token
        if token is None:
            return
