"""These tests are there where the plugin is."""

from importlib.util import find_spec

collect_ignore_glob = ["*"] if find_spec("hookline_score_spark") is None else []
"""It is not among the plugins that are installed with every clone."""
