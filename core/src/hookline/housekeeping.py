"""Housekeeping: deleting for good what is marked deleted, and its files.

Nothing that a version of a registered model refers to is deleted. A thing whose files cannot be reached or removed is
left for another time, and hinders no other.
"""

import contextlib
import re
from collections.abc import Callable, Sequence

from attrs import frozen

from hookline import search
from hookline.artifacts import OWN_SCHEME, Artifacts, Location
from hookline.entities import ModelVersion, Page, Purged, PurgedKind, now_ms
from hookline.errors import HooklineError, InvalidState
from hookline.interfaces import ModelRegistry, TrackingStore
from hookline.pages import all_pages
from hookline.uris import without_secrets

_SEPARATORS = re.compile("[/:]+")


@frozen
class Kept:
    """A thing that stays although it is marked deleted, or whose files do, and why."""

    thing: Purged
    reason: str


@frozen
class Waste:
    """What is deleted for good, or would be.

    Attributes:
        until: what was marked deleted at this moment or earlier; milliseconds since the Unix epoch.
        things: runs and logged models, then experiments. kept: what stays.
        files, bytes: what its files take.
        unfinished_files, unfinished_bytes: what writers that were killed left in the workspace's own artifact store.
    """

    until: int
    things: tuple[Purged, ...] = ()
    kept: tuple[Kept, ...] = ()
    files: int = 0
    bytes: int = 0
    unfinished_files: int = 0
    unfinished_bytes: int = 0


class Housekeeping:
    """Deletes for good, on one workspace.

    Args:
        tracking: returns the store; asked on first use. Raises `NotSupported` where it deletes nothing for good.
        registry: returns the registry whose versions keep what they refer to; None where there is none.
        forget: removes what is kept of a run beside the store, such as records that the store refused.
    """

    def __init__(
        self,
        *,
        tracking: Callable[[], TrackingStore],
        registry: Callable[[], ModelRegistry | None],
        artifacts: Artifacts,
        forget: Callable[[str], None],
    ) -> None:
        self._tracking, self._registry, self._artifacts, self._forget = tracking, registry, artifacts, forget

    def find(self, older_than: int = 0) -> Waste:
        """Return what could be deleted for good; nothing changes.

        Args:
            older_than: for how many milliseconds it must have been marked deleted.
        """
        until = now_ms() - older_than
        found = self._tracking().purge(until)
        users = self._users() if found else {}
        kept = [Kept(each, users[each.id]) for each in found if each.id in users]
        sizes: list[int] = []
        for each in found:
            if each.id not in users:
                try:
                    sizes += self._sizes(each)
                except HooklineError as error:
                    kept.append(Kept(each, str(error)))
        things = self._tracking().purge(until, keep=[each.thing.id for each in kept])
        unfinished = self._sweep(remove=False)
        return Waste(until, tuple(things), tuple(kept), len(sizes), sum(sizes), len(unfinished), sum(unfinished))

    def delete(self, waste: Waste) -> Waste:
        """Delete for good what `find` returned, except what was restored since; return what went.

        Where this ends halfway, the next `find` returns the rest.
        """
        gone: list[Purged] = []
        kept = list(waste.kept)
        sizes: list[int] = []

        def discard(thing: Purged) -> None:
            try:
                removed = self._sizes(thing)
                for place in self._places(thing):
                    place.store.delete(place.key)
            except HooklineError as error:
                kept.append(Kept(thing, str(error)))
                raise _NotRemovedError from error
            if thing.kind is PurgedKind.RUN:
                self._forget(thing.id)
            sizes.extend(removed)
            gone.append(thing)

        while True:
            with contextlib.suppress(_NotRemovedError):
                self._tracking().purge(waste.until, keep=[each.thing.id for each in kept], discard=discard)
                break
        unfinished = self._sweep(remove=True)
        return Waste(waste.until, tuple(gone), tuple(kept), len(sizes), sum(sizes), len(unfinished), sum(unfinished))

    def _sweep(self, *, remove: bool) -> Sequence[int]:
        with contextlib.suppress(HooklineError):  # what cannot be reached is left for another time
            return self._artifacts.locate(f"{OWN_SCHEME}:/").store.sweep(remove=remove)
        return []

    def _users(self) -> dict[str, str]:
        """Return which version of a registered model refers to an id of a run or of a logged model."""
        registry = self._registry()
        if registry is None:
            return {}

        def page(size: int, token: str | None) -> Page[ModelVersion]:
            query = search.parse(search.MODEL_VERSIONS, max_results=size, page_token=token)
            return registry.search_versions(query)

        return {
            each: f"version {version.version} of the registered model {version.name!r} refers to it"
            for version in all_pages(page, None)
            for each in (version.run_id, version.model_id, *_SEPARATORS.split(version.source))
            if each
        }

    def _sizes(self, thing: Purged) -> list[int]:
        places = self._places(thing)
        return [file.file_size or 0 for place in places for file in self._artifacts.walk(place)]

    def _places(self, thing: Purged) -> list[Location]:
        """Return the folder that is a run's or a logged model's own. Nothing else is ever removed."""
        if not thing.artifact_uri:
            return []
        base, own, rest = thing.artifact_uri.rpartition(f"/{thing.id}/artifacts")
        if not own or rest:
            raise InvalidState(f"its files, {without_secrets(thing.artifact_uri)}, lie in no folder of its own")
        return [self._artifacts.locate(base, thing.id)]


class _NotRemovedError(Exception):
    """Ends a purge at a thing whose files could not be removed; the next one keeps it."""
