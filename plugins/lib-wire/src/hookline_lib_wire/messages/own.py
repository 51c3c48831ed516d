"""Messages of Hookline's own part of the API: what tables, charts and saved views need beyond MLflow's."""

from typing import Any, ClassVar

import msgspec

from hookline_lib_wire.messages.base import Request, Response
from hookline_lib_wire.messages.runs import LogBatch, SearchRuns


class Columns(msgspec.Struct):
    """Which data of runs a search returns."""

    metrics: list[str] = []
    params: list[str] = []
    tags: list[str] = []


class SelectRuns(SearchRuns):
    """Search runs; with `columns` a run has those metrics, params and tags only, and neither inputs nor outputs."""

    columns: Columns | None = None


class CreateOwnRun(Request):
    """Create a run whose id the client made, so that creating it again is recognised; a missing name is made up."""

    required: ClassVar[tuple[str, ...]] = ("run_id", "experiment_id")

    run_id: str = ""
    experiment_id: str = ""
    run_name: str | None = None
    user_id: str = ""
    start_time: int | None = None
    status: str = "RUNNING"
    tags: dict[str, str] = {}


class ChangeRun(Request):
    """Change a run: what is not given stays. A status that is not final, without an end time, clears the end time."""

    required: ClassVar[tuple[str, ...]] = ("run_id",)

    run_id: str = ""
    status: str | None = None
    end_time: int | None = None
    run_name: str | None = None
    lifecycle_stage: str | None = None


class ChangeExperiment(Request):
    """Change an experiment's name or tags together: what is not given stays; a missing tag to remove is no error."""

    required: ClassVar[tuple[str, ...]] = ("experiment_id",)

    experiment_id: str = ""
    name: str | None = None
    tags: dict[str, str] = {}
    deleted_tags: list[str] = []


class CreateOwnModel(Request):
    """Create a registered model."""

    required: ClassVar[tuple[str, ...]] = ("name",)

    name: str = ""
    description: str = ""
    tags: dict[str, str] = {}


class ChangeModel(Request):
    """Change a registered model's description or tags together: what is not given stays."""

    required: ClassVar[tuple[str, ...]] = ("name",)

    name: str = ""
    description: str | None = None
    tags: dict[str, str] = {}
    deleted_tags: list[str] = []


class CreateOwnVersion(Request):
    """Create the next version of a registered model; what it came from need not be there (any more)."""

    required: ClassVar[tuple[str, ...]] = ("name", "source")

    name: str = ""
    source: str = ""
    run_id: str | None = None
    model_id: str | None = None
    description: str = ""
    user_id: str = ""
    tags: dict[str, str] = {}


class ChangeVersion(Request):
    """Change a version's description, stage or tags together: what is not given stays."""

    required: ClassVar[tuple[str, ...]] = ("name", "version")

    name: str = ""
    version: int | None = None
    description: str | None = None
    current_stage: str | None = None
    archive_existing: bool = False
    tags: dict[str, str] = {}
    deleted_tags: list[str] = []


class LogWholeBatch(LogBatch):
    """Log points, params and tags together.

    Attributes:
        request_id: made anew for every batch, so that equal batches are told from one that is sent again.
    """

    request_id: str = ""


class CreateOwnLoggedModel(Request):
    """Create a logged model whose id the client made."""

    required: ClassVar[tuple[str, ...]] = ("model_id", "experiment_id", "name")

    model_id: str = ""
    experiment_id: str = ""
    name: str = ""
    source_run_id: str | None = None
    model_type: str | None = None
    params: dict[str, str] = {}
    tags: dict[str, str] = {}
    creation_time: int | None = None


class ChangeLoggedModel(Request):
    """Change a logged model: what is not given stays; params may only be added."""

    required: ClassVar[tuple[str, ...]] = ("model_id",)

    model_id: str = ""
    status: str | None = None
    status_message: str | None = None
    lifecycle_stage: str | None = None
    params: dict[str, str] = {}
    tags: dict[str, str] = {}
    deleted_tags: list[str] = []


class CountRuns(Request):
    """Count the runs that all pages of a search hold together."""

    experiment_ids: list[str] = []
    filter: str = ""
    run_view_type: str | int = "ACTIVE_ONLY"


class Counted(Response):
    """How many."""

    count: int = msgspec.field(default=-1)


class ListKeys(Request):
    """List every metric, param and tag that runs of experiments have."""

    required: ClassVar[tuple[str, ...]] = ("experiment_ids",)

    experiment_ids: list[str] = []


class RunKey(msgspec.Struct):
    """A column that a table of runs may have: `kind` is metric, param or tag; `type` number or text."""

    kind: str
    key: str
    type: str
    runs: int


class KeysFound(Response):
    """Keys, ordered by kind and key."""

    keys: list[RunKey] = []


class GetCharts(Request):
    """Read a series of several runs as at most `width` buckets each, in the order of `run_ids`.

    `x` is step, time (milliseconds since the Unix epoch) or relative (milliseconds since the run's start); the points
    whose x lies from `start` to `end` are shown, both included.
    """

    required: ClassVar[tuple[str, ...]] = ("run_ids", "key")

    run_ids: list[str] = []
    key: str = ""
    x: str = "step"
    width: int = 1000
    start: int | None = None
    end: int | None = None


class ChartSeries(msgspec.Struct):
    """The buckets of a series as columns of equal length; `null` in the values where a bucket has no finite one."""

    run_id: str
    key: str
    starts: list[int]
    ends: list[int]
    counts: list[int]
    minima: list[float | None]
    maxima: list[float | None]
    last_values: list[float | None]
    nans: list[int]
    positive_infinities: list[int]
    negative_infinities: list[int]


class ChartsFound(Response):
    """Series, in the order of the runs that were asked for."""

    series: list[ChartSeries] = []


class GetBands(Request):
    """Read a series of groups of runs as at most `width` buckets for each group, in which the runs are compared.

    `groups` has the name of each run's group, in the order of `run_ids`; a run may stand there once for each group that
    it is in. The range of x that is shown is cut into at most `width` columns, the same for all groups. A run
    counts in the columns from its first finite value to its last point, by its latest finite value there or before. The
    other fields are those of a request for charts.
    """

    required: ClassVar[tuple[str, ...]] = ("run_ids", "groups", "key")

    run_ids: list[str] = []
    groups: list[str] = []
    key: str = ""
    x: str = "step"
    width: int = 1000
    start: int | None = None
    end: int | None = None


class ChartBand(msgspec.Struct):
    """The buckets of a group as columns of equal length.

    `runs` says how many runs count in a bucket, `counts` how many points it has. `means` are over the runs, `minima`
    and `maxima` over their values and the points; `null` where no run counts.
    """

    group: str
    key: str
    starts: list[int]
    ends: list[int]
    counts: list[int]
    runs: list[int]
    means: list[float | None]
    minima: list[float | None]
    maxima: list[float | None]
    nans: list[int]
    positive_infinities: list[int]
    negative_infinities: list[int]


class BandsFound(Response):
    """Bands, in the order in which their groups were named first."""

    bands: list[ChartBand] = []


class GetPairs(Request):
    """Read a series of several runs over another one as at most `width` buckets each, in the order of `run_ids`.

    The two are joined at equal steps; where one of them has more than 10,000 points, by columns of steps. Pairs whose x
    lies from `start` to `end` are shown, both included: of fewer steps, which are joined more finely.
    """

    required: ClassVar[tuple[str, ...]] = ("run_ids", "key", "x_key")

    run_ids: list[str] = []
    key: str = ""
    x_key: str = ""
    width: int = 1000
    start: float | None = None
    end: float | None = None


class ChartPairs(msgspec.Struct):
    """The buckets of a series over another one, in the order of x; `null` in values where a bucket has no finite one.

    `steps` says how many steps are taken together at most, `unpaired` how many points of `key` have no finite value of
    `x_key` at their steps, `unpaired_x` how many of `x_key` are at steps without `key`. `xs` are those of the last
    values.
    """

    run_id: str
    key: str
    x_key: str
    steps: int
    unpaired: int
    unpaired_x: int
    xs: list[float]
    x_minima: list[float]
    x_maxima: list[float]
    counts: list[int]
    minima: list[float | None]
    maxima: list[float | None]
    last_values: list[float | None]
    nans: list[int]
    positive_infinities: list[int]
    negative_infinities: list[int]


class PairsFound(Response):
    """Series over another one, in the order of the runs that were asked for."""

    series: list[ChartPairs] = []


class ListViews(Request):
    """List saved views whose names start with a prefix."""

    prefix: str = ""


class ViewName(Request):
    """Name a saved view."""

    required: ClassVar[tuple[str, ...]] = ("name",)

    name: str = ""


class PutView(ViewName):
    """Save a view; with `expected_version` only if that is the present one (0: only if there is none)."""

    required: ClassVar[tuple[str, ...]] = ("name", "value")

    value: dict[str, Any] = {}
    expected_version: int | None = None


class View(Response):
    """A saved view: any JSON object. `version` starts at 1 and grows by one each time it is saved."""

    name: str
    value: dict[str, Any]
    version: int


class ViewsFound(Response):
    """Saved views, ordered by name."""

    views: list[View] = []
