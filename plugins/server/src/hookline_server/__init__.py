"""The tracking server: what this plugin provides."""

from hookline.providers import Provider, hookimpl


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
def hookspecs() -> list[str]:
    """Offer the hooks that extend the server."""
    return ["hookline_server.hookspecs"]
