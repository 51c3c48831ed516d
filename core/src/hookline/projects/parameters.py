"""The values of an entry point's parameters: defaults, checks and conversions; every problem is reported at once."""

import difflib
import logging
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from attrs import field, frozen

from hookline.entities import EntryPoint, Parameter
from hookline.entities.rules import check_key
from hookline.errors import InvalidValue
from hookline.uris import file_path, is_path, scheme_of, without_secrets

log = logging.getLogger("hookline")
_EXTRA_NAME = re.compile(r"[A-Za-z0-9_][\w.\-]*", re.ASCII)

Download = Callable[[str, str], Path]
"""Brings what a URI names to local disk: `download(uri, name_of_the_parameter)` returns where it lies."""


@frozen
class Values:
    """Checked values.

    Attributes:
        declared: what stands for each declared parameter in the command.
        extra: parameters that the entry point does not declare, appended to the command.
        logged: the params of the run: as they were given, secrets in URIs taken out.
        paths: what `path` parameters name on this machine.
    """

    declared: Mapping[str, str] = field(factory=dict)
    extra: Mapping[str, str] = field(factory=dict)

    logged: Mapping[str, str] = field(factory=dict)
    paths: tuple[Path, ...] = ()


def resolve_parameters(
    entry: EntryPoint, given: Mapping[str, object], *, project_folder: Path, download: Download
) -> Values:
    """Check what was given against what an entry point declares.

    A `path` that was given is relative to the working folder, else to the project; a default is relative to the
    project. A `path` that is a URI is downloaded, after everything else was found right.

    Raises:
        InvalidValue: one line for each problem; missing parameters are named together.
        NotFound: what a `path` parameter names by a URI is not there.
    """
    texts = {str(name): _text(value) for name, value in given.items()}
    chosen = {**{name: each.default for name, each in entry.parameters.items() if each.default is not None}, **texts}
    problems = _missing(entry, chosen)
    declared: dict[str, str] = {}
    for name, value in chosen.items():
        try:
            check_key("param", name)
            _check_text(name, value)
            if name in entry.parameters:
                declared[name] = _checked(entry.parameters[name], value, project_folder, name in texts)
            else:
                _check_extra_name(name)
        except InvalidValue as error:
            problems.append(str(error))
    if problems:
        raise InvalidValue("\n".join(problems))
    _warn_of_typos(entry, chosen)
    for name, value in declared.items():
        if entry.parameters[name].type == "path" and _is_remote(value):
            declared[name] = str(download(value, name))
    return Values(
        {name: declared[name] for name in entry.parameters},
        {name: value for name, value in chosen.items() if name not in entry.parameters},
        {name: without_secrets(value) if "://" in value else value for name, value in chosen.items()},
        tuple(Path(value) for name, value in declared.items() if entry.parameters[name].type == "path"),
    )


def _warn_of_typos(entry: EntryPoint, chosen: Mapping[str, str]) -> None:
    for name in chosen:
        close = difflib.get_close_matches(name, entry.parameters, n=1)
        if close and name not in entry.parameters:
            text = "The parameter %r is not declared (did you mean %r?); it is passed on as --%s."
            log.warning(text, name, close[0], name)


def _text(value: object) -> str:
    return value if isinstance(value, str) else str(value)


def _missing(entry: EntryPoint, chosen: Mapping[str, str]) -> list[str]:
    missing = [each for name, each in entry.parameters.items() if name not in chosen]
    if not missing:
        return []
    listed = ", ".join(f"{each.name!r} ({each.type})" for each in missing)
    example = " ".join(f"-P {each.name}=VALUE" for each in missing)
    return [f"No value given for missing parameters of the entry point {entry.name!r}: {listed}. Give: {example}"]


def _check_text(name: str, value: str) -> None:
    if "\0" in value:
        raise InvalidValue(f"The value of the parameter {name!r} holds a NUL character, which no command can be given.")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidValue(f"The value of the parameter {name!r} is not valid Unicode: {error.reason}.") from error


def _check_extra_name(name: str) -> None:
    if not _EXTRA_NAME.fullmatch(name):
        raise InvalidValue(
            f"The parameter {name!r} is not declared, and its name cannot be passed on as an option: letters, digits, "
            "'_', '.' and '-' are allowed, and no '-' at the start."
        )


def _checked(parameter: Parameter, value: str, project_folder: Path, was_given: bool) -> str:
    if parameter.type == "float":
        return _float(parameter, value)
    if parameter.type == "uri" and (is_path(value) or not value.partition(":")[2]):
        raise InvalidValue(
            f"The parameter {parameter.name!r} is a uri, such as 's3://bucket/data.csv' or 'file:///data.csv', "
            f"and {value!r} is none."
        )
    return _path(parameter, value, project_folder, was_given) if parameter.type == "path" else value


def _float(parameter: Parameter, value: str) -> str:
    try:
        number = float(value)
    except ValueError as error:
        raise InvalidValue(
            f"The parameter {parameter.name!r} is a float, and {value!r} is no number; write it as 0.05 or 1e-3."
        ) from error
    if math.isinf(number) and "inf" not in value.lower():
        raise InvalidValue(f"The parameter {parameter.name!r} is a float, and {value!r} is too large for one.")
    return value.strip()


def _is_remote(value: str) -> bool:
    return not is_path(value) and scheme_of(value) != "file"


def _path(parameter: Parameter, value: str, project_folder: Path, was_given: bool) -> str:
    if _is_remote(value):
        return value
    if not value:
        raise InvalidValue(f"The parameter {parameter.name!r} is a path, and its value is empty.")
    path = file_path(value)
    folders = [Path.cwd(), project_folder] if was_given else [project_folder]
    for folder in folders:
        if (folder / path).exists():
            return str((folder / path).absolute())
    places = " or ".join(repr(str((folder / path).absolute())) for folder in dict.fromkeys(folders))
    raise InvalidValue(f"The parameter {parameter.name!r} is a path, and there is no file or folder {places}.")
