"""LIKE and ILIKE as SQL functions, by the matcher that the whole of Hookline uses.

SQLite's own LIKE ignores the case of ASCII letters only, and its GLOB can be made to backtrack for very long.
"""

import sqlite3
from collections.abc import Callable
from functools import lru_cache

from hookline.search.like import like as like_matcher


def register_functions(connection: sqlite3.Connection) -> None:
    """Give a connection the functions that `expressions.like` and `ilike` call."""
    connection.create_function("hookline_like", 2, _function(ignore_case=False), deterministic=True)
    connection.create_function("hookline_ilike", 2, _function(ignore_case=True), deterministic=True)


def _function(*, ignore_case: bool) -> Callable[[str, str | None], bool]:
    @lru_cache(maxsize=16)
    def matcher(pattern: str) -> Callable[[str], bool]:
        return like_matcher(pattern, ignore_case=ignore_case)

    def function(pattern: str, text: str | None) -> bool:
        return text is not None and matcher(pattern)(text)

    return function
