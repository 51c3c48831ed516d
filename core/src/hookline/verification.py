"""Whether a run is complete: what its writers say they wrote, against what the store holds."""

from collections.abc import Callable

from attrs import frozen

from hookline.entities import RunRecord, checksum_of
from hookline.errors import HooklineError
from hookline.interfaces import TrackingStore
from hookline.journal import Journals
from hookline.models import Models
from hookline.run_files import RunFiles

_MASK = 2**63 - 1


@frozen
class Verification:
    """What was found.

    Attributes:
        writers: how many processes wrote to the run through a journal.
        points: how many points the store holds.
        models: how many logged models have the bytes that were recorded.
        notes: what could not be compared, and why.
        problems: what is missing or differs; none means that the run is complete.
    """

    run_id: str
    writers: int = 0
    points: int = 0
    models: int = 0
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@frozen
class Verifier:
    """Compares runs with what their journals say.

    Args:
        tracking: returns the store, with all that this machine has logged.
    """

    tracking: Callable[[], TrackingStore]
    journals: Callable[[], Journals]
    files: RunFiles
    models: Models

    def verify(self, record: RunRecord) -> Verification:
        """Compare a run: the journals of this machine, the cursors, all points, and the bytes of its models.

        A cursor says that everything before it was stored, in the transaction that stored it; the sum over the points
        that the store now holds says that they are still there and still what they were.
        """
        run_id, store = record.info.run_id, self.tracking()
        problems = [
            f"The store refused record {each['sequence']}: {each['reason']}" for each in self.journals().refused(run_id)
        ]
        problems += self.journals().pending(run_id)
        writers, notes = store.writers(run_id), []
        if record.info.status.is_final:
            open_ones = [each.writer_id for each in writers if not each.sealed]
            notes += [f"The writer {each} has not said that it has ended." for each in open_ones]
        points, checksum = _stored(store, record)
        written = sum(each.points for each in writers)
        if points < written:
            problems.append(f"{written - points:,} of {written:,} points are missing from the store.")
        elif points > written:
            notes.append(f"{points - written:,} points came without a journal; the others cannot be told from them.")
        elif checksum != sum(each.checksum for each in writers) & _MASK:
            problems.append("Points in the store differ from those that were written.")
        verified, wrong = self._verified_models(record)
        return Verification(run_id, len(writers), points, verified, tuple(notes), (*problems, *wrong))

    def _verified_models(self, record: RunRecord) -> tuple[int, list[str]]:
        problems, models = [], self.files.models(record.info)
        for name, model in models.items():
            try:
                with self.models.fetch(f"models:/{model.model_id}"):
                    pass
            except HooklineError as error:
                problems.append(f"The model {name!r} ({model.model_id}): {error}")
        return len(models) - len(problems), problems


def _stored(store: TrackingStore, record: RunRecord) -> tuple[int, int]:
    """Return how many points of a run a store holds, and their checksum."""
    points = checksum = 0
    for key in record.data.latest:
        for block in store.metric_history(record.info.run_id, key):
            points += len(block)
            checksum = (checksum + checksum_of(block)) & _MASK
    return points, checksum
