"""What the browser looks at: real trainings, a larger experiment, and texts that would like to run."""

import io
import json
import math
import random
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy
import pandas
from plotly import graph_objects
from sklearn.datasets import load_diabetes
from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error
from sklearn.model_selection import train_test_split

from hookline import Workspace
from hookline.entities import Batch, Dataset, DatasetInput, Metric, NewRun, RunChange, RunStatus

GRID = [
    *(("ridge", Ridge, {"alpha": alpha}) for alpha in (0.01, 0.1, 1.0)),
    *(("forest", RandomForestRegressor, {"n_estimators": 40, "max_depth": depth}) for depth in (3, 6)),
    *(("boosting", GradientBoostingRegressor, {"n_estimators": 150, "learning_rate": r}) for r in (0.03, 0.1, 0.3)),
]
PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 60"><script>window.xss = "svg"</script>'
    '<rect width="120" height="60" fill="#e3f2ef"/>'
    '<path d="M8 50 40 30 70 38 112 10" fill="none" stroke="#0f6f66"/></svg>'
)
ATTACKS = [
    '<img src=x onerror="window.xss=1">',
    "<script>window.xss=1</script>",
    '"><svg onload="window.xss=1">',
    "javascript:window.xss=1",
    '<iframe srcdoc="<script>parent.xss=1</script>"></iframe>',
    '<a href="javascript:window.xss=1">click</a>',
    "[click](javascript:window.xss=1)",
    '![x](x"onerror="window.xss=1)',
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=window.xss=1&gt;">',
    "${window.xss=1}{{constructor.constructor('window.xss=1')()}}",
    '<form action="//evil.example"><button autofocus onfocus="window.xss=1">x</button></form>',
]
PAGE = """<!doctype html><html><head><style>body{font-family:sans-serif}</style></head>
<body onload="parent.xss=1"><h1>A report</h1><script>window.top.xss=1;fetch('/health')</script>
<img src="/get-artifact" onerror="parent.xss=1"></body></html>"""


MINUTE = 60_000


def fill(workspace: Workspace, large: int) -> dict[str, str]:
    """Fill a store; return the ids of experiments and runs by what they are for."""
    named = {"trainings": train(workspace), "large": grow(workspace, large), "nested": nest(workspace)}
    made = {"confused": confuse(workspace), "files": keep_files(workspace), "logged": keep_logs(workspace)}
    return {**named, **made, **attack(workspace)}


def keep_logs(workspace: Workspace) -> str:
    """Make a run with logs: a long one, one of which the colours and all else are commands, and one of another name."""
    experiment = workspace.experiments.get_or_create("logs").experiment_id
    with workspace.start_run(experiment_id=experiment, run_name="logged", sampled=False) as run:
        epochs = (
            f"epoch {number:05} loss {2.5 / (1 + number / 900):.4f} \x1b[32mok\x1b[0m" for number in range(20_000)
        )
        run.log_text("\n".join([*epochs, "\x1b[1mdone\x1b[0m", ""]), "logs/stdout.log")
        bar = "\r".join(f"{percent}%|{'#' * (percent // 5)}" for percent in range(0, 101, 5))
        hostile = [
            *ATTACKS,
            *(f"\x1b]8;;{text}\x07{text}\x1b]8;;\x07" for text in ATTACKS),
            "\x1b[31m\u202eturned",
            bar,
        ]
        run.log_text("\n".join(hostile), "logs/stderr.log")
        run.log_text("of another program\n", "logs/other.txt")
    return run.run_id


def keep_files(workspace: Workspace) -> str:
    """Make a run with files that libraries wrote: tables as Parquet, figures of plotly; and some that are damaged."""
    experiment = workspace.experiments.get_or_create("files").experiment_id
    data = load_diabetes(as_frame=True).frame.head(442)
    data["day"] = pandas.date_range("2026-01-01", periods=len(data))
    data["pair"] = [[number, number + 0.5] for number in range(len(data))]
    data["text"] = ATTACKS[0]
    figure = graph_objects.Figure(layout={"title": "Loss of two runs", "xaxis_title": "step", "yaxis_title": "loss"})
    for rate in (0.1, 0.3):
        steps = numpy.arange(60)
        figure.add_scatter(x=steps, y=2 * numpy.exp(-rate * steps / 4) + 0.2, name=f"rate {rate}", mode="lines")
    grid = graph_objects.Figure(graph_objects.Heatmap(z=numpy.outer(range(8), range(6)), x=list("abcdef")))
    flow = graph_objects.Figure(
        graph_objects.Sankey(node={"label": ["a", "b"]}, link={"source": [0], "target": [1], "value": [1]})
    )
    hostile = graph_objects.Figure(
        [graph_objects.Bar(x=ATTACKS, y=list(range(len(ATTACKS))), name=text) for text in ATTACKS[:3]],
        layout={"title": ATTACKS[0], "xaxis_title": ATTACKS[1]},
    )
    with workspace.start_run(experiment_id=experiment, run_name="files", sampled=False) as run:
        for compression in ("snappy", "zstd", "gzip", "brotli", "lz4", None):
            kept = io.BytesIO()
            data.to_parquet(kept, compression=compression)
            run.log_bytes(kept.getvalue(), f"{compression}.parquet")
        many = io.BytesIO()
        pandas.DataFrame({"n": range(100_000)}).to_parquet(many)
        run.log_bytes(many.getvalue(), "many.parquet")
        run.log_bytes(many.getvalue()[:1000], "short.parquet")
        run.log_bytes(b"PAR1" + b"\xff" * 200 + b"\xf0\x00\x00\x00PAR1", "damaged.parquet")
        for name, each in (("loss", figure), ("grid", grid), ("flow", flow), ("hostile", hostile)):
            run.log_text(each.to_json(), f"{name}.json")
        run.log_text(figure.to_html(include_plotlyjs=True), "loss.html")
        run.log_text(hostile.to_html(include_plotlyjs="cdn"), "hostile.html")
    return run.run_id


def confuse(workspace: Workspace) -> str:
    """Make a run with a confusion matrix for the panel of another plugin; one of its labels would like to run."""
    experiment = workspace.experiments.get_or_create("classes").experiment_id
    with workspace.start_run(experiment_id=experiment, run_name="confused", sampled=False) as run:
        labels = ["cat", "dog", ATTACKS[0]]
        run.log_dict({"labels": labels, "matrix": [[41, 3, 0], [5, 51, 1], [2, 0, 60]]}, "confusion_matrix.json")
    return run.run_id


def train(workspace: Workspace) -> str:
    """Fit some models to real data, and register the boosted ones."""
    data = load_diabetes(as_frame=True)
    train_x, test_x, train_y, test_y = train_test_split(data.data, data.target, random_state=0)
    experiment = workspace.experiments.get_or_create("diabetes").experiment_id
    for name, make, params in GRID:
        label = " ".join(str(each) for each in params.values())
        with workspace.start_run(experiment_id=experiment, run_name=f"{name} {label}", sampled=False) as run:
            run.log_params({"model": name, **params})
            run.set_tags(
                {"team": "clinic", "mlflow.note.content": f"A **{name}** as a first look.\n\n- data: diabetes"}
            )
            model = make(**params).fit(train_x, train_y)
            staged = model.staged_predict(test_x) if name == "boosting" else [model.predict(test_x)]
            for step, predicted in enumerate(staged):
                scores = {
                    "rmse": root_mean_squared_error(test_y, predicted),
                    "mae": mean_absolute_error(test_y, predicted),
                    "r2": r2_score(test_y, predicted),
                }
                run.log_metrics(scores, step=step)
            rows = ["measured,predicted", *(f"{a},{b:.1f}" for a, b in zip(test_y, predicted, strict=True))]
            run.log_text("\n".join(rows), "tables/predictions.csv")
            run.log_text("# Report\n\nThe model *fits*, see [the data](https://example.org).", "report.md")
            run.log_dict({"params": params, "scores": scores}, "summary.json")
            run.log_text(PICTURE, "plots/curve.svg")
            if name == "boosting":
                run.log_model(model, "model", registered_name="diabetes", input_example=train_x.head(2))
    workspace.registry.set_alias("diabetes", "champion", 2)
    return experiment


def grow(workspace: Workspace, count: int) -> str:
    """Make an experiment of many runs, the newest with long series that have a spike, NaN and infinities."""
    chance, store = random.Random(7), workspace.tracking
    experiment = workspace.experiments.get_or_create("sweep").experiment_id
    first = int(time.time() * 1000) - count * MINUTE
    for number in range(count):
        start = first + number * MINUTE
        run = store.create_run(NewRun(experiment, run_name=f"trial-{number:05}", start_time=start)).info.run_id
        is_long = number >= count - 12
        rate = 10 ** chance.uniform(-3, -0.5)
        params = {
            "learning_rate": f"{rate:.2e}",
            "layers": chance.choice(["2", "4", "8"]),
            "optimizer": chance.choice(["adam", "sgd", "lion"]),
        }
        metrics = list(series(chance, number, start, rate, 2000 if is_long else 1))
        tags = {"team": "research", "mlflow.user": chance.choice(["ada", "grace"]), "mlflow.source.name": "train.py"}
        store.log_batch(run, Batch(metrics, params, tags))
        if number < count - 1:  # the last one goes on
            status = RunStatus.FAILED if number % 17 == 3 else RunStatus.FINISHED
            store.update_run(run, RunChange(status=status, end_time=start + chance.randrange(2000, 90_000)))
    return experiment


def nest(workspace: Workspace) -> str:
    """Make an experiment whose runs have children, one of them with a child of its own."""
    store, experiment = workspace.tracking, workspace.experiments.get_or_create("search of folds").experiment_id

    def make(name: str, score: float, dataset: str, parent: str | None = None) -> str:
        run = store.create_run(NewRun(experiment, run_name=name, start_time=int(time.time() * 1000))).info.run_id
        tags = {"mlflow.parentRunId": parent} if parent else {}
        store.log_batch(run, Batch([Metric("score", score, 0, 0)], {"kind": name.split()[0]}, tags))
        store.log_inputs(run, [DatasetInput(Dataset(dataset, "1a2b", "local", "{}"))])
        return run

    for number in range(2):
        top = make(f"search {number}", 0.9, "whole")
        for fold in range(3):
            child = make(f"fold {number}.{fold}", 0.5 + fold / 10, f"part {fold}", top)
        make(f"again {number}", math.nan, "part 2", child)
    make("alone", 0.1, "whole")
    return experiment


def series(chance: random.Random, number: int, start: int, rate: float, steps: int):
    for step in range(steps):
        loss = 2.5 * math.exp(-step * rate / 20) + 0.15 + chance.random() * 0.06
        if step == 777:
            loss = 3.4
        if step == 1200 and number % 4 == 0:
            loss = math.nan
        yield Metric("loss", loss, step, start + step * 25)
        if step % 10 == 0 and not math.isnan(loss):
            yield Metric("accuracy", max(0.0, 1 - loss / 3), step, start + step * 25)
    yield Metric("gradient/norm", math.inf if number % 4 == 1 else chance.uniform(0.1, 9), 0, start)


def attack(workspace: Workspace) -> dict[str, str]:
    """Put texts that would like to run into every place that a page shows."""
    experiment = workspace.experiments.create(f"attack {ATTACKS[0]}").experiment_id
    named = {"attacked": experiment}
    for number, text in enumerate(ATTACKS):
        tags = {"mlflow.note.content": f"note {text}\n\n{text}", f"tag{number}": text, "mlflow.user": text}
        with workspace.start_run(experiment_id=experiment, run_name=f"{number} {text}", sampled=False) as run:
            run.set_tags({**tags, "mlflow.source.name": text})
            run.log_params({f"param{number}": text})
            run.log_metric("m", number)
            if number == 0:
                named["attacked_run"] = run.run_id
                run.log_text(PAGE, "page.html")
                run.log_text("\n\n".join(ATTACKS), "text.md")
                run.log_text(
                    "a,b\n" + "\n".join(f'"{each.replace(chr(34), chr(34) * 2)}",=1+1' for each in ATTACKS), "rows.csv"
                )
                run.log_text(PICTURE, "picture.svg")
                run.log_dict({"a": ATTACKS}, "values.json")
                run.log_text(PAGE, "renamed.txt")
                run.log_bytes(b"\0\1<script>window.xss=1</script>", "bytes.dat")
                for _ in range(2):
                    logged = run.log_model(sum, "model", registered_name="hostile")
                    disguise(workspace, logged.artifact_uri)
    workspace.registry.create("attacked model", description="\n\n".join(ATTACKS))
    return named


def disguise(workspace: Workspace, uri: str) -> None:
    """Replace the file `MLmodel` of a logged model by one whose every text would like to run."""
    fields = [{"name": text, "type": text, "default": text} for text in ATTACKS]
    flavor = {"loader_module": ATTACKS[0], f"{ATTACKS[1]}_version": ATTACKS[2]}
    described = {
        "flavors": dict.fromkeys(ATTACKS, flavor) | {"python_function": {"python_version": ATTACKS[0]}},
        "signature": {"inputs": json.dumps(fields), "outputs": json.dumps([ATTACKS]), "params": json.dumps(fields)},
        "model_size_bytes": ATTACKS[0],
        "__proto__": {"polluted": True},
    }
    with TemporaryDirectory() as folder:
        # JSON is YAML; the tag is one that loaders of other languages make objects of
        text = json.dumps(described)[:-1] + ', "made": !!js/function "function () { window.xss = 1 }"}'
        (Path(folder) / "MLmodel").write_text(text, encoding="utf-8")
        workspace.artifacts.upload(Path(folder) / "MLmodel", workspace.artifacts.locate(uri))
