"""Who asks a server, and how."""

import os
from collections.abc import Mapping

from attrs import field, frozen
from attrs.validators import ge, gt, optional

_PREFIXES = ("HOOKLINE_TRACKING_", "MLFLOW_TRACKING_")


@frozen
class HttpOptions:
    """How a server is asked.

    Attributes:
        token: sent as `Authorization: Bearer TOKEN`.
        username, password: sent as Basic authentication, where there is no token beside them.
        use_environment: whether what is not given here is taken from `HOOKLINE_TRACKING_TOKEN`, `_USERNAME` and
            `_PASSWORD`, or from MLflow's variables of the same names.
        ca_bundle: a file of certificates to trust in place of the system's; from the environment
            `MLFLOW_TRACKING_SERVER_CERT_PATH`.
        headers: further headers of every request.
        headers_from: `package.module:function`, called with the server's URL before every request: further headers,
            such as a token that is renewed.
        timeout: seconds to wait for a connection, and for the next part of an answer.
        retries: how often a request that is safe to repeat is sent again.
    """

    token: str | None = field(default=None, repr=False)
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    use_environment: bool = True
    ca_bundle: str | None = None
    headers: Mapping[str, str] = field(factory=dict, repr=False)
    headers_from: str | None = None
    timeout: float = field(default=60.0, validator=gt(0))
    retries: int = field(default=3, validator=optional(ge(0)))

    def credentials(self) -> tuple[str | None, str | None]:
        """Return the token, or else the user, that whoever asks goes by: of the first place that names one of them.

        The places are what was given here, Hookline's variables, and MLflow's.
        """
        pairs = [(self.token, self.username), *self._environments("TOKEN", "USERNAME")]
        token, user = next((pair for pair in pairs if any(pair)), (None, None))
        return (token, None) if token else (None, user)

    def known_password(self) -> str | None:
        """Return the password that was given, or else the environment's."""
        if self.password is not None:
            return self.password
        return next((value for (value,) in self._environments("PASSWORD") if value), None)

    def _environments(self, *names: str) -> list[tuple[str | None, ...]]:
        if not self.use_environment:
            return []
        return [tuple(os.environ.get(prefix + name) or None for name in names) for prefix in _PREFIXES]

    def trusted(self) -> str | None:
        """Return the file of certificates to trust; None for the system's."""
        if self.ca_bundle is None and self.use_environment:
            return os.environ.get("MLFLOW_TRACKING_SERVER_CERT_PATH") or None
        return self.ca_bundle
