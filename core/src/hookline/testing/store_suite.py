"""What the suites of stores share: how a store is opened, walking through pages, and threads that start together."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, ClassVar, TypeVar

import pytest
from attrs import evolve

from hookline.entities import Page
from hookline.providers import resolve
from hookline.search.syntax import Query
from hookline.testing.suite import Suite

T = TypeVar("T")


class StoreSuite(Suite):
    """A suite of a store. A subclass names the `target` and overrides the fixture `uri`, or overrides `store`.

    Attributes:
        target: what the plugin's provider has as its target, as a string; called as `target(uri, None)`.
        persistent: whether another object on the same URI, also in another process, sees what was stored.
    """

    target: ClassVar[str] = ""
    persistent: ClassVar[bool] = False

    @pytest.fixture
    def uri(self) -> str:
        """The URI of an empty store, the same throughout one test."""
        return "memory:"

    @pytest.fixture
    def reopen(self, uri: str) -> Iterator[Callable[[], Any]]:
        """A function that opens another object on the same store; all are closed after the test."""
        opened: list[Any] = []

        def open_again() -> Any:
            opened.append(resolve(self.target)(uri, None))
            return opened[-1]

        yield open_again
        for each in opened:
            if hasattr(each, "close"):
                each.close()

    @pytest.fixture
    def store(self, reopen: Callable[[], Any]) -> Any:
        """An empty store."""
        return reopen()

    def require_persistent(self) -> None:
        """Skip a law that says nothing about a store which lives in one object only."""
        if not self.persistent:
            pytest.skip("a store that is not persistent has nothing to open again")


def walk(ask: Callable[[Query], Page[T]], query: Query) -> list[T]:
    """Return the items of all pages of a search; `ask` returns one page."""
    found: list[T] = []
    while True:
        page = ask(query)
        assert len(page.items) <= query.max_results, "a page is longer than was asked for"
        found += page.items
        if page.next_page_token is None:
            return found
        assert page.items, "an empty page is the last one"
        query = evolve(query, page_token=page.next_page_token)


def at_once(*tasks: Callable[[], Any]) -> list[Any]:
    """Run functions in as many threads, all starting together; return their results, or raise what one raised."""
    barrier = Barrier(len(tasks))

    def start(task: Callable[[], Any]) -> Any:
        barrier.wait(timeout=60)
        return task()

    with ThreadPoolExecutor(len(tasks)) as pool:
        return [future.result(timeout=300) for future in [pool.submit(start, task) for task in tasks]]
