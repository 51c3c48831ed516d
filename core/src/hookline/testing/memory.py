"""The in-memory references of the stores: the laws in their plainest form, and fast stores for other tests."""

from hookline.testing.memory_documents import MemoryDocuments
from hookline.testing.memory_registry import MemoryModelRegistry
from hookline.testing.memory_tracking import MemoryTrackingStore

__all__ = ["MemoryDocuments", "MemoryModelRegistry", "MemoryTrackingStore"]
