"""BentoML, with a service of one method."""

import sys
from pathlib import Path
from typing import Any

from comparison.adapters import base

_SERVICE = """
import bentoml, joblib, numpy
from pathlib import Path


@bentoml.service(workers=1)
class Service:
    def __init__(self):
        self.model = joblib.load(Path(__file__).parent / "model.joblib")

    @bentoml.api
    def predict(self, rows: numpy.ndarray) -> numpy.ndarray:
        return self.model.predict(rows)
"""


class ModelServing(base.ModelServing):
    """`bentoml serve`, one worker."""

    ready = "/readyz"
    path = "/predict"

    def save(self, model: Any, rows: Any, folder: Path) -> None:
        import joblib

        folder.mkdir()
        joblib.dump(model, folder / "model.joblib")
        (folder / "service.py").write_text(_SERVICE, encoding="utf-8")

    def command(self, folder: Path, port: int) -> tuple[list[str], dict[str, str]]:
        program = str(Path(sys.executable).parent / "bentoml")
        words = ["serve", "service:Service", "--working-dir", str(folder), "--host", "127.0.0.1", "--port", str(port)]
        return [program, *words], {"BENTOML_DO_NOT_TRACK": "true", "BENTOML_HOME": str(folder / "home")}

    def body(self, rows: list[list[float]]) -> dict[str, object]:
        return {"rows": rows}

    def predictions(self, answer: Any) -> list[Any]:
        found: list[Any] = answer
        return found
