"""Files of a WebDAV server, with the client below fsspec's file system of webdav4."""

import os
import ssl
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from typing import Any
from urllib.parse import quote

import httpx
from webdav4.client import Client, HTTPError, InsufficientStorage, MultiStatusError, ResourceNotFound
from webdav4.client import ClientError as WebdavError

from hookline_artifact_fsspec.certificates import trusting
from hookline_artifact_fsspec.failures import Changed, Denied, Problem, Unsettled, unreachable
from hookline_artifact_fsspec.filesystem import Entry, Filesystem, parent_of
from hookline_artifact_fsspec.options import WebdavOptions
from hookline_artifact_fsspec.places import Place, signing_in
from hookline_artifact_fsspec.reading import Opened, Sequential

_PROPERTIES = (
    '<?xml version="1.0"?><propfind xmlns="DAV:"><prop><getcontentlength/><resourcetype/><getetag/></prop></propfind>'
)
_RACES = 5
_CONFLICTS = frozenset({404, 409, 412, 423, 500})
"""What servers say of a file that several move at the same time, or whose folder is being removed."""
_FOLDER_CONFLICTS = _CONFLICTS | {405}
"""What they say of a folder that several make or remove at the same time: 405 where it was there a moment ago."""


class WebdavFilesystem(Filesystem):
    """Files of a WebDAV server.

    Such a server has no call that removes a folder only if it is empty: empty ones are left, and not listed. Most
    remove a file before they move another one to its place: who does not find it looks again while one is on its way.
    """

    takes_away_first = True

    def __init__(self, place: Place, options: WebdavOptions) -> None:
        self._place = place
        scheme = "https" if place.scheme == "webdavs" else "http"
        host = f"[{place.host}]" if ":" in place.host else place.host
        self._server = f"{scheme}://{host}" + (f":{place.port}" if place.port else "")
        user, password = signing_in(place, options.username, options.password)
        self._settings: dict[str, Any] = {
            "auth": None if options.token or user is None else (user, password or ""),
            "headers": {"Authorization": f"Bearer {options.token}"} if options.token else {},
            "timeout": options.timeout,
            "verify": trusting(options.ca_bundle) if scheme == "https" else True,
        }
        self._clients: list[Client] = []
        self._renew()

    def _renew(self) -> None:
        """Use new connections from now on."""
        self._process = os.getpid()
        self._last = Client(self._server, retry=False, follow_redirects=False, trust_env=False, **self._settings)
        self._clients.append(self._last)

    @property
    def _client(self) -> Client:
        """The client of this process: the connections of one that it was forked from are that one's."""
        if self._process != os.getpid():
            self._renew()
        return self._last

    def write(self, path: str, parts: Iterable[bytes]) -> None:
        """See `Filesystem.write`."""
        try:
            with self.asking():
                self._client.request("PUT", quote(path), content=iter(parts))
        except (Problem, FileNotFoundError) as problem:
            self._renew()  # a server that did not read all of it takes the rest for what comes next
            if getattr(problem, "status", None) != 409:
                raise
            raise FileNotFoundError(path) from None

    def read(self, path: str) -> Opened:
        """See `Filesystem.read`."""
        entry = self._properties(path)
        if entry is None or entry[0].is_dir or entry[0].size is None:
            raise FileNotFoundError(path)
        return _Remote(self, path, entry[0].size)

    def stat(self, path: str) -> Entry | None:
        """See `Filesystem.stat`."""
        found = self._properties(path)
        return found[0] if found else None

    def entries(self, path: str) -> Sequence[Entry] | None:
        """See `Filesystem.entries`."""
        found = self._properties(path, "1")
        return found[1:] if found and found[0].is_dir else None

    def _properties(self, path: str, depth: str = "0") -> list[Entry] | None:
        """Return what lies at a path and, for the depth "1", after it what lies in it; None where nothing is there."""
        headers = {"Depth": depth, "Content-Type": "application/xml"}
        with suppress(FileNotFoundError), self.asking():
            answer = self._client.propfind(quote(path), data=_PROPERTIES, headers=headers)
            found = [_entry(each) for each in answer.responses.values()]
            name = path.rpartition("/")[2]
            own = [entry for where, entry in found if where == (path or "/")]
            if own:
                return [Entry(name, own[0].is_dir, own[0].size), *(e for where, e in found if where != (path or "/"))]
        return None

    def make_folders(self, path: str) -> None:
        """See `Filesystem.make_folders`."""
        with self.asking():
            self._make_folders(path)

    def _make_folders(self, path: str) -> None:
        """Make a folder and those above it, which others may be making or removing."""
        for _ in range(_RACES):
            status = self._made(path)
            if status is None:
                return
            found = None
            with suppress(Unsettled):  # a folder that is removed while it is looked at
                found = self._properties(path)
            if found is not None and found[0].is_dir:
                return
            if status == 409 and found is None and parent_of(path):
                self._make_folders(parent_of(path))
        reason = f"the server does not let the folder {path!r} be made ({status})."
        raise Unsettled(reason) if found is None and status in _FOLDER_CONFLICTS else Denied(reason)

    def _made(self, path: str) -> int | None:
        """Ask for a folder to be made in one that is there; return the status that says no."""
        try:
            self._client.request("MKCOL", quote(path))
        except ResourceNotFound:
            return 409  # the folder above is missing: most servers say so by themselves
        except HTTPError as error:
            return int(error.status_code)
        return None

    def move(self, source: str, target: str) -> None:
        """See `Filesystem.move`."""
        if ";" in target.rpartition("/")[2] and self._cuts_names(source):
            return self._copy(source, target)
        try:
            self._request_move(source, target)
        except _Status as problem:
            if problem.status not in _CONFLICTS or self._properties(source) is None:
                raise
            raise FileNotFoundError(target) from None
        return None

    def _request_move(self, source: str, target: str) -> None:
        headers = {"Destination": f"{self._server}{quote(target)}", "Overwrite": "T"}
        with self.asking():
            self._client.request("MOVE", quote(source), headers=headers)

    def _cuts_names(self, source: str) -> bool:
        """Return whether the server takes what follows a `;` in the name that a file shall get for no part of it.

        Another artifact may have the name that is left. The file is moved forth and back where both names are free.
        """
        tried = f"{source};x"
        with suppress(Denied):  # it cannot be moved to where it is
            self._request_move(source, tried)
        if self._properties(tried) is None:
            return True
        self._request_move(tried, source)
        return False

    def _copy(self, source: str, target: str) -> None:
        """Write a file under its name, in place: on a server that cannot move it there."""
        with closing(self.read(source)) as opened:
            self.write(target, opened.parts())
        self.remove(source)

    def remove(self, path: str) -> None:
        """See `Filesystem.remove`."""
        with self.asking():
            self._client.request("DELETE", quote(path))

    def close(self) -> None:
        """See `Filesystem.close`."""
        clients, self._clients = self._clients, []
        self._renew()
        for each in clients:
            each.http.close()

    # Requests --------------------------------------------------------------------------------------------------------

    def get(self, path: str, position: int) -> httpx.Response:
        """Ask for a file from a position on; the answer is read as it comes."""
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={position}-"} if position else {})
        http = self._client.http
        answer = http.send(http.build_request("GET", self._server + quote(path), headers=headers), stream=True)
        if answer.is_success:
            return answer
        answer.close()
        if answer.status_code == 404:
            raise ResourceNotFound(path)
        raise HTTPError(answer)

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Turn what webdav4 and httpx raise into the errors of file systems."""
        try:
            yield
        except ResourceNotFound as error:
            raise FileNotFoundError(error.path) from None
        except HTTPError as error:
            raise _problem(error.status_code) from None
        except InsufficientStorage:
            raise Problem("the server has no space left for it (507).") from None
        except MultiStatusError:
            raise Unsettled("the server could not do it for all that lies in the folder (207).") from None
        except WebdavError as error:
            raise Problem(f"the server could not do it ({type(error).__name__}).") from None
        except httpx.HTTPError as error:
            raise self._away(error) from None
        except ValueError:
            raise Problem("the server's answer is none of a WebDAV server. Check the URI.") from None

    def _away(self, error: httpx.HTTPError) -> Problem:
        host = f"the WebDAV server {self._place.host}"
        if isinstance(error, httpx.TimeoutException):
            return unreachable(host, TimeoutError())
        if isinstance(error.__cause__ and error.__cause__.__context__, ssl.SSLCertVerificationError) or (
            "CERTIFICATE_VERIFY_FAILED" in str(error)
        ):
            return Denied(
                f"the certificate of {self._place.host} is not trusted, or is another host's. The option ca_bundle "
                "names certificates to trust."
            )
        return unreachable(host, error)


class _Status(Unsettled):
    """An answer that says no; `status` is its code."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


class _Remote(Sequential):
    """A file that the server sends from some position on."""

    def __init__(self, filesystem: WebdavFilesystem, path: str, size: int) -> None:
        self._filesystem, self._path, self.size = filesystem, path, size
        self._answer: httpx.Response | None = None
        self._parts: Iterator[bytes] = iter(())
        self._rest = b""
        self._version: tuple[str | None, str | None] | None = None
        if size:
            self.start(0)
            self._position = 0

    def start(self, position: int) -> None:
        """See `Sequential.start`."""
        try:
            with self._filesystem.asking():
                answer = self._filesystem.get(self._path, position)
        except _Status as problem:
            if problem.status != 416:
                raise
            raise Changed(f"The file {self._path!r} was replaced while it was read. Read it again.") from None
        self._answer, self._rest = answer, b""
        version = answer.headers.get("ETag"), answer.headers.get("Last-Modified")
        length = answer.headers.get("Content-Length")
        if self._version is None:
            self._version = version
            self.size = int(length) if length is not None else self.size
        elif version != self._version or (length is not None and int(length) != self.size - position):
            self.stop()
            raise Changed(f"The file {self._path!r} was replaced while it was read. Read it again.")
        if position and answer.status_code != 206:
            self.stop()
            raise Problem("the server sends files from their start only.")
        self._parts = answer.iter_raw(1 << 18)

    def next(self, count: int) -> bytes:
        """See `Sequential.next`."""
        with self._filesystem.asking():
            part = self._rest or next(self._parts, b"")
        self._rest = part[count:]
        return part[:count]

    def stop(self) -> None:
        """See `Sequential.stop`."""
        answer, self._answer, self._parts, self._rest = self._answer, None, iter(()), b""
        if answer is not None:
            answer.close()


def _problem(status: int) -> Problem:
    if status == 401:
        return Denied("the server refused the user or the password (401). Check the options, the URI, and ~/.netrc.")
    if status == 403:
        return Denied("the server does not allow it to this user (403).")
    if status == 507:
        return _Status("the server has no space left for it (507).", status)
    if status in (301, 302, 307, 308):
        return _Status(
            f"the server says that it is elsewhere ({status}). Check the URI: http or https, and its path.", status
        )
    if status == 405:
        return _Status("the server does not speak WebDAV at this path (405). Check the URI.", status)
    return _Status(f"the server failed ({status}). Try again later.", status)


def _entry(response: Any) -> tuple[str, Entry]:
    where = "/" + response.path_norm.strip("/")
    found = response.properties
    name = where.rpartition("/")[2]
    return where, Entry(name, bool(found.collection), None if found.collection else found.content_length or 0)
