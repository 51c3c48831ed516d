"""Deployments: a model that answers somewhere."""

from collections.abc import Mapping
from pathlib import Path

from attrs import field, frozen

from hookline.entities.states import DeploymentStatus


@frozen
class ModelFolder:
    """A model on local disk, its digests checked, ready to be deployed.

    Attributes:
        uri: the URI that the user named, such as `models:/wine@champion`.
        path: the local folder that holds its `MLmodel`.
        digest: the digest of its manifest, `sha256:...`; None where the model has no manifest.
        trusted: whether its pickles may be opened under the workspace's policy.
        vouched: whether a record vouches for its files, which safe formats ask for even under the policy `deny`; True
            where it is trusted.
    """

    uri: str
    path: Path
    digest: str | None = None
    trusted: bool = False
    vouched: bool = False


@frozen
class Deployment:
    """A deployment as it stands.

    Attributes:
        name: chosen by the user, unique within its target.
        endpoint: where it answers, such as `http://127.0.0.1:5001`; None while it does not.
        message: why it failed, where it did.
    """

    name: str
    target: str
    model_uri: str
    status: DeploymentStatus
    endpoint: str | None = None
    message: str = ""
    creation_time: int = 0
    config: Mapping[str, str] = field(factory=dict)
