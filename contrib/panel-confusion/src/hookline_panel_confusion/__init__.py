"""Two panels for the web page: what this plugin provides."""

from hookline.providers import Provider, hookimpl


@hookimpl
def ui_panels() -> list[Provider]:
    """Offer a tab for runs and a kind of chart."""
    place = "hookline_panel_confusion.panels"
    return [
        Provider(name="confusion-matrix", target=f"{place}:confusion_matrix", summary="confusion_matrix.json of a run"),
        Provider(name="metric-histogram", target=f"{place}:metric_histogram", summary="a metric's spread over runs"),
    ]


@hookimpl
def hookspecs() -> list[str]:
    """Bring the page's hook, so that this plugin stands alone."""
    return ["hookline_ui.hooks"]
