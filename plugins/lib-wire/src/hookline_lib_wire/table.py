"""The table of routes: the whole REST API.

Paths and fields here are those of MLflow's API 2.0; Hookline's own stand in `own_routes`.
"""

from hookline_lib_wire import own_routes
from hookline_lib_wire import permissions as may
from hookline_lib_wire.messages import artifacts, experiments, logged_models, registry, runs
from hookline_lib_wire.messages.base import Empty, Request
from hookline_lib_wire.permissions import Action
from hookline_lib_wire.routes import Family, Route

READ, EDIT, MANAGE = Action.READ, Action.EDIT, Action.MANAGE

SYSTEM = (
    Route("health", "GET", "/health", Request, None, may.PUBLIC, family=Family.ROOT, summary="Is the process alive?"),
    Route("ready", "GET", "/ready", Request, None, may.PUBLIC, family=Family.ROOT, summary="Do the stores answer?"),
    Route("version", "GET", "/version", Request, None, may.PUBLIC, family=Family.ROOT, summary="The API's version"),
    Route("metrics", "GET", "/metrics", Request, None, may.ADMIN, family=Family.ROOT, summary="Figures for Prometheus"),
    Route("openapi", "GET", "/openapi.json", Request, None, may.PUBLIC, family=Family.ROOT, summary="This table"),
    Route(
        *("server_info", "GET", "/mlflow/server-info", Request, None, may.CALLER),
        family=Family.MLFLOW_3,
        summary="What the server can do",
    ),
)

E = experiments
EXPERIMENTS = (
    Route(
        *("create_experiment", "POST", "/mlflow/experiments/create", E.CreateExperiment, E.ExperimentCreated, may.NEW),
        summary="Create an experiment",
    ),
    Route(
        *("get_experiment", "GET", "/mlflow/experiments/get", E.ExperimentId, E.ExperimentFound, may.experiment(READ)),
        summary="Read an experiment, deleted ones too",
    ),
    Route(
        *("get_experiment_by_name", "GET", "/mlflow/experiments/get-by-name", E.ExperimentName, E.ExperimentFound),
        may.experiment(READ, "experiment_name"),
        summary="Find an experiment by its name, deleted ones too",
    ),
    *(
        Route(
            *("search_experiments", method, "/mlflow/experiments/search", E.SearchExperiments, E.ExperimentsFound),
            may.CALLER,
            summary="Search experiments",
        )
        for method in ("POST", "GET")
    ),
    Route(
        *("list_experiments", "GET", "/mlflow/experiments/list", E.ListExperiments, E.ExperimentsFound, may.CALLER),
        summary="List experiments, as clients before 2.0 do",
    ),
    Route(
        *("update_experiment", "POST", "/mlflow/experiments/update", E.UpdateExperiment, Empty),
        may.experiment(EDIT),
        summary="Rename an experiment",
    ),
    Route(
        *("delete_experiment", "POST", "/mlflow/experiments/delete", E.ExperimentId, Empty, may.experiment(MANAGE)),
        summary="Mark an experiment and its runs deleted",
    ),
    Route(
        *("restore_experiment", "POST", "/mlflow/experiments/restore", E.ExperimentId, Empty, may.experiment(MANAGE)),
        summary="Restore an experiment and its runs",
    ),
    Route(
        *("set_experiment_tag", "POST", "/mlflow/experiments/set-experiment-tag", E.SetExperimentTag, Empty),
        may.experiment(EDIT),
        summary="Set a tag of an experiment",
    ),
    Route(
        *("delete_experiment_tag", "POST", "/mlflow/experiments/delete-experiment-tag", E.DeleteExperimentTag, Empty),
        may.experiment(EDIT),
        summary="Remove a tag of an experiment",
    ),
    Route(
        *("search_datasets", "POST", "/mlflow/experiments/search-datasets", runs.SearchDatasets, runs.DatasetsFound),
        may.within_experiments(),
        summary="List the datasets that runs of experiments read",
    ),
)

R = runs
RUNS = (
    Route(
        *("create_run", "POST", "/mlflow/runs/create", R.CreateRun, R.RunFound, may.experiment(EDIT)),
        summary="Create a run",
    ),
    Route(*("get_run", "GET", "/mlflow/runs/get", R.RunId, R.RunFound, may.run(READ)), summary="Read a run"),
    Route(
        *("update_run", "POST", "/mlflow/runs/update", R.UpdateRun, R.RunUpdated, may.run(EDIT)),
        summary="Change a run's status, end or name",
    ),
    Route(
        *("delete_run", "POST", "/mlflow/runs/delete", R.DeleteRun, Empty, may.run(EDIT)),
        summary="Mark a run deleted",
    ),
    Route(*("restore_run", "POST", "/mlflow/runs/restore", R.DeleteRun, Empty, may.run(EDIT)), summary="Restore a run"),
    Route(
        *("search_runs", "POST", "/mlflow/runs/search", R.SearchRuns, R.RunsFound),
        may.within_experiments(),
        summary="Search runs",
    ),
    Route(
        *("log_metric", "POST", "/mlflow/runs/log-metric", R.LogMetric, Empty, may.run(EDIT)),
        summary="Log a point",
    ),
    Route(
        *("log_param", "POST", "/mlflow/runs/log-parameter", R.LogParam, Empty, may.run(EDIT)),
        summary="Log a param, which never changes",
    ),
    Route(*("set_tag", "POST", "/mlflow/runs/set-tag", R.SetTag, Empty, may.run(EDIT)), summary="Set a tag of a run"),
    Route(
        *("delete_tag", "POST", "/mlflow/runs/delete-tag", R.DeleteTag, Empty, may.run(EDIT)),
        summary="Remove a tag of a run",
    ),
    Route(
        *("log_batch", "POST", "/mlflow/runs/log-batch", R.LogBatch, Empty, may.run(EDIT)),
        summary="Log points, params and tags together, all or none",
    ),
    Route(
        *("log_model", "POST", "/mlflow/runs/log-model", R.LogModel, Empty, may.run(EDIT)),
        summary="Note a model of a run, as clients before 3.0 do",
    ),
    Route(
        *("log_inputs", "POST", "/mlflow/runs/log-inputs", R.LogInputs, Empty, may.run(EDIT)),
        summary="Note what a run read",
    ),
    Route(
        *("log_outputs", "POST", "/mlflow/runs/outputs", R.LogOutputs, Empty, may.run(EDIT)),
        summary="Note which logged models a run made",
    ),
    Route(
        *("get_history", "GET", "/mlflow/metrics/get-history", R.GetHistory, R.MetricsFound, may.run(READ)),
        summary="Read the points of a series",
    ),
    Route(
        *("get_history_bulk", "GET", "/mlflow/metrics/get-history-bulk", R.GetHistoryBulk, R.MetricsFound),
        may.run(READ, "run_id"),
        summary="Read the points of a series in several runs",
    ),
    Route(
        *("get_history_interval", "GET", "/mlflow/metrics/get-history-bulk-interval"),
        *(R.GetHistoryInterval, R.MetricsFound, may.run(READ, "run_ids")),
        summary="Read a sample of the points of a series in several runs",
    ),
)

A = artifacts
PROXY = "/mlflow-artifacts/artifacts"
MULTIPART = "/mlflow-artifacts/mpu"
FILES = (
    Route(
        *("list_artifacts", "GET", "/mlflow/artifacts/list", A.ListArtifacts, A.ArtifactsFound, may.run(READ)),
        summary="List the files of a run",
    ),
    Route(
        *("get_artifact", "GET", "/get-artifact", A.GetArtifact, None, may.run(READ)),
        family=Family.ROOT,
        summary="Read a file of a run",
    ),
    Route(
        *("get_version_artifact", "GET", "/model-versions/get-artifact", A.GetVersionArtifact, None),
        may.registered_model(READ),
        family=Family.ROOT,
        summary="Read a file of a model version",
    ),
    Route(
        *("upload_run_artifact", "POST", "/mlflow/upload-artifact", A.GetArtifact, Empty, may.run(EDIT)),
        streams=True,
        summary="Store a file of a run",
    ),
    Route(
        *("list_proxied", "GET", PROXY, A.ListProxied, A.ArtifactsFound, may.artifact(READ, "path")),
        summary="List files of the artifact store",
    ),
    Route(
        *("download", "GET", f"{PROXY}/{{artifact_path:path}}", A.ArtifactPath, None, may.artifact(READ)),
        summary="Read a file of the artifact store",
    ),
    Route(
        *("upload", "PUT", f"{PROXY}/{{artifact_path:path}}", A.ArtifactPath, Empty, may.artifact(EDIT)),
        streams=True,
        summary="Store a file",
    ),
    Route(
        *("delete_artifact", "DELETE", f"{PROXY}/{{artifact_path:path}}", A.ArtifactPath, Empty, may.artifact(EDIT)),
        summary="Remove a file or a folder",
    ),
    Route(
        *("create_multipart", "POST", f"{MULTIPART}/create/{{artifact_path:path}}"),
        *(A.CreateMultipart, A.MultipartCreated, may.artifact(EDIT)),
        summary="Begin an upload in parts",
    ),
    Route(
        *("upload_part", "PUT", f"{MULTIPART}/parts/{{upload_id}}/{{part_number}}", A.UploadPart, Empty, may.TICKET),
        streams=True,
        summary="Send a part of an upload, with the secret that its beginning gave",
    ),
    Route(
        *("complete_multipart", "POST", f"{MULTIPART}/complete/{{artifact_path:path}}"),
        *(A.CompleteMultipart, Empty, may.artifact(EDIT)),
        summary="End an upload in parts",
    ),
    Route(
        *("abort_multipart", "POST", f"{MULTIPART}/abort/{{artifact_path:path}}"),
        *(A.AbortMultipart, Empty, may.artifact(EDIT)),
        summary="Give up an upload in parts",
    ),
)

M = registry
MODELS = (
    Route(
        *("create_model", "POST", "/mlflow/registered-models/create", M.CreateModel, M.ModelFound, may.NEW),
        summary="Create a registered model",
    ),
    Route(
        *("rename_model", "POST", "/mlflow/registered-models/rename", M.RenameModel, M.ModelFound),
        may.registered_model(MANAGE),
        summary="Rename a registered model with its versions",
    ),
    Route(
        *("update_model", "PATCH", "/mlflow/registered-models/update", M.UpdateModel, M.ModelFound),
        may.registered_model(EDIT),
        summary="Describe a registered model",
    ),
    Route(
        *("delete_model", "DELETE", "/mlflow/registered-models/delete", M.ModelName, Empty),
        may.registered_model(MANAGE),
        summary="Delete a registered model with its versions",
    ),
    Route(
        *("get_model", "GET", "/mlflow/registered-models/get", M.ModelName, M.ModelFound, may.registered_model(READ)),
        summary="Read a registered model",
    ),
    *(
        Route(
            *("search_models", "GET", path, M.SearchModels, M.ModelsFound, may.CALLER),
            summary="Search registered models",
        )
        for path in ("/mlflow/registered-models/search", "/mlflow/registered-models/list")
    ),
    *(
        Route(
            *("get_latest_versions", method, "/mlflow/registered-models/get-latest-versions"),
            *(M.GetLatestVersions, M.VersionsFound, may.registered_model(READ)),
            summary="Read the latest version of each stage",
        )
        for method in ("POST", "GET")
    ),
    Route(
        *("set_model_tag", "POST", "/mlflow/registered-models/set-tag", M.SetModelTag, Empty),
        may.registered_model(EDIT),
        summary="Set a tag of a registered model",
    ),
    Route(
        *("delete_model_tag", "DELETE", "/mlflow/registered-models/delete-tag", M.DeleteModelTag, Empty),
        may.registered_model(EDIT),
        summary="Remove a tag of a registered model",
    ),
    Route(
        *("set_alias", "POST", "/mlflow/registered-models/alias", M.SetAlias, Empty, may.registered_model(EDIT)),
        summary="Let an alias point at a version",
    ),
    Route(
        *("get_by_alias", "GET", "/mlflow/registered-models/alias", M.AliasName, M.VersionFound),
        may.registered_model(READ),
        summary="Read the version that an alias points at",
    ),
    Route(
        *("delete_alias", "DELETE", "/mlflow/registered-models/alias", M.AliasName, Empty),
        may.registered_model(EDIT),
        summary="Remove an alias",
    ),
)

VERSIONS = (
    Route(
        *("create_version", "POST", "/mlflow/model-versions/create", M.CreateVersion, M.VersionFound),
        may.registered_model(EDIT),
        summary="Create the next version of a registered model",
    ),
    Route(
        *("update_version", "PATCH", "/mlflow/model-versions/update", M.UpdateVersion, M.VersionFound),
        may.registered_model(EDIT),
        summary="Describe a version",
    ),
    Route(
        *("transition_stage", "POST", "/mlflow/model-versions/transition-stage", M.TransitionStage, M.VersionFound),
        may.registered_model(EDIT),
        summary="Move a version to another stage",
    ),
    Route(
        *("delete_version", "DELETE", "/mlflow/model-versions/delete", M.VersionName, Empty),
        may.registered_model(MANAGE),
        summary="Delete a version",
    ),
    Route(
        *("get_version", "GET", "/mlflow/model-versions/get", M.VersionName, M.VersionFound),
        may.registered_model(READ),
        summary="Read a version",
    ),
    Route(
        *("search_versions", "GET", "/mlflow/model-versions/search", M.SearchVersions, M.VersionsFound, may.CALLER),
        summary="Search versions",
    ),
    Route(
        *("get_download_uri", "GET", "/mlflow/model-versions/get-download-uri", M.VersionName, M.DownloadUri),
        may.registered_model(READ),
        summary="Say where the files of a version are",
    ),
    Route(
        *("set_version_tag", "POST", "/mlflow/model-versions/set-tag", M.SetVersionTag, Empty),
        may.registered_model(EDIT),
        summary="Set a tag of a version",
    ),
    Route(
        *("delete_version_tag", "DELETE", "/mlflow/model-versions/delete-tag", M.DeleteVersionTag, Empty),
        may.registered_model(EDIT),
        summary="Remove a tag of a version",
    ),
)

L = logged_models
LOGGED = "/mlflow/logged-models"
LOGGED_MODELS = (
    Route(
        *("create_logged_model", "POST", LOGGED, L.CreateLoggedModel, L.LoggedModelFound, may.experiment(EDIT)),
        summary="Create a logged model",
    ),
    Route(
        *("search_logged_models", "POST", f"{LOGGED}/search", L.SearchLoggedModels, L.LoggedModelsFound),
        may.within_experiments(),
        summary="Search logged models",
    ),
    Route(
        *("finalize_logged_model", "PATCH", f"{LOGGED}/{{model_id}}", L.FinalizeLoggedModel, L.LoggedModelFound),
        may.logged_model(EDIT),
        summary="Say whether a logged model's files are complete",
    ),
    Route(
        *("get_logged_model", "GET", f"{LOGGED}/{{model_id}}", L.ModelId, L.LoggedModelFound, may.logged_model(READ)),
        summary="Read a logged model",
    ),
    Route(
        *("delete_logged_model", "DELETE", f"{LOGGED}/{{model_id}}", L.ModelId, Empty, may.logged_model(EDIT)),
        summary="Mark a logged model deleted",
    ),
    Route(
        *("set_logged_model_tags", "PATCH", f"{LOGGED}/{{model_id}}/tags", L.SetLoggedModelTags, Empty),
        may.logged_model(EDIT),
        summary="Set tags of a logged model",
    ),
    Route(
        *("delete_logged_model_tag", "DELETE", f"{LOGGED}/{{model_id}}/tags/{{tag_key}}"),
        *(L.DeleteLoggedModelTag, Empty, may.logged_model(EDIT)),
        summary="Remove a tag of a logged model",
    ),
    Route(
        *("log_model_params", "POST", f"{LOGGED}/{{model_id}}/params", L.LogModelParams, Empty),
        may.logged_model(EDIT),
        summary="Add params to a logged model",
    ),
    Route(
        *("list_model_artifacts", "GET", f"{LOGGED}/{{model_id}}/artifacts/directories"),
        *(A.ListModelArtifacts, A.ArtifactsFound, may.logged_model(READ)),
        summary="List the files of a logged model",
    ),
    Route(
        *("get_model_artifact", "GET", f"{LOGGED}/{{model_id}}/artifacts/files"),
        *(A.GetModelArtifact, None, may.logged_model(READ)),
        summary="Read a file of a logged model",
    ),
)

ROUTES = (*SYSTEM, *EXPERIMENTS, *RUNS, *FILES, *MODELS, *VERSIONS, *LOGGED_MODELS, *own_routes.ROUTES)
"""Every route of the server itself. Extensions add rows of their own."""
