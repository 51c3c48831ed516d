"""MLServer, with its runtime for scikit-learn."""

import json
import sys
from pathlib import Path
from typing import Any

from comparison.adapters import base


class ModelServing(base.ModelServing):
    """`mlserver start`, one process for the model."""

    ready = "/v2/models/model/ready"
    path = "/v2/models/model/infer"

    def save(self, model: Any, rows: Any, folder: Path) -> None:
        import joblib

        folder.mkdir()
        joblib.dump(model, folder / "model.joblib")
        about = {"name": "model", "implementation": "mlserver_sklearn.SKLearnModel"}
        (folder / "model-settings.json").write_text(
            json.dumps({**about, "parameters": {"uri": "./model.joblib"}}), encoding="utf-8"
        )

    def command(self, folder: Path, port: int) -> tuple[list[str], dict[str, str]]:
        settings = {"host": "127.0.0.1", "http_port": port, "grpc_port": 0, "metrics_port": 0, "parallel_workers": 0}
        variables = {f"MLSERVER_{name.upper()}": str(value) for name, value in settings.items()}
        return [str(Path(sys.executable).parent / "mlserver"), "start", str(folder)], variables

    def body(self, rows: list[list[float]]) -> dict[str, object]:
        flat = [value for row in rows for value in row]
        return {"inputs": [{"name": "rows", "shape": [len(rows), len(rows[0])], "datatype": "FP64", "data": flat}]}

    def predictions(self, answer: Any) -> list[Any]:
        found: list[Any] = answer["outputs"][0]["data"]
        return found
