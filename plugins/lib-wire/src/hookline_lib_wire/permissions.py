"""What a caller must be allowed to do, declared with each route."""

from enum import StrEnum

from attrs import frozen


class Action(StrEnum):
    """What is done to a thing; each one includes those before it."""

    READ = "read"
    EDIT = "edit"
    MANAGE = "manage"


class Thing(StrEnum):
    """What a permission is about, and so who decides.

    PUBLIC: everybody, without a name. TICKET: whoever holds a secret that the server gave out for this one thing, which
    the handler checks. CALLER: everybody who has one; what is found is filtered by what each may read.
    OWNER_OF_NEW: everybody who has one, and what is made is theirs. USER: an account, which is its user's. NAMED: an
    experiment or a registered model, as the request says: `experiment/1`. ADMIN: who looks after the server.
    """

    PUBLIC = "public"
    TICKET = "ticket"
    CALLER = "caller"
    OWNER_OF_NEW = "owner of new"
    EXPERIMENT = "experiment"
    RUN = "run"
    LOGGED_MODEL = "logged model"
    REGISTERED_MODEL = "registered model"
    ARTIFACT = "artifact"
    USER = "user"
    NAMED = "named"
    ADMIN = "admin"


@frozen
class Permission:
    """What a route asks for.

    Attributes:
        field: the field of the request that names the thing, or the things.
        filters: whether what is named and may not be read is passed over, and not refused: the route is a search.
    """

    thing: Thing
    action: Action = Action.READ
    field: str = ""
    filters: bool = False


NAMELESS = frozenset({Thing.PUBLIC, Thing.TICKET})
"""What is asked for without saying who asks."""

PUBLIC = Permission(Thing.PUBLIC)
TICKET = Permission(Thing.TICKET, Action.EDIT)
CALLER = Permission(Thing.CALLER)
NEW = Permission(Thing.OWNER_OF_NEW, Action.EDIT, "name")
ADMIN = Permission(Thing.ADMIN, Action.MANAGE)


def experiment(action: Action, field: str = "experiment_id") -> Permission:
    """Return the permission for an experiment, or several."""
    return Permission(Thing.EXPERIMENT, action, field)


def within_experiments(field: str = "experiment_ids") -> Permission:
    """Return the permission for a search in experiments, which finds what the caller may read."""
    return Permission(Thing.EXPERIMENT, Action.READ, field, filters=True)


def run(action: Action, field: str = "run_id") -> Permission:
    """Return the permission for a run, which is that for its experiment."""
    return Permission(Thing.RUN, action, field)


def logged_model(action: Action) -> Permission:
    """Return the permission for a logged model, which is that for its experiment."""
    return Permission(Thing.LOGGED_MODEL, action, "model_id")


def registered_model(action: Action) -> Permission:
    """Return the permission for a registered model."""
    return Permission(Thing.REGISTERED_MODEL, action, "name")


def user(action: Action) -> Permission:
    """Return the permission for an account."""
    return Permission(Thing.USER, action, "username")


def artifact(action: Action, field: str = "artifact_path") -> Permission:
    """Return the permission for a path of the artifact store, which is that for the experiment it starts with."""
    return Permission(Thing.ARTIFACT, action, field)
