"""Predictions for the rows of a file, on this machine."""

from collections.abc import Iterable

from hookline.providers import Provider, hookimpl


@hookimpl
def commands() -> Iterable[Provider]:
    """Offer `hookline models predict`."""
    return [Provider("models predict", "hookline_score_local.command:predict", "Predict for the rows of a file")]
