"""Runs: creating, finding and changing them, and what they read and made."""

import json

from hookline import search
from hookline.entities import (
    Batch,
    Dataset,
    DatasetInput,
    LifecycleStage,
    ModelInput,
    ModelOutput,
    RunChange,
    RunRecord,
)
from hookline.errors import InvalidValue
from hookline.liveness import observed_record
from hookline_lib_wire import answers
from hookline_lib_wire.messages import runs as messages
from hookline_lib_wire.messages.base import Empty
from hookline_server.handlers.experiments import DONE
from hookline_server.handlers.origins import check_changes, check_uses
from hookline_server.handlers.reading import as_stored, status_of, texts, view_of
from hookline_server.services import Services

HISTORY_TAG = "mlflow.log-model.history"
MAX_INPUTS = 1000


def get_run(services: Services, request: messages.RunId) -> messages.RunFound:
    """Read a run."""
    return messages.RunFound(run=answers.run(_seen(services.tracking.get_run(request.run_id))))


def _seen(record: RunRecord) -> RunRecord:
    """Return a run with the status that is seen now: its process may be gone."""
    return observed_record(record)


def update_run(services: Services, request: messages.UpdateRun) -> messages.RunUpdated:
    """Change a run's status, end or name."""
    change = RunChange(status=status_of(request.status), end_time=request.end_time, run_name=request.run_name or None)
    return messages.RunUpdated(run_info=answers.run_info(services.tracking.update_run(request.run_id, change)))


def delete_run(services: Services, request: messages.DeleteRun) -> Empty:
    """Mark a run deleted."""
    services.tracking.update_run(request.run_id, RunChange(lifecycle_stage=LifecycleStage.DELETED))
    return DONE


def restore_run(services: Services, request: messages.DeleteRun) -> Empty:
    """Restore a run."""
    services.tracking.update_run(request.run_id, RunChange(lifecycle_stage=LifecycleStage.ACTIVE))
    return DONE


def search_runs(services: Services, request: messages.SearchRuns) -> messages.RunsFound:
    """Search runs."""
    query = search.parse(
        search.RUNS,
        request.filter,
        request.order_by,
        view=view_of(request.run_view_type),
        max_results=request.max_results,
        page_token=request.page_token,
    )
    page = services.tracking.search_runs(request.experiment_ids, as_stored(query, "artifact_uri"))
    return messages.RunsFound(
        runs=[answers.run(_seen(each)) for each in page.items], next_page_token=answers.token(page.next_page_token)
    )


def delete_tag(services: Services, request: messages.DeleteTag) -> Empty:
    """Remove a tag of a run."""
    services.tracking.delete_tag(request.run_id, request.key)
    return DONE


def log_model(services: Services, request: messages.LogModel) -> Empty:
    """Add a model to the run's tag that lists its models."""
    try:
        model = json.loads(request.model_json)
        missing = [name for name in ("artifact_path", "flavors", "utc_time_created", "run_id") if name not in model]
    except (ValueError, TypeError) as error:
        raise InvalidValue(
            f"Malformed model info. \n {request.model_json[:200]} \n is not valid JSON: {error}"
        ) from error
    if missing:
        raise InvalidValue(f"Model json is missing mandatory fields: {missing}")
    listed = json.loads(services.tracking.get_run(request.run_id).data.tags.get(HISTORY_TAG, "[]"))
    tags = {HISTORY_TAG: json.dumps([*listed, model])}
    services.tracking.log_batch(request.run_id, Batch(tags=tags))
    return DONE


def log_inputs(services: Services, request: messages.LogInputs) -> Empty:
    """Note what a run read."""
    if len(request.datasets) > MAX_INPUTS:
        raise InvalidValue(f"A request may name at most {MAX_INPUTS} datasets, not {len(request.datasets)}.")
    check_uses(services, (each.model_id for each in request.models))
    datasets = [
        DatasetInput(
            Dataset(
                name=each.dataset.name,
                digest=each.dataset.digest,
                source_type=each.dataset.source_type,
                source=each.dataset.source,
                schema=each.dataset.schema or None,
                profile=each.dataset.profile or None,
            ),
            texts(each.tags),
        )
        for each in request.datasets
    ]
    services.tracking.log_inputs(request.run_id, datasets, [ModelInput(each.model_id) for each in request.models])
    return DONE


def log_outputs(services: Services, request: messages.LogOutputs) -> Empty:
    """Note which logged models a run made."""
    check_changes(services, (each.model_id for each in request.models))
    services.tracking.log_outputs(request.run_id, [ModelOutput(each.model_id, each.step) for each in request.models])
    return DONE


HANDLERS = {
    "get_run": get_run,
    "update_run": update_run,
    "delete_run": delete_run,
    "restore_run": restore_run,
    "search_runs": search_runs,
    "delete_tag": delete_tag,
    "log_model": log_model,
    "log_inputs": log_inputs,
    "log_outputs": log_outputs,
}
