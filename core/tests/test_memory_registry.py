"""The in-memory model registry keeps every law."""

from hookline.testing import ModelRegistrySuite


class TestMemoryModelRegistry(ModelRegistrySuite):
    target = "hookline.testing:MemoryModelRegistry"
