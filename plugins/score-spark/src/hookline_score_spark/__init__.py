"""Predictions for the rows of files, on Apache Spark."""

from collections.abc import Iterable

from hookline.providers import Provider, hookimpl


@hookimpl
def scoring_engines() -> Iterable[Provider]:
    """Offer the engine `spark`."""
    return [
        Provider(
            "spark",
            "hookline_score_spark.engine:SparkEngine",
            "On Apache Spark, many chunks of rows at once",
            "hookline_score_spark.settings:SparkSettings",
        )
    ]
