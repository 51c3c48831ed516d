"""Predictions for the rows of files, in this process."""

from collections.abc import Iterable

from hookline.providers import Provider, hookimpl


@hookimpl
def scoring_engines() -> Iterable[Provider]:
    """Offer the engine `local`."""
    return [Provider("local", "hookline_score_local.engine:LocalEngine", "In this process, a chunk of rows at a time")]
