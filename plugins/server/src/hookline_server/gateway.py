"""A server for the processes of one project: MLflow's client in them reaches the stores through it."""

import hmac
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from hookline import Workspace
from hookline.interfaces import ProjectGateway
from hookline_lib_serving import serving
from hookline_lib_wire.permissions import Permission, Thing
from hookline_server.access import EVERYTHING, Authenticator, Caller, Visible
from hookline_server.app import App
from hookline_server.services import Services


class MlflowGateway(ProjectGateway):
    """Serves a workspace's stores to whoever has a token that was made for one run, at an address of this machine."""

    def __init__(self, workspace: Workspace, _options: None = None) -> None:
        self._workspace = workspace

    @contextmanager
    def open(self, run_id: str, experiment_id: str) -> Iterator[Mapping[str, str]]:
        """Serve until the context is left."""
        token = secrets.token_urlsafe(32)
        app = App(Services(self._workspace), (), _OneToken(token))
        try:
            with serving.in_background(app) as url:
                yield {
                    "MLFLOW_TRACKING_URI": url,
                    "MLFLOW_REGISTRY_URI": url,
                    "MLFLOW_TRACKING_TOKEN": token,
                    "MLFLOW_TRACKING_USERNAME": "",  # which would win over the token
                    "MLFLOW_TRACKING_PASSWORD": "",
                    "MLFLOW_RUN_ID": run_id,
                    "MLFLOW_EXPERIMENT_ID": experiment_id,
                    **_around_proxies(),
                }
        finally:
            app.close()


class _OneToken(Authenticator):
    """Whoever has the token may do everything: it is the owner's own project."""

    def __init__(self, token: str) -> None:
        self._expected = f"Bearer {token}".encode()

    def identify(self, headers: Mapping[str, str], address: str) -> Caller | None:
        """Return the project, where the token is there."""
        given = headers.get("authorization", "").encode()
        return Caller("project") if hmac.compare_digest(given, self._expected) else None

    def allows(self, caller: Caller, permission: Permission, names: Sequence[str]) -> bool:
        """Return True."""
        return True

    def allows_at_once(self, caller: Caller, permission: Permission, names: Sequence[str]) -> bool:
        """Return True."""
        return True

    def visible(self, caller: Caller, thing: Thing) -> Visible:
        """Return everything."""
        return EVERYTHING


def _around_proxies() -> dict[str, str]:
    """A proxy that the environment names does not lead to this machine's own addresses."""
    listed = os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or ""
    hosts = ",".join(filter(None, [listed, "127.0.0.1"]))
    return {"NO_PROXY": hosts, "no_proxy": hosts}
