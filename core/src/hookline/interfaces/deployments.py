"""The interface of a deployment target.

Laws (`hookline.testing.DeploymentTargetSuite` holds them): `create` and `update` return when the deployment answers or
has failed; an update that fails leaves the old one answering; `delete` leaves nothing running; what `list` says is
looked up, not remembered.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from hookline.entities import Deployment, ModelFolder
from hookline.errors import NotSupported


class DeploymentTarget(ABC):
    """A place where models answer. A provider's target is called as `target(folder, options)`."""

    @abstractmethod
    def create(self, name: str, model: ModelFolder, config: Mapping[str, str]) -> Deployment:
        """Deploy a model under a new name. Raises `AlreadyExists`, `InvalidValue` for an unknown config key."""

    @abstractmethod
    def update(self, name: str, model: ModelFolder | None, config: Mapping[str, str]) -> Deployment:
        """Replace the model (None keeps it) and the given config keys of a deployment. Raises `NotFound`."""

    @abstractmethod
    def delete(self, name: str) -> None:
        """Stop and remove a deployment; a missing one is no error."""

    @abstractmethod
    def list(self) -> Sequence[Deployment]:
        """Return this target's deployments, ordered by name."""

    @abstractmethod
    def get(self, name: str) -> Deployment:
        """Return a deployment. Raises `NotFound`."""

    @abstractmethod
    def predict(self, name: str, inputs: Any) -> Any:
        """Ask a deployment: `inputs` is a JSON value in MLflow's scoring protocol; so is the answer.

        Raises:
            NotFound: there is no such deployment. Unavailable: it does not answer. InvalidValue: it refused the input.
        """

    def predict_body(self, name: str, body: bytes, media_type: str) -> Any:
        """Ask a deployment with a table as a file holds it, such as `text/csv` with a header.

        Raises:
            As for `predict`. NotSupported: the target takes JSON values only, which is so unless it says otherwise.
        """
        raise NotSupported(f"The target of the deployment {name!r} takes JSON only, not {media_type}.")
