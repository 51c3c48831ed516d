"""Saved views: what a person looked at, as a JSON object with a name. They are kept in the store's documents."""

from hookline.errors import InvalidState, InvalidValue, NotFound
from hookline.interfaces import Document
from hookline_lib_wire.codec import encode
from hookline_lib_wire.errors import WireError
from hookline_lib_wire.messages import own as messages
from hookline_lib_wire.messages.base import Empty
from hookline_server.services import Services

NAMESPACE = "views"
MAX_NAME, MAX_BYTES = 250, 1_000_000


def list_views(services: Services, request: messages.ListViews) -> messages.ViewsFound:
    """List saved views."""
    found = services.workspace.documents.list_documents(NAMESPACE, request.prefix)
    return messages.ViewsFound(views=[_view(each) for each in found])


def get_view(services: Services, request: messages.ViewName) -> messages.View:
    """Read a saved view."""
    found = services.workspace.documents.get_document(NAMESPACE, request.name)
    if found is None:
        raise NotFound(f"There is no saved view {request.name[:MAX_NAME]!r}.")
    return _view(found)


def put_view(services: Services, request: messages.PutView) -> messages.View:
    """Save a view."""
    if len(request.name) > MAX_NAME:
        raise InvalidValue(f"The name of a view has at most {MAX_NAME} characters, not {len(request.name)}.")
    if len(encode(request.value)) > MAX_BYTES:
        raise InvalidValue(f"A view takes at most {MAX_BYTES:,} bytes of JSON.")
    put = services.workspace.documents.put_document
    try:
        return _view(put(NAMESPACE, request.name, request.value, expected_version=request.expected_version))
    except InvalidState as error:
        raise WireError("RESOURCE_CONFLICT", f"Somebody else changed this view meanwhile: {error}") from error


def delete_view(services: Services, request: messages.ViewName) -> Empty:
    """Remove a saved view; a missing one is no error."""
    services.workspace.documents.delete_document(NAMESPACE, request.name)
    return Empty()


def _view(of: Document) -> messages.View:
    return messages.View(name=of.key, value=of.value, version=of.version)


HANDLERS = {"list_views": list_views, "get_view": get_view, "put_view": put_view, "delete_view": delete_view}
