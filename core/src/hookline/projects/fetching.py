"""From what the user named to a folder: local folders here, everything else by the plugin for its kind."""

import re
import shlex
from pathlib import Path

from attrs import evolve, frozen

from hookline.entities import Fetched
from hookline.errors import InvalidValue, NotFound, Refused
from hookline.interfaces import ProjectSource
from hookline.paths import inside
from hookline.plugins import Plugins
from hookline.projects.reading import is_project
from hookline.uris import file_path, file_uri, is_path, scheme_of, split_fragment, without_secrets

_REMOTE_HELPER = re.compile(r"[A-Za-z0-9+.\-]*::")
_HOST_AND_PATH = re.compile(r"[\w.\-]+@[\w.\-]+:(?!//).+")


@frozen
class Place:
    """Where a project is.

    Attributes:
        source: the name of the project source that fetches it; None for a local folder.
        uri: for the source, with whatever secrets it has; for messages and tags use `shown`.
        folder: of a local project.
        subdirectory: below the project, "" for its top.
    """

    source: str | None
    uri: str
    folder: Path | None = None
    subdirectory: str = ""

    @property
    def shown(self) -> str:
        """The place for tags and messages: an absolute path or a URI, secrets stripped."""
        base = str(self.folder) if self.folder else without_secrets(self.uri)
        return f"{base}#{self.subdirectory}" if self.subdirectory else base


def find_place(uri: str, version: str | None = None) -> Place:
    """Read what the user named: a path, a `file:` URI, `git@host:path`, or a URI of an installed project source.

    `#name` at the end names a folder inside. A local Git repository that is bare, that is named by a `file:` URI or of
    which a version is wanted is fetched by the source `git`; an archive that ends with `.zip` by the source `zip`.

    Raises:
        NotFound: there is no such local folder or file. InvalidValue, Refused: it cannot be the place of a project.
    """
    _check(uri)
    if is_path(uri) and _is_folder(Path(uri)):  # a folder may have a `#` in its name
        return _local(uri, "", version)
    base, subdirectory = split_fragment(uri)
    subdirectory = subdirectory.strip("/").removeprefix("./")
    if not base:
        raise InvalidValue(f"The project {without_secrets(uri)!r} names no place before '#'.")
    if _HOST_AND_PATH.fullmatch(base):
        return Place("ssh", base, None, subdirectory)
    if is_path(base) or scheme_of(base) == "file":
        return _local(base, subdirectory, version)
    scheme, base = _without_git_prefix(base)
    if scheme == "git+file":
        return Place("git", base, None, subdirectory)
    remote_zip = base.partition("?")[0].lower().endswith(".zip")
    return Place("zip" if remote_zip else scheme, base, None, subdirectory)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name that is too long for any file
        return False


def _check(uri: str) -> None:
    if not uri.strip():
        raise InvalidValue("The project is empty: name a folder or a URI, such as '.' or 'https://host/project.git'.")
    if uri.startswith("-"):
        raise Refused(f"The project {uri[:60]!r} starts with '-' and would be read as an option; write './{uri[:60]}'.")
    if any(ord(character) < 32 or ord(character) == 127 for character in uri):
        raise InvalidValue("The project's URI holds a control character.")
    if _REMOTE_HELPER.match(uri):
        raise Refused(
            f"{without_secrets(uri)[:60]!r} asks for a program of Git's to be run, which is never done; "
            "use an https, ssh, git or file URI."
        )


def _without_git_prefix(uri: str) -> tuple[str, str]:
    scheme = scheme_of(uri)
    if not scheme.startswith("git+"):
        return scheme, uri
    inner = uri[4:]
    return (scheme if scheme == "git+file" else scheme[4:]), inner


def _local(uri: str, subdirectory: str, version: str | None) -> Place:
    path = file_path(uri)
    if _is_folder(path):
        path = path.absolute().resolve()
        _check_readable(path)
        repository = is_repository(path)
        by_uri = not is_path(uri)
        if repository and (version is not None or by_uri or not (path / ".git").exists()):
            return Place("git", file_uri(path), None, subdirectory)
        if version is not None:
            raise InvalidValue(f"The version {version!r} was asked for, and {str(path)!r} is no Git repository.")
        return Place(None, str(path), path, subdirectory)
    try:
        found, is_file = path.exists(), path.is_file()
    except OSError as error:
        raise NotFound(
            f"The project {uri[:200]!r} cannot be opened: {error.strerror}.{_rights(error, path)}"
        ) from error
    if is_file and path.suffix.lower() == ".zip":
        return Place("zip", file_uri(path), None, subdirectory)
    what = "is no folder and no .zip archive" if found else "is not there"
    raise NotFound(f"The project {str(path.absolute())!r} {what}.")


def _check_readable(folder: Path) -> None:
    """Raise `Refused` where a folder may not be looked into."""
    try:
        for each in folder.iterdir():
            each.lstat()  # a folder may let its names be read, and nothing else
            break
    except OSError as error:
        problem = f"The folder {str(folder)!r} of the project cannot be read: {error.strerror}."
        raise Refused(f"{problem}{_rights(error, folder)}") from error


def _rights(error: OSError, path: Path) -> str:
    if not isinstance(error, PermissionError):
        return ""
    return f" Ask its owner to let you read it, or run as its owner: chmod -R u+rX {shlex.quote(str(path))}"


def is_repository(folder: Path) -> bool:
    """Return whether a folder is the top of a Git repository, with or without a working tree."""
    return (folder / ".git").exists() or all((folder / name).exists() for name in ("HEAD", "objects", "refs"))


def fetch(place: Place, version: str | None, plugins: Plugins, destination: Path) -> Fetched:
    """Bring the project to local disk; a local folder is used where it is.

    Args:
        destination: a folder that is not there yet, for what is fetched.

    Raises:
        UnknownProvider: no installed plugin fetches such a URI. NotFound: the place, the version or the subdirectory is
            not there. Refused: the subdirectory leads out of the project.
    """
    if place.source is None:
        fetched = _described(plugins, place)
    else:
        source = _source(plugins, place.source)
        destination.mkdir(parents=True)
        fetched = source.fetch(place.uri, version, destination)
    if place.subdirectory:
        return evolve(fetched, folder=_subdirectory(fetched.folder, place))
    return fetched if place.source is None else evolve(fetched, folder=_only_folder(fetched.folder))


def _source(plugins: Plugins, name: str) -> ProjectSource:
    provider = plugins.find("project_sources", name)
    source: ProjectSource = plugins.load("project_sources", provider)()
    return source


def _described(plugins: Plugins, place: Place) -> Fetched:
    """Ask the source `git`, where it is installed, what a local folder's commit is."""
    folder = Path(place.uri)
    if _repository_of(folder) and any(each.name == "git" for each in plugins.providers("project_sources")):
        return _source(plugins, "git").describe(folder)
    return Fetched(folder)


def is_here(folder: Path) -> bool:
    """Return whether a project's folder and the working folder are of one repository, or of none."""
    return _repository_of(folder) == _repository_of(Path.cwd())


def _repository_of(folder: Path) -> Path | None:
    real = folder.resolve()
    return next((each for each in (real, *real.parents) if (each / ".git").exists()), None)


def _subdirectory(folder: Path, place: Place) -> Path:
    try:
        path = inside(folder, place.subdirectory)
    except Refused:
        raise
    except InvalidValue as error:
        raise Refused(f"The subdirectory {place.subdirectory!r} must lie inside the project. {error}") from error
    if not path.is_dir():
        raise NotFound(f"The project {without_secrets(place.uri)!r} has no folder {place.subdirectory!r}.")
    return path


def _only_folder(folder: Path) -> Path:
    """Step into the one folder that many archives consist of."""
    entries = [each for each in folder.iterdir() if each.name not in (".git", "__MACOSX")]
    if len(entries) == 1 and entries[0].is_dir() and not entries[0].is_symlink() and not is_project(folder):
        return entries[0]
    return folder
