"""The tracking server: what this plugin provides."""

from hookline.providers import GatewayProvider, Provider, hookimpl


@hookimpl
def commands() -> list[Provider]:
    """Offer the command that serves the stores."""
    return [
        Provider(
            name="server",
            target="hookline_server.command:server",
            summary="serve the stores over HTTP, for MLflow's clients and Hookline's",
        )
    ]


@hookimpl
def project_gateways() -> list[GatewayProvider]:
    """Offer the way to the stores for projects that use MLflow's client."""
    return [
        GatewayProvider(
            name="mlflow",
            target="hookline_server.gateway:MlflowGateway",
            summary="a server on this machine for as long as a project runs that imports mlflow",
            imports=("mlflow",),
        )
    ]


@hookimpl
def hookspecs() -> list[str]:
    """Offer the hooks that extend the server."""
    return ["hookline_server.hooks"]
