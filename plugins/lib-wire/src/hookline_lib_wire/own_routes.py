"""The part of the table that is Hookline's own, below `/api/hookline/v1`: what MLflow's API does not offer."""

from functools import partial

from hookline_lib_wire import permissions as may
from hookline_lib_wire.messages import experiments, journal, logged_models, own, registry, runs
from hookline_lib_wire.messages.base import Empty, Request
from hookline_lib_wire.permissions import Action
from hookline_lib_wire.routes import Family, Route

READ, EDIT = Action.READ, Action.EDIT
_own = partial(Route, family=Family.HOOKLINE)

TABLES = (
    _own(
        *("select_runs", "POST", "/runs/search", own.SelectRuns, runs.RunsFound),
        may.within_experiments(),
        summary="Search runs, and choose which of their data to read",
    ),
    _own(
        *("count_runs", "POST", "/runs/count", own.CountRuns, own.Counted),
        may.within_experiments(),
        summary="Count the runs that a search finds",
    ),
    _own(
        *("list_keys", "POST", "/runs/keys", own.ListKeys, own.KeysFound),
        may.within_experiments(),
        summary="List the metrics, params and tags that runs have: the columns of a table",
    ),
    _own(
        *("get_charts", "POST", "/charts", own.GetCharts, own.ChartsFound, may.run(READ, "run_ids")),
        summary="Read a series of several runs as buckets with their minima, maxima and last values",
    ),
    _own(
        *("get_bands", "POST", "/charts/bands", own.GetBands, own.BandsFound, may.run(READ, "run_ids")),
        summary="Read a series of groups of runs as buckets with the means, minima and maxima of each group",
    ),
    _own(
        *("get_pairs", "POST", "/charts/pairs", own.GetPairs, own.PairsFound, may.run(READ, "run_ids")),
        summary="Read a series of several runs over another one, joined by step, as buckets",
    ),
)

VIEWS = (
    _own(
        *("list_views", "GET", "/views", own.ListViews, own.ViewsFound, may.CALLER),
        summary="List saved views, which everybody shares",
    ),
    _own(
        *("get_view", "GET", "/views/{name:path}", own.ViewName, own.View, may.CALLER),
        summary="Read a saved view",
    ),
    _own(
        *("put_view", "PUT", "/views/{name:path}", own.PutView, own.View, may.CALLER),
        summary="Save a view",
    ),
    _own(
        *("delete_view", "DELETE", "/views/{name:path}", own.ViewName, Empty, may.CALLER),
        summary="Remove a saved view",
    ),
)

STORE = (
    _own(
        *("create_own_run", "POST", "/runs/create", own.CreateOwnRun, runs.RunFound, may.experiment(EDIT)),
        summary="Create a run with an id that the client made",
    ),
    _own(
        *("change_run", "POST", "/runs/change", own.ChangeRun, runs.RunUpdated, may.run(EDIT)),
        summary="Change a run's status, end, name or lifecycle stage together",
    ),
    _own(
        *("log_whole_batch", "POST", "/runs/log-batch", own.LogWholeBatch, Empty, may.run(EDIT)),
        summary="Log points, params and tags together, without MLflow's limits",
    ),
    _own(
        *("read_history", "GET", "/runs/history", journal.ReadHistory, None, may.run(READ)),
        summary="Read all points of a series as columns of bytes",
    ),
    _own(
        *("create_own_logged_model", "POST", "/logged-models/create", own.CreateOwnLoggedModel),
        *(logged_models.LoggedModelFound, may.experiment(EDIT)),
        summary="Create a logged model with an id that the client made",
    ),
    _own(
        *("change_logged_model", "POST", "/logged-models/change", own.ChangeLoggedModel),
        *(logged_models.LoggedModelFound, may.logged_model(EDIT)),
        summary="Change a logged model's status, params, tags or lifecycle stage together",
    ),
)

CHANGES = (
    _own(
        *("change_experiment", "POST", "/experiments/change", own.ChangeExperiment, experiments.ExperimentFound),
        may.experiment(EDIT),
        summary="Change an experiment's name and tags together",
    ),
    _own(
        *("create_own_model", "POST", "/registered-models/create", own.CreateOwnModel, registry.ModelFound),
        may.NEW,
        summary="Create a registered model, also one that is marked as a prompt",
    ),
    _own(
        *("change_model", "POST", "/registered-models/change", own.ChangeModel, registry.ModelFound),
        may.registered_model(EDIT),
        summary="Change a registered model's description and tags together",
    ),
    _own(
        *("create_own_version", "POST", "/model-versions/create", own.CreateOwnVersion, registry.VersionFound),
        may.registered_model(EDIT),
        summary="Create the next version of a registered model",
    ),
    _own(
        *("change_version", "POST", "/model-versions/change", own.ChangeVersion, registry.VersionFound),
        may.registered_model(EDIT),
        summary="Change a version's description, stage and tags together",
    ),
)

JOURNAL = (
    _own(
        *("begin_journal", "POST", "/journal/begin", journal.CreatedRun, Empty, may.experiment(EDIT)),
        summary="Store the records of a journal that create a run",
        streams=True,
    ),
    _own(
        *("apply_journal", "POST", "/journal/apply", journal.DeliveredRun, Empty, may.run(EDIT)),
        summary="Store the next records of a journal, and move its cursor, all or nothing",
        streams=True,
    ),
    _own(
        *("list_writers", "GET", "/journal/writers", journal.DeliveredRun, journal.WritersFound, may.run(READ)),
        summary="List the writers of a run with their cursors",
    ),
    _own(
        *("sync", "POST", "/journal/sync", Request, Empty, may.CALLER),
        summary="Answer when all that was stored so far survives a power failure",
    ),
)

ROUTES = (*TABLES, *VIEWS, *STORE, *CHANGES, *JOURNAL)
