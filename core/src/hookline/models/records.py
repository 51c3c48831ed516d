"""Who vouches for a model: the digests that this workspace's store keeps, and those of models saved just now."""

import logging
from collections.abc import Callable
from threading import Lock

from hookline import search
from hookline.errors import HooklineError
from hookline.interfaces import LoggedModels, ModelRegistry, TrackingStore
from hookline.search.syntax import Comparison, Entity, Field, Operator, Query

MANIFEST_TAG = "hookline.manifest"
"""The tag of a logged model or a version that holds the digest of its manifest, and vouches for its pickles."""

PINNED_TAG = "hookline.manifest.pinned"
"""The same for a version whose model nobody vouched for: its bytes may not change, its pickles stay closed."""

log = logging.getLogger("hookline")


class Records:
    """The digests that vouch for models. Thread safe.

    Args:
        tracking, registry: return the stores; asked on first use.
    """

    def __init__(self, tracking: Callable[[], TrackingStore], registry: Callable[[], ModelRegistry]) -> None:
        self._tracking, self._registry = tracking, registry
        self._saved: set[str] = set()
        self._lock = Lock()

    def note_saved(self, digest: str) -> None:
        """Remember the digest of a model that was saved here and now."""
        with self._lock:
            self._saved.add(digest)

    def vouch_for(self, digest: str) -> bool:
        """Return whether a model with this digest was saved here, or is recorded in one of the workspace's stores.

        A store that cannot be asked vouches for nothing.
        """
        with self._lock:
            if digest in self._saved:
                return True
        return any(self._asked(ask, digest) for ask in (self._is_logged, self._is_registered))

    def _asked(self, ask: Callable[[Query], bool], digest: str) -> bool:
        where = (Comparison(Field(Entity.TAG, MANIFEST_TAG), Operator.EQUAL, digest),)
        try:
            return ask(Query(where=where, max_results=1))
        except HooklineError as error:
            log.debug("A store could not be asked whether it knows %s: %s", digest, error)
            return False

    def _is_logged(self, query: Query) -> bool:
        store = self._tracking()
        if not isinstance(store, LoggedModels):
            return False
        ordered = Query(query.where, search.LOGGED_MODELS.tie_break, max_results=query.max_results)
        return bool(store.search_logged_models([], ordered).items)

    def _is_registered(self, query: Query) -> bool:
        ordered = Query(query.where, search.MODEL_VERSIONS.tie_break, max_results=query.max_results)
        return bool(self._registry().search_versions(ordered).items)
