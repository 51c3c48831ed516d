"""The web page: what this plugin provides."""

from hookline.providers import Provider, hookimpl


@hookimpl
def commands() -> list[Provider]:
    """Offer the commands that open the page, and write it into a file."""
    return [
        Provider(
            name="ui",
            target="hookline_ui.command:ui",
            summary="open the web page over the configured stores",
        ),
        Provider(
            name="report",
            target="hookline_ui.report_command:report",
            summary="write an experiment's page into one file that needs no server",
        ),
    ]


@hookimpl
def server_extensions() -> list[Provider]:
    """Offer the routes that serve the page."""
    return [Provider(name="ui", target="hookline_ui.pages:extension", summary="the web page at /")]


@hookimpl
def hookspecs() -> list[str]:
    """Bring the page's hook, and the server's, so that this plugin stands alone."""
    return ["hookline_ui.hooks", "hookline_server.hooks"]
