"""The panels are offered, and their modules are files; `plugins/ui/tests/browser/test_panels.py` looks at them."""

import pytest

from hookline.testing import PluginSuite
from hookline_panel_confusion import panels


class TestPlugin(PluginSuite):
    plugin = "panel-confusion"


@pytest.mark.parametrize("make", [panels.confusion_matrix, panels.metric_histogram])
def test_a_module_defines_the_element_that_names_it(make):
    panel = make(None, None)
    assert f'"{panel.module.stem}"' in panel.module.read_text(encoding="utf-8")
