"""What goes wrong in an object store, in Hookline's words.

obstore's texts hold whole requests and answers, so none of them is passed on: what is told is the verb, the key, the
bucket, and the code that the store gave. A missing bucket and refused credentials are the state of this side, and not
about what a client of a server asked: they are no `NotFound`.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from obstore import exceptions as theirs

from hookline.errors import ConfigError, HooklineError, InvalidValue, NotFound, Refused, Unavailable
from hookline_artifact_object.places import Place

_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>(\w{1,100})</Code>|\"code\":\s*\"(\w{1,100})\"")
_NO_BUCKET = frozenset({"NoSuchBucket", "ContainerNotFound", "ContainerBeingDeleted", "FilesystemNotFound"})
_ASKED_FOR_KEYS = re.compile(
    r"performing \w+ https?://(?:[^/\s]+/latest/(?:api/token|meta-data)|169\.254\.|metadata[./]|metadata\.google\.internal"
    r"|login\.microsoftonline\.|login\.windows\.net|oauth2\.googleapis\.com)"
)
"""What is asked for credentials, where none were given: the machine, or the vendor's service for signing in."""
_OTHER_REGION = frozenset({"AuthorizationHeaderMalformed", "PermanentRedirect", "TemporaryRedirect"})


class Changed(Unavailable):
    """A file was replaced or removed while it was read."""


@contextmanager
def told(verb: str, key: str, place: Place, asked: str) -> Iterator[None]:
    """Turn what obstore raises into errors of Hookline.

    Args:
        verb: what was tried, such as "store". key: of the artifact; "" for the root. asked: where the store is.
    """
    try:
        yield
    except FileNotFoundError as error:
        code = _code(str(error))
        if code in _NO_BUCKET:
            raise _no_bucket(place, asked) from None
        raise NotFound(f"There is no artifact {key!r}.") from None
    except theirs.PreconditionError:
        raise Changed(f"The artifact {key!r} was replaced while it was read. Read it again.") from None
    except theirs.UnknownConfigurationKeyError:
        raise ConfigError(f"The options for {place.shown} are not those of its object store.") from None
    except (theirs.BaseError, ValueError, OSError) as error:
        raise failure(error, verb, key, place, asked) from None


def failure(error: Exception, verb: str, key: str, place: Place, asked: str) -> HooklineError:
    """Return the error to raise for one of obstore's, other than that something is missing or has changed."""
    text = str(error)
    status, code = _status(text), _code(text)
    what = (
        f"Cannot {verb} the artifact {key!r} in the {place.shown} at {asked}"
        if key
        else f"Cannot {verb} the {place.shown} at {asked}"
    )
    said = f" ({code or status})" if code or status else ""
    if code in _NO_BUCKET:
        return _no_bucket(place, asked)
    if _ASKED_FOR_KEYS.search(text):
        return Refused(
            f"{what}: no credentials were found that work, and the machine has no role of its own. {_ways(place)}"
        )
    if isinstance(error, (theirs.PermissionDeniedError, theirs.UnauthenticatedError)) or status in (401, 403):
        return Refused(
            f"{what}: the object store refused the credentials, or they do not allow it{said}. {_ways(place)}"
        )
    if isinstance(error, theirs.InvalidPathError):
        return InvalidValue(f"{what}: the object store allows no such key.")
    if status == 404 and not code:
        return _no_bucket(place, asked)
    if status in (301, 307) or code in _OTHER_REGION or "incorrectly configured region" in text:
        return Unavailable(f"{what}{said}: the bucket is in another region. Set the option region, or AWS_REGION.")
    if status is None and "timed out" in text.lower():
        return Unavailable(f"{what}: it takes too long to answer. The option timeout says how long to wait.")
    if status is None:
        return Unavailable(
            f"{what}: it cannot be reached, or the connection broke. Check the network, and the endpoint."
        )
    return Unavailable(f"{what}: it failed{said}. Try again later.")


def _no_bucket(place: Place, asked: str) -> Unavailable:
    return Unavailable(f"There is no {place.shown} at {asked}. Make it first, or check the URI and the endpoint.")


def _ways(place: Place) -> str:
    names = {
        "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE",
        "gs": "GOOGLE_APPLICATION_CREDENTIALS",
    }
    return (
        f"Check {names.get(place.scheme, 'AZURE_STORAGE_ACCOUNT_KEY, AZURE_STORAGE_CONNECTION_STRING')} or the options."
    )


def is_range_of_nothing(error: Exception) -> bool:
    """Return whether a store says that a range lies outside of a file, as of an empty one every range does."""
    return _status(str(error)) == 416


def _status(text: str) -> int | None:
    found = _STATUS.search(text)
    return int(found[1]) if found else None


def _code(text: str) -> str:
    found = _CODE.search(text)
    return (found[1] or found[2]) if found else ""
