"""Some hundred requests, good and bad, in their order: what MLflow's server and ours are both asked.

`$name` in a field or a path stands for what an earlier answer was bound to.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Asked:
    """A request.

    Attributes:
        name: unique. bind: names for parts of the answer, by dotted paths. raw: the body as it is, with `headers`.
    """

    name: str
    method: str
    path: str
    fields: dict = field(default_factory=dict)
    bind: dict = field(default_factory=dict)
    raw: bytes | None = None
    headers: dict = field(default_factory=dict)


LONG = "x" * 300
RUN = "run.info.run_id"


def post(name, path, bind=None, /, **fields):
    return Asked(name, "POST", path, fields, bind or {})


def get(name, path, /, **fields):
    return Asked(name, "GET", path, fields)


def other(method, name, path, /, **fields):
    return Asked(name, method, path, fields)


def each(prefix, make, values):
    """A request for every value, named after it."""
    return [make(f"{prefix}: {str(value)[:60]}", value) for value in values]


EXPERIMENTS = [
    post(
        "create experiment", "experiments/create", {"exp": "experiment_id"}, name="a", tags=[{"key": "k", "value": "v"}]
    ),
    post("create another", "experiments/create", {"exp2": "experiment_id"}, name="b"),
    post("create a third", "experiments/create", {"exp3": "experiment_id"}, name="ünï ☃"),
    *each(
        "create experiment badly",
        lambda name, fields: post(name, "experiments/create", **fields),
        [
            {},
            {"name": ""},
            {"name": None},
            {"name": 5},
            {"name": ["x"]},
            {"name": "a"},
            {"name": "x" * 501},
            {"tags": []},
            {"name": "t", "tags": "x"},
            {"name": "t", "tags": [{"key": 1}]},
            {"name": "l", "artifact_location": "x#y"},
        ],
    ),
    get("get experiment", "experiments/get", experiment_id="$exp"),
    get("get by name", "experiments/get-by-name", experiment_name="a"),
    get("get by a name of other letters", "experiments/get-by-name", experiment_name="ünï ☃"),
    *each(
        "get experiment badly",
        lambda name, fields: get(name, "experiments/get", **fields),
        [{}, {"experiment_id": ""}, {"experiment_id": "777"}],
    ),
    *each(
        "get by name badly",
        lambda name, fields: get(name, "experiments/get-by-name", **fields),
        [{}, {"experiment_name": "none"}, {"experiment_name": "A"}],
    ),
    post("rename", "experiments/update", experiment_id="$exp2", new_name="b2"),
    post("rename to nothing", "experiments/update", experiment_id="$exp2"),
    post("rename to a taken name", "experiments/update", experiment_id="$exp2", new_name="a"),
    post("rename what is not there", "experiments/update", experiment_id="777", new_name="x"),
    post("set tag", "experiments/set-experiment-tag", experiment_id="$exp", key="t", value="1"),
    post("set tag again", "experiments/set-experiment-tag", experiment_id="$exp", key="t", value="2"),
    post("set tag of nothing", "experiments/set-experiment-tag", experiment_id="777", key="t", value="2"),
    post("set tag without a key", "experiments/set-experiment-tag", experiment_id="$exp", value="2"),
    post("set tag with a long key", "experiments/set-experiment-tag", experiment_id="$exp", key=LONG, value="2"),
    post("delete tag", "experiments/delete-experiment-tag", experiment_id="$exp", key="t"),
    post("delete tag again", "experiments/delete-experiment-tag", experiment_id="$exp", key="t"),
    post("delete experiment", "experiments/delete", experiment_id="$exp2"),
    post("delete experiment again", "experiments/delete", experiment_id="$exp2"),
    post("rename a deleted one", "experiments/update", experiment_id="$exp2", new_name="z"),
    post("create with the name of a deleted one", "experiments/create", name="b2"),
    post("run in a deleted one", "runs/create", experiment_id="$exp2"),
    get("get a deleted one", "experiments/get", experiment_id="$exp2"),
    get("get a deleted one by name", "experiments/get-by-name", experiment_name="b2"),
    *each(
        "search experiments",
        lambda name, fields: post(
            name, "experiments/search", **{"max_results": 10, "order_by": ["name ASC"], **fields}
        ),
        [{}, {"view_type": "DELETED_ONLY"}, {"view_type": "ALL"}, {"filter": "name = 'a'"}, {"filter": "name != 'a'"}]
        + [
            {"filter": f}
            for f in ("name LIKE 'A%'", "name ILIKE 'A%'", "tags.k = 'v'", "attribute.name = 'a'", "tags.k IS NULL")
        ]
        + [{"filter": f} for f in ("name = a", "nme = 'a'", "name > 'a'", "name = 'a' OR name = 'b'", "name", "= 'a'")]
        + [{"max_results": m} for m in (1, "2", 0, -1, 100_000, None, "x")]
        + [{"order_by": o} for o in (["name DESC"], ["experiment_id ASC"], ["nme"], ["name DOWN"], "name", ["tags.k"])]
        + [{"page_token": "nonsense"}],
    ),
    post("restore experiment", "experiments/restore", experiment_id="$exp2"),
    post("restore experiment again", "experiments/restore", experiment_id="$exp2"),
    post("restore what is not there", "experiments/restore", experiment_id="777"),
    post("delete what is not there", "experiments/delete", experiment_id="777"),
]

RUNS = [
    post(
        *("create run", "runs/create", {"run": RUN}),
        experiment_id="$exp",
        user_id="jane",
        run_name="one",
        start_time=1000,
        tags=[{"key": "a", "value": "b"}],
    ),
    post(
        "create run with texts", "runs/create", {"run2": RUN}, experiment_id="$exp", run_name="two", start_time="2000"
    ),
    post(
        "create run with a name tag",
        "runs/create",
        {"run3": RUN},
        experiment_id="$exp",
        start_time=3000,
        tags=[{"key": "mlflow.runName", "value": "three"}],
    ),
    post(
        "create run with two names",
        "runs/create",
        experiment_id="$exp",
        run_name="x",
        tags=[{"key": "mlflow.runName", "value": "y"}],
    ),
    *each(
        "create run badly",
        lambda name, fields: post(name, "runs/create", **fields),
        [
            {"experiment_id": "777"},
            {"experiment_id": "$exp", "start_time": "x"},
        ],
    ),
    get("get run", "runs/get", run_id="$run"),
    get("get run by uuid", "runs/get", run_uuid="$run"),
    *each("get run badly", lambda name, f: get(name, "runs/get", **f), [{}, {"run_id": "0" * 32}, {"run_id": "a b"}]),
    *each(
        "log metric",
        lambda name, f: post(name, "runs/log-metric", **{"run_id": "$run", "key": "m", "timestamp": 1, **f}),
        [{"value": 1}, {"value": 2.5, "step": 1}, {"value": "3", "step": "2"}, {"value": "NaN", "step": 3}]
        + [{"value": 1e308, "step": 4}, {"value": -1, "step": -5}, {"value": 1, "key": "a/b c.d-e_f"}]
        + [
            {},
            {"value": "x"},
            {"value": 1, "timestamp": None},
            {"value": 1, "timestamp": "x"},
            {"value": 1, "key": None},
        ]
        + [{"value": 1, "key": k} for k in ("", "../x", "/x", "a//b", "a!", LONG, ".", "a/")]
        + [
            {"value": 1, "run_id": "0" * 32},
            {"value": 1, "run_id": None},
            {"value": True},
            {"value": None},
            {"value": 1, "timestamp": -1},
        ],
    ),
    *each(
        "log param",
        lambda name, f: post(name, "runs/log-parameter", **{"run_id": "$run", **f}),
        [
            {"key": "p", "value": "1"},
            {"key": "p", "value": "1"},
            {"key": "p", "value": "2"},
            {"key": "e", "value": ""},
            {"key": "u", "value": "ü☃"},
            {"key": "l", "value": "x" * 6000},
            {"value": "1"},
            {"key": "", "value": "1"},
            {"key": "n", "value": 5},
            {"key": "../x", "value": "1"},
            {"key": "x", "value": "1", "run_id": "0" * 32},
        ],
    ),
    *each(
        "set tag of a run",
        lambda name, f: post(name, "runs/set-tag", **{"run_id": "$run", **f}),
        [
            {"key": "t", "value": "1"},
            {"key": "t", "value": "2"},
            {"key": "e", "value": ""},
            {"value": "1"},
            {"key": "mlflow.runName", "value": "renamed"},
            {"key": LONG, "value": "1"},
            {"key": "t", "value": ["x"]},
        ],
    ),
    post("delete tag of a run", "runs/delete-tag", run_id="$run", key="t"),
    post("delete tag of a run again", "runs/delete-tag", run_id="$run", key="t"),
    post("delete tag without a key", "runs/delete-tag", run_id="$run"),
    post("delete tag of no run", "runs/delete-tag", run_id="0" * 32, key="t"),
    get("get run after all", "runs/get", run_id="$run"),
    *each(
        "log batch",
        lambda name, f: post(name, "runs/log-batch", **{"run_id": "$run2", **f}),
        [
            {},
            {"metrics": [{"key": "b", "value": 1, "timestamp": 1, "step": s} for s in range(5)]},
            {"params": [{"key": "p", "value": "1"}], "tags": [{"key": "t", "value": "1"}]},
            {"params": [{"key": "p", "value": "2"}]},
            {"params": [{"key": "q", "value": "1"}, {"key": "q", "value": "1"}]},
            {"tags": [{"key": "t", "value": "2"}, {"key": "t", "value": "3"}]},
            {"metrics": [{"key": "b"}]},
            {"metrics": [{"value": 1, "timestamp": 1}]},
            {"metrics": "x"},
            {"params": [{"value": "1"}]},
            {"params": ["x"]},
            {"metrics": [{"key": "c", "value": 1, "timestamp": 1}] * 1001},
            {"run_id": None},
            {"run_id": "0" * 32},
            {"params": [{"key": str(n), "value": ""} for n in range(101)]},
            {"metrics": [{"key": "a//b", "value": 1, "timestamp": 1}]},
        ],
    ),
    get("get run after batches", "runs/get", run_id="$run2"),
    *each(
        "update run",
        lambda name, f: post(name, "runs/update", **{"run_id": "$run3", **f}),
        [
            {"status": "FINISHED", "end_time": 9000},
            {"run_name": "new"},
            {"status": "NONSENSE"},
            {"run_id": "0" * 32},
            {"status": "KILLED"},
            {"run_id": None},
            {"status": 3, "end_time": "9500"},
            {},
        ],
    ),
    get("get run after updates", "runs/get", run_id="$run3"),
]

HISTORY = [
    *each(
        "history",
        lambda name, f: get(name, "metrics/get-history", **{"run_id": "$run", "metric_key": "m", **f}),
        [
            {},
            {"metric_key": "none"},
            {"max_results": 2},
            {"max_results": 100},
            {"run_id": "0" * 32},
            {"metric_key": ""},
            {"max_results": 0},
            {"max_results": "x"},
            {"max_results": 2, "page_token": "nonsense"},
        ],
    ),
    *each(
        "interval",
        lambda name, f: get(
            name, "metrics/get-history-bulk-interval", **{"run_ids": ["$run2"], "metric_key": "b", **f}
        ),
        [
            {},
            {"max_results": 2},
            {"start_step": 1, "end_step": 3},
            {"start_step": 1},
            {"start_step": 3, "end_step": 1},
            {"max_results": 0},
            {"max_results": 5000},
            {"metric_key": "none"},
            {"run_ids": []},
            {"run_ids": ["$run", "$run2"]},
        ],
    ),
]


def search(name, /, **fields):
    return post(name, "runs/search", **{"experiment_ids": ["$exp"], "order_by": ["start_time ASC"], **fields})


FILTERS = [
    *("metrics.m > 0", "metrics.m >= 1", "metric.m != 5", "metrics.b = 1", "metrics.none = 1", "metrics.`m` < 100"),
    *(
        "params.p = '1'",
        "params.p != '1'",
        "param.p LIKE '1%'",
        "parameters.p ILIKE '1'",
        "params.none = '1'",
        'params."p" = "1"',
    ),
    *("tags.a = 'b'", "tag.a != 'b'", "tags.`mlflow.runName` LIKE '%e%'", "tags.none IS NULL", "tags.a IS NOT NULL"),
    *(
        "attributes.status = 'RUNNING'",
        "status = 'FINISHED'",
        "run_name = 'two'",
        "run_name LIKE 't%'",
        "user_id = 'jane'",
    ),
    *(
        "start_time > 1500",
        "attribute.start_time <= 2000",
        "end_time > 0",
        "artifact_uri LIKE 'mlflow-artifacts%'",
        "created > 0",
    ),
    *(
        "metrics.m > 0 AND params.p = '1'",
        "metrics.m > 0 and tags.a = 'b' AND status = 'RUNNING'",
        "dataset.name = 'd'",
    ),
    *(
        "metrics.m > 'x'",
        "params.p = 1",
        "params.p > '1'",
        "tags.a = b",
        "metrics.m LIKE '1'",
        "nonsense.x = 1",
        "run_name = 5",
    ),
    *(
        "metrics.m > 0 OR metrics.m < 0",
        "(metrics.m > 0)",
        "metrics.m >",
        "> 1",
        "metrics = 1",
        "status > 'x'",
        "metrics.m IN (1)",
    ),
    *(
        "run_id IN ('x')",
        "run_id NOT IN ('x')",
        "params.p IN ('1')",
        "attributes.nonsense = 'x'",
        "start_time = 'x'",
        "AND",
        "''",
    ),
]
SEARCHES = [
    *each("search", lambda name, f: search(name, filter=f), FILTERS),
    *each(
        "search in order",
        lambda name, f: search(name, order_by=f),
        [
            ["metrics.m DESC", "start_time ASC"],
            ["params.p", "start_time ASC"],
            ["tags.a DESC", "start_time ASC"],
            ["start_time DESC"],
            ["run_name ASC"],
            ["attributes.status ASC", "start_time ASC"],
            ["nonsense.x"],
            ["metrics.m UP"],
            ["metrics"],
            "start_time",
            [],
        ],
    ),
    *each(
        "search with",
        lambda name, f: search(name, **f),
        [{"max_results": 1}, {"max_results": 0}, {"max_results": -1}, {"max_results": 50_001}, {"max_results": "2"}]
        + [{"run_view_type": v} for v in ("ALL", "DELETED_ONLY", "ACTIVE_ONLY", "NONSENSE")]
        + [{"experiment_ids": []}, {"experiment_ids": ["777"]}, {"experiment_ids": "x"}, {"page_token": "nonsense"}],
    ),
]

LIFE = [
    post("delete run", "runs/delete", run_id="$run3"),
    post("delete run again", "runs/delete", run_id="$run3"),
    get("get a deleted run", "runs/get", run_id="$run3"),
    post("log into a deleted run", "runs/log-metric", run_id="$run3", key="m", value=1, timestamp=1),
    post("tag a deleted run", "runs/set-tag", run_id="$run3", key="m", value="1"),
    post("update a deleted run", "runs/update", run_id="$run3", status="RUNNING"),
    search("search without deleted"),
    search("search deleted", run_view_type="DELETED_ONLY"),
    post("restore run", "runs/restore", run_id="$run3"),
    post("restore run again", "runs/restore", run_id="$run3"),
    post("delete no run", "runs/delete", run_id="0" * 32),
    post("restore no run", "runs/restore", run_id="0" * 32),
    post("delete run without an id", "runs/delete"),
    post(
        *("log inputs", "runs/log-inputs"),
        run_id="$run2",
        datasets=[
            {
                "tags": [{"key": "mlflow.data.context", "value": "train"}],
                "dataset": {"name": "d", "digest": "1", "source_type": "local", "source": "{}"},
            }
        ],
    ),
    post("log inputs of no run", "runs/log-inputs", run_id="0" * 32, datasets=[]),
    get("get run with inputs", "runs/get", run_id="$run2"),
    search("search by a dataset", filter="dataset.name = 'd'"),
    search("search by a context", filter="dataset.context = 'train'"),
    search("search by nonsense of a dataset", filter="dataset.colour = 'd'"),
    post("log model", "runs/log-model", run_id="$run2", model_json="{}"),
    post("log model that is no json", "runs/log-model", run_id="$run2", model_json="x"),
    post("log model without it", "runs/log-model", run_id="$run2"),
]

REGISTRY = [
    post("create model", "registered-models/create", name="m", description="words", tags=[{"key": "k", "value": "v"}]),
    post("create model n", "registered-models/create", name="n"),
    *each(
        "create model badly",
        lambda name, f: post(name, "registered-models/create", **f),
        [{}, {"name": ""}, {"name": "m"}, {"name": "a/b"}, {"name": "a:b"}, {"name": 5}],
    ),
    get("get model", "registered-models/get", name="m"),
    get("get no model", "registered-models/get", name="none"),
    get("get model without a name", "registered-models/get"),
    other("PATCH", "update model", "registered-models/update", name="m", description="new"),
    other("PATCH", "update no model", "registered-models/update", name="none", description="new"),
    post("set model tag", "registered-models/set-tag", name="m", key="a", value="1"),
    post("set tag of no model", "registered-models/set-tag", name="none", key="a", value="1"),
    post("set model tag without a key", "registered-models/set-tag", name="m", value="1"),
    other("DELETE", "delete model tag", "registered-models/delete-tag", name="m", key="a"),
    other("DELETE", "delete model tag again", "registered-models/delete-tag", name="m", key="a"),
    post(
        "create version",
        "model-versions/create",
        name="m",
        source="mlflow-artifacts:/$exp/$run/artifacts/x",
        run_id="$run",
    ),
    post(
        "create version 2",
        "model-versions/create",
        name="m",
        source="mlflow-artifacts:/$exp/$run/artifacts/x",
        run_id="$run",
        description="d",
        tags=[{"key": "a", "value": "b"}],
    ),
    post(
        "create version 3",
        "model-versions/create",
        name="m",
        source="mlflow-artifacts:/$exp/$run/artifacts/y",
        run_id="$run",
    ),
    *each(
        "create version badly",
        lambda name, f: post(name, "model-versions/create", **f),
        [
            {},
            {"name": "m"},
            {"name": "none", "source": "mlflow-artifacts:/1/x"},
            {"name": "m", "source": "/etc/passwd"},
            {"name": "m", "source": "file:///etc"},
            {"name": "m", "source": "mlflow-artifacts:/../x"},
        ],
    ),
    *each(
        "get version",
        lambda name, f: get(name, "model-versions/get", **f),
        [
            {"name": "m", "version": "1"},
            {"name": "m", "version": "9"},
            {"name": "none", "version": "1"},
            {"name": "m"},
            {"name": "m", "version": "x"},
            {"name": "m", "version": "2"},
        ],
    ),
    get("download uri", "model-versions/get-download-uri", name="m", version="1"),
    get("download uri of none", "model-versions/get-download-uri", name="m", version="9"),
    other("PATCH", "update version", "model-versions/update", name="m", version="1", description="told"),
    other("PATCH", "update no version", "model-versions/update", name="m", version="9", description="told"),
    post("set version tag", "model-versions/set-tag", name="m", version="1", key="a", value="1"),
    post("set tag of no version", "model-versions/set-tag", name="m", version="9", key="a", value="1"),
    other("DELETE", "delete version tag", "model-versions/delete-tag", name="m", version="1", key="a"),
    *each(
        "stage",
        lambda name, f: post(
            name,
            "model-versions/transition-stage",
            **{"name": "m", "version": "1", "archive_existing_versions": False, **f},
        ),
        [
            {"stage": "Staging"},
            {"stage": "production"},
            {"stage": "nonsense"},
            {"stage": ""},
            {"stage": "Archived", "archive_existing_versions": True},
            {"stage": "Production", "version": "2", "archive_existing_versions": True},
            {"stage": "Staging", "version": "9"},
        ],
    ),
    post("latest versions", "registered-models/get-latest-versions", name="m"),
    post("latest versions of a stage", "registered-models/get-latest-versions", name="m", stages=["Production"]),
    get("latest versions by GET", "registered-models/get-latest-versions", name="m"),
    post("latest versions of none", "registered-models/get-latest-versions", name="none"),
    post("set alias", "registered-models/alias", name="m", alias="best", version="1"),
    post("move alias", "registered-models/alias", name="m", alias="best", version="2"),
    *each(
        "set alias badly",
        lambda name, f: post(name, "registered-models/alias", **{"name": "m", "version": "1", **f}),
        [
            {"alias": "latest"},
            {"alias": "v1"},
            {"alias": "a b"},
            {"alias": ""},
            {"alias": "x", "version": "9"},
            {"alias": "x", "name": "none"},
        ],
    ),
    get("get by alias", "registered-models/alias", name="m", alias="best"),
    get("get by no alias", "registered-models/alias", name="m", alias="none"),
    get("get model with aliases", "registered-models/get", name="m"),
    get("get version with aliases", "model-versions/get", name="m", version="2"),
    other("DELETE", "delete alias", "registered-models/alias", name="m", alias="best"),
    other("DELETE", "delete alias again", "registered-models/alias", name="m", alias="best"),
    *each(
        "search models",
        lambda name, f: get(name, "registered-models/search", **f),
        [
            {},
            {"filter": "name = 'm'"},
            {"filter": "name LIKE 'M%'"},
            {"filter": "name ILIKE 'M%'"},
            {"filter": "tags.k = 'v'"},
            {"max_results": 1},
            {"filter": "nonsense = 'm'"},
            {"filter": "name > 'm'"},
            {"max_results": 0},
            {"max_results": 100000},
            {"order_by": ["name DESC"]},
            {"order_by": ["nonsense"]},
        ],
    ),
    *each(
        "search versions",
        lambda name, f: get(name, "model-versions/search", **{"order_by": ["version_number ASC"], **f}),
        [
            {},
            {"filter": "name = 'm'"},
            {"filter": "run_id = '$run'"},
            {"filter": "version_number > 1"},
            {"filter": "tags.a = 'b'"},
            {"filter": "nonsense = 'm'"},
            {"filter": "source_path LIKE '%y'"},
            {"max_results": 0},
        ],
    ),
    other("DELETE", "delete version", "model-versions/delete", name="m", version="3"),
    other("DELETE", "delete version again", "model-versions/delete", name="m", version="3"),
    post(
        "create version after deleting",
        "model-versions/create",
        name="m",
        source="mlflow-artifacts:/$exp/$run/artifacts/x",
        run_id="$run",
    ),
    post("rename model", "registered-models/rename", name="m", new_name="m2"),
    post("rename model to a taken name", "registered-models/rename", name="m2", new_name="n"),
    post("rename no model", "registered-models/rename", name="none", new_name="x"),
    get("get version of the renamed", "model-versions/get", name="m2", version="1"),
    other("DELETE", "delete model", "registered-models/delete", name="m2"),
    other("DELETE", "delete model again", "registered-models/delete", name="m2"),
]

MODELS = [
    post(
        "create logged model",
        "logged-models",
        {"model": "model.info.model_id"},
        experiment_id="$exp",
        name="net",
        source_run_id="$run",
        params=[{"key": "p", "value": "1"}],
        tags=[{"key": "t", "value": "v"}],
        model_type="kind",
    ),
    post("create logged model nowhere", "logged-models", experiment_id="777", name="x"),
    post("create logged model without an experiment", "logged-models", name="x"),
    get("get logged model", "logged-models/$model"),
    get("get no logged model", "logged-models/m-none"),
    other("PATCH", "finalize", "logged-models/$model", model_id="$model", status="LOGGED_MODEL_READY"),
    other("PATCH", "finalize none", "logged-models/m-none", model_id="m-none", status="LOGGED_MODEL_READY"),
    other(
        "PATCH", "tag logged model", "logged-models/$model/tags", model_id="$model", tags=[{"key": "u", "value": "w"}]
    ),
    other("DELETE", "delete tag of a logged model", "logged-models/$model/tags/u"),
    other("DELETE", "delete tag of a logged model again", "logged-models/$model/tags/u"),
    post(
        "params of a logged model",
        "logged-models/$model/params",
        model_id="$model",
        params=[{"key": "q", "value": "2"}],
    ),
    post(
        "metric of a logged model",
        "runs/log-metric",
        run_id="$run",
        key="acc",
        value=0.5,
        timestamp=1,
        model_id="$model",
    ),
    post("outputs", "runs/outputs", run_id="$run", models=[{"model_id": "$model", "step": 1}]),
    get("get run with outputs", "runs/get", run_id="$run"),
    get("get logged model with all", "logged-models/$model"),
    *each(
        "search logged models",
        lambda name, f: post(name, "logged-models/search", **{"experiment_ids": ["$exp"], **f}),
        [
            {},
            {"filter": "name = 'net'"},
            {"filter": "params.p = '1'"},
            {"filter": "tags.t = 'v'"},
            {"filter": "metrics.acc > 0.4"},
            {"filter": "metrics.acc > 0.6"},
            {"filter": "nonsense = 1"},
            {"order_by": [{"field_name": "creation_timestamp"}]},
            {"max_results": 1},
            {"order_by": [{"field_name": "metrics.acc", "ascending": False}]},
            {"experiment_ids": ["777"]},
        ],
    ),
    get("files of a logged model", "logged-models/$model/artifacts/directories"),
    other("DELETE", "delete logged model", "logged-models/$model"),
    get("get a deleted logged model", "logged-models/$model"),
]

PROXY = "/api/2.0/mlflow-artifacts/artifacts"
FILES = [
    Asked("put a file", "PUT", f"{PROXY}/$exp/$run/artifacts/a/b.txt", raw=b"hello"),
    get("list files", "artifacts/list", run_id="$run"),
    get("list files below", "artifacts/list", run_id="$run", path="a"),
    get("list a file", "artifacts/list", run_id="$run", path="a/b.txt"),
    get("list what is not there", "artifacts/list", run_id="$run", path="zzz"),
    get("list files of no run", "artifacts/list", run_id="0" * 32),
    get("list files above", "artifacts/list", run_id="$run", path="../.."),
    get("list the proxy", PROXY, path="$exp/$run/artifacts/a"),
    get("list the proxy above", PROXY, path="../x"),
    get("get a file", f"{PROXY}/$exp/$run/artifacts/a/b.txt"),
    get("get no file", f"{PROXY}/$exp/$run/artifacts/none"),
    get("get a file above", f"{PROXY}/..%2f..%2fetc%2fpasswd"),
    Asked("delete a file", "DELETE", f"{PROXY}/$exp/$run/artifacts/a/b.txt"),
    get("get a file that is gone", f"{PROXY}/$exp/$run/artifacts/a/b.txt"),
    post("multipart", "/api/2.0/mlflow-artifacts/mpu/create/$exp/x", path="x", num_parts=2),
]

JSON = {"Content-Type": "application/json"}
WRONG = [
    Asked("a body that is no json", "POST", "experiments/create", raw=b"{nonsense", headers=JSON),
    Asked("a list as a body", "POST", "runs/log-metric", raw=b"[]", headers=JSON),
    Asked(
        "a body of another type", "POST", "experiments/create", raw=b"name=x", headers={"Content-Type": "text/plain"}
    ),
    Asked("a body in a text", "POST", "experiments/create", raw=b'"{\\"name\\": \\"twice\\"}"', headers=JSON),
    Asked("an unknown path", "GET", "nonsense/here"),
    Asked("a wrong method", "GET", "runs/create"),
    Asked("the health", "GET", "/health"),
]

EVERY = [*EXPERIMENTS, *RUNS, *HISTORY, *SEARCHES, *LIFE, *REGISTRY, *MODELS, *FILES, *WRONG]
