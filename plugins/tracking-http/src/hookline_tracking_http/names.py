"""What a server of MLflow's calls the things that we have named: it makes its own ids, and keeps ours as a tag."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from attrs import asdict, evolve

from hookline.entities import Lease, LoggedModel, Page, RunRecord, Writer
from hookline.errors import HooklineError, InvalidValue, NotFound
from hookline.search.paging import decode_token, encode_token
from hookline.search.syntax import Comparison, Query
from hookline.store_rules import logged_model_not_found, run_not_found
from hookline_lib_wire import entities
from hookline_lib_wire.messages import experiments, logged_models, runs
from hookline_lib_wire.messages.base import Request
from hookline_tracking_http.asking import Asking

A = TypeVar("A")
T = TypeVar("T")
RUN_TAG = "hookline.run_id"
MODEL_TAG = "hookline.model_id"
WRITER_TAG = "hookline.writer."
_PAGE = 1000


class Named(Asking):
    """Finds runs and logged models by our ids, and by the server's where it named them itself. Thread safe."""

    _plain: ClassVar[bool] = True
    _names: dict[str, str]
    """The server's id by ours. An id never changes, so that it is remembered for ever."""

    def _ask(self, operation: str, request: Request, answer: type[A] | Any = dict) -> A:
        try:
            found: A = super()._ask(operation, request, answer)
        except HooklineError as error:
            text = str(error)
            for ours, theirs in [*self._names.items()]:  # who asked knows nothing of the server's ids
                text = text.replace(theirs, ours)
            error.args = (text,)
            raise
        return found

    def _run_name(self, run_id: str) -> str:
        """Return what the server calls a run. Raises `NotFound`."""
        if run_id not in self._names:
            found = self._run_by_id(run_id) or self._run_by_tag(run_id, self._experiment_ids())
            if found is None:
                raise run_not_found(run_id)
            self._names[run_id] = found.info.run_id
        return self._names[run_id]

    def _run_by_id(self, run_id: str) -> runs.Run | None:
        try:
            found: runs.RunFound = self._ask("get_run", runs.RunId(run_id=run_id), runs.RunFound)
        except NotFound:
            return None
        return found.run

    def _run_by_tag(self, run_id: str, experiment_ids: Sequence[str]) -> runs.Run | None:
        _check_id(run_id)
        if not experiment_ids:
            return None
        request = runs.SearchRuns(
            experiment_ids=list(experiment_ids),
            filter=f"tags.`{RUN_TAG}` = '{run_id}'",
            run_view_type="ALL",
            max_results=1,
        )
        found: runs.RunsFound = self._ask("search_runs", request, runs.RunsFound)
        return found.runs[0] if found.runs else None

    def _model_name(self, model_id: str) -> str:
        """Return what the server calls a logged model. Raises `NotFound`."""
        if model_id not in self._names:
            found = self._model_by_id(model_id) or self._model_by_tag(model_id, self._experiment_ids())
            if found is None:
                raise logged_model_not_found(model_id)
            self._names[model_id] = found.info.model_id
        return self._names[model_id]

    def _model_by_id(self, model_id: str) -> logged_models.LoggedModel | None:
        request = logged_models.ModelId(model_id=model_id)
        try:
            found: logged_models.LoggedModelFound = self._ask(
                "get_logged_model", request, logged_models.LoggedModelFound
            )
        except NotFound:
            return None
        return found.model

    def _model_by_tag(self, model_id: str, experiment_ids: Sequence[str]) -> logged_models.LoggedModel | None:
        _check_id(model_id)
        request = logged_models.SearchLoggedModels(
            experiment_ids=list(experiment_ids), filter=f"tags.`{MODEL_TAG}` = '{model_id}'", max_results=1
        )
        found: logged_models.LoggedModelsFound = self._ask(
            "search_logged_models", request, logged_models.LoggedModelsFound
        )
        return found.models[0] if found.models else None

    def _our_run(self, name: str) -> str:
        """Return our id of a run that the server named; the server's where we have none."""
        for ours, theirs in [*self._names.items()]:
            if theirs == name:
                return ours
        found = self._run_by_id(name)
        tags = entities.texts(entities.given(found.data, runs.RunData()).tags) if found else {}
        ours = tags.get(RUN_TAG, name)
        self._names[ours] = name
        return ours

    def _with_names(self, asked: Comparison, name_of: Callable[[str], str]) -> Comparison:
        """Return a comparison of ids with those that the server has; what it does not know stays, and is not found."""

        def named(our_id: str) -> str:
            try:
                return name_of(our_id)
            except (NotFound, InvalidValue):
                return our_id

        if isinstance(asked.value, str):
            return evolve(asked, value=named(asked.value))
        if isinstance(asked.value, tuple):
            return evolve(asked, value=tuple(map(named, asked.value)))
        return asked

    def _experiment_ids(self) -> list[str]:
        return [*self._pages_of_experiments()]

    def _pages_of_experiments(self) -> Iterator[str]:
        token = ""
        while True:
            request = experiments.SearchExperiments(max_results=_PAGE, page_token=token, view_type="ALL")
            page: experiments.ExperimentsFound = self._ask("search_experiments", request, experiments.ExperimentsFound)
            yield from (each.experiment_id for each in page.experiments)
            token = entities.given(page.next_page_token, "")
            if not token:
                return


def possible(experiment_ids: Sequence[str]) -> list[str]:
    """Return those ids that an experiment may have: to the server others are mistakes."""
    return [each for each in experiment_ids if each.isascii() and each.isdigit()]


def token_of(query: Query, scope: Sequence[str] = ()) -> str | None:
    """Return the server's token in that of a query. Raises `InvalidValue` where it is of another query."""
    token = decode_token(query, scope)
    if token is not None and not isinstance(token, str):
        raise InvalidValue(f"Invalid page token {str(query.page_token)[:40]!r}: it is not of this server.")
    return token


def bound(query: Query, items: Sequence[T], token: str | None, scope: Sequence[str] = ()) -> Page[T]:
    """Return a page whose token continues this query alone, which the server does not see to."""
    return Page(items, encode_token(query, token, scope) if token else None)


def _check_id(given: str) -> None:
    """Raise `InvalidValue` where an id cannot stand in a filter; ids that are made here can."""
    if not given.replace("-", "").replace("_", "").isalnum():
        raise InvalidValue(f"{given[:100]!r} is no id: letters, digits, '-' and '_' are allowed.")


def as_ours(record: RunRecord) -> RunRecord:
    """Return a run of the server under our id, without the tags that are there for us, and with its writer's lease.

    A run that goes on again has no end, which MLflow's server leaves as it was.
    """
    tags, info = record.data.tags, record.info
    if info.end_time is not None and not info.status.is_final:
        info = evolve(info, end_time=None)
    known = writers_of(tags)
    if RUN_TAG not in tags and not known:
        return evolve(record, info=info)
    shown = {key: value for key, value in tags.items() if key != RUN_TAG and not key.startswith(WRITER_TAG)}
    info = evolve(info, run_id=tags.get(RUN_TAG, info.run_id))
    leases = [each.lease for each in known if each.lease is not None and each.lease.primary]
    if leases and not info.status.is_final:
        info = evolve(info, lease=leases[-1])
    return evolve(record, info=info, data=evolve(record.data, tags=shown))


def model_as_ours(model: LoggedModel) -> LoggedModel:
    """Return a logged model of the server under our id."""
    if MODEL_TAG not in model.tags:
        return model
    tags = {key: value for key, value in model.tags.items() if key != MODEL_TAG}
    return evolve(model, model_id=model.tags[MODEL_TAG], tags=tags)


def writers_of(tags: Mapping[str, str]) -> list[Writer]:
    """Return the writers that a run's tags tell of, in order; a tag that somebody else wrote is passed over."""
    found: list[tuple[int, Writer]] = []
    for key, value in tags.items():
        if key.startswith(WRITER_TAG):
            try:
                fields: dict[str, Any] = json.loads(value)
                number, lease = int(fields.pop("number")), fields.pop("lease")
                found.append((number, Writer(lease=None if lease is None else Lease(**lease), **fields)))
            except (ValueError, TypeError, KeyError, AttributeError):
                continue
    return [writer for _, writer in sorted(found, key=lambda each: (each[0], each[1].writer_id))]


def writer_tag(number: int, writer: Writer) -> tuple[str, str]:
    """Return the tag that tells of a writer, the one of a run's with a number: in the order of their first records."""
    return f"{WRITER_TAG}{writer.writer_id}", json.dumps({"number": number, **asdict(writer)})
