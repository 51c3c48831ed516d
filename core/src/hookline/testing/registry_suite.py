"""The conformance suite of `ModelRegistry`."""

from hookline.testing.laws_registry import RegisteredModelLaws
from hookline.testing.laws_registry_search import RegistrySearchLaws
from hookline.testing.laws_versions import VersionLaws


class ModelRegistrySuite(RegisteredModelLaws, VersionLaws, RegistrySearchLaws):
    """The laws of a model registry: those of `hookline.interfaces.registry`, each as a test.

    A subclass names its target and gives a URI, as for `TrackingStoreSuite`.
    """

    kind = "model registry"
    version = 1
