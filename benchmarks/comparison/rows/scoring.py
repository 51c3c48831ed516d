"""Servers of a model."""

from comparison.rows.base import Column, Row

ROWS = (
    Row(
        "model-server",
        "A model that is served",
        "a scikit-learn pipeline of 30 numbers a row, behind the server's JSON over HTTP on this machine, asked by one "
        "process that keeps its connections: one row and 1,000 rows a request, over one connection and over sixteen; "
        "CPU is the server's a request",
        "scoring:served",
        ("hookline", "mlflow-sqlite", "mlserver", "bentoml", "limit-scorer"),
        (
            Column("one_per_s", "1 row, 1 connection, requests/s", "high", ratio=True),
            Column("one_cpu_ms", "CPU ms", "low", ratio=True),
            Column("one16_per_s", "1 row, 16 connections, requests/s", "high", ratio=True),
            Column("one16_cpu_ms", "CPU ms, 16", "low", ratio=True),
            Column("many_rows_per_s", "1,000 rows, 1 connection, rows/s", "high"),
            Column("many_cpu_ms", "CPU ms, 1,000 rows", "low", ratio=True),
            Column("many16_rows_per_s", "1,000 rows, 16 connections, rows/s", "high"),
            Column("many16_cpu_ms", "CPU ms, 1,000 rows, 16", "low", ratio=True),
            Column("start_s", "start, s", "low"),
            Column("mb", "memory, MB", "low"),
        ),
        {"milliseconds": 4000},
        {"milliseconds": 200},
        limit="limit-scorer",
        patience=600,
        budget=300,
    ),
)
