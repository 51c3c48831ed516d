"""The conformance suite of `ArtifactStore`."""

from hookline.testing.laws_artifact_races import ArtifactRaceLaws
from hookline.testing.laws_artifacts import ArtifactLaws


class ArtifactStoreSuite(ArtifactLaws, ArtifactRaceLaws):
    """The laws of an artifact store: those of `hookline.interfaces.artifacts`, each as a test.

    A subclass names its `target` and gives the fixture `uri`, of an empty root. A store that keeps its files in a
    folder of this machine gives the fixture `root` as well, so that links in it are tried.

    Attributes:
        memory_limit: how many bytes of Python's memory moving one large file may take; None for a store that keeps all
            in memory.
        withstands_swaps: whether a folder may become a link at any moment, which takes `openat` and its like.
    """

    kind = "artifact store"
    version = 1
