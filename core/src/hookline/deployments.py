"""Deployments: from a model's URI and the name of a target to a model that answers there."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from hookline.config import Settings
from hookline.entities import Deployment
from hookline.interfaces import DeploymentTarget
from hookline.models import Models
from hookline.paths import inside
from hookline.plugins import Plugins

FOLDER = "deployments"


class Deployments:
    """The deployments of a workspace, at the targets of the installed plugins. Thread safe.

    Every method takes the name of a target first, such as `local`, and raises `UnknownProvider` where no installed
    plugin offers it.

    Args:
        home: the workspace's folder; each target keeps its state below `deployments/TARGET`.
        settings: `targets` holds the options of each target.
    """

    def __init__(self, *, plugins: Plugins, models: Models, home: Path, settings: Settings) -> None:
        self._plugins, self._models, self._home, self._settings = plugins, models, home, settings
        self._targets: dict[str, DeploymentTarget] = {}
        self._lock = Lock()

    def target(self, name: str) -> DeploymentTarget:
        """Return a target, made on first use.

        Raises:
            UnknownProvider: no installed plugin offers it. ConfigError: its options under `targets` are wrong.
        """
        with self._lock:
            if name not in self._targets:
                self._plugins.find("deployment_targets", name)  # before a folder is named after it
                folder = inside(self._home / FOLDER, name)
                options = self._settings.targets.get(name, {})
                self._targets[name] = self._plugins.make("deployment_targets", name, folder, options)
            return self._targets[name]

    def create(
        self,
        target: str,
        name: str,
        model_uri: str | Path,
        config: Mapping[str, str] | None = None,
        *,
        allow_pickle: bool = False,
    ) -> Deployment:
        """Deploy a model under a new name; returns when it answers, or with the status FAILED and the reason.

        Args:
            config: keys that the target knows, such as `{"port": "5001"}`.
            allow_pickle: let the deployment open the model's pickles though no record vouches for them.

        Raises:
            AlreadyExists: the target has a deployment of this name. InvalidValue: a config key or value is wrong.
            NotFound, DigestMismatch: as for `Models.load`.
        """
        chosen = self.target(target)
        with self._models.fetch(model_uri, allow_pickle=allow_pickle) as model:
            return chosen.create(name, model, config or {})

    def update(
        self,
        target: str,
        name: str,
        model_uri: str | Path | None = None,
        config: Mapping[str, str] | None = None,
        *,
        allow_pickle: bool = False,
    ) -> Deployment:
        """Replace the model of a deployment (None keeps it) and the given keys of its configuration.

        Raises:
            NotFound: there is no such deployment or model. InvalidValue: a config key or value is wrong.
        """
        chosen = self.target(target)
        if model_uri is None:
            return chosen.update(name, None, config or {})
        with self._models.fetch(model_uri, allow_pickle=allow_pickle) as model:
            return chosen.update(name, model, config or {})

    def delete(self, target: str, name: str) -> None:
        """Stop and remove a deployment; a missing one is no error."""
        self.target(target).delete(name)

    def list(self, target: str) -> Sequence[Deployment]:
        """Return the deployments of a target as they stand, ordered by name."""
        return self.target(target).list()

    def get(self, target: str, name: str) -> Deployment:
        """Return a deployment as it stands. Raises `NotFound`."""
        return self.target(target).get(name)

    def predict(self, target: str, name: str, inputs: Any) -> Any:
        """Ask a deployment: inputs and answer are JSON values in MLflow's scoring protocol.

        Raises:
            NotFound: there is no such deployment. Unavailable: it does not answer. InvalidValue: it refused the input.
        """
        return self.target(target).predict(name, inputs)

    def predict_body(self, target: str, name: str, body: bytes, media_type: str) -> Any:
        """Ask a deployment with a table as a file holds it, such as `text/csv`; the answer is a JSON value.

        Raises:
            As for `predict`. NotSupported: the target takes JSON values only.
        """
        return self.target(target).predict_body(name, body, media_type)
