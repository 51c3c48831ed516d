"""From an entry point's template and checked values to the command to run: an argument list, never a shell string.

The template is split into words first, as a shell would, and values are put into the words after that: whatever a value
holds, it adds no word, and it never becomes an option of the program by starting with a dash.
"""

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from string import Formatter

from attrs import field, frozen

from hookline.entities import EntryPoint
from hookline.errors import ConfigError, InvalidValue, Refused
from hookline.projects.parameters import Values
from hookline.projects.shell_syntax import VALUE_VARIABLE, ScriptWriter, find_shell_syntax, inner_shell, rough_words

_NUMBER = re.compile(r"-(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")


@frozen
class Command:
    """A command to run.

    Attributes:
        argv: the program and its arguments.
        variables: environment variables that carry the values of a command for a shell.
    """

    argv: tuple[str, ...]
    variables: Mapping[str, str] = field(factory=dict)


def build_command(entry: EntryPoint, values: Values, *, allow_shell: bool = False) -> Command:
    """Return the command of an entry point with its values.

    Args:
        allow_shell: whether the local user lets a template with shell syntax run as `bash -c`, every value quoted.

    Raises:
        ConfigError: the template cannot be read or names a parameter that is not declared.
        InvalidValue: a value would be taken for an option. Refused: it takes a shell, and none is allowed.
    """
    template = entry.command.replace("\\\n", " ").strip()
    syntax = find_shell_syntax(template)
    words = _words(entry, template) if syntax is None else rough_words(template)
    _check_placeholders(entry, words if syntax is None else [template])
    shell = inner_shell(words)
    if shell is not None and any(name is not None for word in shell[1] for _, name in _pieces(entry, word)):
        raise Refused(
            f"The command of the entry point {entry.name!r} puts a value into a text that {shell[0]!r} runs, where no "
            f"quoting is safe. Write what follows it as the command itself, and run that with --allow-shell."
        )
    needed_for = syntax or (f"{shell[0]} -c" if shell else None)
    if needed_for and not allow_shell:
        raise Refused(
            f"The command of the entry point {entry.name!r} needs a shell, for {needed_for}: {template}\n"
            "No shell is used unless you allow it: with --allow-shell it runs as `bash -c`, every value quoted. "
            "What is meant as plain text can be put in quotes in the template."
        )
    if syntax is None:
        return Command((*_filled(entry, words, values), *_appended(values.extra)))
    return _script(entry, template, values)


def _words(entry: EntryPoint, template: str) -> list[str]:
    try:
        words = shlex.split(template)
    except ValueError as error:
        raise ConfigError(f"The command of the entry point {entry.name!r} cannot be split: {error}.") from error
    if not words:
        raise ConfigError(f"The command of the entry point {entry.name!r} is empty.")
    return words


def _pieces(entry: EntryPoint, text: str) -> Iterator[tuple[str, str | None]]:
    """Yield (literal text, placeholder after it) of a text, `{{` and `}}` read as braces."""
    try:
        for literal, name, options, conversion in Formatter().parse(text):
            rest = (f"!{conversion}" if conversion else "") + (f":{options}" if options else "")
            yield literal, None if name is None else name + rest
    except ValueError as error:
        raise ConfigError(
            f"The command of the entry point {entry.name!r} has a brace without a partner in {text!r}: "
            "a placeholder is written {name}, and plain braces are doubled, as {{ and }}."
        ) from error


def _check_placeholders(entry: EntryPoint, words: Iterable[str]) -> None:
    named = dict.fromkeys(name for word in words for _, name in _pieces(entry, word) if name is not None)
    unknown = [f"{{{name}}}" for name in named if name not in entry.parameters]
    if unknown:
        raise ConfigError(
            f"The command of the entry point {entry.name!r} has {', '.join(unknown)}, which is no declared parameter; "
            f"declared: {', '.join(entry.parameters) or 'none'}. Plain braces are doubled, as {{{{ and }}}}."
        )


# Without a shell -----------------------------------------------------------------------------------------------------


def _filled(entry: EntryPoint, words: Iterable[str], values: Values) -> list[str]:
    argv: list[str] = []
    options_ended = False
    for word in words:
        pieces = list(_pieces(entry, word))
        text = "".join(literal + ("" if name is None else values.declared[name]) for literal, name in pieces)
        from_value = any(name is not None for _, name in pieces)
        if from_value and not options_ended and text.startswith("-") and not pieces[0][0]:
            _attach(entry, argv, text, str(pieces[0][1]))
        else:
            argv.append(text)
        options_ended = options_ended or (word == "--" and bool(argv[1:]))
    return argv


def _attach(entry: EntryPoint, argv: list[str], text: str, name: str) -> None:
    """Add an argument whose leading dash comes from a value: `--option=VALUE` where it follows an option."""
    before = argv[-1] if len(argv) > 1 else ""
    if re.fullmatch(r"--[A-Za-z][\w\-.]*", before):
        argv[-1] = f"{before}={text}"
    elif _NUMBER.fullmatch(text):
        argv.append(text)
    else:
        raise _looks_like_an_option(entry, name, text)


def _looks_like_an_option(entry: EntryPoint, name: str, text: str) -> InvalidValue:
    return InvalidValue(
        f"The value {text[:60]!r} of the parameter {name!r} starts with '-', and the program that the entry point "
        f"{entry.name!r} runs would read it as an option. Give another value (a path can start with './'), or "
        f"write the command as '--{name} {{{name}}}' or with '--' before {{{name}}}."
    )


def _appended(extra: Mapping[str, str]) -> Iterator[str]:
    for name, value in extra.items():
        yield from (f"--{name}={value}",) if value.startswith("-") else (f"--{name}", value)


# With a shell --------------------------------------------------------------------------------------------------------


def _script(entry: EntryPoint, template: str, values: Values) -> Command:
    writer, variables = ScriptWriter(), dict[str, str]()

    def add_value(value: str) -> None:
        number = len(variables) + 1
        variables[VALUE_VARIABLE.format(number)] = value
        writer.add_value(number)

    for literal, name in _pieces(entry, template):
        writer.add(literal)
        if name is not None:
            value = values.declared[name]
            as_option = value.startswith("-") and writer.starts_word() and not writer.join_option()
            if as_option and not _NUMBER.fullmatch(value):
                raise _looks_like_an_option(entry, name, value)
            add_value(value)
    for name, value in values.extra.items():
        writer.add(f" --{name}" + ("=" if value.startswith("-") else " "))
        add_value(value)
    return Command(("bash", "-c", writer.text), variables)
