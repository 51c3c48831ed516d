"""Make the pictures that README shows, in docs/images: real trainings in a new store, looked at by Chromium.

    python plugins/ui/tests/browser/screenshots.py [--all FOLDER]

It needs what `tox -e ui` needs. `--all` writes every page into a folder, wide and narrow, light and dark.
"""

import argparse
import io
import json
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

sys.path.insert(0, str(Path(__file__).parent))
from conftest import CHROMIUM, Site, serving
from filling import nest, train

from hookline import Workspace
from hookline.config import Config

IMAGES = Path(__file__).parents[4] / "docs" / "images"
LARGEST_BYTES = 200_000
SIZES = {"wide": (1440, 900), "phone": (390, 844)}
DATA = {"digits": load_digits, "wine": load_wine, "breast cancer": load_breast_cancer}
RATES = 0.0001, 0.001, 0.003, 0.01, 0.03, 0.1
EPOCHS = 30

COLUMNS = quote(json.dumps(["metric:accuracy", "metric:test_loss", "param:learning_rate"]))
SHOWN = {
    "runs": "#/experiments/{digits}?layout=split&order=metrics.accuracy+DESC&columns=" + COLUMNS,
    "explore": "#/experiments/{digits}?layout=explore",
    "run": "#/runs/{run}?tab=metrics",
}
"""The pages of README."""
PAGES = SHOWN | {
    "table": "#/experiments/{digits}",
    "charts": "#/experiments/{digits}?layout=charts",
    "over a metric": "#/experiments/{digits}?layout=charts&over=train_loss&logx=1",
    "grouped": "#/experiments/{trainings}?group=param:model",
    "bands": "#/experiments/{digits}?layout=split&group=param:penalty",
    "bands over time": "#/experiments/{digits}?layout=charts&group=param:learning_rate&x=relative",
    "nested": "#/experiments/{nested}?nested=1",
    "nothing": "#/experiments/{digits}?filter=metrics.loss+%3C+-1",
    "mistake": "#/experiments/{digits}?filter=metrics.loss+%3C",
    "empty": "#/experiments/{empty}",
    "missing": "#/runs/0123456789abcdef0123456789abcdef",
    "plain run": "#/runs/{run}",
    "artifacts": "#/runs/{other}?tab=artifacts&file=tables/predictions.csv",
    "compare": "#/compare?runs={run},{second},{third}",
    "models": "#/models",
    "model": "#/models/diabetes",
}


def fill(workspace: Workspace) -> dict[str, str]:
    """Train on data sets that scikit-learn brings; return the ids of the experiments."""
    made = {"nested": nest(workspace), "trainings": train(workspace)}
    made["empty"] = workspace.experiments.get_or_create("next week").experiment_id
    for name, load in reversed(DATA.items()):
        made[name] = classify(workspace, name, *load(return_X_y=True))
    return made


def classify(workspace: Workspace, name: str, rows, labels) -> str:
    """Fit linear classifiers by stochastic gradient descent, and log what each epoch reaches."""
    experiment = workspace.experiments.get_or_create(name).experiment_id
    scaled = StandardScaler().fit_transform(rows)
    train_x, test_x, train_y, test_y = train_test_split(scaled, labels, random_state=0, test_size=0.3)
    for penalty in ("l2", "l1", "elasticnet"):
        for rate in RATES:
            model = SGDClassifier("log_loss", penalty=penalty, alpha=0.001, learning_rate="constant", eta0=rate)
            with workspace.start_run(experiment_id=experiment, run_name=f"{penalty} {rate}", sampled=False) as run:
                run.log_params({"penalty": penalty, "learning_rate": rate, "alpha": 0.001, "epochs": EPOCHS})
                run.set_tags({"team": "vision", "mlflow.note.content": NOTE.format(name=name, penalty=penalty)})
                for epoch in range(EPOCHS):
                    model.partial_fit(train_x, train_y, classes=sorted(set(labels)))
                    run.log_metrics(scores(model, train_x, train_y, test_x, test_y), step=epoch)
    return experiment


NOTE = "Linear classifier of **{name}** with the penalty `{penalty}`, one pass over the data an epoch.\n"


def scores(model, train_x, train_y, test_x, test_y) -> dict[str, float]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {
            "train_loss": log_loss(train_y, model.predict_proba(train_x)),
            "test_loss": log_loss(test_y, model.predict_proba(test_x)),
            "accuracy": accuracy_score(test_y, model.predict(test_x)),
        }


@contextmanager
def filled_site() -> Iterator[tuple[Site, dict[str, str]]]:
    """Serve a store that was just filled; give it with what the addresses of pages name."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Workspace(Config.load(folder)) as workspace:
                ids = fill(workspace)
        with serving(folder, "ui", "--no-browser") as url:
            site = Site(url, ids)
            best = site.runs("digits", 3, order_by=["metrics.accuracy DESC"])
            (other,) = site.runs("trainings", 1)
            yield site, ids | dict(zip(("run", "second", "third"), best, strict=True)) | {"other": other}


def picture(page: Page, address: str) -> Image.Image:
    """Open a page and wait until it draws nothing more."""
    page.goto("about:blank")
    page.goto(address)
    page.locator("main .page, main .empty").first.wait_for()
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1200)  # charts are drawn over some frames after their data came
    return Image.open(io.BytesIO(page.screenshot()))


def write(image: Image.Image, path: Path) -> None:
    """Write a small PNG: the pages have few colours, so that 128 of them are all that the eye sees."""
    few = image.convert("RGB").quantize(128, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    few.save(path, optimize=True)
    if path.stat().st_size > LARGEST_BYTES:
        sys.exit(f"{path} has {path.stat().st_size} bytes; at most {LARGEST_BYTES} are wanted in the repository")


def everything(browser: Browser, site: Site, names: dict[str, str], folder: Path) -> None:
    for size, (width, height) in SIZES.items():
        for scheme in ("light", "dark"):
            page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
            for name, address in PAGES.items():
                picture(page, site.url + address.format(**names)).save(folder / f"{name}-{size}-{scheme}.png")
            page.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--all", type=Path, metavar="FOLDER")
    wanted = parser.parse_args().all
    with filled_site() as (site, names), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        if wanted:
            wanted.mkdir(parents=True, exist_ok=True)
            everything(browser, site, names, wanted)
        else:
            IMAGES.mkdir(exist_ok=True)
            page = browser.new_page(viewport={"width": 1440, "height": 900}, color_scheme="light")
            for name, address in SHOWN.items():
                write(picture(page, site.url + address.format(**names)), IMAGES / f"ui-{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
