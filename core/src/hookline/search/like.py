"""Matches text with the patterns of LIKE and ILIKE in time linear in the text, whatever the pattern."""

from collections.abc import Callable


def like(pattern: str, *, ignore_case: bool = False) -> Callable[[str], bool]:
    """Return a function that tells whether a whole text matches a pattern.

    `%` stands for any text, also none, and `_` for one character; there is no escape. With `ignore_case` two
    characters are equal where their lower cases are.

    All places that the pattern may have reached are kept as the bits of one integer, which every character of the
    text moves on: there is no backtracking that a pattern such as `%a%a%a%a` could provoke.
    """
    fold = str.lower if ignore_case else str
    loops = anything = length = 0
    accepts: dict[str, int] = {}
    for char in pattern:
        bit = 1 << length
        if char == "%":
            loops |= bit
            continue
        if char == "_":
            anything |= bit
        else:
            accepts[fold(char)] = accepts.get(fold(char), 0) | bit
        length += 1
    end = 1 << length

    def matches(text: str) -> bool:
        places = 1
        for char in text:
            places = (places & (accepts.get(fold(char), 0) | anything)) << 1 | places & loops
            if not places:
                return False
        return bool(places & end)

    return matches
