"""What answers each operation of the table. A handler is called on a thread with the services and the request.

Those in `HOT` return what is to be written, which is stored together with what other requests write.
"""

from collections.abc import Mapping

from hookline_server.extensions import Handler
from hookline_server.handlers import (
    changes,
    experiments,
    files,
    history,
    journals,
    logged_models,
    logging,
    models,
    multipart,
    runs,
    system,
    tables,
    versions,
    views,
)

HOT = frozenset(logging.HANDLERS)
HANDLERS: Mapping[str, Handler] = {
    **system.HANDLERS,
    **experiments.HANDLERS,
    **runs.HANDLERS,
    **logging.HANDLERS,
    **history.HANDLERS,
    **files.HANDLERS,
    **multipart.HANDLERS,
    **models.HANDLERS,
    **versions.HANDLERS,
    **logged_models.HANDLERS,
    **tables.HANDLERS,
    **views.HANDLERS,
    **journals.HANDLERS,
    **changes.HANDLERS,
}
