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

    PUBLIC: everybody, without a name. CALLER: everybody who has one; what is found is filtered by what each may read.
    OWNER_OF_NEW: everybody who has one, and what is made is theirs. ADMIN: who looks after the server.
    """

    PUBLIC = "public"
    CALLER = "caller"
    OWNER_OF_NEW = "owner of new"
    EXPERIMENT = "experiment"
    RUN = "run"
    LOGGED_MODEL = "logged model"
    REGISTERED_MODEL = "registered model"
    ARTIFACT = "artifact"
    ADMIN = "admin"


@frozen
class Permission:
    """What a route asks for.

    Attributes:
        field: the field of the request that names the thing, or the things.
    """

    thing: Thing
    action: Action = Action.READ
    field: str = ""


PUBLIC = Permission(Thing.PUBLIC)
CALLER = Permission(Thing.CALLER)
NEW = Permission(Thing.OWNER_OF_NEW, Action.EDIT, "name")
ADMIN = Permission(Thing.ADMIN, Action.MANAGE)


def experiment(action: Action, field: str = "experiment_id") -> Permission:
    """Return the permission for an experiment, or several."""
    return Permission(Thing.EXPERIMENT, action, field)


def run(action: Action, field: str = "run_id") -> Permission:
    """Return the permission for a run, which is that for its experiment."""
    return Permission(Thing.RUN, action, field)


def logged_model(action: Action) -> Permission:
    """Return the permission for a logged model, which is that for its experiment."""
    return Permission(Thing.LOGGED_MODEL, action, "model_id")


def registered_model(action: Action) -> Permission:
    """Return the permission for a registered model."""
    return Permission(Thing.REGISTERED_MODEL, action, "name")


def artifact(action: Action, field: str = "artifact_path") -> Permission:
    """Return the permission for a path of the artifact store, which is that for the experiment it starts with."""
    return Permission(Thing.ARTIFACT, action, field)
