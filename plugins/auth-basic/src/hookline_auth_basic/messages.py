"""What the routes for users and permissions read and answer. The fields are those of MLflow's API, but for tokens."""

from typing import ClassVar

import msgspec

from hookline_auth_basic.accounts import EXPERIMENT, MODEL
from hookline_lib_wire.messages.base import UNSET, Number, Request, Response


class UserName(Request):
    """Name a user."""

    required: ClassVar[tuple[str, ...]] = ("username",)

    username: str = ""


class CreateUser(UserName):
    """Add a user."""

    required: ClassVar[tuple[str, ...]] = ("username", "password")

    password: str = ""


class UpdatePassword(UserName):
    """Give a user another password; who changes their own gives the present one, too."""

    required: ClassVar[tuple[str, ...]] = ("username", "password")

    password: str = ""
    current_password: str = ""


class UpdateAdmin(UserName):
    """Make a user an administrator, or no longer one."""

    required: ClassVar[tuple[str, ...]] = ("username", "is_admin")

    is_admin: bool | None = None


class OfUser(UserName):
    """Name a thing whose permissions are managed, and a user."""

    kind: ClassVar[str] = ""

    @property
    def thing(self) -> str:
        """The thing's id or name."""
        raise NotImplementedError


class OfExperiment(OfUser):
    """Name an experiment and a user."""

    kind: ClassVar[str] = EXPERIMENT
    required: ClassVar[tuple[str, ...]] = ("experiment_id", "username")

    experiment_id: str = ""

    @property
    def thing(self) -> str:
        """The experiment's id."""
        return self.experiment_id


class SetOfExperiment(OfExperiment):
    """Allow a user something on an experiment."""

    required: ClassVar[tuple[str, ...]] = ("experiment_id", "username", "permission")

    permission: str = ""


class OfModel(OfUser):
    """Name a registered model and a user."""

    kind: ClassVar[str] = MODEL
    required: ClassVar[tuple[str, ...]] = ("name", "username")

    name: str = ""

    @property
    def thing(self) -> str:
        """The registered model's name."""
        return self.name


class SetOfModel(OfModel):
    """Allow a user something on a registered model."""

    required: ClassVar[tuple[str, ...]] = ("name", "username", "permission")

    permission: str = ""


class OfResource(UserName):
    """Name a thing by its kind, `experiment` or `registered_model`, and its id or name; and a user."""

    required: ClassVar[tuple[str, ...]] = ("username", "resource_type", "resource_id")

    resource_type: str = ""
    resource_id: str = ""

    @property
    def resource(self) -> str:
        """The kind and the name together, as permissions name them."""
        return f"{self.resource_type}/{self.resource_id}"


class SetOfResource(OfResource):
    """Allow a user something on a thing."""

    required: ClassVar[tuple[str, ...]] = ("username", "resource_type", "resource_id", "permission")

    permission: str = ""


class ExperimentPermission(msgspec.Struct):
    """What a user may do with an experiment."""

    experiment_id: str
    user_id: int
    permission: str


class ModelPermission(msgspec.Struct):
    """What a user may do with a registered model."""

    name: str
    user_id: int
    permission: str


class User(msgspec.Struct):
    """A user; clients look for every field."""

    id: int
    username: str
    is_admin: bool
    experiment_permissions: list[ExperimentPermission]
    registered_model_permissions: list[ModelPermission]


class ListedUser(msgspec.Struct):
    """A user in a list; there are no roles here."""

    id: int
    username: str
    is_admin: bool
    roles: list[str]


class UserFound(Response):
    """One user."""

    user: User


class CurrentUser(Response):
    """The user who asks."""

    user: User
    is_basic_auth: bool


class UsersFound(Response):
    """All users."""

    users: list[ListedUser]


class ExperimentPermissionFound(Response):
    """A permission on an experiment."""

    experiment_permission: ExperimentPermission


class ModelPermissionFound(Response):
    """A permission on a registered model."""

    registered_model_permission: ModelPermission


class EffectivePermission(Response):
    """What a user may do with a thing, the default included; `allowed` from USE on, as MLflow has it."""

    allowed: bool
    permission: str


class Grant(msgspec.Struct):
    """A permission as MLflow lists it: as if each user had a role of their own."""

    role_id: int
    role_name: str
    workspace: str
    resource_type: str
    resource_pattern: str
    permission: str


class GrantsFound(Response):
    """All that was said of what a user may do."""

    is_admin: bool
    permissions: list[Grant]


class CreateToken(UserName):
    """Make a token for oneself. `permission` is the most that it allows; `days` how long it lasts, for ever without."""

    label: str = ""
    permission: str = "MANAGE"
    days: int | None = None


class TokenName(UserName):
    """Name a token of a user."""

    required: ClassVar[tuple[str, ...]] = ("username", "id")

    id: str = ""


class Token(msgspec.Struct, omit_defaults=True):
    """What is known of a token; times in milliseconds since the Unix epoch."""

    id: str
    label: str
    permission: str
    created: int
    expires: Number = UNSET
    used: Number = UNSET


class TokenCreated(Response):
    """A new token: nobody is told it again."""

    token: str
    info: Token


class TokensFound(Response):
    """The tokens of a user, the oldest first."""

    tokens: list[Token]
