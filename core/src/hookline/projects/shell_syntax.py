"""What a shell would make of a command template: finding it, and rendering a template so that values stay values.

A template is refused where a shell would do more with it than split it into words, since running it without one would
silently do something else. When the local user allows a shell, values never become part of the script: they travel in
environment variables, whose content a shell does not read again, and the script refers to them in double quotes.
"""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

VALUE_VARIABLE = "HOOKLINE_VALUE_{}"
"""The name of the environment variable that carries the value numbered so, from 1."""

_DOLLAR = re.compile(r"\$(?:\w+|[({@*#?$!'\"\-])?")
_OPERATOR = re.compile(r"&&|\|\||>>|<<|[&|;<>()]")
_ASSIGNMENT = re.compile(r"\s*[A-Za-z_]\w*=")
_SHELLS = frozenset(
    {"sh", "bash", "dash", "ash", "zsh", "ksh", "mksh", "fish", "csh", "tcsh", "su", "cmd", "powershell", "pwsh"}
)
_RUNS_TEXT = re.compile(r"-[a-zA-Z]*c|/[cCkK]|-[Cc]ommand")


def find_shell_syntax(template: str) -> str | None:
    """Return the first piece of a template that only a shell understands, or None.

    Quoted text is plain; in double quotes only `$` and backquotes count, as in a shell.
    """
    if match := _ASSIGNMENT.match(template):
        return match[0].strip()
    quote, at_start, position = "", True, 0
    while position < len(template):
        character = template[position]
        if character == "\\" and quote != "'":
            position += 2
            at_start = False
            continue
        if character == quote:
            quote = ""
        elif not quote and character in "'\"":
            quote = character
        elif quote != "'" and (found := _syntax_at(template, position, quote, at_start)):
            return found
        at_start = not quote and character in " \t"
        position += 1
    return None


def _syntax_at(template: str, position: int, quote: str, at_start: bool) -> str | None:
    character = template[position]
    if character == "$":
        match = _DOLLAR.match(template, position)
        return match[0] if match and len(match[0]) > 1 else None
    if character == "`":
        return "`"
    if quote:
        return None
    if operator := _OPERATOR.match(template, position):
        return operator[0]
    if character == "\n":
        return "a line break"
    if character in "*?[" or (at_start and character in "~#"):
        return character
    return None


def inner_shell(words: Sequence[str]) -> tuple[str, Sequence[str]] | None:
    """Return the name of a shell that is given a text to run, as in `bash -c TEXT`, and the words after it, or None."""
    for index, word in enumerate(words):
        name, after = PurePosixPath(word.strip("'\"")).name.removesuffix(".exe"), words[index + 1 :]
        if name == "eval" or (name in _SHELLS and any(_RUNS_TEXT.fullmatch(each) for each in after)):
            return name, after
    return None


def rough_words(script: str) -> list[str]:
    """Split a script where a shell may, without reading its quotes: to look for words that matter."""
    return [word for word in re.split(r"[\s;&|()`]+", script) if word]


class ScriptWriter:
    """Writes a script piece by piece, and knows in which quotes the next piece stands.

    A misjudged place (a here-document, say) costs a value its look, never more: a variable's content is data to a shell
    wherever it stands.
    """

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._nesting = ["plain"]
        self._previous = ""

    @property
    def text(self) -> str:
        """The script so far."""
        return "".join(self._pieces)

    def add(self, literal: str) -> None:
        """Append a piece of the template as it is."""
        self._pieces.append(literal)
        characters = iter(literal)
        for character in characters:
            if character == "\\" and self._nesting[-1] != "single":
                next(characters, None)
            else:
                self._follow(character)
            self._previous = character

    def add_value(self, number: int) -> None:
        """Append a reference to the value with this number, so that it is one word or part of one."""
        reference = f"${{{VALUE_VARIABLE.format(number)}}}"
        place = self._nesting[-1]
        self._pieces.append({"double": reference, "single": f"'\"{reference}\"'"}.get(place, f'"{reference}"'))

    def join_option(self) -> bool:
        """Turn `--option ` at the end into `--option=`; return whether there is one."""
        match = re.search(r"(?:^|\s)--[A-Za-z][\w\-.]*([ \t]+)$", self.text)
        if match is None or self._nesting[-1] != "plain":
            return False
        self._pieces = [self.text[: match.start(1)], "="]
        return True

    def starts_word(self) -> bool:
        """Return whether the next piece starts a word of its own."""
        return re.search(r"(?:^|[\s;&|(`])[\"']?$", self.text) is not None

    def _follow(self, character: str) -> None:
        place = self._nesting[-1]
        if place == "single":
            if character == "'":
                self._nesting.pop()
        elif character == '"':
            self._toggle("double")
        elif character == "`":
            self._toggle("backquote")
        elif character == "'" and place != "double":
            self._nesting.append("single")
        elif character == "(" and (place != "double" or self._previous == "$"):
            self._nesting.append("parenthesis")
        elif character == ")" and place == "parenthesis":
            self._nesting.pop()

    def _toggle(self, place: str) -> None:
        if self._nesting[-1] == place:
            self._nesting.pop()
        else:
            self._nesting.append(place)
