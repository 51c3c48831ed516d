"""Uploads in parts, as MLflow's clients send them: the parts come here, and go to the artifact store as one file.

Clients send the parts without their credentials: each URL is a ticket in itself, with a secret that travels in a
header, where no log has it.
"""

import re

from hookline.errors import NotFound, NotSupported
from hookline.paths import check_key_path, join_key
from hookline_lib_wire.messages import artifacts as messages
from hookline_lib_wire.messages.base import Empty
from hookline_lib_wire.table import MULTIPART
from hookline_server.exchanges import Exchange, Reply
from hookline_server.handlers.files import new_key
from hookline_server.services import Services

SECRET = "x-hookline-upload-secret"
_SIGNS_OF_A_PROXY = (b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"via")
_BEHIND_A_PROXY = (
    "Multipart upload is not supported for the current artifact repository: the server is behind a proxy, and does not "
    "know by which URL it is called. Its owner tells it with --public-url."
)
"""Begins as clients expect it, who then send the file whole."""


async def create_multipart(
    services: Services, exchange: Exchange, request: messages.CreateMultipart
) -> messages.MultipartCreated:
    """Begin an upload; say where each part goes."""
    base = _base(services, exchange)
    key = _key(request.artifact_path, request.path)
    parts = request.num_parts or 0
    begun = await services.long_threads(services.part_uploads.begin, key, parts, services.access.caller.name)
    url = f"{base}/api/2.0{MULTIPART}/parts/{begun.upload_id}"
    headers = {SECRET: begun.secret}
    targets = [messages.PartTarget(f"{url}/{number}", number, headers) for number in range(1, parts + 1)]
    return messages.MultipartCreated(begun.upload_id, targets)


async def upload_part(services: Services, exchange: Exchange, request: messages.UploadPart) -> Reply:
    """Take a part as it comes."""
    secret = exchange.headers.get(SECRET, "")
    number = int(request.part_number) if re.fullmatch(r"[0-9]{1,5}", request.part_number) else 0
    digest = await services.part_uploads.receive(request.upload_id, number, secret, exchange.parts())
    return Reply(b"{}", headers={"etag": f'"{digest}"'})


def complete_multipart(services: Services, request: messages.CompleteMultipart) -> Empty:
    """Make one artifact of the parts."""
    parts = [(each.part_number, each.etag.strip('"')) for each in request.parts]
    key, owner = _key(request.artifact_path, request.path), services.access.caller.name
    store = services.artifacts
    services.part_uploads.complete(request.upload_id, key, owner, parts, store)
    return Empty()


def abort_multipart(services: Services, request: messages.AbortMultipart) -> Empty:
    """Give up an upload."""
    key = _key(request.artifact_path, request.path)
    services.part_uploads.abort(request.upload_id, key, services.access.caller.name)
    return Empty()


def _key(folder: str, path: str) -> str:
    """Return the key of a file: clients name the folder in the store, and the path that the file has on their side."""
    name = re.split(r"[\\/]", path)[-1]
    return new_key(join_key(check_key_path(folder.rstrip("/")), check_key_path(name)))


def _base(services: Services, exchange: Exchange) -> str:
    """Return the URL by which a client reaches this server."""
    if services.settings.public_url:
        return services.settings.public_url
    if any(exchange.header(each) is not None for each in _SIGNS_OF_A_PROXY):
        raise NotSupported(_BEHIND_A_PROXY)
    host = exchange.headers.get("host")
    if not host:
        raise NotFound("The request names no host.")
    return f"{exchange.scope.get('scheme', 'http')}://{host}{services.settings.prefix}"


HANDLERS = {
    "create_multipart": create_multipart,
    "upload_part": upload_part,
    "complete_multipart": complete_multipart,
    "abort_multipart": abort_multipart,
}
