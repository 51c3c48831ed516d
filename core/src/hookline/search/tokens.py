"""Cuts a filter into tokens, in one pass over its characters."""

from enum import Enum

from attrs import frozen

from hookline.errors import FilterError
from hookline.search.syntax import Operator

_SYMBOLS = "=!<>"
_COMPARISONS = frozenset(op.value for op in Operator if op.value[0] in _SYMBOLS)
_INSTEAD = {"==": "=", "<>": "!=", "=<": "<=", "=>": ">="}
_QUOTES = "'\"`"
_DIGITS = "0123456789"


class Kind(Enum):
    """The kinds of tokens."""

    WORD = "a name"
    QUOTED = "a quoted text"
    NUMBER = "a number"
    COMPARISON = "an operator"
    MARK = "a mark"
    END = "the end"


@frozen
class Token:
    """A piece of a filter.

    Attributes:
        text: its content; for quoted text that between the quotes, a doubled quote read as one.
        start, end: where it lies in the filter, quotes included.
        quote: the quote character of a quoted text.
    """

    kind: Kind
    text: str
    start: int
    end: int
    quote: str = ""

    @property
    def keyword(self) -> str:
        """The word in upper case, since keywords may be written in any case; empty for what is no word."""
        return self.text.upper() if self.kind is Kind.WORD else ""

    def is_mark(self, mark: str) -> bool:
        """Return whether this is the given mark: `(`, `)`, `,` or `;`."""
        return self.kind is Kind.MARK and self.text == mark


def tokenize(text: str) -> list[Token]:
    """Return the tokens of a filter, the last of the kind END. Raises `FilterError` for what cannot begin a token."""
    tokens = []
    position = 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        token = _read(text, position)
        tokens.append(token)
        position = token.end
    tokens.append(Token(Kind.END, "", len(text), len(text)))
    return tokens


def _read(text: str, start: int) -> Token:
    char = text[start]
    if char in _QUOTES:
        return _quoted(text, start)
    if char in _SYMBOLS:
        return _comparison(text, start)
    if char in _DIGITS or char in "+-.":
        return _number(text, start)
    if _is_word(char):
        end = start
        while end < len(text) and _is_word(text[end]):
            end += 1
        return Token(Kind.WORD, text[start:end], start, end)
    if char in "(),;":
        return Token(Kind.MARK, char, start, start + 1)
    raise FilterError(f"The character {char!r} cannot stand here; text is quoted: 'value'.", text, start)


def _is_word(char: str) -> bool:
    return char.isalnum() or char in "_.-/:"


def _quoted(text: str, start: int) -> Token:
    quote = text[start]
    parts = []
    begin = start + 1
    while True:
        end = text.find(quote, begin)
        if end < 0:
            raise FilterError(f"The quote {quote} that opens here is never closed.", text, start)
        parts.append(text[begin:end])
        if text[end + 1 : end + 2] != quote:
            return Token(Kind.QUOTED, quote.join(parts), start, end + 1, quote)
        begin = end + 2


def _comparison(text: str, start: int) -> Token:
    end = start
    while end < len(text) and text[end] in _SYMBOLS:
        end += 1
    found = text[start:end]
    if found not in _COMPARISONS:
        hint = f"write {_INSTEAD[found]}" if found in _INSTEAD else "use one of = != > >= < <="
        raise FilterError(f"{found[:10]!r} is not an operator: {hint}.", text, start)
    return Token(Kind.COMPARISON, found, start, end)


def _number(text: str, start: int) -> Token:
    end = start + 1
    while end < len(text) and (text[end] in _DIGITS or text[end] in ".eE+-"):
        end += 1
    try:
        float(text[start:end])
    except ValueError:
        raise FilterError("This is not a number such as 0.5, -3 or 1e-4.", text, start) from None
    return Token(Kind.NUMBER, text[start:end], start, end)
