"""The journal: what `log_*` calls returned from lies in a file of this machine before any store knows of it.

`docs/formats/journal.md` describes the files. `frames` packs and reads records, `writer` appends them, `reader` reads
them again, `files` knows where they lie, `shipping` hands them to a store, and `service` does so in the background.
"""

from hookline.journal.service import Journals
from hookline.journal.writer import JournalWriter

__all__ = ["JournalWriter", "Journals"]
