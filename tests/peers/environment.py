"""Make the environments of the peers below a folder: `python environment.py FOLDER [NAME ...]`.

`FOLDER/mlflow` has the real mlflow with our flavors beside it, and libraries whose callbacks log to it;
`FOLDER/mlflow-2` and `FOLDER/mlflow-1` have clients of older majors; `FOLDER/schemathesis` makes requests from a
description of an API. `FOLDER/frameworks`, `FOLDER/torch` and `FOLDER/tensorflow`, made only when they are named, have
mlflow with the libraries of flavors beyond the laptop set. They are kept and used again; delete the folder to start
anew.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENTS = {
    "schemathesis": [["schemathesis~=4.32"]],
    "mlflow": [
        ["mlflow==3.17.2", "skops>=0.11", "scikit-learn>=1.4"],
        ["psycopg2-binary>=2.9", "pymysql>=1.1"],
        ["flask-wtf>=1.2"],  # which its client for users imports
        ["optuna>=4", "optuna-integration>=4", "xgboost-cpu>=3", "lightgbm>=4.5"],
        ["./core", "./plugins/flavor-python", "./plugins/lib-skops", "./plugins/flavor-sklearn"],
    ],
    "mlflow-2": [
        ["mlflow-skinny==2.22.*", "pandas<3", "scikit-learn<1.8", "sqlalchemy<2.1", "alembic"],
        ["psycopg2-binary>=2.9", "pymysql>=1.1"],
    ],
    "frameworks": [
        ["mlflow==3.17.2", "skops>=0.15", "scikit-learn>=1.5"],
        ["xgboost-cpu>=3", "lightgbm>=4.6", "onnx>=1.17", "onnxruntime>=1.20"],
    ],
    "torch": [["mlflow==3.17.2", "torch==2.13.*", "lightning>=2.6", "transformers>=5.0", "accelerate>=1.10"]],
    "tensorflow": [
        ["mlflow==3.17.2", "tensorflow-cpu>=2.21", "tensorboard>=2.20"],  # without the last it logs no training
        ["./core", "./plugins/flavor-python", "./plugins/lib-keras"],
        ["./plugins/flavor-keras", "./plugins/flavor-tensorflow"],
    ],
    # pkg_resources, which it imports, left setuptools with 81.
    "mlflow-1": [
        [
            "mlflow-skinny==1.30.*",
            "setuptools<81",
            "numpy<2",
            "pandas<2.2",
            "scikit-learn<1.5",
            "sqlalchemy<2",
            "alembic",
            "psycopg2-binary>=2.9",
            "pymysql>=1.1",
        ]
    ],
}

ON_REQUEST = {"frameworks", "torch", "tensorflow"}


def main() -> int:
    names = sys.argv[2:] or [each for each in ENVIRONMENTS if each not in ON_REQUEST]
    if not sys.argv[1:] or not ENVIRONMENTS.keys() >= set(names):
        print(
            f"Give a folder, and names among {', '.join(ENVIRONMENTS)}: environment.py FOLDER [NAME ...]",
            file=sys.stderr,
        )
        return 2
    for name in names:
        installs = ENVIRONMENTS[name]
        folder = Path(sys.argv[1]) / name
        python = folder / "bin" / "python"
        if not python.exists():
            subprocess.run(["uv", "venv", "-q", "--python", sys.executable, str(folder)], check=True)
        for packages in installs:
            subprocess.run(["uv", "pip", "install", "-q", "--python", str(python), *packages], check=True, cwd=ROOT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
