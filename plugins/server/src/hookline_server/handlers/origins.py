"""What requests name beside the thing that their route is about: each needs a right of its own.

A run that came from elsewhere, or is gone, may be named as where something came from: only what is there is checked.
"""

from collections.abc import Iterable

from hookline.entities import Delivery
from hookline.errors import NotFound
from hookline.uris import is_path, scheme_of
from hookline_lib_wire.answers import OWN
from hookline_lib_wire.permissions import Action, Permission, Thing
from hookline_server.access import permission_denied
from hookline_server.services import Services

_READ_RUN = Permission(Thing.RUN)
_READ_LOGGED_MODEL = Permission(Thing.LOGGED_MODEL)
_EDIT_LOGGED_MODEL = Permission(Thing.LOGGED_MODEL, Action.EDIT)
_READ_MODEL = Permission(Thing.REGISTERED_MODEL)
_READ_FILES = Permission(Thing.ARTIFACT)
_EDIT_FILES = Permission(Thing.ARTIFACT, Action.EDIT)


def check_source(services: Services, source: str) -> None:
    """Raise `WireError` or `NotFound` where the caller may not read the files that a version is to be made from.

    Who may read the version reads its files through it. Places outside of the server's store are opened by nobody here.

    Args:
        source: as it is stored.
    """
    scheme, (name, _, _key) = "" if is_path(source) else scheme_of(source), _after_scheme(source).partition("/")
    if source.startswith(OWN):
        services.access.require(_READ_FILES, source.removeprefix(OWN))
    elif scheme == "runs":
        _require_if_there(services, _READ_RUN, name)
    elif scheme == "models" and name.startswith("m-"):
        _require_if_there(services, _READ_LOGGED_MODEL, name)
    elif scheme == "models" and name:
        services.access.require(_READ_MODEL, name.partition("@")[0])


def _after_scheme(source: str) -> str:
    return source.partition(":")[2].lstrip("/")


def check_lineage(services: Services, run_id: str | None, model_id: str | None) -> None:
    """Raise `WireError` or `NotFound` where the caller may not read what something is said to come from."""
    if run_id:
        _require_if_there(services, _READ_RUN, run_id)
    if model_id:
        _require_if_there(services, _READ_LOGGED_MODEL, model_id)


def check_uses(services: Services, model_ids: Iterable[str]) -> None:
    """Raise `WireError` or `NotFound` where the caller may not read logged models that a run used."""
    _require_if_there(services, _READ_LOGGED_MODEL, *model_ids)


def check_changes(services: Services, model_ids: Iterable[str]) -> None:
    """Raise `WireError` or `NotFound` where the caller may not change logged models that a run made or measured."""
    _require_if_there(services, _EDIT_LOGGED_MODEL, *model_ids)


def check_delivery(services: Services, delivery: Delivery) -> None:
    """Raise `WireError` or `NotFound` where the records of a journal change or use logged models that they may not."""
    if services.access.authenticator is None:
        return
    check_changes(services, {each.model_id for each in delivery.metrics if each.model_id})
    check_changes(services, {each.model_id for each in delivery.model_outputs})
    check_uses(services, {each.model_id for each in delivery.model_inputs})


def check_location(services: Services, location: str) -> None:
    """Raise `WireError` or `NotFound` where an experiment is to keep its files among those of another.

    The folders that are called as experiments are, by numbers, are kept for those: only an administrator takes one.
    """
    if services.access.authenticator is None or not location.startswith(OWN):
        return
    key = location.removeprefix(OWN).strip("/")
    try:
        services.belonging.experiment_of(Thing.ARTIFACT, key)
    except NotFound:
        if not key.partition("/")[0].isdigit():
            return
        try:
            services.access.require(_EDIT_FILES, key)
        except NotFound:
            raise permission_denied() from None
    else:
        services.access.require(_EDIT_FILES, key)


def _require_if_there(services: Services, permission: Permission, *names: str) -> None:
    for name in names:
        try:
            services.access.require(permission, name)
        except NotFound:
            try:
                services.belonging.experiment_of(permission.thing, name)
            except NotFound:
                continue
            raise
