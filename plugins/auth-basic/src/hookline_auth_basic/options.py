"""How callers are known, and what they may do by default."""

from attrs import field, frozen
from attrs.validators import ge, gt

from hookline_auth_basic.levels import Level, level_of


@frozen
class BasicOptions:
    """How the server treats its users.

    Attributes:
        default_permission: what a user may do where nothing else was said: `NO_PERMISSIONS`, `READ`, `USE` (which is
            `READ` here), `EDIT` or `MANAGE`.
        remember_seconds: how long a password that was right is not computed again.
        failures: wrong passwords that a user may send from one address within the window.
        address_failures: wrong passwords that may come from one address within the window, whatever the users; 0: any.
            Behind a proxy all callers have one address.
        window_seconds: the window of both.
    """

    default_permission: str = field(default="READ", converter=lambda given: level_of(given).name)
    remember_seconds: float = field(default=300.0, validator=ge(0))
    failures: int = field(default=10, validator=gt(0))
    address_failures: int = field(default=100, validator=ge(0))
    window_seconds: float = field(default=60.0, validator=gt(0))

    @property
    def default(self) -> Level:
        """The default permission."""
        return Level[self.default_permission]
