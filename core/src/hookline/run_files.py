"""The files of a run as a person sees them: its artifacts, with the models that it logged as folders among them."""

from collections.abc import Callable, Sequence

from hookline import search
from hookline.artifacts import Artifacts, Location, check_artifact_path
from hookline.entities import FileInfo, LoggedModel, RunInfo
from hookline.interfaces import LoggedModels, TrackingStore


class RunFiles:
    """Finds files of runs.

    A logged model lies in a folder of its own, named by its id, so that logging another one under the same name changes
    nothing. Here it appears under its name, the newest one where a name was used again; an artifact of the same name
    goes first.
    """

    def __init__(self, tracking: Callable[[], TrackingStore], artifacts: Artifacts) -> None:
        self._tracking, self._artifacts = tracking, artifacts

    def list(self, run: RunInfo, path: str | None = None) -> Sequence[FileInfo]:
        """Return the files and folders directly below a folder, with paths relative to the run."""
        key = check_artifact_path(path)
        location = self._location(run, key)
        prefix = key.rpartition("/")[0] if self._is_file(location) else key
        found = [_below(prefix, each) for each in self._artifacts.list(location)]
        if not key:
            taken = {each.path for each in found}
            found += [FileInfo(name, True) for name in self.models(run) if name not in taken]
        return sorted(found, key=lambda each: each.path)

    def locate(self, run: RunInfo, path: str | None = None) -> Location:
        """Return where a file or folder of a run is."""
        return self._location(run, check_artifact_path(path))

    def models(self, run: RunInfo) -> dict[str, LoggedModel]:
        """Return the newest logged model of each name that a run made."""
        store = self._tracking()
        if not isinstance(store, LoggedModels):
            return {}
        query = search.parse(
            search.LOGGED_MODELS, f"source_run_id = '{run.run_id}'", ["creation_timestamp ASC"], max_results=100
        )
        return {each.name: each for each in store.search_logged_models([run.experiment_id], query).items}

    def _location(self, run: RunInfo, key: str) -> Location:
        location = self._artifacts.locate(run.artifact_uri, key)
        name, _, rest = key.partition("/")
        if not key or location.store.list(location.key):
            return location
        model = self.models(run).get(name)
        return location if model is None else self._artifacts.locate(model.artifact_uri, rest)

    def _is_file(self, location: Location) -> bool:
        found = location.store.list(location.key)
        return len(found) == 1 and found[0].path == location.key and not found[0].is_dir


def _below(prefix: str, each: FileInfo) -> FileInfo:
    return FileInfo(f"{prefix}/{each.path}" if prefix else each.path, each.is_dir, each.file_size)
