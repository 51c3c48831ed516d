"""Saving, loading and scoring models."""

from comparison.rows.base import Column, Row

_SCORING = (
    Column("per_s", "rows/s", "high", ratio=True),
    Column("s", "s", "low"),
    Column("cpu_s", "CPU s", "low"),
    Column("peak_mb", "peak MB", "low"),
)

BATCHES = tuple(
    Row(
        f"batch-{kind}",
        f"Score 1,000,000 rows of {kind.upper() if kind == 'csv' else 'Parquet'}",
        f"the command that reads {kind} of 30 numbers a row, predicts and writes {kind}, its start included",
        f"modelling:batch_{kind}",
        ("hookline", "mlflow-sqlite", "pandas", "limit-arrow"),
        _SCORING,
        {"rows": 1_000_000},
        {"rows": 2_000},
        limit="limit-arrow",
        seed="modelling:seed",
        budget=120,
    )
    for kind in ("csv", "parquet")
)
ROWS = (
    Row(
        "models",
        "Save and load a scikit-learn model",
        "a small pipeline into a new folder with its signature, requirements given or found; loaded ready to "
        "predict; the first time in a process, and the median of the next four",
        "modelling:models",
        ("hookline", "mlflow-sqlite", "limit-pickle"),
        (
            Column("save_ms", "save, ms", "low", ratio=True),
            Column("infer_ms", "save and find requirements, ms", "low", ratio=True),
            Column("load_ms", "load, ms", "low", ratio=True),
            Column("first_ms", "first save, ms"),
            Column("first_inferred_ms", "first that finds requirements, ms"),
        ),
        {},
        {},
        limit="limit-pickle",
        moment="model",
        budget=60,
    ),
    *BATCHES,
)
