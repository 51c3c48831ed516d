"""A server of MLflow's, asked over its REST API. Nothing but what reads is asked."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import TypeVar

from hookline.entities import Metric, Points, RunStatus
from hookline.errors import HooklineError, NotFound, NotSupported
from hookline.paths import check_key_path
from hookline_import_mlflow.source import (
    PROXIED,
    Source,
    SourceExperiment,
    SourceLoggedModel,
    SourceModel,
    SourceRun,
    SourceVersion,
    columns,
)
from hookline_lib_client.server import Server
from hookline_lib_wire import entities
from hookline_lib_wire.messages import artifacts, registry
from hookline_lib_wire.messages import experiments as experiment_messages
from hookline_lib_wire.messages import logged_models as model_messages
from hookline_lib_wire.messages import runs as run_messages
from hookline_lib_wire.messages.base import Request
from hookline_lib_wire.table import ROUTES

_ROUTES = {route.operation: route for route in reversed(ROUTES)}
_PAGE, _POINTS, _CHUNK = 1000, 25_000, 2**20
A = TypeVar("A")


class ServerSource(Source):
    """A server of MLflow's, 2.0 or newer; credentials are those of `HOOKLINE_TRACKING_...` and `MLFLOW_TRACKING_...`.

    Args:
        url: such as `https://host/prefix`.

    Raises:
        InvalidValue: the URL names no server. Unavailable: it does not answer.
    """

    def __init__(self, url: str) -> None:
        self._server = Server(url)
        self.shown = self._server.url
        try:
            self._ask(
                "search_experiments",
                experiment_messages.SearchExperiments(max_results=1),
                experiment_messages.ExperimentsFound,
            )
        except BaseException:
            self._server.close()
            raise

    def close(self) -> None:
        """Close the connections."""
        self._server.close()

    def _ask(self, operation: str, request: Request, answer: type[A]) -> A:
        return self._server.ask(_ROUTES[operation], request, answer)

    def experiments(self) -> Sequence[SourceExperiment]:
        """Return all experiments."""
        found: list[SourceExperiment] = []
        token = ""
        while True:
            request = experiment_messages.SearchExperiments(max_results=_PAGE, page_token=token, view_type="ALL")
            page = self._ask("search_experiments", request, experiment_messages.ExperimentsFound)
            for each in map(entities.experiment, page.experiments):
                place = f"{PROXIED}{each.artifact_location}" if each.artifact_location.startswith("/") else ""
                location = place or each.artifact_location
                found.append(SourceExperiment(each.experiment_id, each.name, location, each.lifecycle_stage, each.tags))
            token = entities.given(page.next_page_token, "")
            if not token:
                return sorted(found, key=lambda each: int(each.experiment_id))

    def runs(self, experiment_id: str) -> Iterator[SourceRun]:
        """Yield the runs of an experiment."""
        token = ""
        while True:
            request = run_messages.SearchRuns(
                experiment_ids=[experiment_id],
                run_view_type="ALL",
                max_results=_PAGE,
                order_by=["attributes.start_time ASC"],
                page_token=token,
            )
            page = self._ask("search_runs", request, run_messages.RunsFound)
            yield from map(self._run, page.runs)
            token = entities.given(page.next_page_token, "")
            if not token:
                return

    def _run(self, found: run_messages.Run) -> SourceRun:
        record = entities.run(found)
        info = record.info
        return SourceRun(
            run_id=info.run_id,
            experiment_id=info.experiment_id,
            name=info.run_name,
            user_id=info.user_id,
            status=RunStatus(info.status),
            start_time=info.start_time,
            end_time=info.end_time,
            lifecycle_stage=info.lifecycle_stage,
            artifact_uri=entities.given(found.info.artifact_uri, ""),
            params=record.data.params,
            tags=record.data.tags,
            datasets=record.inputs.datasets,
            model_inputs=record.inputs.models,
            model_outputs=record.outputs.models,
            measured=tuple(self._measured(record.outputs.models, info.run_id)),
        )

    def _measured(self, made: Sequence[object], run_id: str) -> Iterator[Metric]:
        """Yield the points of a run that say which of its models they measured."""
        for each in made:
            model_id = getattr(each, "model_id", "")
            try:
                request = model_messages.ModelId(model_id=model_id)
                found = self._ask("get_logged_model", request, model_messages.LoggedModelFound)
            except HooklineError:  # it was deleted: its points are among the others
                continue
            data = entities.given(found.model.data, model_messages.LoggedModelData())
            yield from (entities.metric(point) for point in data.metrics if point.run_id in ("", run_id))

    def points(self, run: SourceRun) -> Iterator[Points]:
        """Yield the points of a run, one series after the other."""
        taken = {(each.key, each.step, each.timestamp, each.value) for each in run.measured}
        request = run_messages.RunId(run_id=run.run_id)
        found = self._ask("get_run", request, run_messages.RunFound).run
        for key in sorted(each.key for each in entities.given(found.data, run_messages.RunData()).metrics):
            for block in self._history(run.run_id, key):
                rows = [row for row in block if (key, *row) not in taken]
                if rows:
                    yield columns(key, rows)

    def _history(self, run_id: str, key: str) -> Iterator[list[tuple[int, int, float]]]:
        token = ""
        while True:
            request = run_messages.GetHistory(run_id=run_id, metric_key=key, max_results=_POINTS, page_token=token)
            page = self._ask("get_history", request, run_messages.MetricsFound)
            points = map(entities.metric, page.metrics)
            rows = [(each.step, each.timestamp, each.value) for each in points]
            yield [row for row, _ in groupby(rows)]
            token = entities.given(page.next_page_token, "")
            if not token:
                return

    def logged_models(self, experiment_id: str) -> Iterator[SourceLoggedModel]:
        """Yield the logged models of an experiment; a server before 3.0 has none."""
        token = ""
        while True:
            request = model_messages.SearchLoggedModels(
                experiment_ids=[experiment_id], max_results=50, page_token=token
            )
            try:
                page = self._ask("search_logged_models", request, model_messages.LoggedModelsFound)
            except (NotFound, NotSupported):
                return
            yield from map(_logged_model, page.models)
            token = entities.given(page.next_page_token, "")
            if not token:
                return

    def models(self) -> Iterator[SourceModel]:
        """Yield the registered models."""
        token = ""
        while True:
            request = registry.SearchModels(max_results=100, page_token=token)
            page = self._ask("search_models", request, registry.ModelsFound)
            for each in map(entities.registered_model, page.registered_models):
                versions = tuple(sorted(self._versions(each.name), key=attrgetter("version")))
                yield SourceModel(each.name, each.description, each.tags, each.aliases, versions)
            token = entities.given(page.next_page_token, "")
            if not token:
                return

    def _versions(self, name: str) -> Iterator[SourceVersion]:
        token = ""
        quoted = name.replace("'", "''")
        while True:
            request = registry.SearchVersions(filter=f"name = '{quoted}'", max_results=_PAGE, page_token=token)
            page = self._ask("search_versions", request, registry.VersionsFound)
            for found in page.model_versions:
                each = entities.model_version(found)
                yield SourceVersion(
                    version=each.version,
                    source=entities.given(found.source, ""),
                    run_id=each.run_id,
                    model_id=each.model_id,
                    description=each.description,
                    user_id=each.user_id,
                    stage=each.current_stage,
                    tags=each.tags,
                )
            token = entities.given(page.next_page_token, "")
            if not token:
                return

    # Files

    @contextmanager
    def folder(self, uri: str) -> Iterator[Path | None]:
        """Give a temporary folder with the files of a location that the server hands out; None for others."""
        if not uri.startswith(PROXIED):
            yield None
            return
        place = Path(tempfile.mkdtemp(prefix="hookline-import-"))
        try:
            self._download(check_key_path(uri.removeprefix(PROXIED).lstrip("/")), place)
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def _download(self, key: str, folder: Path) -> None:
        try:
            listed = self._ask("list_proxied", artifacts.ListProxied(path=key), artifacts.ArtifactsFound)
        except NotFound:
            return
        for each in listed.files:
            name = check_key_path(each.path)  # what a server says is checked as what a person says
            if entities.given(each.is_dir, False):
                self._download(f"{key}/{name}", folder / name)
                continue
            folder.mkdir(parents=True, exist_ok=True)
            request = artifacts.ArtifactPath(artifact_path=f"{key}/{name}")
            with self._server.reading(_ROUTES["download"], request) as answer, (folder / name).open("wb") as file:
                while part := answer.read(_CHUNK):
                    file.write(part)


def _logged_model(found: model_messages.LoggedModel) -> SourceLoggedModel:
    model = entities.logged_model(found)
    return SourceLoggedModel(
        model_id=model.model_id,
        experiment_id=model.experiment_id,
        name=model.name,
        status=model.status,
        lifecycle_stage=model.lifecycle_stage,
        model_type=model.model_type,
        source_run_id=model.source_run_id,
        creation_time=model.creation_time,
        artifact_uri=entities.given(found.info.artifact_uri, ""),
        params=model.params,
        tags=model.tags,
    )
