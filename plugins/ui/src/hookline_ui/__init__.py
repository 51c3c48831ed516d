"""The web page: what this plugin provides."""

from hookline.providers import Provider, hookimpl


@hookimpl
def commands() -> list[Provider]:
    """Offer the command that opens the page."""
    return [
        Provider(
            name="ui",
            target="hookline_ui.command:ui",
            summary="open the web page over the configured stores",
        )
    ]


@hookimpl
def server_extensions() -> list[Provider]:
    """Offer the routes that serve the page."""
    return [Provider(name="ui", target="hookline_ui.pages:extension", summary="the web page at /")]


@hookimpl
def hookspecs() -> list[str]:
    """Bring the page's hook, and the server's, so that this plugin stands alone."""
    return ["hookline_ui.hooks", "hookline_server.hooks"]
