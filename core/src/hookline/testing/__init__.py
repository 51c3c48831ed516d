"""The conformance kit: a suite of laws per kind of plugin, and in-memory references of the stores.

A plugin's tests subclass a suite and give it a fixture; everything is imported on first use, since the suites need
pytest and hypothesis: `pip install "hookline-core[testing]"`.
"""

import sys
from importlib import import_module
from typing import Any

_HOMES = {
    "ArtifactStoreSuite": "artifact_suite",
    "DeploymentTargetSuite": "deployment_suite",
    "DocumentsSuite": "documents_suite",
    "EnvironmentSuite": "environment_suite",
    "FlavorSuite": "flavor_suite",
    "InstallingEnvironmentSuite": "environment_suite",
    "LoggedModelsSuite": "logged_models_suite",
    "MemoryArtifactStore": "memory_artifacts",
    "MemoryDocuments": "memory_documents",
    "MemoryModelRegistry": "memory_registry",
    "MemoryTrackingStore": "memory_tracking",
    "ModelRegistrySuite": "registry_suite",
    "MemoryPlugin": "memory_plugin",
    "PluginSuite": "plugin_checks",
    "ProjectBackendSuite": "backend_suite",
    "ProjectGatewaySuite": "gateway_suite",
    "ProjectSourceSuite": "source_suite",
    "ReferenceProjects": "project_references",
    "RunContextSuite": "context_suite",
    "ScoringEngineSuite": "scoring_suite",
    "StoreSuite": "store_suite",
    "Suite": "suite",
    "TrackingStoreSuite": "tracking_suite",
    "certify": "certificates",
    "memory_workspace": "memory_plugin",
}
_LAWS = (
    "laws_artifact_races",
    "laws_artifacts",
    "laws_bands",
    "laws_charts",
    "laws_concurrency",
    "laws_experiments",
    "laws_logging",
    "laws_pairs",
    "laws_registry",
    "laws_registry_search",
    "laws_run_search",
    "laws_runs",
    "laws_versions",
    "store_suite",
)
"""Modules that suites are made of."""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if pytest := sys.modules.get("pytest"):
        # So that a broken law shows the values that broke it. What is imported already was registered before.
        modules = {f"{__name__}.{home}" for home in (*_HOMES.values(), *_LAWS)}
        pytest.register_assert_rewrite(*modules.difference(sys.modules))
    try:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    except ModuleNotFoundError as error:
        if error.name not in ("pytest", "hypothesis"):
            raise
        raise ImportError(f"{name} needs {error.name}: pip install 'hookline-core[testing]'.") from error


def __dir__() -> list[str]:
    return sorted(_HOMES)
