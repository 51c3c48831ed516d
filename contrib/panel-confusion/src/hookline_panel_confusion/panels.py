"""The panels, each with its module."""

from pathlib import Path

from hookline_ui.panels import Panel

_HERE = Path(__file__).parent


def confusion_matrix(_services: object, _options: None) -> Panel:
    """Return the tab that shows a run's `confusion_matrix.json`."""
    return Panel("Confusion", _HERE / "confusion-matrix.js", "run")


def metric_histogram(_services: object, _options: None) -> Panel:
    """Return the kind of chart that shows how a metric is spread over runs."""
    return Panel("Histogram", _HERE / "metric-histogram.js", "chart")
