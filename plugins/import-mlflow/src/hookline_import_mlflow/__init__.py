"""Moving from MLflow: what this plugin provides."""

from hookline.providers import Provider, hookimpl


@hookimpl
def commands() -> list[Provider]:
    """Offer the command that imports what MLflow recorded."""
    return [
        Provider(
            name="import mlflow",
            target="hookline_import_mlflow.command:import_mlflow",
            summary="bring experiments, runs and models of MLflow into the stores",
        )
    ]
