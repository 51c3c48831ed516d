"""Where the web page is not installed there is nothing to add to."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("hookline_ui") and find_spec("hookline_panel_confusion") else ["*"]
