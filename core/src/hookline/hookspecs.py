"""Every hook of Hookline: the index of the contract.

There are two moments for hooks, and no third. Noun hooks let a plugin *introduce* what it provides: called once per
workspace, they return `Provider`s and must be cheap (no import of a heavy library). Past-tense hooks *announce* what
happened: their results are ignored, their errors are logged and never reach the caller, and a listener gets them once
per batch or step, on the thread that did the work. The work itself is plain method calls on the objects that the
targets return; `hookline.interfaces` says what those must do. A target's `folder` is a folder of its own below the
workspace's home, made when first written to; `options` is an instance of the provider's options class, or None.
"""

from collections.abc import Iterable
from types import ModuleType
from typing import TYPE_CHECKING

from pluggy import HookspecMarker

from hookline.providers import FlavorProvider, GatewayProvider, Provider, StoreProvider

if TYPE_CHECKING:
    from hookline.entities import Batch, LoggedModel, ModelVersion, RunInfo

hookspec = HookspecMarker("hookline")

# Nouns: what a plugin provides ---------------------------------------------------------------------------------------


@hookspec
def tracking_stores() -> Iterable[StoreProvider]:
    """Stores of experiments and runs. Name: URI scheme. `target(uri, options) -> TrackingStore`."""
    return ()


@hookspec
def model_registries() -> Iterable[StoreProvider]:
    """Stores of registered models and versions. Name: URI scheme. `target(uri, options) -> ModelRegistry`."""
    return ()


@hookspec
def artifact_stores() -> Iterable[StoreProvider]:
    """Stores of files. Name: URI scheme. `target(uri, options) -> ArtifactStore`, rooted at the URI."""
    return ()


@hookspec
def project_sources() -> Iterable[Provider]:
    """Ways to fetch a project. Name: URI scheme. `target() -> ProjectSource`."""
    return ()


@hookspec
def project_backends() -> Iterable[Provider]:
    """Places where a project's command runs. Name: `--backend`. `target(folder, options) -> ProjectBackend`."""
    return ()


@hookspec
def project_gateways() -> Iterable[GatewayProvider]:
    """Ways to the stores for projects whose code cannot open them. `target(workspace, None) -> ProjectGateway`."""
    return ()


@hookspec
def environments() -> Iterable[Provider]:
    """Ways to give a project its dependencies. Name: `--env`. `target(folder, options) -> Environment`."""
    return ()


@hookspec
def flavors() -> Iterable[FlavorProvider]:
    """Kinds of models. Name: the flavor's key in `MLmodel`. `target() -> Flavor`."""
    return ()


@hookspec
def deployment_targets() -> Iterable[Provider]:
    """Places where a model is deployed. Name: `--target`. `target(folder, options) -> DeploymentTarget`."""
    return ()


@hookspec
def scoring_engines() -> Iterable[Provider]:
    """Ways to predict for the rows of files. Name: `--engine`. `target(folder, options) -> ScoringEngine`."""
    return ()


@hookspec
def run_contexts() -> Iterable[Provider]:
    """What surrounds a run: git commit, user, cluster job, the load of the machine. `target() -> RunContext`."""
    return ()


@hookspec
def commands() -> Iterable[Provider]:
    """Commands of the CLI. Name: the words after `hookline`, "models serve" nests. `target`: a click command."""
    return ()


@hookspec
def hookspecs() -> Iterable[ModuleType | str]:
    """Modules with further hook specs (the server: routes, authenticators, panels), as modules or dotted names.

    A module's `KINDS` maps its noun hooks, which return providers, to what each kind is called in messages.
    """
    return ()


# Verbs: what happened ------------------------------------------------------------------------------------------------


@hookspec
def run_started(run: "RunInfo") -> None:
    """A run was created, or an existing one was opened again to log into."""


@hookspec
def batch_logged(run_id: str, batch: "Batch") -> None:
    """A batch was stored, by whoever shipped the journal that held it; `batch.each_metric()` yields its points."""


@hookspec
def run_ended(run: "RunInfo") -> None:
    """A run reached the status FINISHED, FAILED or KILLED."""


@hookspec
def artifacts_logged(run_id: str, paths: tuple[str, ...]) -> None:
    """Files were stored under these keys of a run, relative to its artifact folder."""


@hookspec
def model_logged(model: "LoggedModel") -> None:
    """A model was logged and is ready to be loaded."""


@hookspec
def version_created(version: "ModelVersion") -> None:
    """A version of a registered model was created."""
