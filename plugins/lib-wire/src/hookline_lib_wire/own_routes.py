"""The part of the table that is Hookline's own, below `/api/hookline/v1`: what MLflow's API does not offer."""

from functools import partial

from hookline_lib_wire import permissions as may
from hookline_lib_wire.messages import own, runs
from hookline_lib_wire.messages.base import Empty
from hookline_lib_wire.permissions import Action
from hookline_lib_wire.routes import Family, Route

READ, EDIT = Action.READ, Action.EDIT
_own = partial(Route, family=Family.HOOKLINE)

TABLES = (
    _own(
        *("select_runs", "POST", "/runs/search", own.SelectRuns, runs.RunsFound),
        may.experiment(READ, "experiment_ids"),
        summary="Search runs, and choose which of their data to read",
    ),
    _own(
        *("count_runs", "POST", "/runs/count", own.CountRuns, own.Counted),
        may.experiment(READ, "experiment_ids"),
        summary="Count the runs that a search finds",
    ),
    _own(
        *("list_keys", "POST", "/runs/keys", own.ListKeys, own.KeysFound),
        may.experiment(READ, "experiment_ids"),
        summary="List the metrics, params and tags that runs have: the columns of a table",
    ),
    _own(
        *("get_charts", "POST", "/charts", own.GetCharts, own.ChartsFound, may.run(READ, "run_ids")),
        summary="Read a series of several runs as buckets with their minima, maxima and last values",
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

ROUTES = (*TABLES, *VIEWS)
