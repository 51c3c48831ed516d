"""The `docker_env` of an `MLproject`: an image, with volumes and variables."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from attrs import frozen

from hookline.entities import EnvironmentSpec
from hookline.errors import ConfigError, InvalidValue, Refused
from hookline_lib_container.dockerfile import check_reference

_VARIABLE = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_VOLUME_NAME = re.compile(r"[A-Za-z0-9][\w.\-]+", re.ASCII)


@frozen
class NamedImage:
    """What a `docker_env` says. `notes`: what of it cannot be had."""

    image: str
    volumes: tuple[str, ...]
    variables: Mapping[str, str]
    notes: tuple[str, ...]


def read_docker_env(spec: EnvironmentSpec, allowed: tuple[str, ...]) -> NamedImage:
    """Read a `docker_env`.

    Args:
        allowed: folders of this machine that may be mounted, besides the project's own.

    Raises:
        ConfigError: a value is not of its form; the text names the key. Refused: a folder may not be mounted.
    """
    where = str(spec.file or "docker_env")
    try:
        image = check_reference(str(spec.settings.get("image", "")).strip())
    except InvalidValue as error:
        raise ConfigError(f"{where}: docker_env.image: {error}") from error
    variables, notes = dict[str, str](), list[str]()
    for name, value in _variables(spec.settings.get("environment"), where):
        if value is None:
            notes.append(f"docker_env.environment asks for the variable {name}, which is not set here.")
        else:
            variables[name] = value
    volumes = tuple(_volumes(spec, allowed, where))
    return NamedImage(image, volumes, variables, tuple(notes))


def _variables(given: Any, where: str) -> Iterator[tuple[str, str | None]]:
    expected = f"{where}: docker_env.environment: expected names to copy and [NAME, value] pairs, not "
    if given is not None and not isinstance(given, list):
        raise ConfigError(f"{expected}{given!r}")
    for each in given or ():
        pair = [each] if isinstance(each, str) else each
        texts = (
            isinstance(pair, list) and len(pair) in (1, 2) and not any(isinstance(part, dict | list) for part in pair)
        )
        if not texts or not _VARIABLE.fullmatch(str(pair[0])):
            raise ConfigError(f"{expected}{each!r}")
        yield str(pair[0]), str(pair[1]) if len(pair) == 2 else os.environ.get(str(pair[0]))


def _volumes(spec: EnvironmentSpec, allowed: tuple[str, ...], where: str) -> Iterator[str]:
    given = spec.settings.get("volumes")
    if given is not None and not isinstance(given, list):
        raise ConfigError(f"{where}: docker_env.volumes: expected a list such as ['/data:/data:ro'], not {given!r}")
    project = (spec.file.parent if spec.file else Path.cwd()).resolve()
    places = [project, *(Path(each).expanduser().resolve() for each in allowed)]
    for text in given or ():
        source, target, mode = _parts(text, where)
        if _VOLUME_NAME.fullmatch(source):
            yield f"{source}:{target}{mode}"
            continue
        folder = (project / Path(source).expanduser()).resolve()
        if not any(folder.is_relative_to(place) for place in places):
            raise Refused(
                f"{where}: docker_env.volumes asks to show {str(folder)!r} of this machine to the container, and no "
                "project may do so by itself. Allow it under environments.docker in hookline.yaml: "
                f"allow_volumes: [{folder}]"
            )
        if not folder.exists():
            raise ConfigError(
                f"{where}: docker_env.volumes names {str(folder)!r}, and there is no such file or folder."
            )
        yield f"{folder}:{target}{mode}"


def _parts(text: Any, where: str) -> tuple[str, str, str]:
    parts = text.split(":") if isinstance(text, str) else []
    modes = {2: "", 3: parts[2] if len(parts) == 3 else ""}
    mode = modes.get(len(parts))
    if mode not in ("", "ro", "rw") or not parts[0] or not parts[1].startswith("/"):
        raise ConfigError(
            f"{where}: docker_env.volumes: expected SOURCE:/TARGET or SOURCE:/TARGET:ro, without further colons, "
            f"not {text!r}"
        )
    return parts[0], parts[1], ":ro" if mode == "ro" else ""
