"""What a plugin's objects must do: one module per kind, its laws in its docstring."""

from hookline.interfaces.artifacts import ArtifactStore
from hookline.interfaces.contexts import RunContext
from hookline.interfaces.deployments import DeploymentTarget
from hookline.interfaces.documents import Document, Documents
from hookline.interfaces.flavors import Flavor, Unpickler
from hookline.interfaces.logged_models import LoggedModels
from hookline.interfaces.projects import Environment, Job, ProjectBackend, ProjectGateway, ProjectSource
from hookline.interfaces.registry import ModelRegistry
from hookline.interfaces.scoring import ScoringEngine, ScoringModel
from hookline.interfaces.tracking import TrackingStore

__all__ = [
    "ArtifactStore",
    "DeploymentTarget",
    "Document",
    "Documents",
    "Environment",
    "Flavor",
    "Job",
    "LoggedModels",
    "ModelRegistry",
    "ProjectBackend",
    "ProjectGateway",
    "ProjectSource",
    "RunContext",
    "ScoringEngine",
    "ScoringModel",
    "TrackingStore",
    "Unpickler",
]
