"""The server about itself."""

from hookline.errors import HooklineError
from hookline_lib_wire.codec import encode
from hookline_lib_wire.messages.base import Request
from hookline_server.exchanges import Reply
from hookline_server.openapi import document
from hookline_server.services import Services

API_VERSION = "3.5.0"
"""The version of MLflow that clients take the server for. From 3.6 on they would send spans, which it does not take."""
_PLAIN = "text/plain; charset=utf-8"


def health(_services: Services, _request: Request) -> Reply:
    """Say that the process is alive."""
    return Reply(b"OK", media_type=_PLAIN)


def ready(services: Services, _request: Request) -> Reply:
    """Say whether the stores answer."""
    try:
        services.tracking.get_experiment("0")
        services.registry  # noqa: B018 - opened here
    except HooklineError:
        return Reply(b"The stores do not answer.", 503, _PLAIN)
    return Reply(b"OK", media_type=_PLAIN)


def version(_services: Services, _request: Request) -> Reply:
    """Name the version of the API."""
    return Reply(API_VERSION.encode(), media_type=_PLAIN)


def metrics(services: Services, _request: Request) -> Reply:
    """Return the figures for Prometheus."""
    return Reply(services.app.monitor.text().encode(), media_type="text/plain; version=0.0.4; charset=utf-8")


def openapi(services: Services, _request: Request) -> Reply:
    """Describe the API."""
    return Reply(encode(document(services.app.routes)))


def server_info(services: Services, _request: Request) -> Reply:
    """Say what the server can do, in the words that clients from 3.0 on look for."""
    return Reply(
        encode(
            {
                "store_type": "SqlStore",
                "workspaces_enabled": False,
                "trace_archival_enabled": False,
                "multipart_uploads_enabled": bool(services.settings.public_url),  # else a proxy may be in the way
                "multipart_downloads_enabled": False,
                "artifact_serving_enabled": True,
                "presigned_upload_run_id_supported": False,
                "presigned_upload_model_id_supported": False,
                "model_artifact_presigned_downloads_supported": False,
                "features_enabled": {},
            }
        )
    )


HANDLERS = {
    "health": health,
    "ready": ready,
    "version": version,
    "metrics": metrics,
    "openapi": openapi,
    "server_info": server_info,
}
